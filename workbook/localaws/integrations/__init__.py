"""What AWS's services hand to one another: documents and rules, without any service."""
