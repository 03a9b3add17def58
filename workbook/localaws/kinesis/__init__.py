"""Kinesis Data Streams: shards and streams as values, the API over them, and the service."""
