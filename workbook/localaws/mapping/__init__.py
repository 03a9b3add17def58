"""Event source mappings: from the records of a stream to the invocations of a function.

How a record travels: ``stream_poller`` (which shards, parents first) → ``shard_poller`` (reads,
``filters``, ``event``) → ``lane`` (``batching``, ``windows``) → ``delivery`` (invokes; the reply's
``partial`` verdict decides what ``retry`` makes of the batch; ``failures`` tells the destination)
→ ``positions`` (the checkpoint).

How a mapping comes to be: ``api`` (requests) or moto's CloudFormation → ``registry`` (all mappings,
with their ``settings``) → ``event_source_mapping`` (one of them, its states) → ``stream_poller``,
with a ``context``.  The rest of the local AWS is known by ``interfaces`` alone.
"""
