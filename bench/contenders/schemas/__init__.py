"""The kinds of items in the words of each schema library: ``schema(fields)`` gives what an inner ``Schema`` is."""
