"""Queries of CloudWatch Logs Insights: their language, and what they give."""
