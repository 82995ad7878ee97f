"""What the moves in the shop are made of: keys, values and changes, nasty ones among them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from hypothesis import strategies as st

from dynamorm import F

from .plain_shop import CUSTOMER, KINDS, LINE, ORDER, Action, Copy, Kind

DAYS = [dt.datetime(2024, month, 2, 3, 4, 5, tzinfo=dt.timezone.utc) for month in (1, 5)]
EMAILS = ("a", "b#ü")
PLACES: list[tuple[Kind, dict[str, Any]]] = [
    *((CUSTOMER, {"email": email}) for email in EMAILS),
    (ORDER, {"email": "a", "placed": DAYS[0], "id": ""}),
    (ORDER, {"email": "a", "placed": DAYS[0], "id": "x#y"}),
    (ORDER, {"email": "a", "placed": DAYS[1], "id": "1"}),
    (ORDER, {"email": "b#ü", "placed": DAYS[1], "id": ""}),
    (LINE, {"email": "a", "label": "", "no": 0}),  # where the customer is
    (LINE, {"email": "a", "label": "a/b", "no": 1}),
    (LINE, {"email": "a", "label": "a.b", "no": 1}),
    (LINE, {"email": "b#ü", "label": "a/b", "no": 12}),
]
places = st.sampled_from(PLACES)
texts = st.sampled_from(["", "a", "b", "B", "a#b", "x|}y", "ü$", "a/b.c"])
states = st.sampled_from(["open", "late", "done", ""])
numbers = st.sampled_from([-1, 0, 3, 7, 100])
amounts = st.sampled_from([-3, 1, 2])
tags = st.lists(texts, min_size=1, max_size=2)
metas = st.fixed_dictionaries({}, optional={"rank": st.one_of(texts, numbers), "hidden": numbers, "x": numbers})
VALUES: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "Customer": {"name": texts, "city": texts, "alias": texts, "visits": numbers, "meta": metas, "memo": texts},
    "order": {"status": states, "total": numbers, "note": texts, "memo": texts},
    "Line": {"sku": texts, "spare": texts, "qty": numbers, "tags": tags, "meta": metas, "memo": texts},
}


def values_of(kind: Kind, is_new: bool = False) -> st.SearchStrategy[dict[str, Any]]:
    """Return what fills the fields of a kind that are no parts of its key; a new item gets all that it needs."""
    every = VALUES[kind.name]
    needed = {name: every[name] for name in every if is_new and name in kind.required}
    # most items have most values, so that they are in the indexes
    return st.one_of(
        st.fixed_dictionaries(needed, optional={name: every[name] for name in every if name not in needed}),
        st.fixed_dictionaries(every),
    )


def assignment_of(kind: Kind) -> st.SearchStrategy[tuple[str, Any]]:
    """Return the name of a field that is no part of the key, and a value for it or ``None``."""

    def one(name: str) -> st.SearchStrategy[tuple[str, Any]]:
        values = VALUES[kind.name][name]
        return st.tuples(st.just(name), values if name in kind.required else st.one_of(values, values, st.none()))

    return st.sampled_from(sorted(VALUES[kind.name])).flatmap(one)


def _does(kind: str, values: st.SearchStrategy[Any], *path: Any) -> st.SearchStrategy[Action]:
    return st.builds(Action, st.just(kind), st.just(path), values)


def _copies(target: str, *sources: str) -> st.SearchStrategy[Action]:
    return _does("set", st.sampled_from(sources).map(Copy), target)


_MEMO = _does("set", texts, "memo")
_ACTIONS = {
    "Customer": st.one_of(
        *(_does("set", texts, name) for name in ("name", "city", "alias")),
        _copies("alias", "name", "memo"),
        _copies("name", "memo"),
        _does("set", numbers, "visits"),
        _does("plus", amounts, "visits"),
        _does("minus", amounts, "visits"),
        _does("add", amounts, "visits"),
        _does("if_not_exists", texts, "city"),
        _does("if_not_exists", numbers, "visits"),
        *(_does("remove", st.none(), name) for name in ("city", "visits")),
        _does("set", numbers, "meta", "x"),
        _MEMO,
    ),
    "order": st.one_of(
        _does("set", states, "status"),
        _does("set", numbers, "total"),
        _does("set", texts, "note"),
        _copies("note", "memo", "status"),
        _copies("status", "memo", "note"),
        _does("plus", amounts, "total"),
        _does("minus", amounts, "total"),
        _does("add", amounts, "total"),
        _does("if_not_exists", states, "status"),
        _does("if_not_exists", numbers, "total"),
        *(_does("remove", st.none(), name) for name in ("status", "total", "note")),
        _MEMO,
    ),
    "Line": st.one_of(
        _does("set", tags, "tags"),
        _does("append", tags, "tags"),
        _does("prepend", tags, "tags"),
        _does("set", texts, "tags", 0),
        _does("set", st.one_of(texts, numbers), "meta", "rank"),
        _does("set", numbers, "meta", "hidden"),
        _does("remove", st.none(), "meta", "hidden"),
        _does("remove", st.none(), "meta", "rank"),
        _does("if_not_exists", numbers, "meta", "rank"),
        _does("set", metas, "meta"),
        _does("set", texts, "sku"),
        _copies("spare", "memo", "sku"),
        _copies("sku", "spare"),
        _does("plus", amounts, "qty"),
        _does("set", numbers, "qty"),
        *(_does("remove", st.none(), name) for name in ("spare", "tags", "qty")),
        _MEMO,
    ),
}


_WHOLE = {
    "Customer": [("alias", "city"), ("visits", "memo")],
    "order": [("status", "total"), ("status",), ("note", "memo")],
    "Line": [("sku", "spare", "meta", "qty"), ("sku", "tags")],
}


def actions_of(kind: Kind) -> st.SearchStrategy[list[Action]]:
    """Return a few changes of different attributes, or such as set all parts of a key."""
    few = st.lists(_ACTIONS[kind.name], min_size=1, max_size=3, unique_by=lambda action: action.path[0])
    every = [st.tuples(*(_does("set", VALUES[kind.name][name], name) for name in names)) for names in _WHOLE[kind.name]]
    return st.one_of(few, few, st.one_of(*every).map(list))


def arguments(chosen: list[Action]) -> tuple[list[Any], dict[str, Any]]:
    """Write changes half as actions, half as keyword arguments, so that both forms are used."""
    done, updates = [], {}
    for number, action in enumerate(chosen):
        value = F(action.value.name) if isinstance(action.value, Copy) else action.value
        if number % 2:
            method = getattr(F(*action.path), action.kind)
            done.append(method() if action.kind == "remove" else method(value))
        else:
            words = [*map(str, action.path), *([] if action.kind in ("set", "remove") else [action.kind])]
            updates["__".join(words)] = value
    return done, updates


# A place, and what is done there.
Draw = st.DrawFn


@st.composite
def items(draw: Draw) -> tuple[Kind, dict[str, Any]]:
    """Return a kind, and the values of a whole item of it."""
    kind, parts = draw(places)
    return kind, {**parts, **draw(values_of(kind, is_new=True))}


@st.composite
def updates(draw: Draw) -> tuple[Kind, dict[str, Any], list[Action], dict[str, Any] | None]:
    """Return a kind, a key, changes, and what is said of the item: nothing, or values which may be wrong."""
    kind, parts = draw(places)
    said = st.one_of(st.none(), st.just({"right": True}), st.just({"right": True}), values_of(kind))
    return kind, parts, draw(actions_of(kind)), draw(said)


assert {kind.name for kind, _ in PLACES} == set(KINDS)
