"""pydantic's serialisers as the adapter needs them: what the library's own output excludes is stored all the same."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, cast

from pydantic_core import CoreConfig, CoreSchema, PydanticSerializationUnexpectedValue, SchemaSerializer
from pydantic_core.core_schema import SerializationInfo

from .core_schema import FUNCTIONS, Model, Node, as_list, children, inwards, map_children, nodes_of, without_ref
from .natives import stand_in_for

Serialise = Callable[..., Any]


def compile_serializer(model: Model, *, fields_only: bool = False, computed_only: bool = False) -> Serialise:
    """Return what serialises a model, or its fields by themselves, or what is computed only."""
    nodes = nodes_of(model)
    rewriter = SerializationRewriter(nodes.definitions)
    schema = rewriter.rewritten_top(without_ref(nodes.root))
    if fields_only:
        schema = _without_model_functions(schema)
    elif computed_only:
        schema["schema"] = {**schema["schema"], "fields": {}}
    return rewriter.compiled(schema, nodes.model.get("config"))


class SerializationRewriter:
    """Changes core schemas so that nested models too are dumped with what they exclude from the library's output."""

    def __init__(self, definitions: Mapping[str, Node]) -> None:
        self.definitions = definitions

    def compiled(self, schema: Node, config: Node | None = None) -> Serialise:
        """Return what serialises by a changed core schema, with the definitions that belong to it."""
        if self.definitions:
            definitions = [self.rewritten(one) for one in self.definitions.values()]
            schema = {"type": "definitions", "schema": schema, "definitions": definitions}
        serializer = SchemaSerializer(cast(CoreSchema, schema), cast(CoreConfig, config))
        return functools.partial(serializer.to_python, mode="python", by_alias=True, warnings="error")

    def rewritten_top(self, node: Node) -> Node:
        """Return the changed node of the model itself, with the functions around it."""
        if node["type"] == "model-fields":
            return self.rewritten(node)
        copied = {**node, "schema": self.rewritten_top(node["schema"])}
        if node["type"] == "model":
            copied["cls"] = stand_in_for(node["cls"])  # as for validation
        return copied

    def rewritten(self, node: Node, members: tuple[type, ...] = ()) -> Node:
        """Return a changed node; ``members`` are the models of the union that it belongs to."""
        model = self._model_in(node)
        if model is not None:
            # pydantic would use what the nested class has compiled, with its exclusions
            ser = {"type": "function-plain", "function": _nested_dumper(model, members or (model,)), "info_arg": True}
            return {"type": "any", "serialization": ser, **({"ref": node["ref"]} if "ref" in node else {})}
        if node["type"] in ("union", "tagged-union"):
            members = tuple(one for choice in children(node) if (one := self._model_in(choice)) is not None)
            return map_children(node, lambda choice: self.rewritten(choice, members))
        copied = map_children(as_list(node), self.rewritten)
        copied.pop("serialization_exclude", None)
        copied.pop("serialization_exclude_if", None)
        return copied

    def _model_in(self, node: Node) -> Model | None:
        """Return the model that a node stands for, unless it says itself how it is dumped."""
        met = list(inwards(node, self.definitions, FUNCTIONS))
        is_told = any("serialization" in one for one in met) or met[-1]["type"] != "model" or met[-1]["root_model"]
        return None if is_told else cast("Model", met[-1]["cls"])


def _without_model_functions(node: Node) -> Node:
    copied = dict(node)
    if node["type"] == "model-fields":
        copied["computed_fields"] = []
        return copied
    copied.pop("serialization", None)
    copied["schema"] = _without_model_functions(node["schema"])
    return copied


def _nested_dumper(model: Model, members: tuple[type, ...]) -> Callable[[Any, SerializationInfo], Any]:
    """Return what dumps instances of a model, in a union only those that no other member fits better."""

    compiled = functools.cache(functools.partial(compile_serializer, model))

    def dump(value: Any, info: SerializationInfo) -> Any:
        if next((kind for kind in type(value).__mro__ if kind in members), None) is not model:
            raise PydanticSerializationUnexpectedValue(f"Expected {model.__name__}, got {type(value).__name__}")
        return compiled()(value)

    return dump
