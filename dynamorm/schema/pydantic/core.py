"""What pydantic's own engine compiles of a model, in the variants that the adapter needs."""

from __future__ import annotations

import typing
from functools import cached_property
from typing import Any, cast

import pydantic
from pydantic.fields import FieldInfo
from pydantic_core import SchemaSerializer, SchemaValidator

from . import validators as variants
from .serializers import serializer

Model = type[pydantic.BaseModel]


class Engine:
    """What pydantic compiled of one model; each variant is made when it is first needed."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self._validators: dict[variants.Plan, SchemaValidator] = {}

    def validator(self, plan: variants.Plan) -> SchemaValidator:
        validator = self._validators.get(plan)
        if validator is None:
            validator = self._validators[plan] = variants.validator(self.model, plan, self.has_secrets)
        return validator

    def load(self, values: dict[str, Any], plan: variants.Plan) -> Any:
        validator = self.validator(plan)
        strict = False if plan.stored else None
        return validator.validate_python(values, strict=strict, by_alias=True, by_name=False)

    def load_loosely(self, values: dict[str, Any], plan: variants.Plan) -> dict[str, Any]:
        return cast("dict[str, Any]", self.load(values, plan))

    @cached_property
    def serializer(self) -> SchemaSerializer:
        return serializer(self.model)

    @cached_property
    def field_serializer(self) -> SchemaSerializer:
        return serializer(self.model, fields_only=True)

    @cached_property
    def has_secrets(self) -> bool:
        """Whether a secret may be among the values, which no message may then show."""
        return _has_secrets(self.model, set())


def _has_secrets(annotation: Any, seen: set[Any]) -> bool:
    annotation, _ = bared(annotation)
    kind = typing.get_origin(annotation) or annotation
    if isinstance(kind, type):
        if issubclass(kind, (pydantic.SecretStr, pydantic.SecretBytes, pydantic.Secret)):
            return True
        if issubclass(kind, pydantic.BaseModel) and kind not in seen:
            seen.add(kind)
            return any(_has_secrets(field.annotation, seen) for field in kind.__pydantic_fields__.values())
    arguments = typing.get_args(annotation) if kind is not typing.Literal else ()
    return any(_has_secrets(one, seen) for one in arguments)


def bared(annotation: Any) -> tuple[Any, list[Any]]:
    """Take what only names or decorates a type off it."""
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


def annotated(field: FieldInfo) -> Any:
    annotation: Any = field.annotation
    for one in field.metadata:
        annotation = typing.Annotated[annotation, one]
    return annotation
