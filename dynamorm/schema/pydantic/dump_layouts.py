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

from pydantic_core import to_jsonable_python

from ...spec import FieldSpec
from ..base import WHOLE, Adapter, means_none
from ..compiler.layouts import (
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
from .core import OutermostCore
from .core_schema import Model
from .natives import PLAIN, as_text, plain
from .serializers import SerializationRewriter
from .validators import ASSIGNED

_TEXTS: dict[str, type] = {
    "datetime": dt.datetime,
    "date": dt.date,
    "time": dt.time,
    "timedelta": dt.timedelta,
    "uuid": UUID,
}
_COMPUTED = "it is computed by a function of the user's"
_serialise_anything = SerializationRewriter({}).compiled({"type": "any"})


def dump_layout(adapter: Adapter, core: OutermostCore) -> SchemaLayout:
    """Return the description of dumps of what programs have assigned."""
    try:
        return DumpDescriber(adapter, core).outermost()
    except NotCompilable:
        load = adapter.compiled.layout(WHOLE)
        dump_whole = _settled_dump(adapter, core)
        return SchemaLayout(adapter.schema_name, load.fields, finish=load.finish, dump_whole=dump_whole)


def validated_dump_layout(adapter: Adapter, core: OutermostCore) -> SchemaLayout:
    """Return the description of dumps of what pydantic has just validated."""
    try:
        return DumpDescriber(adapter, core, validated=True).outermost()
    except NotCompilable:
        return SchemaLayout(adapter.schema_name, dump_whole=core.dump)


def _settled_dump(adapter: Adapter, core: OutermostCore) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """Return what dumps a model by pydantic alone, where every step sees all values at once.

    It does what ``natives_of_assigned`` and ``dump`` of adapters do, for values that nothing is wrong with.
    """
    settle, names = core.loads[ASSIGNED], frozenset(adapter.fields)
    inputs = frozenset(spec.name for spec in adapter.inputs)
    with_none = frozenset(spec.name for spec in adapter.inputs if means_none(spec))
    # of these a load of what is stored could not tell that they were never given
    told = with_none.union(spec.name for spec in adapter.inputs if spec.required and spec.kind == "set")
    texts = frozenset(spec.name for spec in adapter.inputs if spec.kind == "text")

    def dump(natives: Mapping[str, Any]) -> dict[str, Any]:
        given = {
            name: as_text(value) if name in texts else value
            for name, value in natives.items()
            if (value is not None or name in with_none) and name in inputs
        }
        if not (names.issuperset(natives) and told <= given.keys()):
            raise LookupError("values of no field, or none of one that needs one")
        return core.dump(settle(given))

    return dump


class DumpDescriber:
    """Describes the fields of one model, and of the models inside it.

    What the model's functions made of several values at once may be dumped one by one, once it is ``validated``.
    """

    def __init__(self, adapter: Adapter, core: OutermostCore, *, validated: bool = False) -> None:
        self._adapter = adapter
        self._core = core
        self._validated = validated
        self._nested: dict[Any, SchemaLayout] = {}

    def outermost(self) -> SchemaLayout:
        """Return the description of the model.

        :raises NotCompilable: where it is more than its fields
        """
        adapter, model = self._adapter, ModelAnalysis(self._core.model, validated=self._validated)
        if model.is_more_than_fields or len(adapter.by_stored) != len(adapter.fields):
            raise NotCompilable("it is more than its fields")
        layout = SchemaLayout(adapter.schema_name)
        for spec in adapter.fields.values():
            if spec.computed:
                compute = partial(self._core.compute, spec, validated=self._validated)
                value = ThroughLibrary(unchanged, compute, unchanged, _COMPUTED)
                layout.fields.append(FieldLayout(spec.name, spec.stored, value, computed=True))
                continue
            analysis = model.field(spec, outermost=True)
            field = FieldLayout(
                spec.name,
                spec.stored,
                self._value(analysis),
                nullable=spec.nullable,
                required=spec.required,
                unset=REFUSED if spec.required else LEFT_OUT,
                unset_check=_unset_check(analysis),
                as_native=analysis.settle if model.computes else None,
                changes_given=analysis.changes_given,
            )
            is_seen = model.computes or not isinstance(field.value, (Text, Number, Flag))
            if self._validated and not spec.nullable and is_seen:
                field = field.replace(unset=UNSURE)  # a default may be None, which functions may see
            layout.fields.append(field)
        return layout

    def _inner(self, kind: Model, specs: Mapping[str, FieldSpec]) -> SchemaLayout:
        """Return the description of a nested model; one that nests itself is described once."""
        if kind in self._nested:
            return self._nested[kind]
        model = ModelAnalysis(kind, validated=self._validated)
        if model.is_more_than_fields or model.computes or len(specs) != len(model.fields):
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
        return analysis.converted() if found is None else found

    def _plain_value(self, analysis: ValueAnalysis) -> Value | None:
        """Return the description of values that generated code writes, ``None`` for others."""
        spec, kind = analysis.spec, analysis.assigned["type"]
        if analysis.node["type"] == "model":
            model, fields = analysis.nested, spec.fields
            if model is None or fields is None:
                return None
            return Record(self._inner(model, fields), native=model, take=attrgetter("__dict__"))
        known = choices(analysis.assigned)
        if known is not None:
            return self._chosen(analysis, known)
        if analysis.assigned.keys() - UNDEMANDING_KEYS:
            return None
        if spec.kind == kind and kind in ("list", "set") and spec.element is not None:
            return self._elements(analysis, spec.element)
        if spec.kind == "map" and kind == "dict" and spec.element is not None:
            return self._entries(analysis, spec.element)
        if kind == "any" and not analysis.is_checked:
            return Converted(unchanged, _any_plain, reload="sure", by_library=True)
        if kind in _TEXTS:
            write = sorted_text if kind == "datetime" else to_jsonable_python
            return Converted(analysis.check, write, as_text=True, natives=(_TEXTS[kind],))
        simple = simple_checks(analysis)
        checks = (Accepts(analysis.check),) if simple is None else simple
        if kind in NUMBERS:
            return Number(NUMBERS[kind], NUMBERS[kind], checks=checks)
        if kind == "str" and not analysis.owner.changes_text:
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

    def _elements(self, analysis: ValueAnalysis, spec: FieldSpec) -> Value | None:
        inner = analysis.inside(spec, "items_schema")
        value = self._value(inner)
        checks: Checks = ()
        simple = simple_checks(analysis)
        if simple is not None and not _asks_pydantic(value):
            checks = simple
        elif analysis.is_checked:
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
        is_checked = analysis.is_checked or keys.is_checked
        if not are_texts or is_checked or keys.is_serialised or analysis.owner.changes_text:
            return None
        inner = analysis.inside(spec, "values_schema")
        return MapOf(self._value(inner), nullable=inner.takes_none)


def _of_copies(check: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a check that sees copies, because validators may change what they see."""
    return lambda value: check(value.copy())


def _asks_pydantic(value: Value) -> bool:
    """Return whether pydantic is asked about each value; then it had better be asked about all at once."""
    return any(isinstance(one, Accepts) for one in getattr(value, "checks", ()))


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
    return plain(_serialise_anything(value))
