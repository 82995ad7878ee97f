"""Which table or index a read goes to that was told its conditions only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ..exceptions import AmbiguousIndex, InvalidKey
from ..expressions import Condition, shapes
from ..keyed_mapper import KeyedMapper
from ..spec import IndexSpec
from ..store import Store
from .by_parts import implied
from .key_conditions import Choice, candidates, is_given, split


def choose(store: Store, conditions: Sequence[Condition]) -> Choice:
    """Return the table or index that the conditions lead to.

    The whole hash key has to be there; then the one counts whose key takes most of the conditions, then what holds more
    of each item, the table before all.
    """
    if store.mapper.attributes:
        return _best(store, conditions)  # which depends on values
    question = ("find", *shapes(conditions))
    known = store.mapper.arrangements.get(question)
    if known is not None:
        return split(store, known.spec, conditions)
    choice = _best(store, conditions)
    store.mapper.arrangements.remember(question, _Found(choice.spec))
    return choice


class _Found(NamedTuple):
    spec: IndexSpec | None


def _best(store: Store, conditions: Sequence[Condition]) -> Choice:
    choices: list[Choice] = []
    refusals: list[InvalidKey] = []
    for index in candidates(store):
        if is_given(store, index, conditions) and _holds_all(store, index, conditions):
            try:
                choices.append(split(store, index, conditions))
            except InvalidKey as error:
                refusals.append(error)
    if not choices:
        if refusals:
            raise refusals[0]
        keys = [store.mapper.key, *(index.spec.key for index in store.table.indexes.values())]
        fields_of = store.mapper.fields_of
        fields = dict.fromkeys(
            " with ".join(field for name in key.hash_names for field in fields_of(name)) for key in keys
        )
        raise InvalidKey(
            f"find() of {store.mapper.model_name} needs a hash key: one of {', '.join(fields)}, by equality; "
            "scan() reads without one"
        )
    best = max(map(_merit, choices))
    leading = [choice for choice in choices if _merit(choice) == best]
    if len(leading) > 1:
        names = ", ".join(repr(choice.spec.name) for choice in leading if choice.spec is not None)
        raise AmbiguousIndex(
            f"find() of {store.mapper.model_name}: the indexes {names} serve equally well; "
            "query one of them by its name on the model"
        )
    return leading[0]


def _holds_all(store: Store, index: IndexSpec | None, conditions: Sequence[Condition]) -> bool:
    """Return whether every item that matches is in an index, whose keys may be left out of others."""
    mapper = store.mapper
    if index is None or not isinstance(mapper, KeyedMapper):
        return True
    attributes = (mapper.computed_keys.get(name) for name in index.key.names)
    return all(attribute is None or implied(attribute, conditions) for attribute in attributes)


def _merit(choice: Choice) -> tuple[int, int, int]:
    used = len(choice.keys)
    if choice.spec is None:
        return used, 2, 0
    included = choice.spec.included
    return (used, 1, 0) if included is None else (used, 0, len(included))
