"""Core schemas: the plain dicts, called nodes here, in which pydantic describes every model to its engine."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, NamedTuple

import pydantic

from ...exceptions import DynaModelException

Model = type[pydantic.BaseModel]
Node = dict[str, Any]

_INNER_KEYS = (
    "schema", "items_schema", "keys_schema", "values_schema", "extras_schema", "extras_keys_schema", "lax_schema",
    "strict_schema", "json_schema", "python_schema", "arguments_schema", "var_args_schema", "var_kwargs_schema",
    "return_schema", "steps", "choices", "definitions", "fields",
)  # fmt: skip
"""The keys under which a node has other nodes."""

FUNCTIONS = ("function-before", "function-after", "function-wrap")
"""The kinds of nodes for functions around something else."""


class ModelNodes(NamedTuple):
    """The nodes of one model: the outermost, that of the class, that of the fields, and definitions by reference."""

    root: Node
    model: Node
    fields: Node
    definitions: dict[str, Node]


def nodes_of(model: Model) -> ModelNodes:
    """Return the nodes of a model.

    :raises DynaModelException: for what has one value in place of fields
    """
    root, definitions = root_and_definitions(model.__pydantic_core_schema__)
    node, found = root, None
    while node["type"] != "model-fields":
        if node["type"] == "model":
            found = node
        if node.get("root_model") or not isinstance(node.get("schema"), dict):
            raise DynaModelException(f"{model.__name__}: a model's schema needs fields, not one value")
        node = node["schema"]
    assert found is not None
    return ModelNodes(root, found, node, definitions)


def root_and_definitions(schema: Any) -> tuple[Node, dict[str, Node]]:
    """Return the outermost node of a core schema that is no reference, and the definitions beside it by reference."""
    definitions: dict[str, Node] = {}
    while schema["type"] in ("definitions", "definition-ref"):
        if schema["type"] == "definitions":
            definitions.update((node["ref"], node) for node in schema["definitions"])
            schema = schema["schema"]
        else:
            schema = definitions[schema["schema_ref"]]
    return schema, definitions


def unwrapped(node: Node, definitions: Mapping[str, Node], kinds: Collection[str]) -> Node:
    """Return what is inside nodes of some kinds, whatever references lead there."""
    while node["type"] == "definition-ref" or node["type"] in kinds:
        node = definitions[node["schema_ref"]] if node["type"] == "definition-ref" else node["schema"]
    return node


def as_list(node: Node) -> Node:
    """Return the node of a list for that of a generator, which could be gone through only once."""
    return {**node, "type": "list"} if node.get("type") == "generator" else node


def without_ref(node: Node) -> Node:
    """Return a copy of a node that nothing refers to."""
    return {key: value for key, value in node.items() if key != "ref"}


def stored_names(fields: Node) -> dict[str, str]:
    """Return the name under which each field is stored, by Python name."""
    return {name: field.get("serialization_alias") or name for name, field in fields["fields"].items()}


def children(node: Mapping[str, Any]) -> Iterator[Any]:
    """Yield what is inside a node: other nodes, and some values that are none."""
    for key in _INNER_KEYS:
        value = node.get(key)
        if isinstance(value, dict):
            yield from [value] if isinstance(value.get("type"), str) else value.values()
        elif isinstance(value, list):
            for one in value:
                yield one[0] if isinstance(one, tuple) else one


def map_children(node: Node, change: Callable[[Node], Node]) -> Node:
    """Return a copy of a node with the nodes inside changed."""
    copied = dict(node)
    for key in _INNER_KEYS:
        value = node.get(key)
        if isinstance(value, dict):
            if isinstance(value.get("type"), str):
                copied[key] = change(value)
            else:
                copied[key] = {name: change(one) if isinstance(one, dict) else one for name, one in value.items()}
        elif isinstance(value, list):
            copied[key] = [
                (change(one[0]), one[1]) if isinstance(one, tuple) else change(one) if isinstance(one, dict) else one
                for one in value
            ]
    return copied
