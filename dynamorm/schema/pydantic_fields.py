"""What pydantic makes of single values: the fields of a model, as far as they know nothing of each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, cast

import pydantic
from pydantic_core import SchemaValidator

from ..spec import FieldSpec
from . import pydantic_variants as variants
from .base import prepare
from .compiler.layouts import Converted, Value
from .pydantic_serializers import Dumping
from .pydantic_values import plain

Node = dict[str, Any]

_FUNCTIONS = ("function-before", "function-after", "function-wrap")
_WITH_DATA_OF_THEIR_OWN = ("model", "dataclass", "typed-dict")
SAYS_NOTHING = {
    "type",
    "ref",
    "metadata",
    "strict",
    "coerce_numbers_to_str",
    "fail_fast",
    "microseconds_precision",
    "items_schema",
    "keys_schema",
    "values_schema",
}
"""What a node may say without demanding or changing anything about a value of the right type."""


class Pieces:
    """One model whose fields know nothing of each other."""

    def __init__(self, model: type[pydantic.BaseModel]) -> None:
        self.model = model
        core = cast(Node, model.__pydantic_core_schema__)
        root, _ = variants.unwrapped(core)
        outer, fields, definitions = variants.parts(model)
        self.fields: dict[str, Node] = fields["fields"]
        self.definitions = {node["ref"]: node for node in definitions}
        self.config: Node = outer.get("config", {})
        self.changes_text = any(name.startswith("str_") for name in self.config)
        self.assigned = variants.Rewriter(variants.ASSIGNED, core, definitions)
        self.stored = variants.Rewriter(variants.STORED, core, definitions)
        self.dumping = Dumping(definitions)
        self.is_loaded_whole = (
            root is not outer
            or outer["schema"] is not fields
            or outer.get("post_init") is not None
            or self._has(_validates_others)
        )
        self.is_dumped_whole = (
            any("serialization" in node for node in _down(root, fields))
            or self._has(_serialises_others)
            or self.config.get("extra_fields_behavior") == "allow"
        )
        self.is_more = self.is_loaded_whole or self.is_dumped_whole
        self.computes = bool(fields.get("computed_fields"))

    def piece(self, spec: FieldSpec, node: Node) -> Piece:
        """Look at one place for values."""
        return Piece(self, spec, {key: value for key, value in node.items() if key != "ref"})

    def _has(self, sees_others: Callable[[Node], bool]) -> bool:
        """Say whether functions for values want to see other values of the model."""
        return any(self._has_inside(field["schema"], sees_others, set()) for field in self.fields.values())

    def _has_inside(self, node: Node, sees_others: Callable[[Node], bool], seen: set[str]) -> bool:
        if node.get("type") == "definition-ref":
            if node["schema_ref"] in seen:
                return False
            seen.add(node["schema_ref"])
            return self._has_inside(self.definitions[node["schema_ref"]], sees_others, seen)
        if sees_others(node):
            return True
        if node.get("type") in _WITH_DATA_OF_THEIR_OWN:
            return False
        inside = [inner for inner in variants.children(node) if isinstance(inner, dict)]
        return any(self._has_inside(inner, sees_others, seen) for inner in inside)


def _down(root: Node, fields: Node) -> Iterator[Node]:
    """Give the nodes of a model from the outermost to that of its fields."""
    while root is not fields:
        yield root
        root = root["schema"]
    yield fields


def _validates_others(node: Node) -> bool:
    function = node.get("function")
    return isinstance(function, dict) and function.get("type") == "with-info"


def _serialises_others(node: Node) -> bool:
    return bool(node.get("serialization", {}).get("is_field_serializer"))


def made_anew(model: type[pydantic.BaseModel]) -> frozenset[str]:
    """Give the fields of which another load may give something else: what is inside has values made by functions."""
    _, fields, definitions = variants.parts(model)
    known = {node["ref"]: node for node in definitions}
    return frozenset(name for name, field in fields["fields"].items() if _makes_inside(field["schema"], known, set()))


def _makes_inside(node: Node, definitions: dict[str, Node], seen: set[str], inside: bool = False) -> bool:
    if node.get("type") == "definition-ref":
        if node["schema_ref"] in seen:
            return False
        seen.add(node["schema_ref"])
        return _makes_inside(definitions[node["schema_ref"]], definitions, seen, inside)
    if inside and "default_factory" in node:
        return True
    if node.get("type") in _WITH_DATA_OF_THEIR_OWN:
        inside = True
        if node.get("post_init"):  # which also makes private attributes
            return True
    return any(
        _makes_inside(inner, definitions, seen, inside) for inner in variants.children(node) if isinstance(inner, dict)
    )


class Piece:
    """One place for values in a model: a field, or what a list or map of one has in it.

    ``node`` is how pydantic describes it without what stands for missing values, ``leaf`` also without functions, and
    ``assigned`` and ``stored`` how it describes values that were assigned or stored.
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
        self.stored = pieces.stored.node(self.node)
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
        return self.stored["type"] != self.assigned["type"] or bool(self.stored.keys() - SAYS_NOTHING)

    @property
    def nested(self) -> type[pydantic.BaseModel] | None:
        """The model with fields that values are instances of, if they are, and pydantic alone says so."""
        is_model = self.node["type"] == "model" and not self.node["root_model"]
        model: type[pydantic.BaseModel] | None = self.node["cls"] if is_model else None
        return model if self.spec.fields is not None and self.spec.loads_to == (model,) else None

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
        return validating(stored.compiled(stored.node(self.around), self.pieces.config))

    @property
    def settle(self) -> Callable[[Any], Any]:
        """What makes the native of an assigned value."""
        assigned = self.pieces.assigned
        return validating(assigned.compiled(assigned.node(self.around), self.pieces.config))

    def converted(self, *, is_validated: bool = False) -> Value:
        """Describe values that pydantic serialises, and settles and checks where they are not validated already."""
        pieces, spec = self.pieces, self.spec
        serialise = pieces.dumping.compiled(pieces.dumping.node(self.around), pieces.config).to_python
        serialised = partial(serialise, mode="python", by_alias=True, warnings="error")

        def dump(value: Any) -> Any:
            return plain(serialised(value))

        if is_validated:
            return Converted(unchanged, dump, by_library=True)
        check = self.check
        return Converted(lambda value: check(prepare(spec, value)), dump, as_native=self.settle, by_library=True)


def unchanged(value: Any, data: Any = None) -> Any:
    """Give a value as it is."""
    return value


def validating(validator: SchemaValidator) -> Callable[[Any], Any]:
    """Give the function that validates what was stored or assigned."""
    return partial(validator.validate_python, strict=False, by_alias=True, by_name=False)
