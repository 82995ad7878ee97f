"""What the values of a book come to when a part of them changes."""

from __future__ import annotations

from ..books import book_values
from ..libraries import natives as natives_with_gaps


def publisher_of(instance):
    """Return a way to change a nested value in place, whatever the library makes of it."""
    value = instance.publisher
    return value.__setitem__ if isinstance(value, dict) else lambda name, inner: setattr(value, name, inner)


def natives(instance):
    """Return native values; what is missing inside nested ones is left out, as in marshmallow."""
    values = natives_with_gaps(instance)
    for name in ("publisher", "editions"):
        if name in values:
            values[name] = without_gaps(values[name])
    return values


def without_gaps(value):
    if isinstance(value, list):
        return [without_gaps(element) for element in value]
    return {name: inner for name, inner in value.items() if inner is not None}


def inside(name, **changes):
    """Return the value of a map with some of its keys changed; ``None`` takes one out."""
    values = {**book_values()[name], **changes}
    return {key: value for key, value in values.items() if value is not None}
