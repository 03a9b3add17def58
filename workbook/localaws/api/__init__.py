"""Code shared by all APIs of the local AWS: requests, responses, errors and botocore's models."""
