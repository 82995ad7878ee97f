"""Iterators among values: made lists where they come in, because what can be read only once cannot be looked at.

Whether an instance was changed, and what is stored of it, takes reading its values any number of times, and in the same
order: a set for a field that holds a list is made one too, because copies of sets may give their elements in another.
"""

from __future__ import annotations

import operator
from collections.abc import ItemsView, Iterator, KeysView, Mapping, Set, ValuesView
from typing import Any

from ..exceptions import UnstorableValue
from ..spec import FieldSpec
from .copies import UNCHANGING

# iterators are used up, views of a dict change with it and cannot be copied
FLEETING = (Iterator, KeysView, ValuesView, ItemsView)
# deeper than anything that DynamoDB stores
DEEPEST = 40


def settled(value: Any, spec: FieldSpec | None = None, depth: int = 0) -> Any:
    """Return a value with lists in the places of iterators, views and sets for lists; one without is given as it is."""
    kind = type(value)
    if kind in UNCHANGING or depth > DEEPEST or (spec is not None and isinstance(value, spec.loads_to)):
        return value
    inside = None if spec is None else spec.element
    if kind is list or kind is tuple:
        elements = [one if type(one) in UNCHANGING else settled(one, inside, depth + 1) for one in value]
        return value if all(map(operator.is_, elements, value)) else kind(elements)
    if isinstance(value, Mapping) and not isinstance(value, Iterator):
        fields: Mapping[str, FieldSpec] = {} if spec is None else spec.by_any_name
        entries = {name: settled(one, fields.get(name, inside), depth + 1) for name, one in value.items()}
        return value if all(map(operator.is_, entries.values(), value.values())) else entries
    if isinstance(value, FLEETING) or (isinstance(value, Set) and spec is not None and spec.kind == "list"):
        is_set = isinstance(value, Set) and (spec is None or spec.kind in ("any", "set"))
        return set(value) if is_set else [settled(one, inside, depth + 1) for one in value]
    return value


def refuse_iterators(value: Any, spec: FieldSpec | None = None) -> None:
    """Refuse a value with an iterator in it: whoever looks at that uses it up.

    :raises UnstorableValue: with the path inside the value
    """
    if type(value) in UNCHANGING or (spec is not None and isinstance(value, spec.loads_to)):
        return
    if isinstance(value, Iterator):
        raise UnstorableValue(f"{value!r} can be read only once; put a list in its place", "", value)
    if isinstance(value, (list, tuple, dict)):
        for part, one in value.items() if isinstance(value, dict) else enumerate(value):
            if type(one) not in UNCHANGING:
                try:
                    refuse_iterators(one)
                except UnstorableValue as error:
                    raise error.under(part) from None
