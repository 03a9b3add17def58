"""The kinds of resources in stacks, with a module for each service."""
