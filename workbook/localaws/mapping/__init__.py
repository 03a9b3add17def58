"""Event source mappings: from the records of a stream to the invocations of a function.

How a record travels: ``stream_poller`` (which shards, parents first) → ``shard_poller`` (reads,
``filters``) → ``lane`` (``batching``, ``windows``) → ``delivery`` (``event``, then by the reply's
``partial`` verdict ``retry``, or ``failures`` to the destination) → ``positions`` (the
checkpoint).  Beside that the API: ``service`` → ``api`` → ``registry`` → ``mapping``, with
``constraints`` and ``settings``; ``backend`` is for moto's CloudFormation.
"""
