"""AWS on your laptop: one process and one loopback port, for any AWS client.

How a request travels: ``server`` (is it admitted?) → ``parts`` (which part is it for?) →
``kinesis``, ``functions`` or ``mapping``, and everything else → ``moto``. The parts know one
another only through ``interfaces``.
"""

LOOPBACK = "127.0.0.1"
READY = "Local AWS ready at "  # starts the line printed when it is ready; its URL follows
