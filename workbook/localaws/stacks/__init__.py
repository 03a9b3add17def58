"""Stacks: CloudFormation, which creates resources by calling the services' own APIs."""
