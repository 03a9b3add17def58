"""Code shared by all of our APIs: requests and responses, errors, and botocore's models."""
