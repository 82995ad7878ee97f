"""What the annotations of pydantic's models say, as the mapper's neutral descriptions of fields."""

from __future__ import annotations

import dataclasses
import datetime as dt
import types
import typing
from collections import abc, deque
from collections.abc import Collection, Iterable
from decimal import Decimal
from enum import Enum
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network
from pathlib import PurePath
from re import Pattern
from typing import Any
from uuid import UUID

import pydantic
import pydantic_core
from pydantic.fields import FieldInfo

from ...spec import FieldSpec
from .core_schema import Model, nodes_of, stored_names
from .natives import letter_of, plain
from .types import AsSeconds

_SCALARS: tuple[tuple[tuple[type, ...], str, str | None, bool], ...] = (
    # types, kind, key type, and whether instances are natives that serialised data never holds
    ((bool,), "leaf", None, False),
    ((int, float), "leaf", "N", False),
    ((Decimal,), "leaf", "N", True),
    ((pydantic.SecretStr,), "leaf", "S", True),
    ((pydantic.SecretBytes,), "leaf", "B", True),
    ((str,), "text", "S", False),
    ((bytes, bytearray), "leaf", "B", True),
    ((dt.datetime, dt.date, dt.time, dt.timedelta, UUID, PurePath, Pattern), "leaf", "S", True),
    ((IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network), "leaf", "S", True),
)
_DATES = (pydantic.PastDate, pydantic.FutureDate)
_MOMENTS = (pydantic.PastDatetime, pydantic.FutureDatetime, pydantic.AwareDatetime, pydantic.NaiveDatetime)
_STANDS_FOR: dict[type, type] = {**dict.fromkeys(_DATES, dt.date), **dict.fromkeys(_MOMENTS, dt.datetime)}
_LISTS = (list, tuple, deque, abc.Sequence, abc.MutableSequence, abc.Iterable, abc.Generator)
_SETS = (set, frozenset, abc.Set, abc.MutableSet)
_MAPS = (dict, abc.Mapping, abc.MutableMapping)


class FieldDescriber:
    """Describes the fields of models, and of the models inside, and knows which model each field belongs to."""

    def __init__(self) -> None:
        self.owners: dict[FieldSpec, Model] = {}

    def fields_of(self, model: Model, *, top: bool = False) -> tuple[FieldSpec, ...]:
        """Return the fields of a model, which is the ``top`` one or inside another."""
        fields = nodes_of(model).fields
        stored = stored_names(fields)
        specs = []
        for name, field in model.__pydantic_fields__.items():
            source = name if top else stored[name]
            traits = {**self.traits_of(field.annotation, field.metadata), **_traits_of_declaration(model, name, field)}
            specs.append(FieldSpec(name, stored[name], source, required=field.is_required(), native=field, **traits))
        for computed in fields.get("computed_fields", ()):
            name = computed["property_name"]
            info = model.__pydantic_decorators__.computed_fields[name].info
            traits = self.traits_of(info.return_type)
            specs.append(FieldSpec(name, computed.get("alias") or name, name, computed=True, native=info, **traits))
        self.owners.update(dict.fromkeys(specs, model))
        return tuple(specs)

    def _element(self, annotation: Any) -> FieldSpec:
        native = FieldInfo.from_annotation(annotation)
        return FieldSpec("element", "element", "element", native=native, **self.traits_of(annotation))

    def traits_of(self, annotation: Any, metadata: Iterable[Any] = ()) -> dict[str, Any]:
        """Return the arguments of a FieldSpec that follow from an annotation."""
        if any(isinstance(one, pydantic.Json) for one in metadata) or annotation is pydantic.Json:
            return {"kind": "any", "nullable": annotation is pydantic.Json}
        if any(isinstance(one, AsSeconds) for one in metadata):
            return {**self.traits_of(annotation), "key_type": "N"}
        annotation, inner_metadata = bare_annotation(annotation)
        if inner_metadata:
            return self.traits_of(annotation, inner_metadata)
        origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
        if origin in (typing.Union, types.UnionType):
            return self._traits_of_union([one for one in arguments if one is not type(None)], type(None) in arguments)
        if origin is typing.Literal:
            return _traits_of_values(arguments)
        kind = origin or annotation
        if annotation is Any or not isinstance(kind, type):
            return {"kind": "any", "nullable": annotation in (Any, None)}
        if issubclass(kind, Enum):
            return _traits_of_values(list(kind))
        if issubclass(kind, pydantic.BaseModel):
            if issubclass(kind, pydantic.RootModel):
                root = self.traits_of(kind.__pydantic_fields__["root"].annotation)
                return {**root, "loads_to": (kind,), "key_type": root.get("key_type")}
            return self._traits_of_model(annotation if isinstance(annotation, type) else kind)
        if kind in (*_LISTS, *_SETS, *_MAPS) or issubclass(kind, (list, set, frozenset, dict, deque)):
            return self._traits_of_container(kind, arguments)
        if issubclass(kind, pydantic.Secret) and arguments:
            return {"key_type": self.traits_of(arguments[0]).get("key_type"), "loads_to": (kind,)}
        return _traits_of_class(kind)

    def _traits_of_model(self, model: Model) -> dict[str, Any]:
        return {
            "kind": "nested",
            "loads_to": (model,),
            "nested": lambda: self.fields_of(model),
            "keeps_unknown": model.model_config.get("extra") == "allow",
        }

    def _traits_of_union(self, members: list[Any], nullable: bool) -> dict[str, Any]:
        if len(members) == 1:
            return {**self.traits_of(members[0]), "nullable": nullable}
        traits = [self.traits_of(member) for member in members]
        return {
            "kind": "any",
            "nullable": nullable or any(one.get("nullable") for one in traits),
            "loads_to": tuple(kind for one in traits for kind in one.get("loads_to", ())),
            "key_type": _common(one.get("key_type") for one in traits),
        }

    def _traits_of_container(self, kind: type, arguments: tuple[Any, ...]) -> dict[str, Any]:
        if kind in _SETS or issubclass(kind, (set, frozenset)):
            return {"kind": "set", "element": self._element(arguments[0]) if arguments else None}
        if kind in _MAPS or issubclass(kind, dict):
            return {"kind": "map", "element": self._element(arguments[1]) if len(arguments) == 2 else None}
        if kind is tuple and not (len(arguments) == 2 and arguments[1] is Ellipsis):
            return {"kind": "any"}
        return {"kind": "list", "element": self._element(arguments[0]) if arguments else None}


def _traits_of_values(values: Collection[Any]) -> dict[str, Any]:
    """Return what follows from one of some values being meant."""
    return {
        "nullable": None in values,
        "loads_to": tuple({type(value) for value in values if isinstance(value, Enum)}),
        "key_type": _common(letter_of(plain(value)) for value in values if value is not None),
    }


def _common(letters: Iterable[str | None]) -> str | None:
    found = set(letters)
    return found.pop() if len(found) == 1 else None


def _traits_of_class(kind: type) -> dict[str, Any]:
    kind = _STANDS_FOR.get(kind, kind)
    for kinds, name, letter, is_native in _SCALARS:
        if issubclass(kind, kinds):
            letter = getattr(kind, "dynamo_type", None) or letter
            return {"kind": name, "key_type": letter, "loads_to": (kind,) if is_native else ()}
    if kind is type(None) or kind is object:
        return {"kind": "any", "nullable": True}
    if dataclasses.is_dataclass(kind) or typing.is_typeddict(kind) or issubclass(kind, tuple):
        return {"kind": "any"}
    name = "leaf" if kind.__module__.partition(".")[0] == "pydantic" else "any"
    return {"kind": name, "key_type": getattr(kind, "dynamo_type", "S"), "loads_to": (kind,)}


def _traits_of_declaration(model: Model, name: str, field: FieldInfo) -> dict[str, Any]:
    """Return as what a field is stored that has a serialiser of its own, or a word of its own."""
    if isinstance(field.json_schema_extra, dict) and "dynamo_type" in field.json_schema_extra:
        return {"key_type": field.json_schema_extra["dynamo_type"]}
    for function, result in _serializers_of(model, name, field):
        if result is pydantic_core.PydanticUndefined:
            try:
                result = typing.get_type_hints(function).get("return")
            except (TypeError, NameError):
                result = None
        if isinstance(result, type) and result not in (dict, list, set, tuple):
            return {"key_type": _traits_of_class(result).get("key_type")}
    return {}


def _serializers_of(model: Model, name: str, field: FieldInfo) -> list[tuple[Any, Any]]:
    """Return the user's functions that serialise a field, and what they say that they return."""
    functions: list[tuple[Any, Any]] = [
        (one.func, one.info.return_type)
        for one in model.__pydantic_decorators__.field_serializers.values()
        if name in one.info.fields or "*" in one.info.fields
    ]
    return functions + [
        (one.func, one.return_type)
        for one in field.metadata
        if isinstance(one, (pydantic.PlainSerializer, pydantic.WrapSerializer)) and one.when_used != "json"
    ]


def has_serializer(model: Model, spec: FieldSpec) -> bool:
    """Return whether a function of the user's serialises a field of a model."""
    return bool(_serializers_of(model, spec.name, spec.native))


def bare_annotation(annotation: Any) -> tuple[Any, list[Any]]:
    """Return an annotation without what only names or decorates it, and the metadata that were found there."""
    metadata: list[Any] = []
    while True:
        if typing.get_origin(annotation) is typing.Annotated:
            metadata += annotation.__metadata__
            annotation = annotation.__origin__
        elif hasattr(annotation, "__supertype__"):
            annotation = annotation.__supertype__
        elif hasattr(annotation, "__value__"):
            annotation = annotation.__value__
        elif isinstance(annotation, typing.TypeVar):
            annotation = annotation.__bound__ or Any
        else:
            return annotation, metadata


def whole_annotation(field: FieldInfo) -> Any:
    """Return the annotation of a field with the metadata that pydantic has taken off it."""
    annotation: Any = field.annotation
    for one in field.metadata:
        annotation = typing.Annotated[annotation, one]
    return annotation


def has_secrets(annotation: Any, seen: set[Any] | None = None) -> bool:
    """Return whether there may be a secret in a value, however deep inside."""
    seen = set() if seen is None else seen
    annotation, _ = bare_annotation(annotation)
    kind = typing.get_origin(annotation) or annotation
    if isinstance(kind, type):
        if issubclass(kind, (pydantic.SecretStr, pydantic.SecretBytes, pydantic.Secret)):
            return True
        if issubclass(kind, pydantic.BaseModel) and kind not in seen:
            seen.add(kind)
            fields = kind.__pydantic_fields__.values()
            return any(not field.repr or has_secrets(field.annotation, seen) for field in fields)
    arguments = typing.get_args(annotation) if kind is not typing.Literal else ()
    return any(has_secrets(one, seen) for one in arguments)
