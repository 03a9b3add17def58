"""Documents and rules that AWS's services share, independent of any service."""
