"""Key attributes that are computed from fields: as they are declared, and as one model has them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple, NoReturn

from .exceptions import DynamoException, InvalidKey, InvalidSchemaField, ValidationError
from .expressions import Comparison, Condition, PathOperand, is_condition, leaves, verdict
from .keys.formats import Unfit
from .keys.narrowing import Narrowed
from .keys.suiting import disorder, misfit
from .keys.templates import Template
from .nearest import did_you_mean
from .schema import Adapter
from .spec import FieldSpec
from .wire.codec import AttributeValue, WireItem, decode_value, encode_value

_LETTERS: dict[Any, str] = {str: "S", int: "N", float: "N", Decimal: "N", bytes: "B"}


class Composite:
    """A key attribute that is computed from fields, stored with the item, and never assigned.

    It is declared in the body of a model, where ``hash_key`` and ``range_key`` of the table and of indexes name it, or
    in place of the key of an index class that inherits from one which names the attribute.

    :param parts: one template, text with fields in braces, or the names of the fields whose values are joined
    :param sep: what stands between the values of several fields
    :param merge: a function of the fields' values, in place of joining them; ``None`` leaves the attribute out
    :param when: a condition without which the attribute is left out, and the item is not in the index
    :param escape: write the separator inside values so that it cannot be mistaken; without, such values are refused
    :param type: the type of what ``merge`` returns: ``str``, ``int``, ``float``, ``Decimal`` or ``bytes``

    Example::

        class Order(DynaModel):
            pk = Composite("CUSTOMER#{email}")
            sk = Composite("ORDER#{placed:%Y-%m-%d}#{id}")
    """

    def __init__(
        self,
        *parts: str,
        sep: str = ":",
        merge: Callable[..., Any] | None = None,
        when: Any = None,
        escape: bool = True,
        type: Any = str,
    ) -> None:
        shown = f"Composite({', '.join(map(repr, parts))})"
        if not parts or not all(isinstance(part, str) for part in parts):
            raise InvalidSchemaField(
                f'{shown}: give a template, as in "ORDER#{{id}}", or the names of the fields that it is made of'
            )
        if not (isinstance(type, Hashable) and type in _LETTERS):
            raise InvalidSchemaField(f"{shown}: type={type!r}: give str, int, float, Decimal or bytes")
        if merge is None and type is not str:
            raise InvalidSchemaField(f"{shown}: type={type!r} needs merge, since values that are joined are text")
        if merge is not None and not callable(merge):
            raise InvalidSchemaField(f"{shown}: merge={merge!r}: give a function of the fields' values")
        if not isinstance(escape, bool) or (merge is not None and not escape):
            remedy = "merge joins values by itself; leave it out" if merge is not None else "give True or False"
            raise InvalidSchemaField(f"{shown}: escape={escape!r}: {remedy}")
        if not isinstance(sep, str) or not sep:
            raise InvalidSchemaField(f"{shown}: sep={sep!r}: give the text that stands between values, such as '#'")
        if sep != ":" and (merge is not None or len(parts) == 1):
            has = "merge joins values by itself" if merge is not None else "a template has its own text between fields"
            raise InvalidSchemaField(f"{shown}: sep={sep!r}: {has}; leave it out")
        if when is not None and not is_condition(when):
            raise InvalidSchemaField(f'{shown}: when={when!r}: give a condition, such as Q(status="open")')
        self._shown = shown
        self.names = parts
        self.merge = merge
        self.when = when
        self.letter = _LETTERS[type]
        self.escape = escape
        self.template: Template | None = None
        if merge is None:
            is_template = len(parts) == 1
            self.template = (
                Template.of(parts[0], escape=escape) if is_template else Template.joined(parts, sep, escape=escape)
            )

    def __repr__(self) -> str:
        return self._shown

    @property
    def conditions(self) -> tuple[Any, ...]:
        """The conditions without which it is left out."""
        return () if self.when is None else (self.when,)

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the fields that the text, or the merged value, is made of."""
        return self.names if self.template is None else self.template.fields


class Declared(NamedTuple):
    """A composite where it stands: what messages call it, and the conditions without which it is left out."""

    composite: Composite
    label: str
    when: tuple[Any, ...]


class KeyAttribute:
    """A key attribute of one model: what it is computed from, and how.

    ``name`` is the attribute in DynamoDB, and on instances; ``label`` is what messages call it.  ``reads`` are the
    stored names of all attributes that it depends on, and ``former`` those among them that count where there is nothing
    under a field's own.  ``most`` is the number of bytes that it may have.
    """

    def __init__(
        self,
        name: str,
        label: str,
        declared: Composite,
        when: Iterable[Any],
        adapter: Adapter,
        conditions: Callable[[Iterable[Any]], tuple[Condition, ...]],
    ) -> None:
        self.name = name
        self.label = label
        self.letter = declared.letter
        self.template = declared.template
        self.declared = declared
        self.most = 2_048
        self._adapter = adapter
        self._merge = declared.merge
        parts = () if self.template is None else self.template.parts
        self.formats = {part.field: part.format for part in parts}
        self.specs: dict[str, FieldSpec] = {field: self._spec(field) for field in declared.fields}
        self._refuse_bare_name()
        for field, format_ in self.formats.items():
            found = misfit(format_, self.specs[field])
            if found is not None:
                raise InvalidSchemaField(f"{self.label} = {declared!r}: {field!r} {found}")
        self.when = conditions(when)
        self.former = {spec.stored: frozenset(spec.aliases) for spec in self.specs.values() if spec.aliases}
        self.reads = frozenset(
            [name for spec in self.specs.values() for name in (spec.stored, *spec.aliases)]
            + [name for part in self.when for leaf in leaves(part) for name in _read_by(leaf)]
        )

    def _spec(self, name: str) -> FieldSpec:
        fields = self._adapter.fields
        spec = fields.get(name) or self._adapter.by_stored.get(name)
        if spec is None:
            hint = did_you_mean(name, fields) or f"its fields are {', '.join(fields)}"
            raise InvalidSchemaField(
                f"{self.label} = {self.declared!r}: {name!r} is no field of {self._adapter.schema_name}; {hint}"
            )
        if spec.computed:
            raise InvalidSchemaField(
                f"{self.label} = {self.declared!r}: {name!r} is computed; name the fields behind it"
            )
        if self.template is not None and (spec.kind in ("list", "set", "map", "nested") or spec.key_type == "B"):
            raise InvalidSchemaField(
                f"{self.label} = {self.declared!r}: {name!r} is neither text, a number, a moment nor a truth value, "
                "which keys are made of; name another field, or use merge"
            )
        return spec

    def _refuse_bare_name(self) -> None:
        """Refuse a text that is the same in every item, where it looks like a field."""
        if self.template is not None and not self.specs and self.template.literal in self._adapter.fields:
            name = self.template.literal
            raise InvalidSchemaField(
                f"{self.label} = {self.declared!r} is the text {name!r} in every item, and {name!r} is a field too: "
                f"write {{{name}}} for its value, or another text"
            )

    def refuse_disorder(self, where: str) -> None:
        """Refuse parts that do not sort, in a range key, which is there to be queried by order."""
        if not self.declared.escape:
            return  # others say how it is written
        for field, format_ in self.formats.items():
            found = disorder(format_, self.specs[field])
            if found is not None:
                raise InvalidSchemaField(
                    f"{self.label} = {self.declared!r} is the range key of {where}, and texts of {field!r} do not sort "
                    f"as its values do: {found}"
                )

    def is_like(self, other: KeyAttribute) -> bool:
        """Return whether the attribute of another model is computed in the same way."""
        return self.template is not None and self.template == other.template and repr(self.when) == repr(other.when)

    def of(self, item: WireItem) -> AttributeValue | None:
        """Return the attribute of an item that has these others, ``None`` where it is left out.

        :raises ValidationError: if a value does not fit
        :raises InvalidKey: if it is longer than DynamoDB takes
        """
        if any(verdict(part, item) is not True for part in self.when):
            return None
        values = {name: self._value(name, item) for name in self.specs}
        if self.template is None:
            return self.merged(values)
        return self.checked_size(self.written(values))

    def written(self, values: Mapping[str, Any]) -> AttributeValue | None:
        """Return the attribute that is made of values, in the form that their formats take."""
        assert self.template is not None
        try:
            text = self.template.render(values)
        except Unfit as error:
            self._refuse(values, error)
        return None if text is None else {"S": text}

    def narrowed(self, equal: Mapping[str, Any], others: Mapping[str, Any]) -> Narrowed:
        """Return what is known of the attribute by values of fields and other comparisons with them."""
        assert self.template is not None
        try:
            found = self.template.narrowed(equal, others)
        except Unfit as error:
            self._refuse(equal, error)
        for value in found.values:
            self.checked_size({"S": value})
        return found

    def checked_size(self, value: AttributeValue | None) -> AttributeValue | None:
        if value is not None and "N" not in value:
            size = len(value["S"].encode() if "S" in value else value["B"])
            if size > self.most:
                raise InvalidKey(
                    f"{self.label} has {size:,} bytes, and DynamoDB takes {self.most:,} at most in this place"
                )
        return value

    def _refuse(self, values: Mapping[str, Any], error: Unfit) -> NoReturn:
        name = error.field or next(iter(self.specs))
        shown = self._adapter.told(self.specs[name], str(error))
        raise ValidationError(dict(values), self._adapter.schema_name, {name: [shown]}, self.label) from error

    def _value(self, name: str, item: WireItem) -> Any:
        """Return the value of a field in an item, as the format of its part, or the function that merges, takes it."""
        return self.value_of(name, self.specs[name].held_in(item))

    def value_of(self, name: str, wire: AttributeValue | None) -> Any:
        """Return a value of a field that comes in wire form, as the format of its part takes it."""
        if wire is None or "NULL" in wire:
            return None
        plain = decode_value(wire)
        if self.template is not None and not self.formats[name].is_native:
            return plain
        return self._adapter.as_native(self.specs[name], plain)

    def merged(self, values: Mapping[str, Any]) -> AttributeValue | None:
        """Return what the function that merges makes of values."""
        assert self._merge is not None
        try:
            merged = self._merge(*values.values())
            wire = None if merged is None or merged == "" else encode_value(merged)
        except DynamoException:
            raise
        except Exception as error:
            if None in values.values():
                return None  # the function cannot do without what is missing
            reason = f"{type(error).__name__}: {error}"
            raise ValidationError(dict(values), self._adapter.schema_name, {self.name: [reason]}, self.label) from error
        if wire is not None and self.letter not in wire:
            raise ValidationError(
                {self.name: merged},
                self._adapter.schema_name,
                {self.name: [f"merge returned {merged!r}, which is not stored as {self.letter}; declare its type"]},
                self.label,
            )
        return self.checked_size(wire)

    def may_meet(self, other: KeyAttribute) -> bool:
        """Return whether the attribute of another model may have the same value."""
        return self.template is None or other.template is None or self.template.may_meet(other.template)

    def fits(self, value: AttributeValue | None) -> bool:
        """Return whether a value may be one of the attribute's."""
        if value is None or self.letter not in value:
            return False
        return self.template is None or self.template.read(value["S"]) is not None

    def contradicted_by(self, value: AttributeValue, item: WireItem) -> str | None:
        """Return a field whose value in an item is not the one that a value of the attribute tells."""
        told = {} if self.template is None or "S" not in value else self.template.read(value["S"])
        present = [name for name, spec in self.specs.items() if spec.held_in(item) is not None]
        for name in present:
            if told is not None and name in told and not self._are_alike(name, self._value(name, item), told[name]):
                return name
        # what the text does not tell it may still be made of
        return present[-1] if present and len(present) == len(self.specs) and self.of(item) != value else None

    def _are_alike(self, name: str, value: Any, other: Any) -> bool:
        """Return whether two values of a part are written alike."""
        format_ = self.formats[name]
        try:
            return format_.text(value) == format_.text(other)
        except Unfit:
            return False

    def read(self, value: AttributeValue) -> dict[str, AttributeValue]:
        """Return what the attribute itself tells of fields, in wire form by stored name."""
        if self.template is None or "S" not in value:
            return {}
        found: dict[str, AttributeValue] = {}
        for name, told in (self.template.read(value["S"]) or {}).items():
            spec = self.specs[name]
            try:
                native = told if self.formats[name].is_native else self._adapter.convert(spec, told)
                if spec.loads_to and not isinstance(native, spec.loads_to):
                    continue  # such as a day, of a field that holds moments
                found[spec.stored] = encode_value(self._adapter.serialise(spec, native))
            except Exception:  # whatever a library raises: what it does not take back is not told
                continue
        return found


def _read_by(leaf: Comparison) -> list[str]:
    """Return the attributes that a comparison is about, those that it compares with among them."""
    paths = [leaf.path, *[operand.path for operand in leaf.operands if isinstance(operand, PathOperand)]]
    return [str(path[0]) for path in paths]
