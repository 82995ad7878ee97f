"""Saving, updating and deleting: what is sent, and what its answer brings."""
