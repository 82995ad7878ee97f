"""What the writes of a model come to, told in plain dicts: items as they must be stored, instances as they must be.

Nothing of the library is used here.  Values are native ones by Python name; what is ``None``, or an empty set, is not
there.  A rule that refuses raises :class:`Refused` before anything is changed.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

Path = tuple[Any, ...]

DEFAULTS: dict[str, Any] = {"wins": 5, "tags": []}
COUNTERS = ("hits", "wins")
MAPS = ("meta", "publisher")
KEY = "key"
UNKNOWN = "unknown"


class Refused(Exception):
    """``name`` is that of the exception that the library has to raise."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def clean(values: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what is not stored."""
    return {name: copy.deepcopy(value) for name, value in values.items() if value is not None and value != set()}


def at(item: Mapping[str, Any], path: Path) -> Any:
    found: Any = item
    for step in path:
        if isinstance(step, int):
            found = found[step] if isinstance(found, list) and step < len(found) else None
        else:
            found = found.get(step) if isinstance(found, dict) else None
    return copy.deepcopy(found)


def has_place(item: Mapping[str, Any], path: Path) -> bool:
    """Return whether there is a map, or a list, that something at a path can be put into."""
    return isinstance(at(item, path[:-1]), list if isinstance(path[-1], int) else dict)


def put_at(item: dict[str, Any], path: Path, value: Any) -> None:
    """Put a value at a path, ``None`` for none; maps on the way are made."""
    *way, last = path
    if value is None and not has_place(item, path):
        return
    for step in way:
        item = item[step] if isinstance(step, int) else item.setdefault(step, {})
    if isinstance(item, list):
        item[last] = value
    elif value is None or value == set():
        item.pop(last, None)
    else:
        item[last] = copy.deepcopy(value)


def differing(before: Any, now: Any, path: Path) -> list[Path]:
    """Return the smallest places at which two values differ; lists and sets are compared whole."""
    if not (isinstance(before, dict) and isinstance(now, dict)):
        return [] if before == now else [path]
    return [
        place
        for name in {**before, **now}
        for place in (
            differing(before[name], now[name], (*path, name)) if name in before and name in now else [(*path, name)]
        )
    ]


class Action:
    """What is done at one path: ``kind`` as the library calls it."""

    def __init__(self, kind: str, path: Path, value: Any = None) -> None:
        self.kind, self.path, self.value = kind, path, value

    def result(self, present: Any) -> Any:
        value = self.value
        results: dict[str, Callable[[], Any]] = {
            "set": lambda: value,
            "remove": lambda: None,
            "if_not_exists": lambda: value if present is None else present,
            "plus": lambda: (present or 0) + value,
            "minus": lambda: (present or 0) - value,
            "append": lambda: (present or []) + value,
            "prepend": lambda: value + (present or []),
            "add": lambda: (present or set()) | value if isinstance(value, set) else (present or 0) + value,
            "delete": lambda: (present or set()) - value,
        }
        return results[self.kind]()


class Store:
    """The items that must be in the table, by key."""

    def __init__(self) -> None:
        self.items: dict[str, dict[str, Any]] = {}

    def put(self, key: str, values: Mapping[str, Any]) -> None:
        self.items[key] = clean(values)

    def update(self, key: str, actions: list[Action]) -> None:
        self.refuse_fragment(key, actions)
        before = self.items.get(key, {KEY: key})
        after = copy.deepcopy(before)
        for action in actions:
            # the engine takes the removal of what is not there for done
            if action.kind != "remove" and not has_place(before, action.path):
                raise Refused("PathMissing")
        for action in actions:
            put_at(after, action.path, action.result(at(before, action.path)))
        self.items[key] = after

    def refuse_fragment(self, key: str, actions: list[Action]) -> None:
        """Make no item without its required field."""
        given = [action.path for action in actions if action.kind not in ("remove", "delete")]
        if key not in self.items and ("title",) not in given:
            raise Refused("DoesNotExist")


class Twin:
    """What an instance must hold, and what it must know of the stored item."""

    def __init__(self, store: Store, key: str, given: Mapping[str, Any] | None = None) -> None:
        self.store, self.key = store, key
        self.base: dict[str, Any] | None = None
        self.pending: dict[str, int] = {}
        self.extra: Any = None
        self.defaults = {name: value for name, value in DEFAULTS.items() if (given or {}).get(name) is None}
        self.held = clean({**self.defaults, **(given or {}), KEY: key})
        self.defaults = copy.deepcopy(self.defaults)

    @classmethod
    def loaded(cls, store: Store, key: str) -> Twin:
        twin = cls(store, key)
        twin.load()
        return twin

    def load(self) -> None:
        stored = self.store.items.get(self.key)
        if stored is None:
            raise Refused("DoesNotExist")
        if "title" not in stored:
            raise Refused("ValidationError")
        known = {name: value for name, value in stored.items() if name != UNKNOWN}
        self.extra = stored.get(UNKNOWN)
        self.base, self.pending = clean(known), {}
        self.defaults = {name: copy.deepcopy(value) for name, value in DEFAULTS.items() if name not in known}
        self.held = clean({**self.defaults, **known})

    # Local changes.

    def assign(self, name: str, value: Any) -> None:
        self.defaults.pop(name, None)
        self.pending.pop(name, None)
        put_at(self.held, (name,), value)

    def incr(self, name: str, amount: int) -> None:
        if not self._assigned(name):
            self.pending[name] = self.pending.get(name, 0) + amount
        self.defaults.pop(name, None)
        self.held[name] = self.held.get(name, 0) + amount

    def _assigned(self, name: str) -> bool:
        return name in self.changed() and name not in self.pending

    def changed(self) -> list[str]:
        """Return the fields that an is_dirty instance has changed."""
        names = []
        for name in {**self.held, **(self.base or {})}:
            now = self.held.get(name)
            untouched = name in self.defaults and now == self.defaults[name]
            if name in self.pending or (not untouched and now != (self.base or {}).get(name)):
                names.append(name)
        return names

    # Writes.

    def _check(self, condition: str | None) -> None:
        stored = self.store.items.get(self.key)
        if condition is not None and (stored is None or stored.get("title") != condition):
            raise Refused("ConditionFailed")

    def _check_there(self, condition: str | None, actions: list[Action]) -> None:
        if self.base is not None and self.key not in self.store.items:
            raise Refused("DoesNotExist")
        self.store.refuse_fragment(self.key, actions)
        self._check(condition)

    def save(self, condition: str | None = None, unique: bool = False) -> None:
        if self.held.get("title") is None:
            raise Refused("ValidationError")
        if unique and self.key in self.store.items:
            raise Refused("HashKeyExists")
        self._check(condition)
        values = clean(self.held)
        if self.extra is not None:
            # what the schema does not know stays as it is by now; a new item gets it as it was loaded
            current = self.store.items.get(self.key, {}).get(UNKNOWN)
            values = clean({**values, UNKNOWN: self.extra if unique else current})
        self.store.put(self.key, values)
        self.base, self.defaults, self.pending = clean(self.held), {}, {}

    def partial_save(self, condition: str | None = None) -> None:
        actions = self._actions(None)
        if not actions:
            if condition is not None or self.base is None:
                if self.key not in self.store.items:
                    raise Refused("DoesNotExist")
                self._check(condition)
            self.base = {KEY: self.key} if self.base is None else self.base
            return
        if any(action.kind == "remove" and action.path == ("title",) for action in actions):
            raise Refused("ValidationError")
        self._check_there(condition, actions)
        try:
            self.store.update(self.key, actions)
        except Refused:
            actions = self._actions(self.store.items.get(self.key, {}))
            self.store.update(self.key, actions)
        self.pending = {}
        self._take_over(actions)

    def _actions(self, current: dict[str, Any] | None) -> list[Action]:
        actions: dict[Path, Action] = {}
        for name in self.changed():
            if name == KEY:
                continue
            if name in self.pending:
                actions[name,] = Action("add", (name,), self.pending[name])
                continue
            before, now = (self.base or {}).get(name), self.held.get(name)
            paths: list[Path] = [(name,)]
            if name in MAPS and before and now:
                paths = differing(before, now, (name,))
            for path in paths:
                if current is not None:  # from the first map on that is gone, or something else by now
                    around = (path[:end] for end in range(1, len(path)))
                    path = next((outer for outer in around if not isinstance(at(current, outer), dict)), path)
                value = at(self.held, path)
                gone = value is None or value == set()
                actions[path] = Action("remove" if gone else "set", path, value)
        if self.base is None:
            for name, value in self.defaults.items():
                actions.setdefault((name,), Action("if_not_exists", (name,), value))
        return list(actions.values())

    def _take_over(self, actions: list[Action]) -> None:
        """Take over what is stored at the paths that were sent."""
        stored = self.store.items[self.key]
        if self.base is None:
            self.base = {KEY: self.key}
        for name in {action.path[0] for action in actions}:
            was_clean = self.held.get(name) == self.base.get(name)
            for action in (action for action in actions if action.path[0] == name):
                path = action.path
                fits = True
                if isinstance(path[-1], int):
                    path = path[:-1]
                    fits = not was_clean and len(self.held.get(name) or ()) == len(stored.get(name) or ())
                    if fits:
                        put_at(self.held, action.path, at(stored, action.path))
                put_at(self.base, path, at(stored, path))
                if path == action.path or not fits:
                    put_at(self.held, path, at(stored, path))
            self.defaults.pop(name, None)
            if name in self.pending:
                self.held[name] = self.held.get(name, 0) + self.pending[name]

    def update(self, actions: list[Action], condition: str | None = None, return_all: bool = False) -> None:
        self._check_there(condition, actions)
        self.store.update(self.key, actions)
        for action in actions:
            if action.kind in ("set", "remove"):
                self.pending.pop(action.path[0], None)
        if return_all:
            try:
                self.load()
            except Refused:
                self._take_over(actions)
                raise
        else:
            self._take_over(actions)

    def sync(self, condition: str | None = None) -> None:
        given = [name for name in self.changed() if name != KEY]
        actions = self._actions(None) if given else []
        if not actions:
            if condition is not None:
                if self.key not in self.store.items:
                    raise Refused("DoesNotExist")
                self._check(condition)
            self.load()
            return
        self.partial_save(condition)
        self.load()

    def delete(self, condition: str | None = None) -> None:
        self._check(condition)
        self.store.items.pop(self.key, None)
