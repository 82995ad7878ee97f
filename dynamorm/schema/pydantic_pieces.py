"""Dumps of pydantic's models field by field: what a schema tells the compiler about its natives.

Values of a plain type are written by generated code, where pydantic would leave an instance of just that type alone
both when it settles what was assigned and when it serialises.  Every other field has three small engines of its own for
that.  What is dumped is checked by pydantic wherever it demands more than the type.  All this needs fields that know
nothing of each other: a model whose functions see more than one value is not taken to pieces.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from operator import attrgetter
from typing import Any, cast
from uuid import UUID

import pydantic
from pydantic_core import SchemaSerializer, to_jsonable_python

from ..spec import FieldSpec
from . import pydantic_variants as variants
from .base import Adapter
from .compiler.layouts import (
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
from .pydantic_checks import choices, simple_checks
from .pydantic_fields import SAYS_NOTHING, Piece, Pieces, unchanged
from .pydantic_serializers import serializer
from .pydantic_values import PLAIN, plain

_NUMBERS: dict[str, type] = {"int": int, "float": float, "decimal": Decimal}
_TEXTS: dict[str, type] = {
    "datetime": dt.datetime,
    "date": dt.date,
    "time": dt.time,
    "timedelta": dt.timedelta,
    "uuid": UUID,
}
_COMPUTED = "it is computed by a function of the user's"
_ANYTHING = SchemaSerializer({"type": "any"})


class DumpDescriber:
    """Takes one model to pieces, and the models inside it.

    Values that are ``validated`` come from pydantic just now: they are neither settled nor checked once more, and what
    the model's functions made of several values at once may be dumped one by one.
    """

    def __init__(self, adapter: Adapter, *, validated: bool = False) -> None:
        self.adapter = adapter
        self.validated = validated
        self._nested: dict[Any, SchemaLayout] = {}

    def outermost(self) -> SchemaLayout:
        """Describe a model; raises :exc:`NotCompilable` where it cannot be taken to pieces."""
        adapter = self.adapter
        pieces = Pieces(cast("type[pydantic.BaseModel]", adapter.schema))
        if self._is_more(pieces) or len(adapter.by_stored) != len(adapter.fields):
            raise NotCompilable("it is more than its fields")
        layout = SchemaLayout(adapter.schema_name)
        compute = _computing(adapter, pieces.model, self.validated) if pieces.computes else None
        for spec in adapter.fields.values():
            if spec.computed and compute is not None:
                value = ThroughLibrary(unchanged, partial(compute, spec.stored), unchanged, _COMPUTED)
                layout.fields.append(FieldLayout(spec.name, spec.stored, value, computed=True))
                continue
            piece = pieces.piece(spec, pieces.fields[spec.name]["schema"])
            field = FieldLayout(
                spec.name,
                spec.stored,
                self._value(piece),
                nullable=spec.nullable,
                required=spec.required,
                unset=REFUSED if spec.required else LEFT_OUT,
                unset_check=_unset_check(piece),
                as_native=piece.settle if pieces.computes and not self.validated else None,
            )
            is_seen = pieces.computes or not isinstance(field.value, (Text, Number, Flag))
            if self.validated and not spec.nullable and is_seen:
                field = field.replace(unset=UNSURE)  # a default may be None, which functions may see
            layout.fields.append(field)
        return layout

    def _is_more(self, pieces: Pieces) -> bool:
        return pieces.is_dumped_whole if self.validated else pieces.is_more

    def _checks(self, piece: Piece) -> Checks:
        if not self._is_checked(piece):
            return ()
        simple = simple_checks(piece)
        return (Accepts(piece.check),) if simple is None else simple

    def _is_checked(self, piece: Piece) -> bool:
        return piece.is_checked and not self.validated

    def _changes_text(self, piece: Piece) -> bool:
        return piece.pieces.changes_text and not self.validated

    def _inner(self, model: type[pydantic.BaseModel], specs: Mapping[str, FieldSpec]) -> SchemaLayout:
        """Describe a nested model; one that nests itself is described once."""
        if model in self._nested:
            return self._nested[model]
        pieces = Pieces(model)
        if self._is_more(pieces) or pieces.computes or len(specs) != len(pieces.fields):
            raise NotCompilable("it is more than its fields")
        layout = self._nested[model] = SchemaLayout(model.__name__, outermost=False)
        for spec in specs.values():
            piece = pieces.piece(spec, pieces.fields[spec.name]["schema"])
            if spec.nullable and (piece.is_serialised or not piece.is_nullable):
                raise NotCompilable("functions may see None")
            value = self._value(piece)
            layout.fields.append(
                FieldLayout(spec.name, spec.stored, value, nullable=spec.nullable, required=spec.required, unset=UNSURE)
            )
        return layout

    def _value(self, piece: Piece) -> Value:
        before = dict(self._nested)
        try:
            found = None if piece.is_serialised else self._plain_value(piece)
        except NotCompilable:
            found = None
            self._nested = before
        return piece.converted(is_validated=self.validated) if found is None else found

    def _plain_value(self, piece: Piece) -> Value | None:
        """Describe values that generated code writes; ``None`` for others."""
        spec, kind = piece.spec, piece.assigned["type"]
        if piece.node["type"] == "model":
            model = piece.nested
            return None if model is None else self._record(model, spec.fields or {})
        known = choices(piece.assigned)
        if known is not None:
            return self._chosen(piece, known)
        if piece.assigned.keys() - SAYS_NOTHING:
            return None
        if spec.kind == kind and kind in ("list", "set") and spec.element is not None:
            return self._elements(piece, spec.element)
        if spec.kind == "map" and kind == "dict" and spec.element is not None:
            return self._entries(piece, spec.element)
        if kind == "any" and not self._is_checked(piece):
            return Converted(unchanged, _any_plain, reload="sure", by_library=True)
        if kind in _TEXTS:
            check = unchanged if self.validated else piece.check
            return Converted(check, to_jsonable_python, as_text=True, natives=(_TEXTS[kind],))
        checks = self._checks(piece)
        if kind in _NUMBERS:
            return Number(_NUMBERS[kind], _NUMBERS[kind], checks=checks)
        if kind == "str" and not self._changes_text(piece):
            return Text(checks)
        return Flag(checks) if kind == "bool" else None

    def _chosen(self, piece: Piece, known: Mapping[Any, Any]) -> Value:
        """Describe values each of which has its stored form."""
        are_texts = all(type(form) is str for form in known.values())
        is_same = self.validated or (are_texts and piece.stored["type"] == piece.assigned["type"])
        return Converted(
            unchanged if is_same else piece.check,
            known.__getitem__,
            as_text=are_texts,
            natives=tuple({type(one) for one in known}),
            reload="same" if is_same else "doubtful",
        )

    def _record(self, model: type[pydantic.BaseModel], specs: Mapping[str, FieldSpec]) -> Value:
        return Record(self._inner(model, specs), native=model, take=attrgetter("__dict__"))

    def _elements(self, piece: Piece, spec: FieldSpec) -> Value | None:
        inner = piece.pieces.piece(spec, piece.leaf.get("items_schema") or {"type": "any"})
        value = self._value(inner)
        checks: Checks = ()
        simple = simple_checks(piece) if piece.assigned["type"] == "list" else None
        if simple is not None and not _asks(value):
            checks = () if self.validated else simple
        elif self._is_checked(piece):
            if not is_stable(value):
                return None
            # which checks the elements too
            checks, value = (Accepts(_of_copies(piece.check)),), cast(Any, value).replace(checks=())
        if piece.assigned["type"] == "list":
            return ListOf(value, nullable=inner.takes_none, checks=checks)
        as_text = isinstance(value, Converted) and value.as_text
        return SetOf(value, checks=checks) if isinstance(value, (Text, Number)) or as_text else None

    def _entries(self, piece: Piece, spec: FieldSpec) -> Value | None:
        keys = piece.pieces.piece(spec, piece.leaf.get("keys_schema") or {"type": "any"})
        are_texts = keys.assigned["type"] == "str" and not keys.assigned.keys() - SAYS_NOTHING
        is_checked = self._is_checked(piece) or self._is_checked(keys)
        if not are_texts or is_checked or keys.is_serialised or self._changes_text(piece):
            return None
        inner = piece.pieces.piece(spec, piece.leaf.get("values_schema") or {"type": "any"})
        return MapOf(self._value(inner), nullable=inner.takes_none)


def _of_copies(check: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Let validators that change what they see see something else than what is dumped."""
    return lambda value: check(value.copy())


def _asks(value: Value) -> bool:
    """Say whether pydantic is asked about each value; then it had better be asked about all at once."""
    return any(isinstance(one, Accepts) for one in getattr(value, "checks", ()))


def _computing(
    adapter: Adapter, model: type[pydantic.BaseModel], validated: bool
) -> Callable[[str, dict[str, Any]], Any]:
    """Give what computes a field, by its stored name, from natives; where any is missing, nothing is computed."""
    serialise = serializer(model, computed_only=True).to_python
    needed = {spec.name for spec in adapter.inputs if spec.required and not spec.nullable and spec.kind != "set"}
    nones = {spec.name: None for spec in adapter.inputs if spec.nullable}

    def compute(stored: str, natives: dict[str, Any]) -> Any:
        if not needed <= natives.keys():
            return ABSENT
        values = {**nones, **natives}
        instance = variants.bare(model, values, set(values if validated else natives), None)
        return plain(serialise(instance, mode="python", by_alias=True, warnings="error"))[stored]

    return compute


def _unset_check(piece: Piece) -> Callable[[], Any] | None:
    """Give what raises where an item without a value for a field might be refused."""
    spec = piece.spec
    if not spec.nullable:
        return _raise_unsure if piece.makes_default else None
    if piece.is_serialised or (spec.required and not piece.is_nullable):
        raise NotCompilable("functions may see None")
    return None if piece.is_nullable else partial(piece.check, None)


def _raise_unsure() -> None:
    raise LookupError("pydantic has to say what stands for a missing value")


def _any_plain(value: Any) -> Any:
    if type(value) in PLAIN:
        return value
    return plain(_ANYTHING.to_python(value, mode="python", by_alias=True, warnings="error"))
