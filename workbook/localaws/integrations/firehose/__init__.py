"""Firehose: what moves records of a delivery stream, from its source into a bucket."""
