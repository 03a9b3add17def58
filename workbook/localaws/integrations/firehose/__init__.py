"""Firehose: delivery streams, which move records from a source into a bucket."""
