"""Models that share a table: what their abstract base knows of all of them, so that it can read the items of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, NoReturn
from weakref import WeakValueDictionary

from .bounded import Bounded
from .composites import KeyAttribute
from .exceptions import (
    AbstractModel,
    DynamoException,
    InvalidExpression,
    InvalidKey,
    InvalidSchemaField,
    ValidationError,
)
from .expressions import Claim, Condition, Reference, Resolver
from .guards import CARRIED, NOTHING, Demand
from .keyed_mapper import KeyedMapper
from .spec import FieldSpec, KeySpec
from .unique import PREFIX, is_guard
from .wire.codec import AttributeValue, WireItem, decode_item, decode_value, encode_value
from .wire.texts import StoredItem, key_within


class NoSchema:
    """Stands in place of an adapter: the base of several models has no fields of its own."""

    schema = None
    fields: Mapping[str, FieldSpec] = MappingProxyType({})
    by_stored: Mapping[str, FieldSpec] = MappingProxyType({})
    by_any_name: Mapping[str, FieldSpec] = MappingProxyType({})
    readable: frozenset[str] = frozenset()
    inputs: tuple[FieldSpec, ...] = ()

    def __init__(self, owner: str) -> None:
        self.schema_name = f"{owner}, which has no Schema"

    def values_of(self, item: Any) -> None:
        """Return nothing: no object is one of a schema."""

    def serves_as_key(self, owner: str, hashes: Any, ranges: Any) -> None:
        """Look at nothing: the fields of keys are those of the models."""


class FamilyMapper(KeyedMapper):
    """The keys and conditions that several models have in common, and which of them an item belongs to."""

    def __init__(self, model_name: str, key: KeySpec, attributes: frozenset[str], kind_name: str | None) -> None:
        self.model_name = model_name
        self.adapter: Any = NoSchema(model_name)
        self.key = key
        self.guarded = {}
        self.version = None
        self.attributes = self.known = attributes
        self.upkeep, self.constants, self.is_sifted, self.is_scoped = None, {}, True, True
        self.tells = () if kind_name is None else (kind_name,)
        self.has_forms = self.hides = False
        self.arrangements = Bounded(1_024)
        self.kind = {}
        self.kind_name, self.own_kind = kind_name, None
        self.has_neighbours = self.may_meet_others = False
        self._of_key = []
        self.members = WeakValueDictionary()
        self.resolver: _FamilyResolver = _FamilyResolver(model_name, attributes, self._mappers)

    def _mappers(self) -> list[KeyedMapper]:
        return [parts.mapper for parts in list(self.members.values())]

    @property
    def fields(self) -> Mapping[str, FieldSpec]:  # type: ignore[override]
        """The fields of all models; of those with one name, the first model's."""
        return {name: spec for mapper in reversed(self._mappers()) for name, spec in mapper.fields.items()}

    def wire_of(self, spec: FieldSpec, value: Any) -> AttributeValue | None:
        return next(mapper for mapper in self._mappers() if mapper.fields.get(spec.name) is spec).wire_of(spec, value)

    # Keys.

    @property
    def computed_keys(self) -> Mapping[str, KeyAttribute]:  # type: ignore[override]
        """The key attributes that all models compute alike."""
        mappers = self._mappers()
        found: dict[str, KeyAttribute] = {}
        for name, attribute in (mappers[0].computed_keys if mappers else {}).items():
            others = [mapper.computed_keys.get(name) for mapper in mappers[1:]]
            if all(other is not None and other.is_like(attribute) for other in others):
                found[name] = attribute
        return found

    def shared_key(self, stored: str) -> KeyAttribute | None:
        return self.computed_keys.get(stored)

    @property
    def key_names(self) -> tuple[str, ...]:  # type: ignore[override]
        """The fields of keys that all models compute alike, and the names of other key attributes."""
        computed = self.computed_keys
        names = [tuple(computed[name].specs) if name in computed else (name,) for name in self.key.names]
        return tuple(dict.fromkeys(name for several in names for name in several))

    @property
    def names_of_key(self) -> frozenset[str]:
        return frozenset((*self.key_names, *self.key.names))

    @property
    def _keywords(self) -> str:
        return ", ".join(f"{name}=..." for name in self.key_names)

    def key_and_parts(self, values: Mapping[str, Any]) -> tuple[WireItem, WireItem]:
        key: WireItem = {}
        computed, left = self.computed_keys, dict(values)
        for stored in self.key.names:
            attribute = computed.get(stored)
            if stored in left:
                key[stored] = encode_value(left.pop(stored))
            elif attribute is not None and all(left.get(name) is not None for name in attribute.specs):
                operands = {
                    spec.stored: self.resolver.operand_of(name, left.pop(name))
                    for name, spec in attribute.specs.items()
                }
                key[stored] = attribute.of(operands) or {"S": ""}
            else:
                raise InvalidKey(
                    f"no value for {stored}: the key of {self.model_name} is {', '.join(self.key_names)}; give it by "
                    f"keyword: {self._keywords}; or ask one of its models, which know what else keys are made of"
                )
            self.check_key_value(stored, key[stored])
        if left:
            raise InvalidKey(
                f"{', '.join(left)}: not part of the key of {self.model_name}: {', '.join(self.key_names)}"
            )
        return key, {}

    def check_key_value(self, stored: str, value: AttributeValue | None) -> None:
        letter = self.key.types[stored]
        if value is None or value.get(letter) in (None, "", b""):
            shown = None if value is None else decode_value(value)
            raise InvalidKey(f"{self.model_name}.{stored} is a key of type {letter}, and cannot be {shown!r}")

    def _reference(self, name: Any) -> Reference:
        if isinstance(name, str):
            for mapper in self._mappers():
                spec = mapper.resolver.find(name)
                if spec is not None:
                    return Reference((spec.stored,))
        return super()._reference(name)

    # Kinds.

    def member_of(self, item: StoredItem, own: Any) -> Any:
        """Return the parts of the model that an item belongs to, ``None`` for the guard of a unique value.

        :raises ValidationError: if there is none
        """
        kind = self.kind_in(item)
        if kind == PREFIX:
            return None
        if kind is not None:
            found = self.members.get(kind)
        else:
            key = key_within(item, self.key.names)
            if is_guard(key, self.key.names):
                return None
            fitting = [parts for parts in list(self.members.values()) if parts.mapper.fits(key)]
            found = fitting[0] if len(fitting) == 1 else None
        if found is None:
            key = decode_item(key_within(item, self.key.names))
            reason = f"no model of {self.model_name} has items of the kind {kind!r}"
            if kind is None:
                reason = f"it is not told which model of {self.model_name} it belongs to"
            where = f"stored {self.model_name} with key {key!r}"
            raise ValidationError(key, self.model_name, {self.kind_name or "_schema": [reason]}, where)
        return found

    def is_own(self, item: StoredItem) -> bool:
        try:
            return super().is_own(item)
        except ValidationError:
            return True  # one of no known kind is an item that no model reads, and no other base's

    def is_ready(self, mode: str) -> bool:
        return all(mapper.is_ready(mode) for mapper in self._mappers())

    def prepare(self, mode: str) -> None:
        for mapper in self._mappers():
            mapper.prepare(mode)

    def make_ready(self, mode: str) -> None:
        for mapper in self._mappers():
            mapper.make_ready(mode)
        self.was_made_ready = True

    # What it cannot do.

    def refuse(self) -> NoReturn:
        members = ", ".join(parts.model.__name__ for parts in list(self.members.values())) or "none yet"
        raise AbstractModel(
            f"{self.model_name} is abstract, so it has no items of its own to write: use one of its models ({members})"
        )

    @property
    def writings(self) -> NoReturn:  # type: ignore[override]
        self.refuse()

    def load(self, wire: WireItem, mode: str = "whole") -> dict[str, Any]:
        self.refuse()

    def given(self, values: Mapping[str, Any], *, defaults: bool = True) -> dict[str, Any]:
        self.refuse()

    def wire_of_new(self, values: Mapping[str, Any]) -> WireItem:
        self.refuse()


class _FamilyResolver(Resolver):
    """Resolves names by the first model that has them."""

    def __init__(self, model_name: str, attributes: frozenset[str], mappers: Any) -> None:
        super().__init__(model_name, None, attributes)
        self._mappers = mappers

    def _resolvers(self) -> Iterator[Resolver]:
        return (mapper.resolver for mapper in self._mappers())

    def lookup(self, name: str, value: Any) -> Condition:
        own = super().lookup
        found: Condition = self._resolved(lambda one: one.lookup(name, value), lambda: own(name, value), name)
        return found

    def comparison(self, leaf: Condition) -> Condition:
        if isinstance(leaf, Claim):
            own = super().comparison
            found: Condition = self._resolved(lambda one: one.comparison(leaf), lambda: own(leaf), str(leaf.target))
            return found
        return super().comparison(leaf)

    def operand_of(self, name: str, value: Any) -> AttributeValue:
        """Return the wire form of a value of a field."""
        wire: AttributeValue = self._resolved(lambda one: one.operand(one.field(name), value), None, name)
        return wire

    def _resolved(self, resolve: Any, own: Any, name: str) -> Any:
        refusal: DynamoException | None = None
        for resolver in self._resolvers():
            try:
                return resolve(resolver)
            except InvalidSchemaField as error:
                refusal = refusal or error
        if own is not None and (refusal is None or name.split("__")[0] in self._attributes):
            return own()
        raise refusal or InvalidSchemaField(f"{self.model_name} has no model with a field {name!r}")


class FamilyGuards:
    """Refuses what is written to items of no certain kind."""

    is_any = False

    def __init__(self, mapper: FamilyMapper) -> None:
        self._mapper = mapper

    def of_delete(self, expected: Any = CARRIED, *, fits: bool = False) -> Demand:
        """Return what a delete by key demands: nothing, since any item may be meant."""
        if expected is not CARRIED:
            raise InvalidExpression(
                f"if_version={expected!r}: {self._mapper.model_name} is the base of several models, and has no version "
                "of its own; delete by the model that the item belongs to"
            )
        return NOTHING

    def of_check(self) -> Demand:
        """Return what a check by key demands: nothing, since any item may be meant."""
        return NOTHING

    def refusal(self, demand: Demand, error: Any) -> Any:
        return error

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        self._mapper.refuse()
