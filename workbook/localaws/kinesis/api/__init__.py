"""The operations of the API by topic: each takes a call and returns its answer."""
