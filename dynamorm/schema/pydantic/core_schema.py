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
    *around, fields = inwards(root, definitions)
    if fields["type"] != "model-fields" or any(node.get("root_model") for node in around):
        raise DynaModelException(f"{model.__name__}: a model's schema needs fields, not one value")
    return ModelNodes(root, [node for node in around if node["type"] == "model"][-1], fields, definitions)


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


def inwards(node: Node, definitions: Mapping[str, Node], kinds: Collection[str] | None = None) -> Iterator[Node]:
    """Yield a node and what it is around, and so on, through references and nodes of some kinds, or of any."""
    while True:
        yield node
        if node["type"] == "definition-ref":
            node = definitions[node["schema_ref"]]
        elif (kinds is None or node["type"] in kinds) and isinstance(node.get("schema"), dict):
            node = node["schema"]
        else:
            return


def everything_in(
    node: Node, definitions: Mapping[str, Node], closed: Collection[str] = (), seen: set[str] | None = None
) -> Iterator[Node]:
    """Yield a node and all that is inside it, by references too, but for the inside of ``closed`` kinds of nodes."""
    seen = set() if seen is None else seen
    yield node
    reference = node.get("schema_ref")
    if reference is not None and reference not in seen:
        seen.add(reference)
        yield from everything_in(definitions[reference], definitions, closed, seen)
    for inner in children(node) if node["type"] not in closed else ():
        yield from everything_in(inner, definitions, closed, seen)


def as_list(node: Node) -> Node:
    """Return the node of a list for that of a generator, which could be gone through only once."""
    return {**node, "type": "list"} if node.get("type") == "generator" else node


def without_ref(node: Node) -> Node:
    """Return a copy of a node that nothing refers to."""
    return {key: value for key, value in node.items() if key != "ref"}


def stored_names(fields: Node) -> dict[str, str]:
    """Return the name under which each field is stored, by Python name."""
    return {name: field.get("serialization_alias") or name for name, field in fields["fields"].items()}


def children(node: Node) -> list[Node]:
    """Return the nodes inside a node."""
    found: list[Node] = []

    def noted(inner: Node) -> Node:
        found.append(inner)
        return inner

    map_children(node, noted)
    return found


def map_children(node: Node, change: Callable[[Node], Node]) -> Node:
    """Return a copy of a node with the nodes inside changed."""

    def changed(value: Any) -> Any:
        """Return what is under a key: a node, several by name or in a row, some with a label, or something else."""
        if isinstance(value, dict):
            is_node = isinstance(value.get("type"), str)
            return change(value) if is_node else {name: changed(one) for name, one in value.items()}
        if isinstance(value, (list, tuple)):
            return type(value)(map(changed, value))
        return value

    return {key: changed(value) if key in _INNER_KEYS else value for key, value in node.items()}
