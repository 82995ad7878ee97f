"""What the moves of accounts are made of: keys, values and changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from hypothesis import strategies as st

from ..composites.drawn import arguments as arguments
from ..composites.plain_shop import Action, Copy
from .plain_accounts import ACCOUNTS, CURRENT

PLACES = [{"home": home, "id": number} for home in ("a", "b") for number in ("1", "2")]
places = st.sampled_from(PLACES)
texts = st.sampled_from(["a", "b", "xy", "ü"])
names = st.sampled_from(["Ann", "Bob", "Lee"])
emails = st.sampled_from(["a@x", "b@x", "c@x"])
tenants = st.sampled_from(["t", "u"])
slugs = st.sampled_from(["s", "r"])
numbers = st.sampled_from([0, 3, 7, 100])
written_numbers = st.sampled_from(["0", "3", "7", "100", "100", "-1"])
amounts = st.sampled_from([-3, 1, 2])
tags = st.lists(texts, min_size=1, max_size=2)
metas = st.fixed_dictionaries({}, optional={"town": names, "x": numbers})
# seconds from now on, which the machine adds to its clock
times = st.sampled_from([-1, 0, 1, 1, 5, 5, 50, 50, 50])

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "plan": texts,
    "email": emails,
    "tenant": tenants,
    "slug": slugs,
    "until": times,
    "first": names,
    "last": names,
    "points": st.one_of(numbers, numbers, numbers, st.just(-1)),
    "visits": numbers,
    "meta": metas,
    "info": st.fixed_dictionaries({}, optional={"x": numbers, "y": texts}),
    "tags": tags,
    "memo": texts,
}
# most items have these
_USUAL = ("plan", "email", "first", "last", "points", "meta")


def values(is_new: bool = False) -> st.SearchStrategy[dict[str, Any]]:
    """Return what fills the fields of an account besides its key; a new one gets all that it needs."""
    needed = {"plan": VALUES["plan"]} if is_new else {}
    usual = {name: VALUES[name] for name in _USUAL}
    return st.one_of(
        st.fixed_dictionaries(needed, optional={name: VALUES[name] for name in VALUES if name not in needed}),
        st.fixed_dictionaries(usual, optional={name: VALUES[name] for name in VALUES if name not in usual}),
    )


@st.composite
def items(draw: st.DrawFn) -> dict[str, Any]:
    """Return the values of a whole account."""
    return {**draw(places), **draw(values(is_new=True))}


_OLD: dict[int, dict[str, st.SearchStrategy[Any]]] = {
    1: {
        "email": st.sampled_from(["a@x", "A@x", "B@X", "c@x"]),
        "name": st.sampled_from(["Ann Lee", "Bob", "Ann Bob", " Lee"]),
        "points": written_numbers,
        "town": names,
    },
    2: {"email": emails, "first": names, "last": names, "points": written_numbers, "town": names},
}


@st.composite
def old_items(draw: st.DrawFn) -> tuple[int, dict[str, Any], dict[str, Any], dict[str, str]]:
    """Return a version, a key, the values of an item in that form, and the keys in indexes that its program made."""
    version = draw(st.sampled_from([1, 1, 2]))
    strategies = {**VALUES, "meta": st.fixed_dictionaries({}, optional={"x": numbers}), "seen": texts}
    own = {
        name: one for name, one in strategies.items() if name not in ("first", "last", "points", "visits", "tags")
    } | _OLD[version]
    item = draw(st.fixed_dictionaries({"plan": texts}, optional={name: own[name] for name in own if name != "plan"}))
    keys = draw(st.sampled_from([{}, {"gsi1pk": "OLD", "gsi1sk": "KEY"}, {"gsi2pk": "TOWN#old"}]))
    return version, draw(places), item, dict(keys)


class Beside(NamedTuple):
    """An attribute that somebody sets in items of some versions, a value for it."""

    versions: tuple[int, ...]
    name: str
    value: Any


def _sets(versions: tuple[int, ...], name: str, drawn: st.SearchStrategy[Any]) -> st.SearchStrategy[Beside]:
    return st.builds(Beside, st.just(versions), st.just(name), drawn)


beside = st.one_of(
    _sets((1, 2, CURRENT), "memo", texts),
    _sets((1, 2, CURRENT), "seen", texts),
    _sets((1, 2), "points", written_numbers),
    _sets((1, 2), "town", names),
    _sets((1,), "name", st.sampled_from(["Lee Ann", "Bob"])),
    _sets((2,), "last", names),
)


def assignment() -> st.SearchStrategy[tuple[str, Any]]:
    """Return the name of a field that is no part of the key, and a value for it or ``None``."""

    def one(name: str) -> st.SearchStrategy[tuple[str, Any]]:
        drawn = VALUES[name]
        return st.tuples(st.just(name), drawn if name == "plan" else st.one_of(drawn, drawn, st.none()))

    return st.sampled_from(sorted([*VALUES, "email", "slug", "until"])).flatmap(one)


def _does(kind: str, drawn: st.SearchStrategy[Any], *path: Any) -> st.SearchStrategy[Action]:
    return st.builds(Action, st.just(kind), st.just(path), drawn)


def _copies(target: str, *sources: str) -> st.SearchStrategy[Action]:
    return _does("set", st.sampled_from(sources).map(Copy), target)


_MEMO = _does("set", texts, "memo")
_ACTIONS = st.one_of(
    *(_does("set", VALUES[name], name) for name in VALUES if name not in ("plan",)),
    _does("set", emails, "email"),
    _does("set", tenants, "tenant"),
    _does("set", times, "until"),
    *(_does("remove", st.none(), name) for name in ("email", "slug", "until", "first", "points", "meta")),
    _copies("email", "memo", "plan"),
    _copies("slug", "tenant", "memo"),
    _copies("first", "last", "memo"),
    _does("if_not_exists", emails, "email"),
    _does("if_not_exists", times, "until"),
    _does("plus", st.sampled_from([1, 50]), "until"),
    _does("plus", amounts, "points"),
    _does("add", amounts, "points"),
    _does("add", amounts, "visits"),
    _does("minus", amounts, "visits"),
    _does("append", tags, "tags"),
    _does("prepend", tags, "tags"),
    _does("set", texts, "tags", 0),
    _does("set", names, "meta", "town"),
    _does("set", numbers, "meta", "x"),
    _does("set", numbers, "info", "x"),
    _does("remove", st.none(), "info"),
    _does("remove", st.none(), "info", "y"),
    _does("plus", amounts, "info", "x"),
    _does("remove", st.none(), "meta", "town"),
    _does("if_not_exists", names, "meta", "town"),
    _MEMO,
    _MEMO,
)


def actions() -> st.SearchStrategy[list[Action]]:
    """Return a few changes of different attributes, or such as set all parts of a key."""
    few = st.lists(_ACTIONS, min_size=1, max_size=3, unique_by=lambda action: action.path[0])
    whole = [("first", "points"), ("tenant", "slug"), ("plan", "email", "until"), ("plan", "last", "memo")]
    every = [st.tuples(*(_does("set", VALUES[name], name) for name in several)) for several in whole]
    return st.one_of(few, few, st.one_of(*every).map(list))


class Demanded(NamedTuple):
    """What is demanded of an item as it is shown, an empty one where there is none."""

    said: dict[str, Any]
    holds: Callable[[dict[str, Any]], bool]


_DEMANDS = [
    Demanded({"memo": "a"}, lambda item: item.get("memo") == "a"),
    Demanded({"points__gte": 3}, lambda item: item.get("points", -9) >= 3),
    Demanded({"first__exists": True}, lambda item: "first" in item),
    Demanded({"email__not_exists": True}, lambda item: "email" not in item),
    Demanded({"email": "a@x"}, lambda item: item.get("email") == "a@x"),
    Demanded({"meta__town": "Lee"}, lambda item: item.get("meta", {}).get("town") == "Lee"),
]
demands = st.sampled_from([None, None, None, None, None, None, None, *_DEMANDS])


def settings() -> st.SearchStrategy[list[Action]]:
    """Return changes that set one or two fields, or remove them."""
    names_of_fields = ["email", "email", "slug", "tenant", "until", "memo", "first", "last", "points", "meta", "info"]
    one = st.sampled_from(names_of_fields).flatmap(
        lambda name: st.one_of(
            _does("set", VALUES[name], name), _does("set", VALUES[name], name), _does("remove", st.none(), name)
        )
    )
    return st.lists(one, min_size=1, max_size=2, unique_by=lambda action: action.path[0])


@st.composite
def updates(draw: st.DrawFn) -> tuple[dict[str, Any], list[Action], dict[str, Any] | None]:
    """Return a key, changes, and what is said of the item: nothing, or values which may be wrong."""
    said = st.one_of(st.none(), st.just({"right": True}), st.just({"right": True}), values())
    return draw(places), draw(actions()), draw(said)


assert set(ACCOUNTS.parts) == set(PLACES[0])
