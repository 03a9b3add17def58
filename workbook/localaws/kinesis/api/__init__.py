"""The operations of the API by topic: each takes a ``Call`` and returns the answer."""
