"""The mapper of a model with key attributes that are computed from fields: what they add to each item, and to keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from types import MappingProxyType
from typing import Any, NoReturn
from weakref import WeakValueDictionary

from .composites import Declared, KeyAttribute
from .exceptions import InvalidKey, InvalidSchemaField, ValidationError
from .expressions import Comparison, Condition, Either, joined
from .locks import cached_property
from .mapper import Mapper
from .schema import Adapter
from .schema.compiler import Receive
from .spec import FieldSpec, KeySpec
from .upkeep import Upkeep
from .wire.codec import AttributeValue, WireItem, decode_value, encode_value
from .wire.texts import StoredItem, item_of, key_within

LONGEST_RANGE_KEY = 1_024


class KeyedMapper(Mapper):
    """Load and dump for a model with computed key attributes; a discriminator is one that is the same in all items."""

    def __init__(
        self,
        model_name: str,
        adapter: Adapter,
        key: KeySpec,
        guarded: Mapping[str, FieldSpec],
        declared: Mapping[str, Declared],
        kind: Mapping[str, AttributeValue] = MappingProxyType({}),
        upkeep: Upkeep | None = None,
    ) -> None:
        super().__init__(model_name, adapter, key, guarded, frozenset((*declared, *kind)), upkeep)
        self.kind = kind
        self.constants = {**kind, **self.constants}
        self.kind_name = next(iter(kind), None)
        self.own_kind: str | None = kind[self.kind_name]["S"] if self.kind_name is not None else None
        self.computed_keys: Mapping[str, KeyAttribute] = {
            name: KeyAttribute(name, label, composite, when, adapter, self.conditions)
            for name, (composite, label, when) in declared.items()
        }
        self.members: WeakValueDictionary[str, Any] = WeakValueDictionary()
        """The parts of all models whose items are read as this one's, by their kinds."""
        self.has_neighbours = self.kind_name is not None
        self.is_scoped = True
        self.tells = (*self.tells, *kind)
        self._of_key = [self.computed_keys[name] for name in key.names if name in self.computed_keys]
        self.key_names = tuple(
            dict.fromkeys(
                name
                for stored in key.names
                for name in (
                    [spec.name for spec in self.computed_keys[stored].specs.values()]
                    if stored in self.computed_keys
                    else [adapter.by_stored[stored].name]
                )
            )
        )
        self.key_fields |= {spec.stored for attribute in self._of_key for spec in attribute.specs.values()}
        for attribute in self._of_key:
            if attribute.template is None or attribute.when:
                raise InvalidSchemaField(
                    f"{attribute.label} is part of the table's key, which every item has: leave out merge and when"
                )

    def note_member(self, mapper: Mapper) -> None:
        """Note what it takes to tell the items of another model that are read as this one's."""
        self.tells = tuple(dict.fromkeys((*self.tells, *mapper.tells)))
        self.has_forms = self.has_forms or mapper.has_forms
        self.hides = self.hides or mapper.hides

    def limit_keys(self, keys: Iterable[KeySpec]) -> None:
        """Note how long the key attributes may be where they are used."""
        for key in keys:
            for name in key.range_names:
                if name in self.computed_keys:
                    self.computed_keys[name].most = LONGEST_RANGE_KEY

    @cached_property
    def of_this_kind(self) -> tuple[Condition, ...]:
        """The condition that there is no item of another model; items from before there were kinds may have none."""
        return self._of_kinds([self.own_kind]) if self.own_kind is not None else ()

    @property
    def of_these_kinds(self) -> tuple[Condition, ...]:
        """Like :attr:`of_this_kind`, of all models whose items are read as this one's."""
        return self._of_kinds(sorted(self.members)) if self.own_kind is not None else ()

    def _of_kinds(self, kinds: Sequence[str]) -> tuple[Condition, ...]:
        assert self.kind_name is not None
        path, values = (self.kind_name,), tuple({"S": kind} for kind in kinds)
        is_one = Comparison(path, "eq" if len(values) == 1 else "in", values)
        return (joined(Either, (is_one, Comparison(path, "not_exists"))),)

    def shared_key(self, stored: str) -> KeyAttribute | None:
        """Return a computed key attribute, if all kinds of items that are read as this model have the same."""
        own = self.computed_keys.get(stored)
        if own is None or own.template is None:
            return own
        for parts in list(self.members.values()):
            other = parts.mapper.computed_keys.get(stored)
            if other is None or not other.is_like(own):
                return None
        return own

    # What the key attributes add to an item.

    def completed(self, wire: WireItem) -> WireItem:
        """Return an item with all that is computed from its fields."""
        added: WireItem = dict(self.constants)
        for name, attribute in self.computed_keys.items():
            value = attribute.of(wire)
            if value is not None:
                added[name] = value
        return {**wire, **added}

    def recomputed(self, wire: WireItem) -> WireItem:
        kept = {name: value for name, value in wire.items() if name not in self.attributes}
        return {**self.completed(kept), **{name: wire[name] for name in self.key.names}}

    def as_shown(self, wire: WireItem) -> WireItem:
        made = {name: value for name, value in wire.items() if name not in self.attributes or name in self.key.names}
        for name, attribute in self.computed_keys.items():
            if name not in made:
                # what does not fit was stored before there was the key: it is read, and not written as it is
                with suppress(ValidationError, InvalidKey):
                    value = attribute.of(wire)
                    if value is not None:
                        made[name] = value
        return {**made, **self.constants}

    def wire_of_new(self, values: Mapping[str, Any]) -> WireItem:
        return super().wire_of_new(self._without_computed(values))

    def given(self, values: Mapping[str, Any], *, defaults: bool = True) -> dict[str, Any]:
        return super().given(self._without_computed(values), defaults=defaults)

    def _without_computed(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        if self.attributes.isdisjoint(values):
            return values
        return {name: value for name, value in values.items() if name not in self.attributes}

    # What is read.

    def load(self, wire: WireItem, mode: str = "whole") -> dict[str, Any]:
        return super().load(self.with_what_keys_tell(wire), mode)

    def plain(self, wire: WireItem) -> dict[str, Any]:
        return super().plain(self.with_what_keys_tell(wire) if isinstance(wire, Mapping) else wire)

    def receiver(self, mode: str) -> Receive:
        receive, parts = super().receiver(mode), self.key_names

        def receive_with_parts(item: Any) -> Any:
            received = receive(item)
            if received is not None and all(received[0].get(name) is not None for name in parts):
                return received
            return receive(self.with_what_keys_tell(item_of(item)))

        return receive_with_parts

    def with_what_keys_tell(self, wire: WireItem) -> WireItem:
        """Return an item with the fields that only its key tells, since other writers need not store them."""
        told: WireItem = {}
        for attribute in self._of_key:
            if attribute.name in wire and not attribute.reads <= wire.keys():
                told.update(attribute.read(wire[attribute.name]))
        return {**told, **wire} if told else wire

    def fields_of_key(self, item: WireItem) -> WireItem:
        """Return the fields that the key is made of, as far as an item or its key tells them."""
        told = self.with_what_keys_tell(item)
        stored = (self.adapter.fields[name].stored for name in self.key_names)
        return {name: told[name] for name in stored if name in told}

    # Kinds of items.

    def is_own(self, item: StoredItem) -> bool:
        found = self.member_of(item, self)
        if found is None:
            return False
        upkeep = (self if found is self else found.mapper).upkeep
        return upkeep is None or not upkeep.hides(item)

    def member_of(self, item: StoredItem, own: Any) -> Any:
        kind = self.kind_in(item)
        if kind is not None:
            return own if kind == self.own_kind else self.members.get(kind)
        if not self.has_neighbours:
            return own
        key = key_within(item, self.key.names)
        if self.fits(key):
            return own
        return next((parts for parts in list(self.members.values()) if parts.mapper.fits(key)), None)

    @property
    def upkeep_of_deletes(self) -> Upkeep | None:
        own = self.upkeep
        if not self.members_take_values or (own is not None and own.unique is not None):
            return own
        others = (parts.mapper.upkeep for parts in list(self.members.values()))
        unique = next((upkeep.unique for upkeep in others if upkeep is not None and upkeep.unique is not None), None)
        if own is None:
            return Upkeep(self.key, unique=unique)
        return Upkeep(self.key, own.expiry, own.upgrades, unique)

    def kind_in(self, item: StoredItem) -> str | None:
        """Return what an item says of its kind, ``None`` for nothing."""
        if self.kind_name is None:
            return None
        try:
            return key_within(item, (self.kind_name,))[self.kind_name].get("S")
        except KeyError:
            return None

    def fits(self, key: WireItem) -> bool:
        return all(attribute.fits(key.get(attribute.name)) for attribute in self._of_key)

    def may_meet(self, other: KeyedMapper) -> bool:
        """Return whether an item of another model may have the key of an item of this one."""
        for name in self.key.names:
            own, theirs = self.computed_keys.get(name), other.computed_keys.get(name)
            if own is not None and theirs is not None and not own.may_meet(theirs):
                return False
        return True

    def is_own_kind(self, condition: Condition) -> bool:
        """Return whether a condition lets through nothing but one kind, whose items are read as this model's."""
        if not isinstance(condition, Comparison) or condition.path != (self.kind_name,):
            return False
        return condition.operator == "eq" and condition.values[0].get("S") in self.members

    # Keys.

    @cached_property
    def names_of_key(self) -> frozenset[str]:
        stored = (self.adapter.fields[name].stored for name in self.key_names)
        return frozenset((*self.key_names, *stored, *self.key.names))

    @property
    def key_has_forms(self) -> bool:
        return True  # the key that an item was found under is not made anew from its fields

    def usual_key(self, values: Mapping[str, Any]) -> WireItem | None:
        return None

    def _unusual_key(self, values: Mapping[str, Any]) -> WireItem:
        return self.key_and_parts(values)[0]

    def attribute_of(self, stored: str, natives: Mapping[str, Any]) -> AttributeValue | None:
        if stored in self.constants:
            return self.constants[stored]
        attribute = self.computed_keys.get(stored)
        if attribute is None:
            return super().attribute_of(stored, natives)
        known = {name: self.adapter.by_stored[name] for name in attribute.reads if name in self.adapter.by_stored}
        wires = {name: self.wire_of(spec, natives.get(spec.name)) for name, spec in known.items()}
        return attribute.of({name: wire for name, wire in wires.items() if wire is not None})

    def fields_of(self, stored: str) -> tuple[str, ...]:
        attribute = self.computed_keys.get(stored)
        return super().fields_of(stored) if attribute is None else tuple(attribute.specs)

    def key_and_parts(self, values: Mapping[str, Any]) -> tuple[WireItem, WireItem]:
        """Return a key that is given by its parts, or as it is stored, and the fields that this tells, in wire form."""
        raw = {name: value for name, value in values.items() if name in self.attributes and name in self.key.names}
        parts = self._parts(values, raw)
        key: WireItem = {}
        for stored in self.key.names:
            attribute = self.computed_keys.get(stored)
            if stored in raw:
                key[stored] = encode_value(raw[stored])
                self._refuse_contradiction(stored, key[stored], parts, values)
            elif attribute is None:
                key[stored] = parts[stored]
            else:
                written = attribute.of(parts)
                if written is None:
                    self._refuse_missing(values)
                key[stored] = written
            self.check_key_value(stored, key[stored])
        return key, self.fields_of_key({**key, **parts})

    def _parts(self, values: Mapping[str, Any], raw: Mapping[str, Any]) -> WireItem:
        """Return the fields of the key in wire form, by stored name."""
        parts: WireItem = {}
        for name, value in values.items():
            if name in raw:
                continue
            spec = None if name in self.attributes else self.resolver.field(name)
            if spec is None or spec.name not in self.key_names:
                raise InvalidKey(
                    f"{name}: not part of the key of {self.model_name}, which is {', '.join(self.key_names)}"
                )
            if value is not None:
                parts[spec.stored] = self.resolver.operand(spec, value)
        needed = [
            self.adapter.fields[name]
            for name in self.key_names
            if not any(name in attribute.specs for attribute in self._of_key if attribute.name in raw)
        ]
        if any(spec.stored not in parts for spec in needed):
            self._refuse_missing(values)
        return parts

    def require_makeable(self, key: WireItem) -> None:
        """Refuse a key, given as it is stored, that no item of this model is stored under."""
        for attribute in self._of_key:
            if not attribute.fits(key[attribute.name]):
                shown = decode_value(key[attribute.name])
                raise InvalidKey(
                    f"{attribute.name}={shown!r} is no key of {self.model_name}, where {attribute.label} is "
                    f"{attribute.declared!r}, so no item is made under it; patch() changes one that is there"
                )

    def _refuse_contradiction(
        self, stored: str, raw: AttributeValue, parts: WireItem, values: Mapping[str, Any]
    ) -> None:
        """Refuse a key that is given as it is stored, and parts of it that make another one."""
        name = self.computed_keys[stored].contradicted_by(raw, parts)
        if name is not None:
            given = next(key for key in (name, self.adapter.fields[name].stored) if key in values)
            raise InvalidKey(
                f"{self.model_name}: {given}={values[given]!r} contradicts {stored}={values[stored]!r}, a key that is "
                f"made of it; give one of them"
            )

    def _refuse_missing(self, values: Mapping[str, Any]) -> NoReturn:
        missing = [name for name in self.key_names if values.get(name) is None]
        raise InvalidKey(
            f"no value for {', '.join(missing)}: the key of {self.model_name} is made of {', '.join(self.key_names)}; "
            f"give it by keyword: {self._keywords}"
        )

    def check_key_value(self, stored: str, value: AttributeValue | None) -> None:
        if stored not in self.computed_keys:
            return super().check_key_value(stored, value)
        attribute = self.computed_keys[stored]
        if value is None:
            missing = ", ".join(attribute.specs) or "nothing"
            raise InvalidKey(f"{attribute.label} is a key made of {missing}, of which one has no value")
        if attribute.letter not in value or value[attribute.letter] in ("", b""):
            shown = decode_value(value)
            raise InvalidKey(f"{attribute.label} is a key of type {attribute.letter}, and cannot be {shown!r}")
        attribute.checked_size(value)

    def key_of(self, natives: Mapping[str, Any]) -> WireItem:
        return self._unusual_key({name: natives.get(name) for name in self.key_names})
