"""AWS on the laptop: one process, one loopback port, spoken to by any AWS client.

How a request travels: ``server`` → ``kinesis``, ``functions`` or ``mapping``, and everything else
→ ``moto``.  ``mapping`` joins streams to functions through the two doors in ``interfaces``.
"""
