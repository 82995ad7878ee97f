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
from pydantic_core import SchemaSerializer, SchemaValidator, to_jsonable_python

from ..spec import FieldSpec
from . import pydantic_variants as variants
from .base import Adapter, prepare
from .compiler.plans import (
    LEFT_OUT,
    REFUSED,
    UNSURE,
    Checks,
    Converted,
    FieldPlan,
    Flag,
    ListOf,
    MapOf,
    Number,
    Objects,
    Odd,
    Record,
    SchemaPlan,
    SetOf,
    Text,
    Value,
    is_stable,
)
from .pydantic_values import PLAIN, plain

Node = dict[str, Any]

_FUNCTIONS = ("function-before", "function-after", "function-wrap")
_WITH_DATA_OF_THEIR_OWN = ("model", "dataclass", "typed-dict")
_CONTAINED = ("items_schema", "keys_schema", "values_schema")
_SAYS_NOTHING = {"type", "ref", "metadata", "strict", "coerce_numbers_to_str", "fail_fast", *_CONTAINED}
_SAYS_NOTHING |= {"microseconds_precision"}  # which is about text
_NUMBERS: dict[str, type] = {"int": int, "float": float, "decimal": Decimal}
_TEXTS: dict[str, type] = {
    "datetime": dt.datetime,
    "date": dt.date,
    "time": dt.time,
    "timedelta": dt.timedelta,
    "uuid": UUID,
}
_ANYTHING = SchemaSerializer({"type": "any"})


class DumpPlanner:
    """Takes one model to pieces, and the models inside it."""

    def __init__(self, adapter: Adapter) -> None:
        self.adapter = adapter
        self._nested: dict[Any, SchemaPlan] = {}

    def outermost(self) -> SchemaPlan:
        """Describe a model; raises :exc:`Odd` where it cannot be taken to pieces."""
        adapter = self.adapter
        pieces = Pieces(cast("type[pydantic.BaseModel]", adapter.schema))
        if pieces.is_more or len(adapter.by_stored) != len(adapter.fields):
            raise Odd("it is more than its fields")
        plan = SchemaPlan(adapter.schema_name)
        for spec in adapter.fields.values():
            piece = pieces.piece(spec, pieces.fields[spec.name]["schema"])
            plan.fields.append(
                FieldPlan(
                    spec.name,
                    spec.stored,
                    self._value(piece),
                    nullable=spec.nullable,
                    required=spec.required,
                    unset=REFUSED if spec.required else LEFT_OUT,
                    unset_check=_unset_check(piece),
                )
            )
        return plan

    def _inner(self, model: type[pydantic.BaseModel], specs: Mapping[str, FieldSpec]) -> SchemaPlan:
        """Describe a nested model; one that nests itself is described once."""
        if model in self._nested:
            return self._nested[model]
        pieces = Pieces(model)
        if pieces.is_more or len(specs) != len(pieces.fields):
            raise Odd("it is more than its fields")
        plan = self._nested[model] = SchemaPlan(model.__name__, outermost=False)
        for spec in specs.values():
            piece = pieces.piece(spec, pieces.fields[spec.name]["schema"])
            if spec.nullable and (piece.is_serialised or not piece.is_nullable):
                raise Odd("functions may see None")
            value = self._value(piece)
            plan.fields.append(
                FieldPlan(spec.name, spec.stored, value, nullable=spec.nullable, required=spec.required, unset=UNSURE)
            )
        return plan

    def _value(self, piece: Piece) -> Value:
        before = dict(self._nested)
        try:
            found = None if piece.is_serialised else self._plain_value(piece)
        except Odd:
            found = None
            self._nested = before
        return piece.converted() if found is None else found

    def _plain_value(self, piece: Piece) -> Value | None:
        """Describe values that generated code writes; ``None`` for others."""
        spec, kind = piece.spec, piece.assigned["type"]
        if piece.node["type"] == "model":
            is_model = spec.fields is not None and spec.loads_to == (piece.node["cls"],)
            return self._record(piece, spec.fields or {}) if is_model else None
        if piece.assigned.keys() - _SAYS_NOTHING:
            return None
        if spec.kind == kind and kind in ("list", "set") and spec.element is not None:
            return self._elements(piece, spec.element)
        if spec.kind == "map" and kind == "dict" and spec.element is not None:
            return self._entries(piece, spec.element)
        if kind == "any" and not piece.is_checked:
            return Converted(_unchanged, _any_plain, reload="sure", by_library=True)
        if kind in _TEXTS:
            return Converted(piece.check, to_jsonable_python, as_text=True, natives=(_TEXTS[kind],))
        checks: Checks = (Objects(piece.check),) if piece.is_checked else ()
        if kind in _NUMBERS:
            return Number(_NUMBERS[kind], _NUMBERS[kind], checks=checks)
        if kind == "str" and not piece.pieces.changes_text:
            return Text(checks)
        return Flag(checks) if kind == "bool" else None

    def _record(self, piece: Piece, specs: Mapping[str, FieldSpec]) -> Value:
        model = piece.node["cls"]
        return Record(self._inner(model, specs), native=model, take=attrgetter("__dict__"))

    def _elements(self, piece: Piece, spec: FieldSpec) -> Value | None:
        inner = piece.pieces.piece(spec, piece.leaf.get("items_schema") or {"type": "any"})
        value = self._value(inner)
        checks: Checks = ()
        if piece.is_checked:
            if not is_stable(value):
                return None
            # which checks the elements too
            checks, value = (Objects(piece.check),), cast(Any, value).replace(checks=())
        if piece.assigned["type"] == "list":
            return ListOf(value, nullable=inner.takes_none, checks=checks)
        as_text = isinstance(value, Converted) and value.as_text
        return SetOf(value, checks=checks) if isinstance(value, (Text, Number)) or as_text else None

    def _entries(self, piece: Piece, spec: FieldSpec) -> Value | None:
        keys = piece.pieces.piece(spec, piece.leaf.get("keys_schema") or {"type": "any"})
        are_texts = keys.assigned["type"] == "str" and not keys.assigned.keys() - _SAYS_NOTHING
        if not are_texts or piece.is_checked or keys.is_checked or keys.is_serialised or piece.pieces.changes_text:
            return None
        inner = piece.pieces.piece(spec, piece.leaf.get("values_schema") or {"type": "any"})
        return MapOf(self._value(inner), nullable=inner.takes_none)


class Pieces:
    """One model whose fields know nothing of each other."""

    def __init__(self, model: type[pydantic.BaseModel]) -> None:
        core = cast(Node, model.__pydantic_core_schema__)
        root, _ = variants.unwrapped(core)
        outer, fields, definitions = variants.parts(model)
        self.fields: dict[str, Node] = fields["fields"]
        self.definitions = {node["ref"]: node for node in definitions}
        self.config: Node = outer.get("config", {})
        self.changes_text = any(name.startswith("str_") for name in self.config)
        self.assigned = variants.Rewriter(variants.ASSIGNED, core, definitions)
        self.stored = variants.Rewriter(variants.STORED, core, definitions)
        self.dumping = variants.Dumping(definitions)
        self.is_more = (
            root is not outer
            or outer["schema"] is not fields
            or any("serialization" in node for node in (outer, fields))
            or outer.get("post_init") is not None
            or bool(fields.get("computed_fields"))
            or self.config.get("extra_fields_behavior") == "allow"
            or any(self._sees_others(field["schema"], set()) for field in self.fields.values())
        )

    def piece(self, spec: FieldSpec, node: Node) -> Piece:
        """Look at one place for values."""
        return Piece(self, spec, {key: value for key, value in node.items() if key != "ref"})

    def _sees_others(self, node: Node, seen: set[str]) -> bool:
        """Say whether functions for values want to see other values of the model."""
        if node.get("type") == "definition-ref":
            if node["schema_ref"] in seen:
                return False
            seen.add(node["schema_ref"])
            return self._sees_others(self.definitions[node["schema_ref"]], seen)
        if node.get("serialization", {}).get("is_field_serializer"):
            return True
        if node.get("type") in _WITH_DATA_OF_THEIR_OWN:
            return False
        function = node.get("function")
        if isinstance(function, dict) and function.get("type") == "with-info":
            return True
        return any(self._sees_others(inner, seen) for inner in variants.children(node) if isinstance(inner, dict))


class Piece:
    """One place for values in a model: a field, or what a list or map of one has in it.

    ``node`` is how pydantic describes it without what stands for missing values, ``leaf`` also without functions, and
    ``assigned`` how it describes assigned values.
    """

    def __init__(self, pieces: Pieces, spec: FieldSpec, around: Node) -> None:
        self.pieces = pieces
        self.spec = spec
        self.around = around
        self.node, outer = self._bare(around)
        self.leaf, functions = self._bare(self.node, *_FUNCTIONS)
        self.is_nullable = any(one["type"] == "nullable" for one in outer)
        self.is_serialised = any("serialization" in one for one in (*outer, *functions))
        self.assigned, _ = self._bare(pieces.assigned.node(self.node))
        self._stored = pieces.stored.node(self.node)
        self._default = next((one for one in outer if one["type"] == "default"), {})

    def _bare(self, node: Node, *kinds: str) -> tuple[Node, list[Node]]:
        """Take off what is around a node; give all that were met too, itself included."""
        met = [node]
        while node["type"] in ("default", "nullable", "definition-ref", *kinds):
            is_reference = node["type"] == "definition-ref"
            node = self.pieces.definitions[node["schema_ref"]] if is_reference else node["schema"]
            met.append(node)
        return {key: value for key, value in node.items() if key != "ref"}, met

    @property
    def is_checked(self) -> bool:
        """Whether a value of the right type may be refused all the same."""
        return self._stored["type"] != self.assigned["type"] or bool(self._stored.keys() - _SAYS_NOTHING)

    @property
    def takes_none(self) -> bool:
        return self.is_nullable or self.node["type"] == "any"

    @property
    def makes_default(self) -> bool:
        """Whether what stands for a missing value is made, or checked, when it is."""
        is_validated = self._default.get("validate_default", self.pieces.config.get("validate_default"))
        return "default_factory" in self._default or bool(is_validated)

    @property
    def check(self) -> Callable[[Any], Any]:
        """What raises for a plain value that could not be loaded."""
        stored = self.pieces.stored
        return _engine(stored.compiled(stored.node(self.around), self.pieces.config))

    def converted(self) -> Value:
        """Describe values that pydantic settles, serialises and checks."""
        pieces, spec = self.pieces, self.spec
        check = self.check
        settle = _engine(pieces.assigned.compiled(pieces.assigned.node(self.around), pieces.config))
        serialise = pieces.dumping.compiled(pieces.dumping.node(self.around), pieces.config).to_python
        serialised = partial(serialise, mode="python", by_alias=True, warnings="error")
        return Converted(
            lambda value: check(prepare(spec, value)),
            lambda value: plain(serialised(value)),
            settle=settle,
            by_library=True,
        )


def _engine(validator: SchemaValidator) -> Callable[[Any], Any]:
    return partial(validator.validate_python, strict=False, by_alias=True, by_name=False)


def _unset_check(piece: Piece) -> Callable[[], Any] | None:
    """Give what raises where an item without a value for a field might be refused."""
    spec = piece.spec
    if not spec.nullable:
        return _raise_unsure if piece.makes_default else None
    if piece.is_serialised or (spec.required and not piece.is_nullable):
        raise Odd("functions may see None")
    return None if piece.is_nullable else partial(piece.check, None)


def _raise_unsure() -> None:
    raise LookupError("pydantic has to say what stands for a missing value")


def _unchanged(value: Any) -> Any:
    return value


def _any_plain(value: Any) -> Any:
    if type(value) in PLAIN:
        return value
    return plain(_ANYTHING.to_python(value, mode="python", by_alias=True, warnings="error"))
