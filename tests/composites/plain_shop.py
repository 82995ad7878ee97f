"""What writes to a shared table come to, told in plain dicts; nothing of the library is used here.

An item is a dict of native values by name, with its ``kind``; what is ``None`` is not there.  What is said here of key
attributes is written out by hand for each of them.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

Item = dict[str, Any]
Key = tuple[str, str]
UNKNOWN = "seen"  # an attribute that no schema knows


class Unfit(Exception):
    """A value that cannot be part of a key."""


def digits(number: int, width: int) -> str:
    if number < 0 or len(str(number)) > width:
        raise Unfit(number)
    return str(number).zfill(width)


def escaped(text: str, lower: str, higher: str, escape: str) -> str:
    return "".join({lower: f"{escape}0", higher: f"{escape}1"}.get(one, one) for one in text)


def pk(item: Item) -> str:
    return f"CUSTOMER#{item['email']}"


def _order_sk(item: Item) -> str:
    return f"ORDER#{item['placed'].strftime('%Y-%m-%dT%H:%M:%S')}#{item['id']}"


def _line_sk(item: Item) -> str:
    return f"LINE#{escaped(item['label'], '.', '/', '.')}/{digits(item['no'], 3)}"


def _city(item: Item) -> str | None:
    return None if "city" not in item else f"CITY#{item['city']}"


def _name(item: Item) -> str | None:
    return item.get("name") or None


def _visits(item: Item) -> str | None:
    return None if "visits" not in item else f"VISITS#{item['visits']}"


def _alias(item: Item) -> str | None:
    if "alias" not in item or "city" not in item:
        return None
    alias, city = (escaped(text, "#", "$", "$") for text in (item["alias"].upper(), item["city"]))
    return f"{alias}#{city}"


OPEN = ("open", "late")


def _status(item: Item) -> str | None:
    return f"STATUS#{item['status']}" if item.get("status") in OPEN else None


def _total(item: Item) -> str | None:
    return digits(item["total"], 8) if item.get("status") in OPEN and "total" in item else None


def _note(item: Item) -> str | None:
    return None if "note" not in item else f"NOTE#{item['note']}"


def _month(item: Item) -> str | None:
    return None if "status" not in item else f"{item['placed'].strftime('%Y%m')}{item['status']}"


def _top(item: Item) -> str | None:
    return f"TOP#{item['tags'][0]}" if item.get("tags") else None


def _rank(item: Item) -> str | None:
    return str(item["meta"]["rank"]) or None if "rank" in item.get("meta", {}) else None


def _is_shown(item: Item) -> bool:
    return "hidden" not in item.get("meta", {})


def _sku(item: Item) -> str | None:
    if not _is_shown(item) or "spare" not in item or "sku" not in item:
        return None
    sku, spare = (escaped(item[name], "|", "}", "}") for name in ("sku", "spare"))
    return f"SKU#{sku}|{spare}"


def _qty(item: Item) -> str | None:
    return digits(item["qty"], 5) if _is_shown(item) and "qty" in item else None


class Kind(NamedTuple):
    """One kind of items: its fields, the parts of its key, and its key attributes with the fields that they read."""

    name: str
    parts: tuple[str, ...]
    required: tuple[str, ...]
    sk: Callable[[Item], str]
    attributes: dict[str, tuple[frozenset[str], Callable[[Item], str | None]]]
    meets: tuple[str, ...] = ()  # the kinds that may have an item with the same key
    counters: tuple[str, ...] = ()
    # of those that are left out unless something holds: what that is about, and whether it does
    when: Mapping[str, tuple[frozenset[str], Callable[[Item], bool]]] = {}

    def __repr__(self) -> str:
        return self.name

    def key(self, item: Item) -> Key:
        return pk(item), self.sk(item)

    def computed(self, item: Item, names: Iterable[str] | None = None) -> dict[str, str]:
        """Return the attributes that are computed from an item, or some of them."""
        found = {name: make(item) for name, (_, make) in self.attributes.items() if names is None or name in names}
        return {name: text for name, text in found.items() if text is not None}

    def stored(self, item: Item) -> Item:
        """Return all that must be stored of an item."""
        key = self.key(item)
        return {**item, "pk": key[0], "sk": key[1], **self.computed(item)}


def _reads(*names: str) -> frozenset[str]:
    return frozenset(names)


CUSTOMER = Kind(
    "Customer",
    ("email",),
    ("email",),
    lambda item: "LINE#/000",
    {
        "gsi1pk": (_reads("city"), _city),
        "gsi1sk": (_reads("name"), _name),
        "gsi2pk": (_reads("visits"), _visits),
        "gsi2sk": (_reads("alias", "city"), _alias),
    },
    meets=("Line",),
    counters=("visits",),
)
_OF_OPEN_ORDERS = (_reads("status"), lambda item: item.get("status") in OPEN)
_OF_SHOWN_LINES = (_reads("meta"), _is_shown)
ORDER = Kind(
    "order",
    ("email", "placed", "id"),
    ("email", "placed", "id"),
    _order_sk,
    {
        "gsi1pk": (_reads("status"), _status),
        "gsi1sk": (_reads("total", "status"), _total),
        "gsi2pk": (_reads("note"), _note),
        "gsi2sk": (_reads("placed", "status"), _month),
    },
    counters=("total",),
    when={"gsi1pk": _OF_OPEN_ORDERS, "gsi1sk": _OF_OPEN_ORDERS},
)
LINE = Kind(
    "Line",
    ("email", "label", "no"),
    ("email", "label", "no", "sku"),
    _line_sk,
    {
        "gsi1pk": (_reads("tags"), _top),
        "gsi1sk": (_reads("meta"), _rank),
        "gsi2pk": (_reads("sku", "spare", "meta"), _sku),
        "gsi2sk": (_reads("qty", "meta"), _qty),
    },
    meets=("Customer",),
    counters=("qty",),
    when={"gsi2pk": _OF_SHOWN_LINES, "gsi2sk": _OF_SHOWN_LINES},
)
KINDS = {kind.name: kind for kind in (CUSTOMER, ORDER, LINE)}


def clean(values: Mapping[str, Any]) -> Item:
    return {name: copy.deepcopy(value) for name, value in values.items() if value is not None}


class Copy(NamedTuple):
    """Stands for the value of another attribute."""

    name: str


class Action(NamedTuple):
    """What is done at one path: ``kind`` as the library calls it."""

    kind: str
    path: tuple[Any, ...]
    value: Any = None

    @property
    def is_plain(self) -> bool:
        """Whether what it leaves does not depend on what was there."""
        return len(self.path) == 1 and self.kind in ("set", "remove")

    def result(self, item: Item, present: Any) -> Any:
        value = item[self.value.name] if isinstance(self.value, Copy) else self.value
        results: dict[str, Callable[[], Any]] = {
            "set": lambda: value,
            "remove": lambda: None,
            "if_not_exists": lambda: value if present is None else present,
            "plus": lambda: (present or 0) + value,
            "minus": lambda: (present or 0) - value,
            "add": lambda: (present or 0) + value,
            "append": lambda: (present or []) + value,
            "prepend": lambda: value + (present or []),
        }
        return copy.deepcopy(results[self.kind]())


class NoPath(Exception):
    """There is no map or list around a path, or no attribute to copy."""


def at(item: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        try:
            item = item[step]
        except (KeyError, IndexError, TypeError):
            return None
    return item


def changed(item: Item, actions: Iterable[Action]) -> Item:
    """Return an item after actions, each of which sees it as it was before."""
    after = copy.deepcopy(item)
    for action in actions:
        *way, last = action.path
        around = at(item, tuple(way))
        if action.kind == "remove" and not isinstance(around, dict):
            continue  # engines take the removal of what is not there for done
        if not isinstance(around, list if isinstance(last, int) else dict):
            raise NoPath(action.path)
        if isinstance(action.value, Copy) and action.value.name not in item:
            raise NoPath(action.value.name)
        value = action.result(item, at(item, action.path))
        target = at(after, tuple(way))
        if value is None:
            target.pop(last, None)
        else:
            target[last] = value
    return after


def basis(kind: Kind, actions: Iterable[Action], may_create: bool) -> tuple[frozenset[str], frozenset[str]]:
    """Return the attributes that follow an update, and the fields that have to be known for that.

    Those that it leaves out by what it sets, whatever else there is, are not among them.
    """
    touched = {action.path[0] for action in actions}
    plain = [action for action in actions if action.is_plain and not isinstance(action.value, Copy)]
    left, settled = changed({}, plain), {action.path[0] for action in plain}
    left_out = {name for name, (reads, holds) in kind.when.items() if reads <= settled and not holds(left)}
    following = {
        name
        for name, (reads, _) in kind.attributes.items()
        if name not in left_out and (reads & touched or (may_create and reads <= frozenset(kind.parts)))
    }
    read = frozenset().union(*(kind.attributes[name][0] for name in following))
    own = {action.path[0] for action in actions if action.path[0] in read and not action.is_plain}
    copied = {a.value.name for a in actions if a.path[0] in read and isinstance(a.value, Copy)}
    return frozenset(following), ((read - touched) | own | copied) - frozenset(kind.parts)


def differing(base: Item, held: Item, current: Item | None, names: Iterable[str]) -> list[Action]:
    """Return the update that makes one state of fields another.

    :param current: the item, where maps that it does not have are to be sent whole
    """
    actions = []
    for name in names:
        before, now = base.get(name), held.get(name)
        is_parted = isinstance(before, dict) and isinstance(now, dict) and before and now
        if is_parted and (current is None or isinstance(current.get(name), dict)):
            for step in sorted({**before, **now}):
                if before.get(step) != now.get(step):
                    kind = "set" if step in now else "remove"
                    actions.append(Action(kind, (name, step), now.get(step)))
        elif before != now:
            actions.append(Action("remove" if now is None else "set", (name,), now))
    return actions
