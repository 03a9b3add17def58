"""The kinds of resources that stacks make, a module for each service."""
