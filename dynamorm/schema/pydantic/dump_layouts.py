"""What a pydantic schema tells the compiler of dumping: field by field, or of models as a whole.

Values of a plain type are written by generated code, where pydantic would leave an instance of just that type alone
both when it settles what was assigned and when it serialises.  Every other field has validators and a serialiser of its
own for that.  What is dumped is checked by pydantic wherever it demands more than the type.  All this needs fields that
know nothing of each other: a model whose functions see more than one value is dumped as a whole, by pydantic.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from functools import partial
from operator import attrgetter
from typing import Any, cast
from uuid import UUID

from pydantic_core import SchemaSerializer, to_jsonable_python

from ...spec import FieldSpec
from ..base import ABSENT as NO_VALUE
from ..base import WHOLE, Adapter, means_none, prepare
from ..compiler.layouts import (
    ABSENT,
    LEFT_OUT,
    REFUSED,
    UNSURE,
    Accepts,
    Checks,
    Converted,
    FieldLayout,
    Flag,
    ListOf,
    MapOf,
    NotCompilable,
    Number,
    Record,
    SchemaLayout,
    SetOf,
    Text,
    ThroughLibrary,
    Value,
    is_stable,
)
from ..conversions import sorted_text
from .analysis import NUMBERS, UNDEMANDING_KEYS, ModelAnalysis, ValueAnalysis, choices, simple_checks, unchanged
from .core import ModelCore
from .core_schema import Model
from .load_layouts import Finish, finishing
from .natives import PLAIN, instance_of, plain
from .serializers import compile_serializer
from .validators import ASSIGNED

_TEXTS: dict[str, type] = {
    "datetime": dt.datetime,
    "date": dt.date,
    "time": dt.time,
    "timedelta": dt.timedelta,
    "uuid": UUID,
}
_COMPUTED = "it is computed by a function of the user's"
_ANYTHING = SchemaSerializer({"type": "any"})


def dump_layout(adapter: Adapter, core: ModelCore, *, keeps_unknown: bool) -> SchemaLayout:
    """Return the description of dumps of what programs have assigned."""
    try:
        return DumpDescriber(adapter, core).outermost()
    except NotCompilable:
        whole = WholeDump(adapter, core, finishing(adapter, core, WHOLE), keeps_unknown=keeps_unknown)
        return SchemaLayout(adapter.schema_name, adapter.compiled.layout(WHOLE).fields, dump_whole=whole)


def validated_dump_layout(adapter: Adapter, core: ModelCore) -> SchemaLayout:
    """Return the description of dumps of what pydantic has just validated."""
    try:
        return DumpDescriber(adapter, core, validated=True).outermost()
    except NotCompilable:
        return SchemaLayout(adapter.schema_name, dump_whole=ValidatedDump(adapter, core))


class DumpDescriber:
    """Describes the fields of one model, and of the models inside it.

    Values that are ``validated`` come from pydantic just now: they are neither settled nor checked once more, and what
    the model's functions made of several values at once may be dumped one by one.
    """

    def __init__(self, adapter: Adapter, core: ModelCore, *, validated: bool = False) -> None:
        self._adapter = adapter
        self._core = core
        self._validated = validated
        self._nested: dict[Any, SchemaLayout] = {}

    def outermost(self) -> SchemaLayout:
        """Return the description of the model.

        :raises NotCompilable: where it is more than its fields
        """
        adapter, model = self._adapter, ModelAnalysis(self._core.model)
        if self._is_more_than_fields(model) or len(adapter.by_stored) != len(adapter.fields):
            raise NotCompilable("it is more than its fields")
        layout = SchemaLayout(adapter.schema_name)
        compute = _computing(adapter, model.model, self._validated) if model.computes else None
        for spec in adapter.fields.values():
            if spec.computed and compute is not None:
                value = ThroughLibrary(unchanged, partial(compute, spec.stored), unchanged, _COMPUTED)
                layout.fields.append(FieldLayout(spec.name, spec.stored, value, computed=True))
                continue
            analysis = model.field(spec)
            field = FieldLayout(
                spec.name,
                spec.stored,
                self._value(analysis),
                nullable=spec.nullable,
                required=spec.required,
                unset=REFUSED if spec.required else LEFT_OUT,
                unset_check=_unset_check(analysis),
                as_native=analysis.settle if model.computes and not self._validated else None,
                changes_given=analysis.changes_given,
            )
            is_seen = model.computes or not isinstance(field.value, (Text, Number, Flag))
            if self._validated and not spec.nullable and is_seen:
                field = field.replace(unset=UNSURE)  # a default may be None, which functions may see
            layout.fields.append(field)
        return layout

    def _is_more_than_fields(self, model: ModelAnalysis) -> bool:
        return model.is_dumped_whole if self._validated else model.is_more_than_fields

    def _checks(self, analysis: ValueAnalysis) -> Checks:
        if not self._is_checked(analysis):
            return ()
        simple = simple_checks(analysis)
        return (Accepts(analysis.check),) if simple is None else simple

    def _is_checked(self, analysis: ValueAnalysis) -> bool:
        return analysis.is_checked and not self._validated

    def _changes_text(self, analysis: ValueAnalysis) -> bool:
        return analysis.owner.changes_text and not self._validated

    def _inner(self, kind: Model, specs: Mapping[str, FieldSpec]) -> SchemaLayout:
        """Return the description of a nested model; one that nests itself is described once."""
        if kind in self._nested:
            return self._nested[kind]
        model = ModelAnalysis(kind)
        if self._is_more_than_fields(model) or model.computes or len(specs) != len(model.fields):
            raise NotCompilable("it is more than its fields")
        layout = self._nested[kind] = SchemaLayout(kind.__name__, outermost=False)
        for spec in specs.values():
            analysis = model.field(spec)
            if spec.nullable and (analysis.is_serialised or not analysis.is_nullable):
                raise NotCompilable("functions may see None")
            value = self._value(analysis)
            layout.fields.append(
                FieldLayout(spec.name, spec.stored, value, nullable=spec.nullable, required=spec.required, unset=UNSURE)
            )
        return layout

    def _value(self, analysis: ValueAnalysis) -> Value:
        before = dict(self._nested)
        try:
            found = None if analysis.is_serialised else self._plain_value(analysis)
        except NotCompilable:
            found = None
            self._nested = before
        return analysis.converted(is_validated=self._validated) if found is None else found

    def _plain_value(self, analysis: ValueAnalysis) -> Value | None:
        """Return the description of values that generated code writes, ``None`` for others."""
        spec, kind = analysis.spec, analysis.assigned["type"]
        if analysis.node["type"] == "model":
            model = analysis.nested
            return None if model is None else self._record(model, spec.fields or {})
        known = choices(analysis.assigned)
        if known is not None:
            return self._chosen(analysis, known)
        if analysis.assigned.keys() - UNDEMANDING_KEYS:
            return None
        if spec.kind == kind and kind in ("list", "set") and spec.element is not None:
            return self._elements(analysis, spec.element)
        if spec.kind == "map" and kind == "dict" and spec.element is not None:
            return self._entries(analysis, spec.element)
        if kind == "any" and not self._is_checked(analysis):
            return Converted(unchanged, _any_plain, reload="sure", by_library=True)
        if kind in _TEXTS:
            check = unchanged if self._validated else analysis.check
            write = sorted_text if kind == "datetime" else to_jsonable_python
            return Converted(check, write, as_text=True, natives=(_TEXTS[kind],))
        checks = self._checks(analysis)
        if kind in NUMBERS:
            return Number(NUMBERS[kind], NUMBERS[kind], checks=checks)
        if kind == "str" and not self._changes_text(analysis):
            return Text(checks)
        return Flag(checks) if kind == "bool" else None

    def _chosen(self, analysis: ValueAnalysis, known: Mapping[Any, Any]) -> Value:
        """Return the description of values each of which has its stored form."""
        are_texts = all(type(form) is str for form in known.values())
        is_same = self._validated or (are_texts and analysis.stored["type"] == analysis.assigned["type"])
        return Converted(
            unchanged if is_same else analysis.check,
            known.__getitem__,
            as_text=are_texts,
            natives=tuple({type(one) for one in known}),
            reload="same" if is_same else "doubtful",
        )

    def _record(self, model: Model, specs: Mapping[str, FieldSpec]) -> Value:
        return Record(self._inner(model, specs), native=model, take=attrgetter("__dict__"))

    def _elements(self, analysis: ValueAnalysis, spec: FieldSpec) -> Value | None:
        inner = analysis.inside(spec, "items_schema")
        value = self._value(inner)
        checks: Checks = ()
        simple = simple_checks(analysis) if analysis.assigned["type"] == "list" else None
        if simple is not None and not _asks_pydantic(value):
            checks = () if self._validated else simple
        elif self._is_checked(analysis):
            if not is_stable(value):
                return None
            # which checks the elements too
            checks, value = (Accepts(_of_copies(analysis.check)),), cast(Any, value).replace(checks=())
        if analysis.assigned["type"] == "list":
            return ListOf(value, nullable=inner.takes_none, checks=checks)
        as_text = isinstance(value, Converted) and value.as_text
        return SetOf(value, checks=checks) if isinstance(value, (Text, Number)) or as_text else None

    def _entries(self, analysis: ValueAnalysis, spec: FieldSpec) -> Value | None:
        keys = analysis.inside(spec, "keys_schema")
        are_texts = keys.assigned["type"] == "str" and not keys.assigned.keys() - UNDEMANDING_KEYS
        is_checked = self._is_checked(analysis) or self._is_checked(keys)
        if not are_texts or is_checked or keys.is_serialised or self._changes_text(analysis):
            return None
        inner = analysis.inside(spec, "values_schema")
        return MapOf(self._value(inner), nullable=inner.takes_none)


def _of_copies(check: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a check that sees copies, because validators may change what they see."""
    return lambda value: check(value.copy())


def _asks_pydantic(value: Value) -> bool:
    """Return whether pydantic is asked about each value; then it had better be asked about all at once."""
    return any(isinstance(one, Accepts) for one in getattr(value, "checks", ()))


def _computing(adapter: Adapter, model: Model, validated: bool) -> Callable[[str, dict[str, Any]], Any]:
    """Return what computes a field, by its stored name, from natives; where any is missing, nothing is computed."""
    serialise = compile_serializer(model, computed_only=True).to_python
    needed = {spec.name for spec in adapter.inputs if spec.required and not spec.nullable and spec.kind != "set"}
    nones = {spec.name: None for spec in adapter.inputs if spec.nullable}

    def compute(stored: str, natives: dict[str, Any]) -> Any:
        if not needed <= natives.keys():
            return ABSENT
        values = {**nones, **natives}
        instance = instance_of(model, values, set(values if validated else natives), None)
        return plain(serialise(instance, mode="python", by_alias=True, warnings="error"))[stored]

    return compute


def _unset_check(analysis: ValueAnalysis) -> Callable[[], Any] | None:
    """Return what raises where an item without a value for a field might be refused."""
    spec = analysis.spec
    if not spec.nullable:
        return _raise_unsure if analysis.makes_default else None
    if analysis.is_serialised or (spec.required and not analysis.is_nullable):
        raise NotCompilable("functions may see None")
    return None if analysis.is_nullable else partial(analysis.check, None)


def _raise_unsure() -> None:
    raise LookupError("pydantic has to say what stands for a missing value")


def _any_plain(value: Any) -> Any:
    if type(value) in PLAIN:
        return value
    return plain(_ANYTHING.to_python(value, mode="python", by_alias=True, warnings="error"))


class WholeDump:
    """Dumps a model by pydantic alone, where every step sees all values at once.

    It does what ``natives_of_assigned`` and ``checked_dump`` of adapters do, for values that nothing is wrong with.
    """

    def __init__(self, adapter: Adapter, core: ModelCore, check: Finish, *, keeps_unknown: bool) -> None:
        inputs = adapter.inputs
        self._model = core.model
        self._keeps_unknown = keeps_unknown
        self._names = frozenset(adapter.fields)
        self._computed = {spec.name for spec in adapter.fields.values() if spec.computed}
        self._needed = frozenset(
            spec.name for spec in inputs if spec.required and not spec.nullable and spec.kind != "set"
        )
        self._nones = {spec.name: None for spec in inputs if spec.nullable}
        self._with_none = {spec.name: spec.stored for spec in inputs if means_none(spec)}
        self._prepared = [(spec.stored, spec.source, spec.nullable, _inside(spec)) for spec in inputs]
        self._settle = core.validator(ASSIGNED).validate_python
        self._serialise = core.serializer.to_python
        self._check = check

    def __call__(self, natives: Mapping[str, Any], check: bool) -> dict[str, Any]:
        """Return the plain values by stored name, with ``check`` only valid ones; raises where something is wrong."""
        if not self._names.issuperset(natives):
            raise LookupError("values of no field")
        given = {
            name: value
            for name, value in natives.items()
            if (value is not None or name in self._with_none) and name not in self._computed
        }
        settled = self._settle(given, strict=False, by_alias=True, by_name=False)
        left_out = None if self._needed <= settled.keys() else self._computed
        values = {**self._nones, **settled}
        instance = instance_of(self._model, values, set(settled), {} if self._keeps_unknown else None)
        serialised = self._serialise(instance, mode="python", by_alias=True, exclude=left_out, warnings="error")
        if type(serialised) is not dict:
            raise TypeError(serialised)
        dumped: dict[str, Any] = plain(serialised)
        if check:
            for name, stored in self._with_none.items():
                if name not in settled and dumped.get(stored, NO_VALUE) is None:
                    del dumped[stored]
            self._check(self._ready(dumped))
        return dumped

    def _ready(self, dumped: dict[str, Any]) -> dict[str, Any]:
        """Return plain values that are fit for the check."""
        ready = {}
        for stored, source, nullable, inside in self._prepared:
            value = dumped.get(stored, NO_VALUE)
            if value is not NO_VALUE and (value is not None or nullable):
                ready[source] = value if inside is None else prepare(inside, value)
        return ready


class ValidatedDump:
    """Serialises natives that pydantic has just made of a whole item."""

    def __init__(self, adapter: Adapter, core: ModelCore) -> None:
        self._model = core.model
        self._serialise = core.serializer.to_python
        self._fields = core.model.__pydantic_fields__
        self._nones = {spec.name: None for spec in adapter.inputs if spec.nullable}

    def __call__(self, natives: Mapping[str, Any], check: bool) -> dict[str, Any]:
        """Return the plain values by stored name; raises where something is wrong."""
        given = {name: value for name, value in natives.items() if name in self._fields}
        values = {**self._nones, **given}
        if len(values) != len(self._fields):
            raise LookupError("a model validator left a field out")
        instance = instance_of(self._model, values, set(given), None)
        serialised = self._serialise(instance, mode="python", by_alias=True, warnings="error")
        if type(serialised) is not dict:
            raise TypeError(serialised)
        dumped: dict[str, Any] = plain(serialised)
        return dumped


def _inside(spec: FieldSpec) -> FieldSpec | None:
    """Return the description of a field whose values have to be made fit themselves."""
    return spec if spec.element is not None or spec.nested is not None else None
