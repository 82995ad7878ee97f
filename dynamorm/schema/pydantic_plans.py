"""What a pydantic schema tells the compiler.

pydantic's own engine validates, converts and serialises; what it lacks is the way between DynamoDB's form and the
plain values that it works on.  So a load is described as making those plain values, with the engine to finish it.
Where a complete item has values of a plain type of which nothing more is demanded, the engine does not see them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import partial
from typing import Any, TypeGuard

from ..codec import AttributeValue
from ..spec import FieldSpec
from .base import PARTIAL, Adapter, prepare
from .compiler.layouts import (
    LEFT_OUT,
    Accepts,
    Among,
    Converted,
    DefaultFactory,
    DefaultValue,
    FieldLayout,
    Flag,
    Free,
    ListOf,
    MapOf,
    Missing,
    Number,
    Record,
    SchemaLayout,
    SetOf,
    Text,
    Unicode,
    Value,
)
from .compiler.values import decimal_of, float_of, number_of, read_free
from .pydantic_checks import choices, simple_checks
from .pydantic_fields import SAYS_NOTHING, Piece, Pieces, made_anew, unchanged
from .pydantic_variants import set_extra, set_names, set_private, set_values

Finish = Callable[[dict[str, Any]], dict[str, Any]]


class LoadDescriber:
    """Describes how stored items become the plain values that :meth:`Adapter.load_stored` takes."""

    def __init__(self, adapter: Adapter, mode: str) -> None:
        self.adapter = adapter
        self.mode = mode
        self._nested: dict[Any, SchemaLayout] = {}

    def outermost(self, finish: Finish, direct: Mapping[str, Value]) -> SchemaLayout:
        """Describe a model; the values that are ``direct`` make natives, which ``finish`` knows."""
        layout = SchemaLayout(self.adapter.schema_name, finish=finish)
        renewed = made_anew(self.adapter.schema)
        for spec in self.adapter.fields.values():
            value = direct.get(spec.name)
            whole = self.mode != PARTIAL
            field = _direct_field(spec, value) if value is not None else self._field(spec, complete=whole)
            layout.fields.append(field.replace(renewed=True) if spec.name in renewed else field)
        return layout

    def _field(self, spec: FieldSpec, complete: bool) -> FieldLayout:
        return FieldLayout(
            spec.source,
            spec.stored,
            self._value(spec),
            nullable=spec.nullable,
            computed=spec.computed,
            missing=_missing(spec) if complete else LEFT_OUT,
            otherwise=_otherwise(spec),
            finished=True,
        )

    def _value(self, spec: FieldSpec) -> Value:
        if spec.nested is not None:
            return Record(self._inner(spec))
        element = spec.element
        if spec.kind == "list" and element is not None:
            return ListOf(self._value(element), nullable=True)
        if spec.kind == "set" and element is not None and element.key_type in ("S", "N"):
            return SetOf(Text() if element.key_type == "S" else Number(int, number_of))
        if spec.kind == "map" and element is not None:
            return MapOf(self._value(element), nullable=element.nullable)
        return Free(usual=_usual(spec))

    def _inner(self, spec: FieldSpec) -> SchemaLayout:
        """Describe a nested model; one that nests itself is described once."""
        (model,) = spec.loads_to
        if model not in self._nested:
            layout = SchemaLayout(model.__name__, outermost=False, keeps_unknown=spec.keeps_unknown)
            self._nested[model] = layout
            assert spec.fields is not None
            layout.fields += [self._field(inner, complete=True) for inner in spec.fields.values()]
        return self._nested[model]


def _usual(spec: FieldSpec) -> str | None:
    if spec.kind in ("text", "leaf", "any"):
        if spec.native is not None and getattr(spec.native, "annotation", None) is bool:
            return "BOOL"
        return spec.key_type if spec.key_type in ("S", "N") else None
    return None


def _missing(spec: FieldSpec) -> Missing:
    """Say what stands for what storage cannot hold."""
    if spec.required and spec.kind == "set":
        return DefaultFactory(list)
    return DefaultValue(None) if spec.required and spec.nullable else LEFT_OUT


def _otherwise(spec: FieldSpec) -> Callable[[AttributeValue], Any]:
    return lambda wire: prepare(spec, read_free(wire))


def direct_values(pieces: Pieces, specs: Iterable[FieldSpec]) -> dict[str, Value]:
    """Give the fields whose natives pydantic would find right as they are read, which are of plain types."""
    if pieces.is_loaded_whole:
        return {}
    found = {spec.name: _direct(pieces.piece(spec, pieces.fields[spec.name]["schema"]), ()) for spec in specs}
    return {name: value for name, value in found.items() if value is not None}


def _direct_field(spec: FieldSpec, value: Value) -> FieldLayout:
    """Describe a field whose natives are read."""
    missing = _missing(spec)
    return FieldLayout(
        spec.name,
        spec.stored,
        value,
        nullable=spec.nullable,
        missing=DefaultFactory(set) if isinstance(missing, DefaultFactory) else missing,
        otherwise=partial(_converted, value.load, _otherwise(spec)) if _is_asked(value) else None,
    )


def _converted(load: Callable[[Any], Any], read: Callable[[AttributeValue], Any], wire: AttributeValue) -> Any:
    return load(read(wire))


def _direct(piece: Piece, above: tuple[Any, ...]) -> Value | None:
    kind, element = piece.leaf["type"], piece.spec.element
    if piece.spec.nullable != piece.is_nullable:
        return None
    if piece.nested is not None:
        return _direct_model(piece, piece.nested, above)
    if piece.node["type"] == piece.stored["type"] and (known := choices(piece.stored)):
        return _direct_choice(known)
    checks = simple_checks(piece)
    if piece.node["type"] == piece.stored["type"] and (kind in _ASKED or (kind == "str" and checks is None)):
        is_text = kind in _ASKED or piece.stored.keys() - SAYS_NOTHING <= _DEMANDED_OF_TEXT
        return Converted(piece.check, unchanged, as_text=True, by_library=True) if is_text else None
    if checks is None:
        return None
    if kind == "dict" and piece.spec.kind == "map" and element is not None:
        return _direct_map(piece, element, above)
    if kind in ("list", "set") and piece.spec.kind == kind and element is not None:
        inner = piece.pieces.piece(element, piece.leaf.get("items_schema") or {"type": "any"})
        value = _direct(inner, above)
        if value is None or inner.is_nullable or _is_asked(value):
            return None
        if kind == "list":
            return ListOf(value, checks=checks)
        return SetOf(value) if isinstance(value, (Text, Number)) else None
    if kind not in _DIRECT or (kind == "str" and piece.pieces.changes_text):
        return None
    return _DIRECT[kind].replace(checks=(*_DIRECT[kind].checks, *checks))


def _direct_map(piece: Piece, element: FieldSpec, above: tuple[Any, ...]) -> Value | None:
    keys = piece.pieces.piece(element, piece.leaf.get("keys_schema") or {"type": "any"})
    inner = piece.pieces.piece(element, piece.leaf.get("values_schema") or {"type": "any"})
    value = _direct(inner, above)
    if keys.leaf["type"] != "str" or keys.is_checked or keys.is_nullable or piece.pieces.changes_text:
        return None
    if value is None or _is_asked(value):
        return None
    return MapOf(value, nullable=inner.is_nullable, checks=(Accepts(_as_unicode),))


def _is_asked(value: Value) -> TypeGuard[Converted]:
    """Say whether pydantic is called for a value."""
    return isinstance(value, Converted) and value.by_library


def _as_unicode(texts: Iterable[str]) -> None:
    "".join(texts).encode()


def _direct_choice(known: Mapping[Any, Any]) -> Value | None:
    """Describe values that are known by their stored form, where all of these are texts or numbers."""
    if all(type(form) is str for form in known.values()):
        return Converted({form: one for one, form in known.items()}.__getitem__, unchanged, as_text=True)
    is_plain = all(type(one) is int for one in known)
    return Number(int, _whole, checks=(Among(frozenset(known)),)) if is_plain else None


def _direct_model(piece: Piece, model: Any, above: tuple[Any, ...]) -> Value | None:
    """Describe a nested model all of whose values are direct; one that nests itself is left to pydantic."""
    pieces, specs = Pieces(model), piece.spec.fields or {}
    if model in above or pieces.is_loaded_whole or pieces.computes or piece.spec.keeps_unknown:
        return None
    layout = SchemaLayout(model.__name__, outermost=False)
    for spec in specs.values():
        value = _direct(pieces.piece(spec, pieces.fields[spec.name]["schema"]), (*above, model))
        if value is None or not spec.name == spec.stored == spec.source:
            return None
        layout.fields.append(_direct_field(spec, value))
    return Record(layout, make=_maker(model, piece.check))


def _maker(model: Any, validate: Callable[[Any], Any]) -> Callable[[dict[str, Any]], Any]:
    """Give what makes an instance of all values, while pydantic sees to what is missing."""
    names = set(model.__pydantic_fields__)
    count, new, given = len(names), model.__new__, names.copy

    def make(values: dict[str, Any]) -> Any:
        if len(values) != count:
            return validate(values)
        instance = new(model)
        set_values(instance, values)
        set_names(instance, given())
        set_extra(instance, None)
        set_private(instance, None)
        return instance

    return make


_ASKED = frozenset({"datetime", "date", "time", "timedelta", "uuid"})
_DEMANDED_OF_TEXT = frozenset({"pattern", "min_length", "max_length"})


def _whole(text: str) -> int:
    number = number_of(text)
    if type(number) is not int:
        raise ValueError(text)
    return number


_DIRECT: dict[str, Text | Number | Flag] = {
    "str": Text((Unicode(),)),
    "int": Number(int, _whole),
    "float": Number(float, float_of),
    "decimal": Number(Decimal, decimal_of),
    "bool": Flag(),
}
