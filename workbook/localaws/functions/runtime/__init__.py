"""The code that runs in a function's process, like ``/var/runtime`` on AWS."""
