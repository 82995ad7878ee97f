"""What a pydantic schema tells the compiler of loading.

pydantic's own engine validates, converts and serialises; what it lacks is the way between DynamoDB's form and the
plain values that it works on.  So a load is described as making those plain values, with the engine to finish it.
Where a complete item has values of a plain type of which nothing more is demanded, the engine does not see them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from decimal import Decimal
from functools import partial
from typing import Any

from ...spec import FieldSpec
from ..base import PARTIAL, WHOLE, Adapter
from ..compiler.layouts import (
    LEFT_OUT,
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
from ..compiler.values import decimal_of, float_of, number_of
from .analysis import ModelAnalysis, ValueAnalysis, simple_checks, unchanged
from .core import ModelCore
from .validators import OF_STORED, STORED, compile_fields_validator

Finish = Callable[[dict[str, Any]], dict[str, Any]]


def finishing(adapter: Adapter, core: ModelCore, mode: str, direct: Collection[str]) -> Finish:
    """Return what makes natives of plain values: the same as :meth:`Adapter.load_stored`, but for the errors.

    Fields that are ``direct`` come as natives, and are taken so where no value is missing.
    """
    if mode != WHOLE:
        return core.loads[OF_STORED[mode]]
    validate_all = compile_fields_validator(core.model, STORED)
    if validate_all is None:
        return partial(adapter.load_stored, mode=mode)

    def finish(values: dict[str, Any]) -> dict[str, Any]:
        natives, extra, _ = validate_all(values)
        return {**natives, **extra} if extra else natives

    if not direct:
        return finish
    validate_rest = compile_fields_validator(core.model, STORED, direct)
    assert validate_rest is not None
    count, is_all_direct = len(adapter.inputs), len(direct) == len(adapter.inputs)

    def finish_rest(values: dict[str, Any]) -> dict[str, Any]:
        if len(values) != count:
            return finish(values)
        if not is_all_direct:
            values.update(validate_rest(values)[0])
        return values

    return finish_rest


def load_layout(adapter: Adapter, core: ModelCore, mode: str) -> SchemaLayout:
    """Return the description of how stored items become the plain values that :meth:`Adapter.load_stored` takes.

    What pydantic would find right as it is read becomes natives at once.
    """
    model, describer = ModelAnalysis(core.model), LoadDescriber()
    are_whole = mode == WHOLE and not model.is_loaded_whole
    found = {spec.name: _direct(model.field(spec)) for spec in adapter.inputs if are_whole}
    direct = {name: value for name, value in found.items() if value is not None}
    fields = []
    for spec in adapter.fields.values():
        field = describer.field(spec, direct.get(spec.name))
        if mode == PARTIAL:
            field = field.replace(missing=LEFT_OUT)
        fields.append(field.replace(renewed=not spec.computed and model.is_made_anew(spec.name)))
    return SchemaLayout(adapter.schema_name, fields, finish=finishing(adapter, core, mode, direct))


class LoadDescriber:
    """Describes fields and what is inside them; a model that nests itself is described once."""

    def __init__(self) -> None:
        self._nested: dict[Any, SchemaLayout] = {}

    def field(self, spec: FieldSpec, direct: Value | None = None) -> FieldLayout:
        """Return the description of a field, of which natives are read where ``direct`` describes these."""
        missing: Missing = DefaultValue(None) if spec.required and spec.nullable else LEFT_OUT
        if spec.required and spec.kind == "set":  # storage cannot hold an empty one
            missing = DefaultFactory(list if direct is None else set)
        return FieldLayout(
            spec.source,
            spec.stored,
            direct or self._value(spec),
            nullable=spec.nullable,
            computed=spec.computed,
            missing=missing,
            finished=direct is None,
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
        # pydantic accepts other types for most of its own, but for text
        return Text() if spec.kind == "text" else Free()

    def _inner(self, spec: FieldSpec) -> SchemaLayout:
        (model,) = spec.loads_to
        if model not in self._nested:
            layout = SchemaLayout(model.__name__, outermost=False, keeps_unknown=spec.keeps_unknown)
            self._nested[model] = layout
            assert spec.fields is not None
            layout.fields += map(self.field, spec.fields.values())
        return self._nested[model]


def _direct(analysis: ValueAnalysis) -> Value | None:
    spec, kind = analysis.spec, analysis.leaf["type"]
    checks = simple_checks(analysis)
    if spec.nullable != analysis.is_nullable:
        return None
    if kind in _TEXTS and analysis.node["type"] == analysis.stored["type"]:
        # asking for each alone costs less than handing the whole item over for their sake
        return Converted(analysis.check, unchanged, as_text=True, by_library=True)
    if checks is None:
        return None
    if kind in ("list", "set") and spec.kind == kind and spec.element is not None:
        inner = analysis.inside(spec.element, "items_schema")
        value = _direct(inner)
        if value is None or inner.is_nullable or isinstance(value, Converted):
            return None
        if kind == "list":
            return ListOf(value, checks=checks)
        return SetOf(value) if isinstance(value, (Text, Number)) else None
    if kind not in _DIRECT or (kind == "str" and analysis.owner.changes_text):
        return None
    return _DIRECT[kind].replace(checks=(*_DIRECT[kind].checks, *checks))


_TEXTS = frozenset({"datetime", "date", "time", "timedelta", "uuid"})


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
