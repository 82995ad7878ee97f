"""What is done to all items of a model so that they are what it declares, and finding one by its unique values."""
