"""How pydantic's models are dumped: what is excluded from the library's own output is stored all the same."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, cast

import pydantic
from pydantic_core import CoreConfig, CoreSchema, PydanticSerializationUnexpectedValue, SchemaSerializer
from pydantic_core.core_schema import SerializationInfo

from .validators import FUNCTIONS, Node, Stand, children, mapped, parts, unwrapped


def serializer(
    model: type[pydantic.BaseModel], *, fields_only: bool = False, computed_only: bool = False
) -> SchemaSerializer:
    """Compile a model for dumping: what is excluded from the library's output is stored all the same."""
    root, definitions = unwrapped(model.__pydantic_core_schema__)
    outer, _, _ = parts(model)
    dumping = Dumping(definitions)
    schema = dumping.top({key: value for key, value in root.items() if key != "ref"})
    if fields_only:
        schema = _without_model_functions(schema)
    elif computed_only:
        schema["schema"] = {**schema["schema"], "fields": {}}
    return dumping.compiled(schema, outer.get("config"))


class Dumping:
    """Rewrites a core schema so that nested models too are dumped with what they exclude from the library's output."""

    def __init__(self, definitions: list[Node]) -> None:
        self.definitions = {node["ref"]: node for node in definitions}

    def compiled(self, schema: Node, config: Node | None) -> SchemaSerializer:
        """Compile what was written, with the definitions that belong to it."""
        if self.definitions:
            definitions = [self.node(one) for one in self.definitions.values()]
            schema = {"type": "definitions", "schema": schema, "definitions": definitions}
        return SchemaSerializer(cast(CoreSchema, schema), cast(CoreConfig, config))

    def top(self, node: Node) -> Node:
        """Rewrite the model itself, functions around it included."""
        if node["type"] == "model-fields":
            return self.node(node)
        copied = {**node, "schema": self.top(node["schema"])}
        if node["type"] == "model":
            copied["cls"] = type(node["cls"].__name__, (Stand,), {"__slots__": ()})  # as for validation
        return copied

    def node(self, node: Node, members: tuple[type, ...] = ()) -> Node:
        model = self._model_in(node)
        if model is not None:
            # pydantic would use what the nested class has compiled, with its exclusions
            ser = {"type": "function-plain", "function": _nested_dumper(model, members or (model,)), "info_arg": True}
            return {"type": "any", "serialization": ser, **({"ref": node["ref"]} if "ref" in node else {})}
        if node.get("type") in ("union", "tagged-union"):
            members = tuple(one for choice in children(node) if (one := self._model_in(choice)) is not None)
            return mapped(node, lambda choice: self.node(choice, members))
        copied = mapped(node, self.node)
        copied.pop("serialization_exclude", None)
        copied.pop("serialization_exclude_if", None)
        return copied

    def _model_in(self, node: Any) -> type[pydantic.BaseModel] | None:
        """Give the model that a node stands for, unless it says itself how it is dumped."""
        while isinstance(node, dict) and "serialization" not in node:
            kind = node.get("type")
            if kind == "model":
                return None if node["root_model"] else cast("type[pydantic.BaseModel]", node["cls"])
            if kind == "definition-ref":
                node = self.definitions.get(node["schema_ref"])
            else:
                node = node.get("schema") if kind in FUNCTIONS else None
        return None


def _without_model_functions(node: Node) -> Node:
    copied = dict(node)
    if node["type"] == "model-fields":
        copied["computed_fields"] = []
        return copied
    copied.pop("serialization", None)
    copied["schema"] = _without_model_functions(node["schema"])
    return copied


def _nested_dumper(
    model: type[pydantic.BaseModel], members: tuple[type, ...]
) -> Callable[[Any, SerializationInfo], Any]:
    """Dump instances of a model, in a union only those that no other member fits better."""

    @functools.cache
    def compiled() -> SchemaSerializer:
        return serializer(model)

    def dump(value: Any, info: SerializationInfo) -> Any:
        if next((kind for kind in type(value).__mro__ if kind in members), None) is not model:
            raise PydanticSerializationUnexpectedValue(f"Expected {model.__name__}, got {type(value).__name__}")
        return compiled().to_python(value, mode="python", by_alias=True, warnings="error")

    return dump
