"""Documents and rules that AWS's services pass to one another, without any service."""
