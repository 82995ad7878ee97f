"""Many items at once."""
