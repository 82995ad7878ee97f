"""What a pydantic schema tells the compiler.

pydantic's own engine validates, converts and serialises; what it lacks is the way between DynamoDB's form and the
plain values that it works on.  So a load is described as making those plain values, with the engine to finish it.
Where a complete item has values of a plain type of which nothing more is demanded, the engine does not see them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from ...codec import AttributeValue
from ...spec import FieldSpec
from ..base import PARTIAL, Adapter, prepare
from ..compiler.plans import (
    LEFT_OUT,
    FieldPlan,
    Flag,
    Free,
    Given,
    ListOf,
    Made,
    MapOf,
    Missing,
    Number,
    Record,
    SchemaPlan,
    SetOf,
    Text,
    Unicode,
    Value,
)
from ..compiler.values import decimal_of, float_of, number_of, read_free
from .analysis import Piece, Pieces, made_anew
from .constraints import simple_checks

Finish = Callable[[dict[str, Any]], dict[str, Any]]


class LoadPlanner:
    """Describes how stored items become the plain values that :meth:`Adapter.load_stored` takes."""

    def __init__(self, adapter: Adapter, mode: str) -> None:
        self.adapter = adapter
        self.mode = mode
        self._nested: dict[Any, SchemaPlan] = {}

    def outermost(self, finish: Finish, direct: Mapping[str, Value]) -> SchemaPlan:
        """Describe a model; the values that are ``direct`` make natives, which ``finish`` knows."""
        finished = frozenset(self.adapter.fields) - direct.keys()
        plan = SchemaPlan(self.adapter.schema_name, finish=finish, finished=finished)
        renewed = made_anew(self.adapter.schema)
        for spec in self.adapter.fields.values():
            value = direct.get(spec.name)
            whole = self.mode != PARTIAL
            field = _direct_field(spec, value) if value is not None else self._field(spec, complete=whole)
            plan.fields.append(field.replace(renewed=True) if spec.name in renewed else field)
        return plan

    def _field(self, spec: FieldSpec, complete: bool) -> FieldPlan:
        return FieldPlan(
            spec.source,
            spec.stored,
            self._value(spec),
            nullable=spec.nullable,
            computed=spec.computed,
            missing=_missing(spec) if complete else LEFT_OUT,
            otherwise=_otherwise(spec),
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

    def _inner(self, spec: FieldSpec) -> SchemaPlan:
        """Describe a nested model; one that nests itself is described once."""
        (model,) = spec.loads_to
        if model not in self._nested:
            plan = SchemaPlan(model.__name__, outermost=False, keeps_unknown=spec.keeps_unknown)
            self._nested[model] = plan
            assert spec.fields is not None
            plan.fields += [self._field(inner, complete=True) for inner in spec.fields.values()]
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
        return Made(list)
    return Given(None) if spec.required and spec.nullable else LEFT_OUT


def _otherwise(spec: FieldSpec) -> Callable[[AttributeValue], Any]:
    return lambda wire: prepare(spec, read_free(wire))


def direct_values(pieces: Pieces, specs: Iterable[FieldSpec]) -> dict[str, Value]:
    """Give the fields whose natives pydantic would find right as they are read, which are of plain types."""
    if pieces.is_loaded_whole:
        return {}
    found = {spec.name: _direct(pieces.piece(spec, pieces.fields[spec.name]["schema"])) for spec in specs}
    return {name: value for name, value in found.items() if value is not None}


def _direct_field(spec: FieldSpec, value: Value) -> FieldPlan:
    """Describe a field whose natives are read."""
    missing = _missing(spec)
    return FieldPlan(
        spec.name,
        spec.stored,
        value,
        nullable=spec.nullable,
        missing=Made(set) if isinstance(missing, Made) else missing,
    )


def _direct(piece: Piece) -> Value | None:
    kind, element = piece.leaf["type"], piece.spec.element
    checks = simple_checks(piece)
    if piece.spec.nullable != piece.is_nullable or checks is None:
        return None
    if kind in ("list", "set") and piece.spec.kind == kind and element is not None:
        inner = piece.pieces.piece(element, piece.leaf.get("items_schema") or {"type": "any"})
        value = _direct(inner)
        if value is None or inner.is_nullable:
            return None
        if kind == "list":
            return ListOf(value, checks=checks)
        return SetOf(value) if isinstance(value, (Text, Number)) else None
    if kind not in _DIRECT or (kind == "str" and piece.pieces.changes_text):
        return None
    return _DIRECT[kind].replace(checks=(*_DIRECT[kind].checks, *checks))


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
