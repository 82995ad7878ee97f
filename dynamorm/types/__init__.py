"""Kept for existing code: what schemas have in common is at home in :mod:`dynamorm.schema`."""
