"""Queries and scans: what they ask for, page by page, and how their results are gone through."""
