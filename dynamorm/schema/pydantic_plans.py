"""What a pydantic schema tells the compiler.

pydantic's own engine validates, converts and serialises; what it lacks is the way between DynamoDB's form and the
plain values that it works on.  So a load is described as making those plain values, with the engine to finish it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ..codec import AttributeValue
from ..spec import FieldSpec
from .base import PARTIAL, Adapter, prepare
from .compiler.plans import (
    LEFT_OUT,
    FieldPlan,
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
    Value,
)
from .compiler.values import number_of, read_free

Finish = Callable[[dict[str, Any]], dict[str, Any]]


class LoadPlanner:
    """Describes how stored items become the plain values that :meth:`Adapter.load_stored` takes."""

    def __init__(self, adapter: Adapter, mode: str) -> None:
        self.adapter = adapter
        self.mode = mode
        self._nested: dict[Any, SchemaPlan] = {}

    def outermost(self, finish: Finish) -> SchemaPlan:
        plan = SchemaPlan(self.adapter.schema_name, finish=finish)
        plan.fields += self._fields(self.adapter.fields.values(), complete=self.mode != PARTIAL)
        return plan

    def _fields(self, specs: Iterable[FieldSpec], complete: bool) -> Iterable[FieldPlan]:
        for spec in specs:
            yield FieldPlan(
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
            plan.fields += self._fields(spec.fields.values(), complete=True)
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
