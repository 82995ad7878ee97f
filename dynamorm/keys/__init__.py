"""Keys that are made of parts: how a part is written, how parts become one text, and what some of them say of it.

This is a storage format, which nothing else in the library knows.
"""
