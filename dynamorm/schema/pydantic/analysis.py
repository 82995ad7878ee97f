"""What a model's core schema says of single values: what pydantic makes of them, and what it demands.

The describers ask all this before anything is generated, to know what generated code may do without pydantic.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import Enum, Flag
from functools import partial
from itertools import chain
from typing import Any

from ...spec import FieldSpec
from ..base import prepare
from ..compiler.layouts import Bounds, Check, Checks, Converted, Size, Value
from .core_schema import FUNCTIONS, Model, Node, everything_in, inwards, nodes_of, without_ref
from .natives import as_text, plain
from .serializers import SerializationRewriter
from .validators import ASSIGNED, STORED, ValidationRewriter

_WITH_DATA_OF_THEIR_OWN = ("model", "dataclass", "typed-dict")
UNDEMANDING_KEYS = {
    "type", "ref", "metadata", "strict", "coerce_numbers_to_str", "fail_fast", "microseconds_precision",
    "items_schema", "keys_schema", "values_schema",
}  # fmt: skip
"""What a node may say without demanding or changing anything about a value of the right type."""

NUMBERS: dict[str, type] = {"int": int, "float": float, "decimal": Decimal}
_HASHES = (Enum.__hash__, str.__hash__, int.__hash__)
_EQUALITIES = (Enum.__eq__, str.__eq__, int.__eq__)
_BOUNDS = {"gt", "ge", "lt", "le"}
_SIZES = {"min_length", "max_length"}


class ModelAnalysis:
    """What one model does beside what its fields do.

    Values that are ``validated`` come from pydantic just now: they are neither settled nor checked once more.
    """

    def __init__(self, model: Model, *, validated: bool = False) -> None:
        self.validated = validated
        nodes = nodes_of(model)
        self.fields: dict[str, Node] = nodes.fields["fields"]
        self.definitions = nodes.definitions
        self.config: Node = nodes.model.get("config", {})
        self.changes_text = not validated and any(name.startswith("str_") for name in self.config)
        self.for_assigned = ValidationRewriter(ASSIGNED, model.__pydantic_core_schema__)
        self.for_stored = ValidationRewriter(STORED, model.__pydantic_core_schema__)
        self.for_dumping = SerializationRewriter(self.definitions)
        self.is_loaded_whole = (
            nodes.root is not nodes.model
            or nodes.model["schema"] is not nodes.fields
            or nodes.model.get("post_init") is not None
            or self._has(_validates_others)
        )
        """Whether functions for loading see more than one value."""
        self.is_more_than_fields = (
            (self.is_loaded_whole and not validated)
            or any("serialization" in node for node in inwards(nodes.root, nodes.definitions))
            or self._has(_serialises_others)
            or self.config.get("extra_fields_behavior") == "allow"
        )
        """Whether functions that a dump calls see more than one value, or values of no field are dumped."""
        self.computes = bool(nodes.fields.get("computed_fields"))

    def field(self, spec: FieldSpec, *, outermost: bool = False) -> ValueAnalysis:
        """Return the analysis of a field's values."""
        analysis = self.value(spec, self.fields[spec.name]["schema"])
        analysis.takes_scalars = outermost and spec.kind == "text"
        return analysis

    def value(self, spec: FieldSpec, node: Node) -> ValueAnalysis:
        """Return the analysis of the values that a node describes."""
        return ValueAnalysis(self, spec, without_ref(node))

    def _has(self, sees_others: Callable[[Node], bool]) -> bool:
        """Return whether functions for values want to see other values of the model."""
        inside = (everything_in(field, self.definitions, _WITH_DATA_OF_THEIR_OWN) for field in self.fields.values())
        return any(map(sees_others, chain.from_iterable(inside)))

    def is_made_anew(self, name: str) -> bool:
        """Return whether another load of a field may give something else: functions make values of what is inside."""
        outside = everything_in(self.fields[name], self.definitions, _WITH_DATA_OF_THEIR_OWN)
        holders = [node for node in outside if node["type"] in _WITH_DATA_OF_THEIR_OWN]
        inside = chain.from_iterable(everything_in(holder, self.definitions) for holder in holders)
        # what is called after the fields are there also makes private attributes
        return any("default_factory" in node or node.get("post_init") for node in inside)


def _validates_others(node: Node) -> bool:
    function = node.get("function")
    return isinstance(function, dict) and function.get("type") == "with-info"


def _serialises_others(node: Node) -> bool:
    return bool(node.get("serialization", {}).get("is_field_serializer"))


def _is_users_function(node: Node) -> bool:
    if node["type"] not in (*FUNCTIONS, "function-plain"):
        return False
    function = node["function"]["function"]
    inner = function.func if isinstance(function, partial) else function
    return not str(getattr(inner, "__module__", "")).startswith("pydantic")


class ValueAnalysis:
    """What a core schema says of the values in one place: in a field, or in a list or map of one.

    ``node`` is how pydantic describes them without what stands for missing values, ``leaf`` also without functions, and
    ``assigned`` and ``stored`` how it describes values that were assigned or stored.
    """

    def __init__(self, owner: ModelAnalysis, spec: FieldSpec, around: Node) -> None:
        self.owner = owner
        self.spec = spec
        self.around = around
        outer, self.node = self._unwrapped(around)
        functions, self.leaf = self._unwrapped(self.node, *FUNCTIONS)
        self.is_nullable = any(one["type"] == "nullable" for one in outer)
        self.is_serialised = any("serialization" in one for one in (*outer, *functions))
        """Whether serialisers of the user's see the value."""
        _, self.assigned = self._unwrapped(owner.for_assigned.rewritten(self.node))
        self.stored = owner.for_stored.rewritten(self.node)
        self.takes_scalars = False
        """Whether scalars that pydantic takes for no text are texts."""
        self._default = next((one for one in outer if one["type"] == "default"), {})

    def _unwrapped(self, node: Node, *kinds: str) -> tuple[list[Node], Node]:
        """Return all nodes from the outermost to what is inside, and the last of them by itself."""
        met = list(inwards(node, self.owner.definitions, ("default", "nullable", *kinds)))
        return met, without_ref(met[-1])

    def inside(self, spec: FieldSpec, key: str) -> ValueAnalysis:
        """Return the analysis of what containers hold, which a node describes under ``key``."""
        return self.owner.value(spec, self.leaf.get(key) or {"type": "any"})

    @property
    def is_checked(self) -> bool:
        """Whether a value of the right type may be refused all the same."""
        is_demanding = self.stored["type"] != self.assigned["type"] or bool(self.stored.keys() - UNDEMANDING_KEYS)
        return is_demanding and not self.owner.validated

    @property
    def changes_given(self) -> bool:
        """Whether functions of the user's may make other values of those that are given."""
        return any(map(_is_users_function, everything_in(self.around, self.owner.definitions)))

    @property
    def nested(self) -> Model | None:
        """The model with fields that values are instances of, if they are, and pydantic alone says so."""
        is_model = self.node["type"] == "model" and not self.node["root_model"]
        model: Model | None = self.node["cls"] if is_model else None
        return model if self.spec.fields is not None and self.spec.loads_to == (model,) else None

    @property
    def takes_none(self) -> bool:
        return self.is_nullable or self.node["type"] == "any"

    @property
    def makes_default(self) -> bool:
        """Whether what stands for a missing value is made, or checked, when it is."""
        is_validated = self._default.get("validate_default", self.owner.config.get("validate_default"))
        return "default_factory" in self._default or bool(is_validated)

    @property
    def check(self) -> Callable[[Any], Any]:
        """What raises for a plain value that could not be loaded."""
        return unchanged if self.owner.validated else self._validating(self.owner.for_stored)

    @property
    def settle(self) -> Callable[[Any], Any] | None:
        """What makes the native of an assigned value, where there may be others."""
        if self.owner.validated:
            return None
        settle = self._validating(self.owner.for_assigned)
        return (lambda value: settle(as_text(value))) if self.takes_scalars else settle

    def _validating(self, rewriter: ValidationRewriter) -> Callable[[Any], Any]:
        return rewriter.compiled(rewriter.rewritten(self.around), self.owner.config)

    def converted(self) -> Value:
        """Return the description of values that pydantic serialises, settles and checks."""
        spec, rewriter, check = self.spec, self.owner.for_dumping, self.check
        serialise = rewriter.compiled(rewriter.rewritten(self.around), self.owner.config)

        def dump(value: Any) -> Any:
            return plain(serialise(value))

        return Converted(lambda value: check(prepare(spec, value)), dump, as_native=self.settle, by_library=True)


def simple_checks(value: ValueAnalysis) -> Checks | None:
    """Return the checks that refuse just those values of the right type that pydantic refuses, ``None`` if none do."""
    if not value.is_checked:
        return ()
    node = value.stored
    kind, demands = node["type"], node.keys() - UNDEMANDING_KEYS
    if kind in NUMBERS and demands <= _BOUNDS:
        bounds = _bounds(node, NUMBERS[kind])
        return None if bounds is None else (bounds,)
    if kind in ("str", "list") and demands <= _SIZES:
        return (Size(node.get("min_length"), node.get("max_length")),)
    return None


def _bounds(node: Node, native: type) -> Check | None:
    given = {name: node[name] for name in _BOUNDS if node.get(name) is not None}
    if {"gt", "ge"} <= given.keys() or {"lt", "le"} <= given.keys():
        return None
    if any(type(bound) not in (native, int) for bound in given.values()):
        return None
    least = next((native(given[name]) for name in ("ge", "gt") if name in given), None)
    most = next((native(given[name]) for name in ("le", "lt") if name in given), None)
    return Bounds(least, most, "gt" not in given, "lt" not in given)


def choices(node: Node) -> Mapping[Any, Any] | None:
    """Return the stored form of each value of a ``Literal`` or ``Enum``, ``None`` where there may be other values."""
    if node["type"] == "literal":
        expected = node["expected"]
        return {one: one for one in expected} if all(type(one) in (str, int) for one in expected) else None
    if node["type"] != "enum" or node.get("missing") is not None or issubclass(node["cls"], Flag):
        return None
    return {one: plain(one.value) for one in node["members"]} if _are_told_apart(node["cls"]) else None


def _are_told_apart(kind: Any) -> bool:
    """Return whether members are looked up as Python does it, and not by a method of the user's."""
    return kind.__hash__ in _HASHES and kind.__eq__ in _EQUALITIES


def unchanged(value: Any, data: Any = None) -> Any:
    """Return a value as it is."""
    return value
