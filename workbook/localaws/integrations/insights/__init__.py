"""Queries of CloudWatch Logs Insights: parsing and evaluation."""
