"""Event source mappings: from records in a stream to invocations of a function.

How a record travels: ``stream_poller`` (which shards; parents first) → ``shard_poller`` (reads,
``filters``, ``event``) → ``lane`` (``batching``, ``windows``) → ``delivery`` (invokes; the
``partial`` verdict on the response decides how ``retry`` treats the batch; ``failures`` reports to
the destination) → ``positions`` (the checkpoint).

How a mapping is created: ``api`` (requests) or moto's CloudFormation → ``registry`` (all mappings,
with their ``settings``) → ``event_source_mapping`` (one mapping and its states) →
``stream_poller``, with a ``context``. The package knows the rest of the local AWS only through
``interfaces``.
"""
