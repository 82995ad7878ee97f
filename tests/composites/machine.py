"""A shop under random moves: what must be stored after each, what is, and how often moves were made and refused."""

from __future__ import annotations

import collections
import copy
import itertools
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any, NamedTuple

from dateutil import parser
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant

from dynamorm import inspect
from dynamorm.exceptions import DynamoException

from ..libraries import natives
from .plain_shop import KINDS, UNKNOWN, Action, Copy, Item, Key, Kind, NoPath, Unfit, basis, changed, clean, differing

Table = dict[Key, Item]


class Expected(NamedTuple):
    """What a move must come to: the items afterwards, the errors that may refuse it, or either of both.

    A refused move changes nothing; with ``in_part`` it may have come as far as some items.
    """

    after: Table | None
    refusals: frozenset[str] = frozenset()
    in_part: bool = False


def refused(*names: str) -> Expected:
    return Expected(None, frozenset(names))


class Known(NamedTuple):
    """What whoever updates an item knows of it; ``is_whole`` if that is everything."""

    values: Item
    is_whole: bool = False
    may_change: bool = True
    absent: frozenset[str] = frozenset()

    def tells(self, name: str) -> bool:
        return self.is_whole or name in self.values or name in self.absent


class Twin:
    """An instance, and what is known of it besides: what was counted up and not sent."""

    def __init__(self, kind: Kind, instance: Any, is_partial: bool = False) -> None:
        self.kind, self.instance, self.is_partial = kind, instance, is_partial
        self.pending: dict[str, int] = {}

    @property
    def held(self) -> Item:
        return copy.deepcopy(clean(natives(self.instance)))

    @property
    def base(self) -> Item:
        """What the item held when the instance last saw it."""
        held = self.held
        before = {name: was for name, (was, _) in inspect(self.instance).changes.items()}
        return copy.deepcopy(clean({**held, **before})) if self.is_loaded else {}

    @property
    def is_loaded(self) -> bool:
        return inspect(self.instance).is_loaded

    @property
    def extra(self) -> Item:
        return inspect(self.instance).extra

    @property
    def parts(self) -> Item:
        held = self.held
        return {name: held[name] for name in self.kind.parts}

    @property
    def key(self) -> Key:
        return self.kind.key(self.held)

    @property
    def key_changed(self) -> bool:
        base = self.base
        return self.is_loaded and any(base.get(name) != self.held.get(name) for name in self.kind.parts)

    @property
    def known(self) -> Known:
        base = self.base
        return Known(base, is_whole=not self.is_partial)

    def changed(self) -> list[str]:
        """Return the fields that a partial save sends, but for those that are counted up."""
        held, base = self.held, self.base
        names = [name for name in {**base, **held} if held.get(name) != base.get(name)]
        return [name for name in names if name not in self.kind.parts and name not in self.pending]

    def actions(self, current: Item | None = None) -> list[Action]:
        counted = [Action("add", (name,), amount) for name, amount in self.pending.items()]
        return [*differing(self.base, self.held, current, self.changed()), *counted]


def sharing(group: str, times: int = 1, **drawn: Any) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Let a method be one of several that share a rule, and be drawn so many times as often as one of the others.

    Of rules Hypothesis leaves some out of each run, and draws all others alike.
    """

    def shared(method: Callable[..., None]) -> Callable[..., None]:
        method.sharing = (group, times, st.fixed_dictionaries(drawn))  # type: ignore[attr-defined]
        return method

    return shared


def plain(value: Any) -> Any:
    """Return a value that boto3 has read in native form."""
    if isinstance(value, Decimal):
        return int(value)
    if isinstance(value, list):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    return value


class Shop(RuleBasedStateMachine):
    """The models are set for each library; ``counts`` are of moves that were made and refused, by name."""

    models: dict[str, Any]
    base: Any
    counts: collections.Counter[tuple[str, str]]
    examples = itertools.count()

    def __init__(self) -> None:
        super().__init__()
        self.items: Table = {}
        self.twins: list[Twin] = []
        for raw in self.raw_items():
            self.base.Table.table.delete_item(Key={"pk": raw["pk"], "sk": raw["sk"]})

    def raw_items(self) -> list[Any]:
        found: list[Any] = self.base.Table.table.scan(ConsistentRead=True)["Items"]
        return found

    def one_of_group(self, group: str, data: Any) -> None:
        """Do one of the moves that share a rule."""
        found = {name: getattr(getattr(type(self), name), "sharing", None) for name in dir(type(self))}
        names = [name for name, said in found.items() if said and said[0] == group for _ in range(said[1])]
        name = data.draw(st.sampled_from(names), group)
        getattr(self, name)(**data.draw(found[name][2]))

    # What is done.

    def act(self, move: str, ours: Callable[[], Any], expected: Expected) -> Any:
        """Make a move; return what it returned, or the error with which it was refused."""
        try:
            result = ours()
        except DynamoException as error:
            names = {kind.__name__ for kind in type(error).__mro__}
            if not names & expected.refusals:
                raise
            self.counts[move, type(error).__name__.removesuffix("ClientError")] += 1
            if expected.in_part and expected.after is not None:
                self.items = self.as_far_as_it_came(expected.after)
            return error
        assert expected.after is not None, f"{move} was to be refused: {sorted(expected.refusals)}"
        self.counts[move, "made"] += 1
        self.items = expected.after
        return result

    def as_far_as_it_came(self, after: Table) -> Table:
        """Return the items as they are, each of which must be as it was or as it was to be."""
        found = {(raw["pk"], raw["sk"]): raw for raw in self.raw_items()}
        come: Table = {}
        for key in {**self.items, **after}:
            possible = [table[key] for table in (self.items, after) if key in table]
            if key in found:
                come[key] = next(one for one in possible if self.is_stored_as(one, found[key]))
            else:
                assert len(possible) < 2, f"{key} is gone"
        return come

    def twin(self, kind: Kind, instance: Any, is_partial: bool = False) -> Twin:
        twin = Twin(kind, instance, is_partial)
        self.twins = [*self.twins[-7:], twin]
        return twin

    def one_of(self, number: int) -> Twin:
        return self.twins[number % len(self.twins)]

    def model(self, kind: Kind) -> Any:
        return self.models[kind.name]

    # What it must come to.

    def with_item(self, key: Key, item: Item | None) -> Table:
        after = dict(self.items)
        after.pop(key, None)
        if item is not None:
            after[key] = item
        return after

    def is_of_another_kind(self, kind: Kind, key: Key) -> bool:
        return key in self.items and self.items[key]["kind"] != kind.name

    def whole(self, kind: Kind, values: Item, *, unique: bool = False, extra: Item | None = None) -> Expected:
        """Return what the put of a whole item comes to."""
        item = {**(extra or {}), **clean(values), "kind": kind.name}
        try:
            key = kind.key(item)
            kind.stored(item)
        except Unfit:
            return refused("ValidationError")
        if unique and key in self.items:
            return refused("HashKeyExists")
        if self.is_of_another_kind(kind, key):
            return refused("ConditionFailed")
        return Expected(self.with_item(key, item))

    def saved(self, twin: Twin, unique: bool = False) -> Expected:
        """Return what the save of a whole instance comes to."""
        if twin.is_partial:
            return refused("PartialInstance")
        extra = twin.extra
        if extra and not unique and twin.is_loaded:
            extra = {name: one for name, one in self.items.get(twin.key, {}).items() if name == UNKNOWN}
        return self.whole(twin.kind, twin.held, unique=unique, extra=extra)

    def updated(
        self,
        kind: Kind,
        parts: Item,
        actions: list[Action],
        known: Known,
        *,
        must_exist: bool = False,
        may_create: bool = True,
        retries: bool = True,
    ) -> Expected:
        """Return what an update comes to."""
        key = kind.key(parts)
        following, needed = basis(kind, actions, may_create)
        refusals: set[str] = set()
        if not all(known.tells(name) for name in needed):
            refusals.add("IncompleteKey")
        seen = {**{name: known.values[name] for name in needed if name in known.values}, **parts}
        read = frozenset().union(*(kind.attributes[name][0] for name in following))
        try:
            decisive = [action for action in actions if action.path[0] in read]
            kind.computed(_leniently_changed(seen, decisive), following)
        except Unfit:
            refusals.add("ValidationError")
        except NoPath:
            refusals.add("IncompleteKey")  # nothing is known of what is to be copied
        current = self.items.get(key)
        if current is None:
            supplied = {action.path[0] for action in actions if len(action.path) == 1 and action.kind != "remove"}
            if must_exist or not set(kind.required) <= supplied | set(parts):
                refusals |= {"DoesNotExist"}
        elif current["kind"] != kind.name:
            return Expected(None, frozenset({"ConditionFailed", *refusals}))
        is_stale = any((current or {}).get(name) != known.values.get(name) for name in needed)
        if is_stale and (current is None or not (known.may_change and retries)):
            refusals.add("ConditionFailed")
        try:
            after = changed(current or {**parts, "kind": kind.name}, actions)
            kind.stored(after)
        except Unfit:
            refusals.add("ValidationError")
        except NoPath:
            is_copy = any(action.value.name not in (current or parts) for action in actions if _copies(action))
            refusals |= {"IncompleteKey", "RequestRefused"} if is_copy else {"PathMissing", "RequestRefused"}
        if refusals:
            return Expected(None, frozenset(refusals))
        if is_stale:
            self.counts["update over what others changed", "made"] += 1
        return Expected(self.with_item(key, after))

    def changed_instance(self, twin: Twin, actions: list[Action], retries: bool = True) -> Expected:
        """Return what the update of an instance's item comes to."""
        if twin.key_changed:
            return refused("InvalidKey")
        is_loaded = twin.is_loaded
        return self.updated(
            twin.kind,
            twin.parts,
            actions,
            twin.known,
            must_exist=is_loaded,
            may_create=not is_loaded,
            retries=retries,
        )

    def partly_saved(self, twin: Twin, retries: bool = True) -> Expected:
        """Return what the partial save of an instance comes to."""
        if twin.key_changed:
            return refused("InvalidKey")
        actions = twin.actions()
        if not actions and twin.is_loaded:
            return Expected(self.items)
        expected = self.changed_instance(twin, actions, retries)
        if "PathMissing" in expected.refusals and retries:
            around = self.changed_instance(twin, twin.actions(self.items.get(twin.key, {})), retries)
            others = expected.refusals - {"PathMissing", "RequestRefused"}
            return around if not others else Expected(None, expected.refusals | around.refusals)
        return expected

    def deleted(self, kind: Kind, key: Key) -> Expected:
        if self.is_of_another_kind(kind, key):
            return refused("ConditionFailed")
        return Expected(self.with_item(key, None))

    # What holds after each move.

    def is_stored_as(self, item: Item, raw: Any) -> bool:
        return self.must_be(item) == self.as_plain(raw)

    def must_be(self, item: Item) -> Item:
        return KINDS[item["kind"]].stored(item)

    def as_plain(self, raw: Any) -> Item:
        found: Item = plain(raw)
        if "placed" in found:
            found["placed"] = parser.parse(found["placed"])
        return found

    @invariant()
    def everything_is_stored_as_it_must_be(self) -> None:
        found = {(raw["pk"], raw["sk"]): self.as_plain(raw) for raw in self.raw_items()}
        assert found == {key: self.must_be(item) for key, item in self.items.items()}

    @invariant()
    def instances_show_their_keys(self) -> None:
        for twin in self.twins:
            held = twin.held
            assert (twin.instance.pk, twin.instance.sk) == twin.kind.key(held)
            if twin.is_partial:
                continue
            for name, (_, made) in twin.kind.attributes.items():
                try:
                    text = made(held)
                except Unfit:
                    continue
                assert getattr(twin.instance, name) == text


def _copies(action: Action) -> bool:
    return isinstance(action.value, Copy)


def _leniently_changed(item: Item, actions: Iterable[Action]) -> Item:
    """Return an item after actions, where maps that are missing are made: it is computed, not stored."""
    ways = {action.path[0]: {} for action in actions if len(action.path) > 1 and isinstance(action.path[1], str)}
    return changed({**ways, **item}, [action for action in actions if not isinstance(action.path[-1], int)])
