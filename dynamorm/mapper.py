"""The mapper of a model: from wire items to the values of an instance and back.

It knows the model by name only.  What is read passes :meth:`Mapper.load`, what is written :meth:`Mapper.dump` or, with
everything that a whole new item has to undergo, :meth:`Mapper.wire_of_new`.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from contextlib import suppress
from decimal import Decimal
from types import MappingProxyType
from typing import Any, NoReturn

from .arguments import check_switch
from .bounded import Bounded
from .exceptions import InvalidExpression, InvalidKey, UnreadableItem, UnstorableValue, ValidationError
from .expressions import Action, Comparison, Condition, F, Path, Reference, Resolver, boto3_condition
from .locks import cached_property
from .schema import PARTIAL, TRUSTED, WHOLE, Adapter
from .schema.compiler import Receive
from .schema.iterators import refuse_iterators
from .schema.losses import loses_entries, may_lose
from .spec import FieldSpec, KeySpec
from .upkeep import Upkeep
from .wire.codec import AttributeValue, WireItem, decode_item, decode_value, encode_item, is_nothing, safe_repr
from .wire.texts import StoredItem


class Mapper:
    """Load and dump for one model."""

    kind_name: str | None = None
    """The stored attribute that tells items of several models apart."""
    kind: Mapping[str, AttributeValue] = MappingProxyType({})
    """The same with the value that all of the model's own items have."""

    may_meet_others = False
    """Whether an item of another model may have the same key."""
    members_take_values = False
    """Whether items that are read as this model's may have unique values of which only models of their own know."""
    has_neighbours = False
    """Whether reads may bring items of other models, which have to be told from the model's own."""
    computed_keys: Mapping[str, Any] = MappingProxyType({})
    """The key attributes that are computed from fields, by name."""
    hide: Condition | None = None
    """What holds of the items that queries and scans leave out unless they are asked for."""

    def __init__(
        self,
        model_name: str,
        adapter: Adapter,
        key: KeySpec,
        guarded: Mapping[str, FieldSpec] = MappingProxyType({}),
        attributes: frozenset[str] = frozenset(),
        upkeep: Upkeep | None = None,
    ) -> None:
        self.model_name = model_name
        self.adapter = adapter
        self.fields = adapter.fields
        self.key = key
        self.guarded = guarded
        self.upkeep = upkeep
        if upkeep is not None:
            attributes |= upkeep.attributes
        self.constants: WireItem = {} if upkeep is None else upkeep.constants
        """The attributes, and their values, that all items in the current form have."""
        self.is_sifted = bool(attributes) or upkeep is not None
        """Whether items that are read have to be looked at before they are loaded."""
        self.is_scoped = upkeep is not None
        """Whether queries and scans leave out more than their conditions say."""
        self.hides = upkeep is not None
        """Whether that may be more than the items of other models."""
        self.tells: tuple[str, ...] = () if upkeep is None else upkeep.always_read
        """The attributes besides the key that tell of an item what it is, whether it is shown, and its form."""
        self.has_forms = upkeep is not None and upkeep.upgrades is not None
        """Whether items may be stored in earlier forms, which are upgraded as wholes."""
        self.version = guarded.get("version")
        self.attributes = attributes
        """The stored attributes that are no fields of the schema, and that are computed for each item."""
        self.known = adapter.readable | attributes
        """The names of all stored attributes that belong to the model."""
        self.key_names = tuple(adapter.by_stored[stored].name for stored in key.names if stored not in attributes)
        """The Python names of the fields that make up the primary key."""
        self.key_fields = frozenset(key.names)
        """The stored names of all that makes up the primary key, which no update can change."""
        self.resolver = Resolver(model_name, adapter, attributes)
        self.writings: Bounded[Any, Any] = Bounded(2_000)
        """What actions of updates come to, whatever their values, by what names them."""
        self.arrangements: Bounded[Any, Any] = Bounded(1_024)
        """Where the keys are among conditions of some shapes."""

    was_made_ready = False
    """Whether what most verbs need was generated, so that these can be awaited."""

    def load(self, wire: WireItem, mode: str = WHOLE) -> dict[str, Any]:
        """Return the native values of a stored item by Python name."""
        natives = self.adapter.compiled.loads[mode](wire)
        if natives is not None:
            return natives
        return self.load_plain(self.plain(wire), mode, wire)

    def receiver(self, mode: str) -> Receive:
        """Return what makes natives of items, be they texts, where generated code alone can."""
        return self.adapter.compiled.receives[mode]

    def is_ready(self, mode: str) -> bool:
        """Whether what makes natives of items is there, and need not be generated."""
        return mode in self.adapter.compiled.receives

    def prepare(self, mode: str) -> None:
        """Generate what makes natives of items."""
        _ = self.adapter.compiled.receives[mode]

    def make_ready(self, mode: str) -> None:
        """Generate what most verbs need."""
        with suppress(Exception):  # whoever needs it is told what is wrong
            compiled = self.adapter.compiled
            _ = compiled.receives[mode], compiled.dumps[True], compiled.given, self._key_parts
        self.was_made_ready = True

    def reload(self, wire: WireItem, mode: str) -> dict[str, Any]:
        """Return the native values of an item that could be loaded before."""
        try:
            return self.load(wire, mode)
        except ValidationError:
            return self.load(wire, TRUSTED)  # what a validator says may change with time

    def plain(self, wire: WireItem) -> dict[str, Any]:
        """Return what the schema knows of a stored item as plain values by stored name."""
        if not isinstance(wire, Mapping):
            raise UnreadableItem(f"{self.model_name}: {safe_repr(wire)} is not an item", value=wire)
        try:
            return decode_item({name: value for name, value in wire.items() if name in self.adapter.readable})
        except UnreadableItem as error:
            untaken = self._untaken(wire, error)
            if untaken:
                return self.plain({name: value for name, value in wire.items() if name not in untaken})
            self._raise_as_refusal(wire, error, self._where(wire))

    def _untaken(self, wire: WireItem, error: UnreadableItem) -> list[str]:
        """Return the attributes of the field with an error, if it is in one that no load takes.

        Those are computed ones, and what has another name of a field beside the one that is looked for first.
        """
        spec = self._spec_at(error)
        if spec is None:
            return []
        names = [name for name in (spec.stored, *spec.aliases) if name in wire]
        if spec.computed:
            return names
        return [] if _is_at(error, names[0]) else names[1:]

    def load_plain(self, values: Mapping[str, Any], mode: str, wire: WireItem) -> dict[str, Any]:
        """Return the native values of a stored item that comes as plain values."""
        return self.adapter.natives_of_stored(values, mode, self._where(wire))

    def _where(self, wire: WireItem) -> str:
        key = ", ".join(f"{name!r}: {self._shown(name, wire[name])}" for name in self.key.names if name in wire)
        return f"stored {self.model_name} with key {{{key}}}"

    def _shown(self, name: str, wire: Any) -> str:
        content = next(iter(wire.values()), None) if isinstance(wire, dict) else wire
        spec = self.adapter.by_stored.get(name)
        return repr(content) if spec is None else self.adapter.shown(spec, content)

    def leave_out(self, hidden: Condition | None) -> None:
        """Let queries and scans leave out the items of which a condition holds."""
        if hidden is not None:
            self.hide, self.is_scoped, self.hides = hidden, True, True

    def unknown(self, wire: WireItem) -> WireItem:
        """Return the stored attributes that the schema does not know."""
        known = self.known
        if known.issuperset(wire):
            return {}
        return {name: value for name, value in wire.items() if name not in known}

    def completed(self, wire: WireItem) -> WireItem:
        """Return an item with all that is computed from its fields."""
        return {**wire, **self.constants}

    def recomputed(self, wire: WireItem) -> WireItem:
        """Return an item, of which a field was changed, with all that is computed from its fields."""
        return self.completed(wire) if self.attributes else wire

    def as_shown(self, wire: WireItem) -> WireItem:
        """Return an item that was upgraded, with all that can be computed from its fields."""
        return self.recomputed(wire)

    def actions_of_new(self, parts: Mapping[str, AttributeValue], touched: Container[object]) -> list[Action]:
        """Return what an update does so that an item that it makes has what all items have, and its key tells."""
        return [
            Action("if_not_exists", (name,), value)
            for name, value in {**self.constants, **parts}.items()
            if name not in touched and name not in self.key.names
        ]

    def stored_form(self, wire: WireItem) -> WireItem:
        """Return an item in the form in which it is stored."""
        upgrades = None if self.upkeep is None else self.upkeep.upgrades
        return wire if upgrades is None else upgrades.stored_form(wire, self.key)

    def named(self, stored: object) -> str:
        """Return what a program calls a stored attribute."""
        spec = self.adapter.by_stored.get(str(stored))
        return str(stored) if spec is None else spec.name

    def given(self, values: Mapping[str, Any], *, defaults: bool = True) -> dict[str, Any]:
        """Return the native values of what a constructor was given."""
        return self.adapter.natives_of_given(values, defaults=defaults)

    def wire_of_new(self, values: Mapping[str, Any]) -> WireItem:
        """Validate a whole item that was given; give its wire form."""
        wire = self.adapter.compiled.given.wire(values)
        if wire is None:
            wire = self._wire_by_library(values)
        if self.attributes:
            wire = self.completed(wire)
        self.require_key(wire)
        if self._with_maps and self._loses(values):
            self.adapter.natives_of_stored(self.plain(wire))
        return wire

    def _wire_by_library(self, values: Mapping[str, Any]) -> WireItem:
        natives = self.adapter.natives_of_whole(values)
        known = {name: value for name, value in natives.items() if name in self.fields}
        wire = self.encoded(self.adapter.dump(known))
        wire.update(self.encoded({name: value for name, value in natives.items() if name not in self.fields}))
        return wire

    @cached_property
    def _with_maps(self) -> tuple[FieldSpec, ...]:
        """The fields of whose values not everything may be stored."""
        return tuple(spec for spec in self.adapter.inputs if may_lose(spec))

    def _loses(self, values: Mapping[str, Any]) -> bool:
        """Return whether so much of an item is not stored that what is stored has to be validated by itself."""
        return any(loses_entries(values.get(spec.name, values.get(spec.stored)), spec) for spec in self._with_maps)

    def require_readable(self, spec: FieldSpec, value: Any, wire: AttributeValue) -> None:
        """Refuse the value of one field where what is stored of it is not valid."""
        if loses_entries(value, spec):
            self.adapter.natives_of_stored({spec.stored: decode_value(wire)}, PARTIAL)

    def dump(self, natives: Mapping[str, Any], *, check: bool = True) -> WireItem:
        """Return the wire form of an instance's values, in whatever form they were assigned.

        With ``check`` what is dumped is also loaded, so that it is valid and nothing that is required is missing.
        """
        wire = self.adapter.compiled.dumps[check](natives)
        if wire is None:
            settled = self.adapter.natives_of_assigned(dict(natives))
            wire = self.encoded(self.adapter.checked_dump(settled) if check else self.adapter.dump(settled))
        if check and self._with_maps and self._loses(natives):
            self.adapter.natives_of_stored(self.plain(wire))
        return wire

    def validated(self, values: dict[str, Any]) -> dict[str, Any]:
        """Return the natives of an instance's values, if these can be stored."""
        dumped, natives = self.adapter.checked(self.adapter.natives_of_assigned(values))
        if self._with_maps and self._loses(values):
            self.adapter.natives_of_stored(self.plain(self.encoded(dumped)))
        return natives

    def dump_whole(self, natives: Mapping[str, Any]) -> WireItem:
        """Like :meth:`dump`, for an item that is about to be stored: it must have its key."""
        wire = self.dump(natives)
        if self.attributes:
            wire = self.completed(wire)
        self.require_key(wire)
        return wire

    def encoded(self, dumped: Mapping[str, Any]) -> WireItem:
        """Return the wire form of plain values, by stored name."""
        try:
            return encode_item(dumped)
        except UnstorableValue as error:
            self._raise_as_refusal(dict(dumped), error, f"{self.model_name}.{error.path}")

    def _raise_as_refusal(self, raw: Any, error: UnstorableValue | UnreadableItem, where: str) -> NoReturn:
        """Raise the error of a schema for that of the codec, which knows no secrets."""
        adapter, spec = self.adapter, self._spec_at(error)
        found = {error.path: [adapter.told(spec, error.reason)]}
        raise ValidationError(raw, adapter.schema_name, found, where) from adapter.cause(spec, error)

    def _spec_at(self, error: UnstorableValue | UnreadableItem) -> FieldSpec | None:
        for spec in self.fields.values():
            for name in (spec.stored, *spec.aliases):
                if _is_at(error, name):
                    return spec
        return None

    def require_key(self, wire: WireItem) -> None:
        """Refuse an item without a usable key."""
        for name, letter in self._key_letters:
            value = wire.get(name)
            if value is None or not value.get(letter):
                self.check_key_value(name, value)

    @cached_property
    def _key_letters(self) -> tuple[tuple[str, str], ...]:
        return tuple((name, self.key.types[name]) for name in self.key.names)

    def check_key_value(self, stored: str, value: AttributeValue | None) -> None:
        """Refuse what DynamoDB does not take as the value of a key attribute."""
        letter = self.key.types[stored]
        spec = self.adapter.by_stored[stored]
        if value is None:
            raise InvalidKey(f"{self.model_name}.{spec.name} is a key and has no value")
        if letter not in value:
            shown = self.adapter.shown(spec, value)
            raise InvalidKey(f"{self.model_name}.{spec.name} is a key of type {letter}, and cannot be {shown}")
        if value[letter] in ("", b""):
            raise InvalidKey(f"{self.model_name}.{spec.name} is a key and cannot be empty")

    def wire_key(self, values: Mapping[str, Any]) -> WireItem:
        """Return the wire form of a primary key that was given as keyword arguments: all of it and nothing else."""
        key = self.usual_key(values) if len(values) == len(self.key_names) else None
        return self._unusual_key(values) if key is None else key

    def is_own(self, item: StoredItem) -> bool:
        """Return whether an item is one of this model that is to be seen, and not of another one in the same table."""
        return self.upkeep is None or not self.upkeep.hides(item)

    def shown(
        self, item: StoredItem, own: Any, now: str | None = None, *, hides: bool = True
    ) -> tuple[Any, StoredItem] | None:
        """Return the parts of the model that an item belongs to, and the item in its current form.

        It is ``None`` for an item of another model, and for one that is hidden.

        :param now: the second that counts as the present
        :param hides: whether anything is hidden
        """
        found = self.member_of(item, own)
        if found is None:
            return None
        mapper: Mapper = found.mapper
        upkeep = mapper.upkeep
        if upkeep is None:
            return found, item
        if upkeep.hides(item, now) if hides else upkeep.is_guard(item):
            return None
        shown = upkeep.shown(item)
        return found, item if shown is item else mapper.as_shown(shown)  # type: ignore[arg-type]

    def member_of(self, item: StoredItem, own: Any) -> Any:
        """Return the parts of the model that an item belongs to, ``None`` for an item of another one."""
        return own

    @property
    def upkeep_of_deletes(self) -> Upkeep | None:
        """What has to be seen to when an item is deleted that is read as this model's."""
        return self.upkeep

    def fits(self, key: WireItem) -> bool:
        """Return whether a key may be that of an item of this model."""
        return True

    def fields_of(self, stored: str) -> tuple[str, ...]:
        """Return the fields that a key attribute is made of."""
        return (self.named(stored),)

    def key_and_parts(self, values: Mapping[str, Any]) -> tuple[WireItem, WireItem]:
        """Return the wire form of a primary key, and of the fields that it is computed from, by stored name."""
        return self.wire_key(values), {}

    def require_makeable(self, key: WireItem) -> None:
        """Refuse a key that no item is to be made under."""

    def usual_key(self, values: Mapping[str, Any]) -> WireItem | None:
        """Return the wire form of a key whose values are natives; ``None`` where anything is unusual about it."""
        key = {}
        for name, stored, letter, is_text, convert in self._key_parts:
            value = values.get(name)
            if is_text and type(value) is str and value and value.isascii():
                key[stored] = {"S": value}
                continue
            wire = convert(value)
            if wire is None or not wire.get(letter):
                return None
            key[stored] = wire
        return key

    @cached_property
    def _key_parts(self) -> list[tuple[str, str, str, bool, Callable[[Any], AttributeValue | None]]]:
        compiled, parts = self.adapter.compiled, []
        for name, stored in self._key_fields.items():
            letter = self.key.types[stored]
            is_text = letter == "S" and compiled.is_text(name)
            parts.append((name, stored, letter, is_text, compiled.parts[name, False]))
        return parts

    def _unusual_key(self, values: Mapping[str, Any]) -> WireItem:
        names = self._key_fields
        if values.keys() != names.keys():
            values = self._by_key_fields(values)
        missing = [name for name in names if values.get(name) is None]
        if missing:
            raise InvalidKey(
                f"no value for {', '.join(missing)}: the key of {self.model_name} is {', '.join(self.key_names)}; "
                f"give it by keyword: {self._keywords}"
            )
        key = {}
        for name, stored in names.items():
            key[stored] = self.resolver.operand(self.fields[name], values[name])
            self.check_key_value(stored, key[stored])
        return key

    @cached_property
    def _keywords(self) -> str:
        return ", ".join(f"{name}=..." for name in self.key_names)

    def check_consistent(self, verb: str, consistent: Any) -> None:
        """Refuse what a verb gets in the position of ``consistent`` and is no switch, such as a key."""
        name = f"{self.model_name}.{verb}(consistent=...)"
        check_switch(name, consistent, f"give the key by keyword: {self._keywords}", InvalidKey)

    @cached_property
    def names_of_key(self) -> frozenset[str]:
        """All names of the fields that make up the primary key."""
        return frozenset((*self.key_names, *self.key.names))

    @cached_property
    def _key_fields(self) -> Mapping[str, str]:
        """The stored name of each key field."""
        return dict(zip(self.key_names, self.key.names, strict=True))

    def _by_key_fields(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return what was given by Python or stored name by Python name, if it is nothing but the key."""
        found = {self.resolver.field(name).name: value for name, value in values.items()}
        superfluous = [name for name in values if self.resolver.field(name).name not in self._key_fields]
        if superfluous:
            wanted = ", ".join(self.key_names)
            raise InvalidKey(f"{', '.join(superfluous)}: not part of the key of {self.model_name}, which is {wanted}")
        return found

    @cached_property
    def key_has_forms(self) -> bool:
        """Whether the same value of a key may be stored as several texts."""
        specs = [self.fields[name] for name in self.key_names]
        return any(spec.key_type == "S" and spec.kind != "text" for spec in specs)

    def key_of(self, natives: Mapping[str, Any]) -> WireItem:
        """Return the wire form of an instance's primary key."""
        key = self.usual_key(natives)
        return self._unusual_key({name: natives.get(name) for name in self.key_names}) if key is None else key

    def conditions(self, conditions: Iterable[Any], lookups: Mapping[str, Any] | None = None) -> tuple[Condition, ...]:
        """Resolve conditions in every form in which they may be given."""
        return tuple(self.resolver.conditions(conditions, lookups))

    @cached_property
    def exists(self) -> Condition:
        """That there is an item with the key at hand."""
        return Comparison(self.key.hash_names[:1], "exists")

    @cached_property
    def absent(self) -> Condition:
        """That there is none."""
        return Comparison(self.key.hash_names[:1], "not_exists")

    @cached_property
    def demanded(self) -> tuple[FieldSpec, ...]:
        """The fields besides the key without which no item can be read: required ones that nothing stands in for."""
        required = [
            spec
            for spec in self.adapter.inputs
            if spec.required and not spec.nullable and spec.kind != "set" and spec.stored not in self.key.names
        ]
        defaults = self.given({}, defaults=True) if required else {}
        return tuple(spec for spec in required if defaults.get(spec.name) is None)

    def boto3_condition(self, condition: Any) -> Any:
        """Return boto3's form of a condition."""
        return boto3_condition(self.conditions([condition]))

    def paths(self, names: Iterable[Any]) -> list[Path]:
        """Return the document paths of attributes by name, path or reference, with key and version among them."""
        if isinstance(names, (str, Reference)):
            names = [names]
        elif not isinstance(names, Iterable):
            raise InvalidExpression(f"attrs={names!r}: the names of attributes are meant, in a list")
        paths = [
            self.resolver.walk(name if isinstance(name, Reference) else self._reference(name))[0] for name in names
        ]
        # DynamoDB takes no two paths of which one leads to the other: the wider one says it all
        wanted: list[Path] = []
        for path in sorted([*((name,) for name in self.always_read), *paths], key=len):
            if not any(path[: len(wider)] == wider for wider in wanted):
                wanted.append(path)
        return wanted

    @property
    def always_read(self) -> tuple[str, ...]:
        """The attributes that every read brings: what tells the item, and its version."""
        version = () if self.version is None else (self.version.stored,)
        return (*self.key.names, *version, *self.tells)

    def _reference(self, name: Any) -> Reference:
        if not isinstance(name, str):
            raise InvalidExpression(f"{name!r} names no attribute: a string or a reference is meant")
        if self.resolver.find(name) is not None:
            return Reference((name,))
        return Reference(F(name)._steps, self.model_name)  # of the model: what is no field of it is refused

    def wire_of(self, spec: FieldSpec, value: Any) -> AttributeValue | None:
        """Return the wire form of one field's value, in whatever form it was assigned; ``None`` for no value."""
        if value is None:
            return None
        quick = self.adapter.compiled.parts[spec.name, False](value)
        if quick is not None:
            return quick
        refuse_iterators(value, spec)
        dumped = self.adapter.stored_form(spec, value)
        if is_nothing(dumped):
            return None
        return encode_item({spec.stored: dumped}).get(spec.stored)

    def attribute_of(self, stored: str, natives: Mapping[str, Any]) -> AttributeValue | None:
        """Return the wire form of a stored attribute of an instance's values, ``None`` for no value."""
        spec = self.adapter.by_stored[stored]
        return self.wire_of(spec, natives.get(spec.name))

    def amount(self, spec: FieldSpec | None, value: Any, name: str) -> AttributeValue:
        """Return the wire form of what is to be added to a number or set, or taken from it.

        A number that the field would change by converting it is refused: half an integer would add nothing.
        """
        wire = self.resolver.operand(spec, value, name=name)
        if not is_exact(value, wire):
            ((tag, stored),) = wire.items()
            becomes = stored if tag == "N" else ", ".join(stored)
            reason = f"{value!r} would be changed to {becomes}; give a number that the field takes as it is"
            raise ValidationError({name: value}, self.adapter.schema_name, {name: [reason]})
        return wire

    def refuse_iterators(self, spec: FieldSpec, value: Any) -> None:
        """Refuse a value of a field in which there is an iterator."""
        try:
            refuse_iterators(value, spec)
        except UnstorableValue as error:
            raise ValidationError({spec.name: value}, self.adapter.schema_name, {spec.name: [str(error)]}) from error

    def computed(self, spec: FieldSpec, natives: Mapping[str, Any]) -> Any:
        """Return the value of a computed field as it is now."""
        return self.adapter.computed_value(spec, dict(natives))


def _is_at(error: UnstorableValue | UnreadableItem, name: str) -> bool:
    return error.path.startswith(name) and error.path[len(name) :][:1] in ("", ".", "[")


def is_exact(value: Any, wire: AttributeValue) -> bool:
    """Return whether the wire form of a number, or of a set of numbers, amounts to what was given; texts may do so."""
    if type(value) is int:
        return True
    ((tag, stored),) = wire.items()
    if tag not in ("N", "NS"):
        return True
    given, becomes = ([value], [stored]) if tag == "N" else (list(value), stored)
    if any(isinstance(one, bool) for one in given):
        return False
    if not all(isinstance(one, (int, float, Decimal)) for one in given):
        return True
    return set(map(Decimal, becomes)) == set(map(_exactly, given))


def _exactly(number: int | float | Decimal) -> Decimal:
    return Decimal(float.__repr__(number)) if isinstance(number, float) else Decimal(number)
