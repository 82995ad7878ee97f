"""Instances of models: what they remember, how they are made, and what was changed in them."""
