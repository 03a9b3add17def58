"""What runs inside a function's process, as ``/var/runtime`` does on AWS."""
