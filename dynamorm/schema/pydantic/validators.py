"""pydantic's validators as the adapter needs them: for a constructor, a put, a read and an assignment.

pydantic compiles every model from its core schema.  A validator of ours is compiled, by pydantic's own engine, from the
core schema of the user's class with a few points changed; the class itself stays as it is.
"""

from __future__ import annotations

import functools
import typing
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from decimal import Decimal
from enum import Enum
from typing import Any, cast

import pydantic
from pydantic_core import CoreConfig, CoreSchema, SchemaValidator

from ...frozen import Frozen
from ..base import PARTIAL, TRUSTED, WHOLE
from .core_schema import (
    FUNCTIONS,
    Model,
    Node,
    as_list,
    children,
    everything_in,
    inwards,
    map_children,
    nodes_of,
    root_and_definitions,
    stored_names,
    without_ref,
)
from .natives import StandIn, forms_of, instance_of, stand_in_for

# whether pydantic can be told not to use what nested classes have compiled
_CAN_IGNORE_PREBUILT = "_use_prebuilt" in (SchemaValidator.__text_signature__ or "")
_CONSTRAINTS = (
    "gt", "ge", "lt", "le", "multiple_of", "min_length", "max_length", "max_digits", "decimal_places", "pattern",
    "now_op", "tz_constraint", "allowed_schemes",
)  # fmt: skip
_MARKERS = (
    pydantic.AfterValidator,
    pydantic.BeforeValidator,
    pydantic.PlainValidator,
    pydantic.WrapValidator,
)


class ValidationMode(Frozen):
    """In what a validation differs from that of the user's model."""

    whole: bool = False
    """Validate to an instance, with model validators; else field by field, to a dict, with nothing required."""
    defaults: bool = True
    stored: bool = False
    """The input was stored: nested models under their stored names, and what they do not know is passed over."""
    validators: bool = True
    """Run constraints and the user's functions; else convert only, nested models included."""
    assigned: bool = False
    """Natives may be in the input, which the program may have changed since they were loaded."""


GIVEN = ValidationMode()
GIVEN_ONLY = ValidationMode(defaults=False)
PUT = ValidationMode(whole=True)
STORED = ValidationMode(whole=True, stored=True)
OF_STORED = {
    WHOLE: STORED,
    PARTIAL: ValidationMode(defaults=False, stored=True),
    TRUSTED: ValidationMode(stored=True, validators=False),
}
ASSIGNED = ValidationMode(defaults=False, stored=True, validators=False, assigned=True)

Validate = Callable[[Any], Any]


def compile_validator(model: Model, mode: ValidationMode, *, hide_input: bool = False) -> Validate:
    """Return what validates the values of a model."""
    nodes = nodes_of(model)
    rewriter = ValidationRewriter(mode, model.__pydantic_core_schema__)
    config = nodes.model.get("config", {})
    if mode.whole:
        schema = rewriter.rewritten(without_ref(nodes.root), top=True)
    else:
        schema = rewriter.fields_as_dict(nodes.fields, config)
    return rewriter.compiled(schema, {**config, "hide_input_in_errors": True} if hide_input else dict(config))


def compile_fields_validator(model: Model, mode: ValidationMode, without: Collection[str] = ()) -> Validate | None:
    """Return what validates the fields of a model, but for some, to (values, extra, names) and to no instance.

    ``None`` where the model has functions of its own that want to see an instance.
    """
    nodes = nodes_of(model)
    *_, inside = inwards(nodes.model["schema"], nodes.definitions, ("function-before",))
    if nodes.root is not nodes.model or nodes.model.get("post_init") is not None or inside is not nodes.fields:
        return None
    rewriter = ValidationRewriter(mode, model.__pydantic_core_schema__)
    schema = rewriter.rewritten(nodes.model["schema"], top=True)
    if without:
        fields = {name: field for name, field in schema["fields"].items() if name not in without}
        schema.update(fields=fields, extra_behavior="ignore")
    return rewriter.compiled(schema, rewriter.config_of(nodes.model))


def compile_element_validator(schema: Any, functions: Iterable[Any]) -> Validate:
    """Return what converts values that were assigned to something that is no field; ``functions`` do not run."""
    rewriter = ValidationRewriter(ASSIGNED, schema, functions)
    return rewriter.compiled(rewriter.rewritten(without_ref(rewriter.root)))


_ABSENT: Any = object()
_ORIGINAL = "\0original"


class ValidationRewriter:
    """Changes core schemas for validation in one mode."""

    def __init__(self, mode: ValidationMode, schema: Any, functions: Iterable[Any] = ()) -> None:
        """Take a core schema, and the functions of the user's that are not seen in the models inside."""
        self.mode = mode
        self.root, self.definitions = root_and_definitions(schema)
        self.makes_instances = mode.validators and _CAN_IGNORE_PREBUILT
        """Whether pydantic itself makes instances of nested models, which else stand-ins are made for."""
        self._users_functions = list(functions)
        if not mode.validators:
            models = [node["cls"] for node in everything_in(schema, self.definitions) if node["type"] == "model"]
            self._users_functions += [function for model in models for function in functions_of(model)]

    def compiled(self, schema: Node, config: Node | None = None) -> Validate:
        """Return what validates by a changed core schema, with the definitions that belong to it."""
        if self.definitions:
            definitions = [self.rewritten(one) for one in self.definitions.values()]
            schema = {"type": "definitions", "schema": schema, "definitions": definitions}
        options: dict[str, Any] = {"_use_prebuilt": False} if self.makes_instances else {}
        validator = SchemaValidator(cast(CoreSchema, schema), cast(CoreConfig, config), **options)
        strict = False if self.mode.stored else None
        return functools.partial(validator.validate_python, strict=strict, by_alias=True, by_name=False)

    def config_of(self, model: Node) -> Node:
        """Return the configuration of a model's node, changed."""
        config = {key: value for key, value in model.get("config", {}).items() if key != "revalidate_instances"}
        if self.mode.stored and config.get("extra_fields_behavior") == "forbid":
            config["extra_fields_behavior"] = "ignore"
        return config

    def _is_users(self, function: Any) -> bool:
        # of pydantic's own functions these are constraints; the others convert
        if isinstance(function, functools.partial) and function.func.__module__ == "pydantic._internal._validators":
            return True
        if getattr(function, "__module__", "") == "pydantic._internal._known_annotated_metadata":
            return True
        return any(function is one or function == one for one in self._users_functions)

    def rewritten(self, node: Node, top: bool = False, choice: bool = False) -> Node:
        """Return a changed node; ``top`` is the outermost model, ``choice`` one of several that a value may fit."""
        node = as_list(node)
        kind = node["type"]
        if self.mode.stored and node.get("extra_behavior") == "forbid":
            node = {**node, "extra_behavior": "ignore"}
        if isinstance(node, _Unchanged):
            return map_children(node, self.rewritten)
        if kind == "model" and not node["root_model"]:
            return self._model(node, top)
        if kind == "model-fields":
            return self._fields(node, top)
        if not self.mode.validators:
            node = {key: value for key, value in node.items() if key not in _CONSTRAINTS}
            if kind in FUNCTIONS or kind == "function-plain":
                shortened = self._without_user_function(node)
                if shortened is not node:
                    return self.rewritten(shortened, top, choice)
        if kind in ("union", "tagged-union"):
            return self._union(node)
        if kind in ("enum", "literal") and (self.mode.stored or self.mode.assigned):
            return _by_stored_value(node)
        if kind == "json" and self.mode.stored:
            return self.rewritten(node.get("schema") or {"type": "any"})
        copied = map_children(node, lambda inner: self.rewritten(inner, top and kind in FUNCTIONS))
        if kind == "str" and not choice:
            copied["coerce_numbers_to_str"] = True
        elif kind == "json":
            native = self.rewritten(node.get("schema") or {"type": "any"})
            copied = {"type": "union", "mode": "left_to_right", "choices": [copied, native]}
        return copied

    def _without_user_function(self, node: Node) -> Node:
        """Return what is inside a function of the user's, or the function where nothing else would convert."""
        if not self._is_users(node["function"]["function"]):
            return node
        if node["type"] == "function-plain":
            return {"type": "any"} if self.mode.assigned else node
        inner: Node = node["schema"]
        if inner["type"] in ("is-instance", "any") and not self.mode.assigned:
            return node
        if inner["type"] == "is-instance":
            return {"type": "union", "mode": "left_to_right", "choices": [inner, _Unchanged(node)]}
        return {**inner, "ref": node["ref"]} if "ref" in node else inner

    def _union(self, node: Node) -> Node:
        if node["type"] == "tagged-union":
            copied = map_children(node, self.rewritten)
            if not callable(node["discriminator"]):
                copied["discriminator"] = self._discriminator(node)
            for tag, choice in list(copied["choices"].items()):
                if isinstance(tag, Enum) and isinstance(choice, dict):
                    copied["choices"].setdefault(tag.value, without_ref(choice))
            return copied
        copied = map_children(node, lambda inner: self.rewritten(inner, choice=True))
        if self.mode.stored and any(self._forbids(inner) for inner in children(node)):
            copied.pop("mode", None)  # without the refusals, the best match has to decide
        return copied

    def _discriminator(self, node: Node) -> list[list[Any]]:
        given = node["discriminator"]
        named = [given] if isinstance(given, str) else given
        paths = [path if isinstance(path, list) else [path] for path in named]
        stored: list[list[Any]] = []
        for choice in children(node):
            for name, field in self._fields_of(choice).items():
                if [name] in paths or any(path in paths for path in _lookups(field.get("validation_alias"))):
                    stored.append([field.get("serialization_alias") or name])
        return _unique(stored + paths)

    def _fields_of(self, node: Node) -> dict[str, Node]:
        *_, inside = inwards(node, self.definitions)
        return cast("dict[str, Node]", inside["fields"]) if inside["type"] == "model-fields" else {}

    def _forbids(self, node: Node) -> bool:
        return any(
            "forbid" in (inner.get("extra_behavior"), inner.get("config", {}).get("extra_fields_behavior"))
            for inner in inwards(node, self.definitions)
            if inner["type"] in ("model", "model-fields")
        )

    def _model(self, node: Node, top: bool) -> Node:
        inner = node["schema"]
        if not self.mode.validators:
            while inner["type"] in FUNCTIONS and self._is_users(inner["function"]["function"]):
                inner = inner["schema"]
        copied: Node = {key: node[key] for key in ("type", "cls", "strict", "post_init", "ref") if key in node}
        copied.update(schema=self.rewritten(inner, top), config=self.config_of(node))
        return copied if self.makes_instances else self._by_stand_in(copied, inner)

    def _by_stand_in(self, node: Node, inner: Node) -> Node:
        """Let pydantic make a stand-in of a model, which becomes an instance afterwards."""
        model, post_init = node["cls"], node.get("post_init")
        stand_in = stand_in_for(model)
        copied = {key: value for key, value in node.items() if key not in ("ref", "post_init")}
        copied["cls"] = stand_in
        *_, fields = inwards(inner, self.definitions)
        before = _instances_let_in(model, stand_in, stored_names(fields) if self.mode.assigned else None)
        after = _instance_maker(model, post_init, loose=not self.mode.validators)
        rewritten = _with_function("after", after, _with_function("before", before, copied))
        return {**rewritten, "ref": node["ref"]} if "ref" in node else rewritten

    def _fields(self, node: Node, top: bool) -> Node:
        """Return the changed fields of a model that becomes an instance."""
        fields = self._renamed(node, top)
        if not self.mode.validators:
            for field in fields.values():
                if field["schema"]["type"] != "default":
                    field["schema"] = {"type": "default", "schema": field["schema"], "default": _ABSENT}
            anything = {"type": "default", "schema": {"type": "any"}, "default": _ABSENT}
            fields[_ORIGINAL] = {"type": "model-field", "schema": anything}
        return {**node, "fields": fields}

    def fields_as_dict(self, node: Node, config: Mapping[str, Any]) -> Node:
        """Return what makes a dict of those fields of a model that are given."""
        fields = {}
        for name, field in self._renamed(node, top=True).items():
            inner = field["schema"]
            if not self.mode.defaults and inner["type"] == "default":
                inner = inner["schema"]
            alias = field["validation_alias"]
            fields[name] = {"type": "typed-dict-field", "schema": inner, "required": False, "validation_alias": alias}
        copied: Node = {"type": "typed-dict", "fields": fields, "config": dict(config)}
        if "extras_schema" in node:
            copied["extras_schema"] = self.rewritten(node["extras_schema"])
        if self.mode.stored or "extra_behavior" in node:
            copied["extra_behavior"] = "ignore" if self.mode.stored else node["extra_behavior"]
        return copied

    def _renamed(self, node: Node, top: bool) -> dict[str, Node]:
        """Return the fields, found under the names that their values come by, and under others of theirs if free."""
        stored = stored_names(node)
        primary = {name: name if top else stored[name] for name in stored}
        fields = {}
        for name, field in node["fields"].items():
            taken = [[other] for field_name, other in primary.items() if field_name != name]
            paths = [[primary[name]], *_lookups(field.get("validation_alias")), [name], [stored[name]]]
            wanted = [path for path in _unique(paths) if path not in taken]
            fields[name] = {**field, "schema": self.rewritten(field["schema"]), "validation_alias": wanted}
        return fields


class _Unchanged(dict):  # type: ignore[type-arg]
    """A node that stays as it is, but for what is inside."""


def _unique(paths: list[list[Any]]) -> list[list[Any]]:
    return [path for index, path in enumerate(paths) if path not in paths[:index]]


def _lookups(alias: Any) -> list[list[Any]]:
    if alias is None:
        return []
    if isinstance(alias, str):
        return [[alias]]
    return alias if isinstance(alias[0], list) else [alias]


def _with_function(when: str, function: Callable[[Any], Any], node: Node) -> Node:
    return {"type": f"function-{when}", "function": {"type": "no-info", "function": function}, "schema": node}


def _instances_let_in(model: type, stand_in: type[StandIn], stored: dict[str, str] | None) -> Callable[[Any], Any]:
    """Return what lets instances pass, or, with stored names, has their values looked at, which may have changed."""

    def let_in(value: Any) -> Any:
        if not isinstance(value, model):
            return value
        if stored is not None:
            return {**{stored.get(name, name): one for name, one in value.__dict__.items()}, _ORIGINAL: value}
        passing: Any = stand_in()
        passing.original = value
        passing.__pydantic_fields_set__ = set()
        return passing

    return let_in


def _instance_maker(model: Model, post_init: str | None, *, loose: bool) -> Callable[[Any], Any]:
    """Return what makes an instance of a stand-in, where ``loose`` perhaps of some of its fields only."""

    def make(stand_in: Any) -> Any:
        original = getattr(stand_in, "original", None)
        if original is not None:
            return original
        values = stand_in.__dict__
        if loose:
            original = values.pop(_ORIGINAL, _ABSENT)
            values = {name: value for name, value in values.items() if value is not _ABSENT}
            if original is not _ABSENT:
                copied = original.__copy__()
                copied.__dict__.update(values)
                return copied
        instance = instance_of(model, values, stand_in.__pydantic_fields_set__, stand_in.__pydantic_extra__)
        if post_init is not None and len(values) == len(stand_in.__dict__):
            getattr(instance, post_init)(None)
        return instance

    return make


def _by_stored_value(node: Node) -> Node:
    """Return a node that finds enum members by the form in which their values are stored."""
    members = [one for one in node["members" if node["type"] == "enum" else "expected"] if isinstance(one, Enum)]
    known_to_pydantic = node["type"] == "enum" and all(type(member.value) in (str, int) for member in members)
    if not members or known_to_pydantic:
        return node
    known = [(member, form) for member in members for form in forms_of(member.value)]

    def find(value: Any) -> Any:
        if isinstance(value, Enum):
            return value
        for member, form in known:
            if isinstance(form, bool) == isinstance(value, bool) and _same(form, value):
                return member
        return value

    return _with_function("before", find, node)


def _same(form: Any, value: Any) -> bool:
    return bool(form == value or (isinstance(form, float) and isinstance(value, Decimal) and repr(form) == str(value)))


def functions_of(model: Model) -> list[Any]:
    """Return the validating functions that the user attached to a model and to its fields."""
    kinds = ("validators", "field_validators", "root_validators", "model_validators")
    groups = [getattr(model.__pydantic_decorators__, kind) for kind in kinds]
    functions = [one.func for group in groups for one in group.values()]
    for field in model.__pydantic_fields__.values():
        functions += functions_in(field.annotation, field.metadata)
    return functions


def functions_in(annotation: Any, metadata: Any = ()) -> Iterator[Any]:
    """Yield the validating functions that the user attached to an annotation."""
    for one in metadata:
        if isinstance(one, _MARKERS):
            yield one.func
        yield from functions_in(None, getattr(one, "metadata", ()))
    annotation = getattr(annotation, "__value__", annotation)
    if typing.get_origin(annotation) is typing.Annotated:
        yield from functions_in(None, annotation.__metadata__)
    for inner in typing.get_args(annotation):
        if not isinstance(inner, (str, int, bytes, Enum)):
            yield from functions_in(inner)
