"""AWS on the laptop: one process, one loopback port, spoken to by any AWS client.

How a request travels: ``server`` (may it come in?) → ``parts`` (whose is it?) → ``kinesis``,
``functions`` or ``mapping``, and everything else → ``moto``.  The parts know one another only
through ``interfaces``.
"""

LOOPBACK = "127.0.0.1"
READY = "Local AWS ready at "  # the start of the line that it prints when it is; its URL follows
