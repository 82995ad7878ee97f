"""What an update makes of key attributes that are computed from fields, where it touches one of these.

The rest of the fields is taken from what is known of the item, under the condition that it is still so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, NoReturn

from .arguments import check_mapping
from .composites import KeyAttribute
from .exceptions import IncompleteKey, InvalidKey
from .expressions import Action, Comparison, Condition, after_update, depends_on, verdict
from .instances.state import State
from .keyed_mapper import KeyedMapper
from .mapper import Mapper
from .wire.codec import AttributeValue, WireItem


class Known(NamedTuple):
    """What is known of an item that is to be updated.

    ``key`` are the fields that its key tells, ``item`` what it was last seen to hold.  With ``is_whole`` that was
    everything, so that what is not in ``item`` was absent; without, only what is in ``absent``.  ``may_change`` says
    that it does not matter if the item is otherwise by now; else somebody demands that it is so.
    """

    key: Mapping[str, AttributeValue]
    item: Mapping[str, AttributeValue] = {}
    is_whole: bool = False
    absent: frozenset[str] = frozenset()
    may_change: bool = True

    @classmethod
    def of_instance(cls, mapper: KeyedMapper, instance: Any) -> Known:
        """Return what an instance knows of its item; one that was never loaded expects that there is none."""
        state: State = instance._dynamorm_state
        _, parts = mapper.key_and_parts({name: instance.__dict__.get(name) for name in mapper.key_names})
        return cls(parts, state.loaded or {}, is_whole=state.loaded is None or not state.partial)

    @classmethod
    def of_given(cls, mapper: KeyedMapper, parts: WireItem, given: Mapping[str, Any] | None) -> Known:
        """Return what is known of the item with a key of which a program says what it holds."""
        if given is None:
            return cls(parts)
        if isinstance(given, Held):
            return given.known._replace(key=parts)
        check_mapping("given", given, InvalidKey)
        values: WireItem = {}
        absent = []
        for name, value in given.items():
            spec = mapper.resolver.field(name)
            if value is None:
                absent += [spec.stored, *spec.aliases]
            else:
                values[spec.stored] = mapper.resolver.operand(spec, value, name=f"given: {name}")
        return cls(parts, values, absent=frozenset(absent), may_change=False)

    def seen(self, item: WireItem) -> Known:
        """Return what is known when the whole item was seen."""
        return self._replace(item=item, is_whole=True)

    def tells(self, name: str) -> bool:
        return self.is_whole or name in self.item or name in self.key or name in self.absent

    @property
    def values(self) -> WireItem:
        return {**self.item, **self.key}


class Held(dict[str, Any]):
    """What an instance holds in some fields, by Python name, on its way through verbs that its model has replaced."""

    def __init__(self, values: Mapping[str, Any], known: Known) -> None:
        super().__init__(values)
        self.known = known


class KeyChanges(NamedTuple):
    """What an update needs so that key attributes follow: actions, and conditions on fields that it does not set.

    ``basis`` are the attributes that these conditions are about.  ``unsaid`` are those of which something would have to
    be known if the update made an item.
    """

    actions: tuple[Action, ...] = ()
    conditions: tuple[Condition, ...] = ()
    basis: frozenset[str] = frozenset()
    unsaid: frozenset[str] = frozenset()


def key_changes(mapper: KeyedMapper, actions: Sequence[Action], known: Known, may_create: bool) -> KeyChanges:
    """Return what an update with some actions needs so that key attributes follow.

    :raises IncompleteKey: if one depends on a field of which nothing is known
    """
    touched = {str(action.path[0]) for action in actions}
    others = [attribute for name, attribute in mapper.computed_keys.items() if name not in mapper.key.names]
    following = [attribute for attribute in others if not touched.isdisjoint(attribute.reads)]
    unsaid: frozenset[str] = frozenset()
    if may_create:
        made = [one for one in others if one not in following and one.of(dict(known.key)) is not None]
        unsaid = _untold(made, {name for one in made for name in one.reads}, known)
        following += [one for one in made if unsaid.isdisjoint(one.reads)]
    if not following:
        return KeyChanges(unsaid=unsaid)
    left_out = [attribute for attribute in following if _is_left_out(attribute, actions, known)]
    following = [attribute for attribute in following if attribute not in left_out]
    before = known.values
    read = _read_by(following, {*touched, *before})
    decisive = [action for action in actions if action.path[0] in read]
    basis = ((read - touched) | depends_on(decisive)) - known.key.keys()
    unknown = _untold(following, basis, known)
    if unknown:
        _refuse(mapper, following, touched, sorted(unknown))
    changed, untold = after_update(decisive, before)
    if untold:
        _refuse_untold(mapper, following, sorted(untold))
    after = {name: value for name, value in before.items() if name in read - touched} | changed
    computed = tuple(_following(attribute, after) for attribute in following)
    computed += tuple(Action("remove", (attribute.name,)) for attribute in left_out)
    return KeyChanges(computed, tuple(_unchanged(before, basis)), frozenset(basis), unsaid)


def keys_to_follow(mapper: KeyedMapper, actions: Sequence[Action]) -> tuple[frozenset[str], frozenset[str]]:
    """Return the key attributes that follow some actions, and what of an item that does not depend on them alone."""
    touched = {str(action.path[0]) for action in actions}
    following = [one for one in mapper.computed_keys.values() if not one.reads.isdisjoint(touched)]
    read = _read_by(following, touched)
    needed = (read - touched) | depends_on([action for action in actions if action.path[0] in read])
    return frozenset(one.name for one in following), frozenset(needed)


def _read_by(attributes: Sequence[KeyAttribute], present: set[str]) -> frozenset[str]:
    """Return what key attributes depend on; former names of a field count where there is nothing under its own."""
    read = frozenset(name for attribute in attributes for name in attribute.reads)
    former = {own: names for attribute in attributes for own, names in attribute.former.items()}
    return read.difference(*(names for own, names in former.items() if own in present))


def _untold(attributes: Sequence[KeyAttribute], names: Iterable[str], known: Known) -> frozenset[str]:
    """Return the attributes among some of which nothing is known, without former names of these."""
    former = frozenset(name for attribute in attributes for names in attribute.former.values() for name in names)
    return frozenset(name for name in names if not known.tells(name)) - former


def _is_left_out(attribute: KeyAttribute, actions: Sequence[Action], known: Known) -> bool:
    """Return whether an update rules a key attribute out by what it sets, whatever else the item holds."""
    if not attribute.when:
        return False
    plain = [action for action in actions if not depends_on((action,))]
    after, _ = after_update(plain, dict(known.key))
    settled = {*known.key, *(str(action.path[0]) for action in plain)}
    unknown = attribute.reads - settled
    return any(verdict(part, {**known.key, **after}, unknown) is False for part in attribute.when)


def _following(attribute: KeyAttribute, after: WireItem) -> Action:
    value = attribute.of(after)
    return Action("remove" if value is None else "set", (attribute.name,), value)


def _unchanged(before: WireItem, names: Iterable[str]) -> Iterable[Condition]:
    for name in sorted(names):
        if name in before:
            yield Comparison((name,), "eq", (before[name],))
        else:
            yield Comparison((name,), "not_exists")


def _refuse(mapper: KeyedMapper, following: Sequence[KeyAttribute], touched: set[str], unknown: Sequence[str]) -> None:
    names = ", ".join(mapper.named(name) for name in unknown)
    attributes = [attribute for attribute in following if not attribute.reads.isdisjoint(unknown)]
    keys = ", ".join(attribute.label for attribute in attributes)
    parts = ", ".join(
        mapper.named(name) for name in sorted(touched.intersection(*[one.reads for one in attributes[:1]]))
    )
    example = "{" + ", ".join(f'"{mapper.named(name)}": ...' for name in unknown) + "}"
    raise IncompleteKey(
        f"{keys} {'is' if len(attributes) == 1 else 'are'} made of {parts or 'other fields'} and {names}, of "
        f"which nothing is known: say what the item holds, given={example}, set it too, or load the item first"
    )


def refuse_unsaid(mapper: Mapper, unsaid: frozenset[str]) -> NoReturn:
    """Refuse to make an item of which nobody can say what keys it has."""
    names = sorted(map(mapper.named, unsaid))
    raise IncompleteKey(
        f"upsert of {mapper.model_name} may make a new item, and its keys are made of {', '.join(names)} too, of which "
        f"nothing is known: set it, or say what the item holds, given={dict.fromkeys(names)!r}; patch() changes only "
        "what is there"
    )


def _refuse_untold(mapper: KeyedMapper, following: Sequence[KeyAttribute], untold: Sequence[str]) -> None:
    names = ", ".join(mapper.named(name) for name in untold)
    keys = ", ".join(one.label for one in following if not one.reads.isdisjoint(untold))
    raise IncompleteKey(
        f"{keys} cannot follow {names}: what the update leaves there is copied from an attribute that is not there, or "
        "has more digits than DynamoDB keeps; set a value"
    )
