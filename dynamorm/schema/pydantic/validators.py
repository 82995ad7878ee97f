"""Variants of a pydantic model's validation: what differs between a constructor, a put, a read and an assignment.

pydantic compiles every model from a core schema, a description in plain dicts.  A variant is the core schema of the
user's class, rewritten in a few points and compiled by pydantic's own engine; the class itself stays as it is.
"""

from __future__ import annotations

import functools
import typing
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from decimal import Decimal
from enum import Enum
from typing import Any, cast

import pydantic
from pydantic_core import (
    CoreConfig,
    CoreSchema,
    PydanticUndefined,
    SchemaValidator,
)

from ...exceptions import DynaModelException
from ...frozen import FrozenValue
from .plain_values import plain

Node = dict[str, Any]

# whether pydantic can be told not to use what nested classes have compiled
_KNOWS_PREBUILT = "_use_prebuilt" in (SchemaValidator.__text_signature__ or "")
_INNER = (
    "schema", "items_schema", "keys_schema", "values_schema", "extras_schema", "extras_keys_schema", "lax_schema",
    "strict_schema", "json_schema", "python_schema", "arguments_schema", "var_args_schema", "var_kwargs_schema",
    "return_schema", "steps", "choices", "definitions", "fields",
)  # fmt: skip
_CONSTRAINTS = (
    "gt", "ge", "lt", "le", "multiple_of", "min_length", "max_length", "max_digits", "decimal_places", "pattern",
    "now_op", "tz_constraint", "allowed_schemes",
)  # fmt: skip
FUNCTIONS = ("function-before", "function-after", "function-wrap")
_MARKERS = (
    pydantic.AfterValidator,
    pydantic.BeforeValidator,
    pydantic.PlainValidator,
    pydantic.WrapValidator,
)


class Plan(FrozenValue):
    """In what a variant differs from the user's model."""

    whole: bool = False
    """Validate to an instance, with model validators; else field by field, to a dict, with nothing required."""
    defaults: bool = True
    stored: bool = False
    """The input was stored: nested models under their stored names, and what they do not know is passed over."""
    validators: bool = True
    """Run constraints and the user's functions; else convert only, nested models included."""
    assigned: bool = False
    """Natives may be in the input, which the program may have changed since they were loaded."""


GIVEN = Plan()
GIVEN_ONLY = Plan(defaults=False)
PUT = Plan(whole=True)
STORED = Plan(whole=True, stored=True)
PROJECTED = Plan(defaults=False, stored=True)
TRUSTED = Plan(stored=True, validators=False)
ASSIGNED = Plan(defaults=False, stored=True, validators=False, assigned=True)


def unwrapped(schema: Any) -> tuple[Node, list[Node]]:
    """Give the root of a core schema without its references, and the definitions beside it."""
    definitions: list[Node] = []
    while schema["type"] in ("definitions", "definition-ref"):
        if schema["type"] == "definitions":
            definitions += schema["definitions"]
            schema = schema["schema"]
        else:
            schema = next(found for found in definitions if found.get("ref") == schema["schema_ref"])
    return schema, definitions


def parts(model: type[pydantic.BaseModel]) -> tuple[Node, Node, list[Node]]:
    """Give the nodes of a model and of its fields, and the definitions beside them."""
    node, definitions = unwrapped(model.__pydantic_core_schema__)
    found = None
    while node["type"] != "model-fields":
        if node["type"] == "model":
            found = node
        if node.get("root_model") or not isinstance(node.get("schema"), dict):
            raise DynaModelException(f"{model.__name__}: a model's schema needs fields, not one value")
        node = node["schema"]
    assert found is not None
    return found, node, definitions


def stored_names(fields: Node) -> dict[str, str]:
    """Give the name under which each field is stored, by Python name."""
    return {name: field.get("serialization_alias") or name for name, field in fields["fields"].items()}


def validator(model: type[pydantic.BaseModel], plan: Plan, hide_input: bool = False) -> SchemaValidator:
    """Compile a variant of a model for validation."""
    outer, fields, definitions = parts(model)
    rewriter = Rewriter(plan, cast(Node, model.__pydantic_core_schema__), definitions)
    root, _ = unwrapped(model.__pydantic_core_schema__)
    if plan.whole:
        schema = rewriter.node({key: value for key, value in root.items() if key != "ref"}, top=True)
    else:
        schema = rewriter.loose(fields, outer.get("config", {}))
    return rewriter.compiled(
        schema, {**outer.get("config", {}), **({"hide_input_in_errors": True} if hide_input else {})}
    )


def fields_validator(
    model: type[pydantic.BaseModel], plan: Plan, without: Collection[str] = ()
) -> SchemaValidator | None:
    """Compile the fields of a model, but for some, without the model around them; it gives (values, extra, names).

    ``None`` where the model has functions of its own that want to see an instance.
    """
    outer, _, definitions = parts(model)
    root, _ = unwrapped(model.__pydantic_core_schema__)
    node = outer["schema"]
    while node["type"] == "function-before":
        node = node["schema"]
    if root is not outer or outer.get("post_init") is not None or node["type"] != "model-fields":
        return None
    rewriter = Rewriter(plan, cast(Node, model.__pydantic_core_schema__), definitions)
    schema = rewriter.node(outer["schema"], top=True)
    if without:
        fields = {name: field for name, field in schema["fields"].items() if name not in without}
        schema.update(fields=fields, extra_behavior="ignore")
    return rewriter.compiled(schema, rewriter.config_of(outer))


def element_validator(schema: Any, functions: Iterable[Any]) -> SchemaValidator:
    """Compile the core schema of something that is no field, so that it converts what was assigned."""
    root, definitions = unwrapped(schema)
    rewriter = Rewriter(ASSIGNED, schema, definitions)
    rewriter.user_functions += functions
    return rewriter.compiled(rewriter.node({key: value for key, value in root.items() if key != "ref"}))


def children(node: Mapping[str, Any]) -> Iterator[Node]:
    for key in _INNER:
        value = node.get(key)
        if isinstance(value, dict):
            yield from [value] if isinstance(value.get("type"), str) else value.values()
        elif isinstance(value, list):
            for one in value:
                yield one[0] if isinstance(one, tuple) else one


def mapped(node: Node, change: Callable[[Node], Node]) -> Node:
    """Copy a node with its children changed."""
    copied = dict(node)
    for key in _INNER:
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


class Stand:
    """Takes the place of a nested class while pydantic works, which would otherwise use what that has compiled."""

    __slots__ = ("__dict__", "__pydantic_extra__", "__pydantic_fields_set__", "__pydantic_private__", "original")


# what object.__setattr__ would look up every time
set_values, set_names, set_extra, set_private = (
    vars(pydantic.BaseModel)[name].__set__
    for name in ("__dict__", "__pydantic_fields_set__", "__pydantic_extra__", "__pydantic_private__")
)
_ABSENT: Any = object()
_ORIGINAL = "\0original"


def bare(model: type[pydantic.BaseModel], values: dict[str, Any], names: set[str], extra: Any) -> pydantic.BaseModel:
    """Make an instance of exactly these values: nothing is validated, no default is made, no hook is called."""
    instance = model.__new__(model)
    set_values(instance, values)
    set_names(instance, names)
    set_extra(instance, extra)
    set_private(instance, _private(model, values) if model.__private_attributes__ else None)
    return instance


def _private(model: type[pydantic.BaseModel], values: dict[str, Any]) -> dict[str, Any]:
    private: dict[str, Any] = {}
    for name, declared in model.__private_attributes__.items():
        factory: Any = declared.default_factory
        if factory is None:
            value = declared.get_default()
        elif getattr(declared, "default_factory_takes_validated_data", False):
            value = factory({**values, **private})
        else:
            value = factory()
        if value is not PydanticUndefined:
            private[name] = value
    return private


class Rewriter:
    """Writes one variant of a core schema."""

    def __init__(self, plan: Plan, schema: Node, definitions: list[Node]) -> None:
        self.plan = plan
        self.definitions = {node["ref"]: node for node in definitions}
        self.is_native = plan.validators and _KNOWS_PREBUILT
        self.user_functions: list[Any] = []
        if not plan.validators:
            self._collect(schema)

    def _collect(self, node: Node) -> None:
        model = node.get("cls")
        if node["type"] == "model" and isinstance(model, type):
            self.user_functions += functions_of(cast("type[pydantic.BaseModel]", model))
        for inner in children(node):
            if isinstance(inner, dict):
                self._collect({"type": "", **inner})

    def compiled(self, schema: Node, config: Node | None = None) -> SchemaValidator:
        """Compile what was written, with the definitions that belong to it."""
        if self.definitions:
            definitions = [self.node(one) for one in self.definitions.values()]
            schema = {"type": "definitions", "schema": schema, "definitions": definitions}
        options: dict[str, Any] = {"_use_prebuilt": False} if self.is_native else {}
        return SchemaValidator(cast(CoreSchema, schema), cast(CoreConfig, config), **options)

    def config_of(self, model: Node) -> Node:
        config = {key: value for key, value in model.get("config", {}).items() if key != "revalidate_instances"}
        if self.plan.stored and config.get("extra_fields_behavior") == "forbid":
            config["extra_fields_behavior"] = "ignore"
        return config

    def _is_users(self, function: Any) -> bool:
        # of pydantic's own functions these are constraints; the others convert
        if isinstance(function, functools.partial) and function.func.__module__ == "pydantic._internal._validators":
            return True
        if getattr(function, "__module__", "") == "pydantic._internal._known_annotated_metadata":
            return True
        return any(function is one or function == one for one in self.user_functions)

    def node(self, node: Node, top: bool = False, choice: bool = False) -> Node:
        kind = node.get("type")
        if isinstance(node, _Kept):
            return mapped(node, self.node)
        if kind == "model" and not node["root_model"]:
            return self._model(node, top)
        if kind == "model-fields":
            return self._fields(node, top)
        if not self.plan.validators:
            node = {key: value for key, value in node.items() if key not in _CONSTRAINTS}
            if kind in FUNCTIONS or kind == "function-plain":
                shortened = self._without_user(node)
                if shortened is not node:
                    return self.node(shortened, top, choice)
        if kind in ("union", "tagged-union"):
            return self._union(node)
        if kind in ("enum", "literal") and (self.plan.stored or self.plan.assigned):
            return _by_stored_value(node)
        if kind == "json" and self.plan.stored:
            return self.node(node.get("schema") or {"type": "any"})
        copied = mapped(node, lambda inner: self.node(inner, top and kind in FUNCTIONS))
        if kind == "str" and not choice:
            copied["coerce_numbers_to_str"] = True
        elif kind == "json":
            native = self.node(node.get("schema") or {"type": "any"})
            copied = {"type": "union", "mode": "left_to_right", "choices": [copied, native]}
        elif self.plan.stored and copied.get("extra_behavior") == "forbid":
            copied["extra_behavior"] = "ignore"
        return copied

    def _without_user(self, node: Node) -> Node:
        """Leave a validator out, unless nothing else would convert."""
        if not self._is_users(node["function"]["function"]):
            return node
        if node["type"] == "function-plain":
            return {"type": "any"} if self.plan.assigned else node
        inner: Node = node["schema"]
        if inner["type"] in ("is-instance", "any") and not self.plan.assigned:
            return node
        if inner["type"] == "is-instance":
            return {"type": "union", "mode": "left_to_right", "choices": [inner, _Kept(node)]}
        return {**inner, "ref": node["ref"]} if "ref" in node else inner

    def _union(self, node: Node) -> Node:
        if node["type"] == "tagged-union":
            copied = mapped(node, self.node)
            if not callable(node["discriminator"]):
                copied["discriminator"] = self._discriminator(node)
            for tag, choice in list(copied["choices"].items()):
                if isinstance(tag, Enum) and isinstance(choice, dict):
                    twin = {key: value for key, value in choice.items() if key != "ref"}
                    copied["choices"].setdefault(tag.value, twin)
            return copied
        copied = mapped(node, lambda inner: self.node(inner, choice=True))
        if self.plan.stored and any(self._forbids(inner) for inner in children(node)):
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

    def _down_to(self, node: Node, kind: str) -> Node:
        """Follow a node through functions and references."""
        while node["type"] != kind:
            if node["type"] == "definition-ref":
                node = self.definitions[node["schema_ref"]]
            elif isinstance(node.get("schema"), dict):
                node = node["schema"]
            else:
                return {}
        return node

    def _fields_of(self, node: Node) -> dict[str, Node]:
        return cast("dict[str, Node]", self._down_to(node, "model-fields").get("fields", {}))

    def _forbids(self, node: Node) -> bool:
        behaviours = (
            self._down_to(node, "model").get("config", {}).get("extra_fields_behavior"),
            self._down_to(node, "model-fields").get("extra_behavior"),
        )
        return "forbid" in behaviours

    def _model(self, node: Node, top: bool) -> Node:
        model = node["cls"]
        inner = node["schema"]
        if not self.plan.validators:
            while inner["type"] in FUNCTIONS and self._is_users(inner["function"]["function"]):
                inner = inner["schema"]
        copied: Node = {"type": "model", "cls": model, "schema": self.node(inner, top), "config": self.config_of(node)}
        copied.update((key, node[key]) for key in ("strict", "post_init", "ref") if key in node)
        return copied if self.is_native else self._stood_for(copied, inner)

    def _stood_for(self, node: Node, inner: Node) -> Node:
        """Let another class take the place of a model, which is made of it afterwards."""
        model = node["cls"]
        stand = type(model.__name__, (Stand,), {"__slots__": (), "__module__": model.__module__})
        copied = {key: value for key, value in node.items() if key not in ("ref", "post_init")}
        copied["cls"] = stand
        taker = _taker(model, stand, _stored_for(inner) if self.plan.assigned else None)
        before = {"type": "function-before", "function": {"type": "no-info", "function": taker}, "schema": copied}
        post_init = node.get("post_init")
        maker = _maker(model, post_init, loose=not self.plan.validators)
        after: Node = {"type": "function-after", "function": {"type": "no-info", "function": maker}, "schema": before}
        return {**after, "ref": node["ref"]} if "ref" in node else after

    def _fields(self, node: Node, top: bool) -> Node:
        """The fields of a model that becomes an instance."""
        fields = self._renamed(node, top)
        if not self.plan.validators:
            for field in fields.values():
                if field["schema"]["type"] != "default":
                    field["schema"] = {"type": "default", "schema": field["schema"], "default": _ABSENT}
            anything = {"type": "default", "schema": {"type": "any"}, "default": _ABSENT}
            fields[_ORIGINAL] = {"type": "model-field", "schema": anything}
        copied = {**node, "fields": fields}
        if self.plan.stored and node.get("extra_behavior") == "forbid":
            copied["extra_behavior"] = "ignore"
        return copied

    def loose(self, node: Node, config: Mapping[str, Any]) -> Node:
        """The fields of a model as a dict of those that are given."""
        fields = {}
        for name, field in self._renamed(node, top=True).items():
            inner = field["schema"]
            if not self.plan.defaults and inner["type"] == "default":
                inner = inner["schema"]
            fields[name] = {
                "type": "typed-dict-field",
                "schema": inner,
                "required": False,
                "validation_alias": field["validation_alias"],
            }
        copied: Node = {"type": "typed-dict", "fields": fields, "config": dict(config)}
        for key in ("extras_schema", "extra_behavior"):
            if key in node:
                copied[key] = self.node(node[key]) if key == "extras_schema" else node[key]
        if self.plan.stored:
            copied["extra_behavior"] = "ignore"
        return copied

    def _renamed(self, node: Node, top: bool) -> dict[str, Node]:
        """Let every field be found under the name that its values come by, and under its others if they are free."""
        stored = stored_names(node)
        primary = {name: name if top else stored[name] for name in stored}
        fields = {}
        for name, field in node["fields"].items():
            taken = [[other] for field_name, other in primary.items() if field_name != name]
            paths = [[primary[name]], *_lookups(field.get("validation_alias")), [name], [stored[name]]]
            wanted = [path for path in _unique(paths) if path not in taken]
            fields[name] = {**field, "schema": self.node(field["schema"]), "validation_alias": wanted}
        return fields


class _Kept(dict):  # type: ignore[type-arg]
    """A node that stays as it is."""


def _unique(paths: list[list[Any]]) -> list[list[Any]]:
    return [path for index, path in enumerate(paths) if path not in paths[:index]]


def _lookups(alias: Any) -> list[list[Any]]:
    if alias is None:
        return []
    if isinstance(alias, str):
        return [[alias]]
    return alias if isinstance(alias[0], list) else [alias]


def _stored_for(node: Node) -> dict[str, str]:
    while node["type"] != "model-fields":
        node = node["schema"]
    return stored_names(node)


def _taker(model: type, stand: type, stored: dict[str, str] | None) -> Callable[[Any], Any]:
    """Let instances pass, or where they may have been changed, let their values be looked at."""

    def take(value: Any) -> Any:
        if not isinstance(value, model):
            return value
        if stored is not None:
            return {**{stored.get(name, name): one for name, one in value.__dict__.items()}, _ORIGINAL: value}
        passing = stand()
        passing.original = value
        passing.__pydantic_fields_set__ = set()
        return passing

    return take


def _maker(model: type[pydantic.BaseModel], post_init: str | None, loose: bool) -> Callable[[Any], Any]:
    def make(stand: Any) -> Any:
        original = getattr(stand, "original", None)
        if original is not None:
            return original
        values = stand.__dict__
        if loose:
            original = values.pop(_ORIGINAL, _ABSENT)
            values = {name: value for name, value in values.items() if value is not _ABSENT}
            if original is not _ABSENT:
                copied = original.__copy__()
                copied.__dict__.update(values)
                return copied
        instance = bare(model, values, stand.__pydantic_fields_set__, stand.__pydantic_extra__)
        if post_init is not None and len(values) == len(stand.__dict__):
            getattr(instance, post_init)(None)
        return instance

    return make


def _by_stored_value(node: Node) -> Node:
    """Let enum members be found by the form in which their values are stored."""
    members = [one for one in node["members" if node["type"] == "enum" else "expected"] if isinstance(one, Enum)]
    known_to_pydantic = node["type"] == "enum" and all(type(member.value) in (str, int) for member in members)
    if not members or known_to_pydantic:
        return node
    known = [(member, plain(member.value)) for member in members]

    def find(value: Any) -> Any:
        if isinstance(value, Enum):
            return value
        for member, form in known:
            if isinstance(form, bool) == isinstance(value, bool) and _same(form, value):
                return member
        return value

    return {"type": "function-before", "function": {"type": "no-info", "function": find}, "schema": node}


def _same(form: Any, value: Any) -> bool:
    return bool(form == value or (isinstance(form, float) and isinstance(value, Decimal) and repr(form) == str(value)))


def functions_of(model: type[pydantic.BaseModel]) -> list[Any]:
    """List the validating functions that the user attached to a model and to its fields."""
    kinds = ("validators", "field_validators", "root_validators", "model_validators")
    groups = [getattr(model.__pydantic_decorators__, kind) for kind in kinds]
    functions = [one.func for group in groups for one in group.values()]
    for field in model.__pydantic_fields__.values():
        functions += functions_in(field.annotation, field.metadata)
    return functions


def functions_in(annotation: Any, metadata: Any = ()) -> Iterator[Any]:
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
