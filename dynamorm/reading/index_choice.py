"""Which table or index a read goes to that was told its conditions only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ..exceptions import AmbiguousIndex, InvalidKey
from ..expressions import Condition, shapes
from ..spec import IndexSpec
from ..store import Store
from .key_conditions import Choice, candidates, is_given, split


def choose(store: Store, conditions: Sequence[Condition]) -> Choice:
    """Return the table or index that the conditions lead to.

    The whole hash key has to be there; then the one counts whose key takes most of the conditions, then what holds more
    of each item, the table before all.
    """
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
        if is_given(store, index, conditions):
            try:
                choices.append(split(store, index, conditions))
            except InvalidKey as error:
                refusals.append(error)
    if not choices:
        if refusals:
            raise refusals[0]
        keys = [store.mapper.key, *(index.spec.key for index in store.table.indexes.values())]
        named = store.mapper.adapter.by_stored
        fields = dict.fromkeys(" with ".join(named[name].name for name in key.hash_names) for key in keys)
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


def _merit(choice: Choice) -> tuple[int, int, int]:
    used = len(choice.keys)
    if choice.spec is None:
        return used, 2, 0
    included = choice.spec.included
    return (used, 1, 0) if included is None else (used, 0, len(included))
