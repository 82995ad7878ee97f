"""Reading and writing several items at once, of any models."""
