"""What every API of ours shares: requests and responses, errors, and botocore's models."""
