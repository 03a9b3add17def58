"""Stacks: CloudFormation, whose resources are made by calls of the services' own APIs."""
