"""What a read leaves out besides what its own conditions do: other models' items, expired and hidden ones, guards.

DynamoDB is told as much of it as it can tell by itself.  The rest is judged here, item by item.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from ..exceptions import NotProjected, ValidationError
from ..expressions import (
    All,
    Comparison,
    Condition,
    PathOperand,
    fixed_by,
    in_postfix,
    joined,
    leaves,
    negated,
    verdict,
)
from ..keyed_mapper import KeyedMapper
from ..locks import cached_property
from ..mapper import Mapper
from ..spec import KeySpec
from ..store import Store
from ..unique import HOLDER, PREFIX
from ..wire.codec import AttributeValue, WireItem
from ..wire.texts import StoredItem, present_within

_NO_GUARD = Comparison((HOLDER,), "not_exists")


class Asked(NamedTuple):
    """A read, as far as it decides what DynamoDB can tell of its items.

    ``key`` is that of the table or index, ``held`` what this holds of each item, ``None`` for everything.  ``keys`` are
    the conditions on the key, which are not all of them where it ``is_textual``.  ``now`` is the second that counts as
    the present.
    """

    name: str
    key: KeySpec
    held: set[str] | None
    keys: Sequence[Condition]
    now: str
    is_query: bool
    is_textual: bool
    is_hydrated: bool
    with_hidden: bool
    with_expired: bool

    def holds(self, *names: str) -> bool:
        """Return whether the table or index holds attributes."""
        return self.held is None or self.held.issuperset(names)

    def lets_filter(self, *names: str) -> bool:
        """Return whether DynamoDB takes a filter on attributes."""
        return self.holds(*names) and not (self.is_query and not self.key.types.keys().isdisjoint(names))


class Scope:
    """What a read leaves out.

    ``keys`` and ``filters`` are conditions that DynamoDB is told.  Where it ``is_local``, what comes is to be judged
    here too, by :meth:`shows`: as whole items where it ``needs_whole``, and where it ``judges_hide`` by more than
    loading an item finds out.  ``told`` are the attributes besides the key that all of this takes.
    """

    keys: tuple[Comparison, ...] = ()
    filters: tuple[Condition, ...] = ()
    is_local = False
    needs_whole = False
    judges_hide = False
    told: tuple[str, ...] = ()

    def __init__(self, store: Store, asked: Asked) -> None:
        self._store = store
        self._mapper = store.mapper
        self._asked = asked
        mapper = self._mapper
        if isinstance(mapper, KeyedMapper):
            self._leave_out_others(mapper)
        if mapper.hides:
            self._leave_out_guards()
            self._leave_out_hidden()
        self.told = tuple(dict.fromkeys((*mapper.tells, *self.told))) if self.told else mapper.tells

    def _leave_out_others(self, mapper: KeyedMapper) -> None:
        """Leave out the items of other models."""
        kind, asked = mapper.kind_name, self._asked
        if kind is not None and asked.lets_filter(kind):
            self.filters = mapper.of_these_kinds
        if mapper.has_neighbours:  # whose items may have no kind
            self.is_local = kind not in asked.key.names or not any(map(mapper.is_own_kind, asked.keys))

    def _leave_out_guards(self) -> None:
        """Leave out the guards of unique values."""
        if self._mapper.kind or not self._may_meet_guards():  # they have a kind of their own
            return
        if self._asked.holds(HOLDER):
            self.filters += (_NO_GUARD,)
        else:
            self.is_local = True  # their keys tell

    def _may_meet_guards(self) -> bool:
        """Return whether guards of unique values may be among what is read.

        They are in the table, and in each index that is made of its key.
        """
        asked, names = self._asked, self._mapper.key.names
        uniques = [upkeep.unique for _, mapper in self._models if (upkeep := mapper.upkeep) and upkeep.unique]
        theirs = {*names, self._mapper.kind_name, *(unique.ttl for unique in uniques)}
        if not uniques or not theirs.issuperset(asked.key.names):
            return False
        found = [part for part in asked.keys if isinstance(part, Comparison) and part.path[0] in names]
        return all(part.values[0].get("S", "").startswith(PREFIX) for part in found if part.operator == "eq")

    @cached_property
    def _models(self) -> list[tuple[str, Mapper]]:
        """The models whose items are read as this one's, with their kinds."""
        mapper = self._mapper
        found: list[tuple[str, Mapper]] = []
        if isinstance(mapper, KeyedMapper) and (mapper.has_neighbours or mapper.kind_name is not None):
            found = [(kind, parts.mapper) for kind, parts in list(mapper.members.items())]
        return found or [("", mapper)]

    # Hidden items.

    def _leave_out_hidden(self) -> None:
        alike: dict[Any, tuple[list[Condition], list[tuple[str, Mapper]]]] = {}
        only = fixed_by(self._asked.keys).get(str(self._mapper.kind_name))
        for kind, mapper in self._models:
            if only not in (None, {"S": kind}):
                continue  # it is not asked for
            hidden = self._hidden(mapper)
            alike.setdefault(tuple(map(_said, hidden)), (hidden, []))[1].append((kind, mapper))
        for hidden, members in alike.values():
            for condition in hidden:
                if len(alike) == 1:
                    self._leave_out(condition, members)
                else:
                    self._leave_out_of_some(condition, members)

    def _hidden(self, mapper: Mapper) -> list[Condition]:
        """Return the conditions under each of which an item of a model is left out."""
        asked, upkeep = self._asked, mapper.upkeep
        found: list[Condition] = []
        if upkeep is not None and upkeep.expiry is not None and not asked.with_expired:
            found.append(upkeep.past(asked.now))
        if mapper.hide is not None and not asked.with_hidden:
            found.append(mapper.hide)
        return found

    def _leave_out(self, hidden: Condition, members: Sequence[tuple[str, Mapper]]) -> None:
        """Leave out every item of which a condition holds."""
        if self._asked.lets_filter(*attributes_in(hidden)):
            self.filters += (negated(hidden),)
            is_told = True
        else:
            is_told = self._is_told_by_key(hidden)
        if not is_told or self._asked.is_hydrated:  # whole items may say something else than the index
            self._judge(hidden, members)

    def _leave_out_of_some(self, hidden: Condition, members: Sequence[tuple[str, Mapper]]) -> None:
        """Leave out the items of some of the models of which a condition holds."""
        kind = self._mapper.kind_name
        if kind is not None and self._asked.lets_filter(kind, *attributes_in(hidden)):
            kinds = Comparison((kind,), "in", tuple([{"S": name} for name, _ in members]))
            self.filters += (negated(joined(All, (kinds, hidden))),)
        self._judge(hidden, members)  # some items may have no kind

    def _is_told_by_key(self, hidden: Condition) -> bool:
        """Find by the key only what a condition on the range key does not hold of; return whether that is possible.

        DynamoDB takes no filter on a key, and one condition on each attribute of it.
        """
        asked, ranges = self._asked, self._asked.key.range_names
        if not isinstance(hidden, Comparison) or hidden.path[0] not in ranges or asked.is_textual or self.keys:
            return False
        name = str(hidden.path[0])
        if hidden.operator != "lte" or hidden.size or [asked.key.types[name]] != [*map(_letter, hidden.values)]:
            return False
        position = ranges.index(name)
        found = {part.path[0]: part.operator for part in asked.keys if isinstance(part, Comparison)}
        if any(found.get(before) != "eq" for before in ranges[:position]) or found.keys() & set(ranges[position:]):
            return False
        self.keys = (Comparison(hidden.path, "gt", hidden.values),)
        return True

    def _judge(self, hidden: Condition, members: Sequence[tuple[str, Mapper]]) -> None:
        """Let the items of some models be judged here."""
        names, asked = attributes_in(hidden), self._asked
        if not asked.holds(*names):
            if not any(mapper.known.issuperset(asked.key.names) for _, mapper in members):
                return  # the index has no items of these models
            if not asked.is_hydrated:
                raise NotProjected(
                    f"{asked.name} does not hold {', '.join(sorted(names - (asked.held or set())))}, by which hide = "
                    f"{hidden!r} leaves items out: read the hidden ones too, .with_hidden(), or whole items, "
                    ".hydrate(), or project more"
                )
            self.needs_whole = True
        self.is_local = True
        self.judges_hide = self.judges_hide or any(mapper.hide is hidden for _, mapper in members)
        self.told += tuple(sorted(names))

    # What is judged here.

    def shows(self, item: StoredItem) -> bool:
        """Return whether an item is one of those that are read, and not hidden."""
        try:
            found = self._mapper.member_of(item, self._store)
        except ValidationError:
            return True  # which says so when the item is loaded
        if found is None:
            return False
        mapper: Mapper = found.mapper
        if mapper.upkeep is not None:
            upkeep, now = mapper.upkeep, self._asked.now
            if upkeep.is_guard(item) if self._asked.with_expired else upkeep.hides(item, now):
                return False
        return not self.judges_hide or mapper.hide is None or not self._is_hidden(mapper.hide, item)

    @staticmethod
    def _is_hidden(hide: Condition, item: StoredItem) -> bool:
        known: WireItem = present_within(item, tuple(sorted(attributes_in(hide))))
        return verdict(hide, known) is True

    def is_outdated(self, item: StoredItem) -> bool:
        """Return whether an item, of which a part was read, has to be read as a whole to be upgraded."""
        try:
            found = self._mapper.member_of(item, self._store)
        except ValidationError:
            return False
        upgrades = None if found is None or found.mapper.upkeep is None else found.mapper.upkeep.upgrades
        if upgrades is None:
            return False
        name = upgrades.attribute
        return not self._asked.holds(name) or present_within(item, (name,)) != upgrades.constants


NOTHING: Scope = Scope.__new__(Scope)
"""That of a read that leaves out nothing besides."""


def attributes_in(condition: Condition) -> set[str]:
    """Return the attributes that a resolved condition depends on."""
    found: set[str] = set()
    for leaf in leaves(condition):
        others = [operand.path for operand in leaf.operands if isinstance(operand, PathOperand)]
        found.update(str(path[0]) for path in (leaf.path, *others))
    return found


def _letter(value: AttributeValue) -> str:
    """Return the letter of the type of a value."""
    return next(iter(value))


def _said(condition: Condition) -> tuple[Any, ...]:
    """Return what two conditions have in common that say the same."""
    return tuple(
        [
            (token.shape, repr(token.values)) if isinstance(token, Comparison) else token
            for token in in_postfix(condition)
        ]
    )
