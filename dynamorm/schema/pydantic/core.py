"""What pydantic's engine, pydantic-core, has compiled of one model for the adapter."""

from __future__ import annotations

from typing import Any, cast

from pydantic_core import SchemaSerializer, SchemaValidator

from ...locks import cached_property
from .core_schema import Model
from .serializers import compile_serializer
from .specs import has_secrets
from .validators import ValidationMode, compile_validator


class ModelCore:
    """The validators and serialisers of one model; each is compiled when it is first needed."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self._validators: dict[ValidationMode, SchemaValidator] = {}

    def validator(self, mode: ValidationMode) -> SchemaValidator:
        validator = self._validators.get(mode)
        if validator is None:
            validator = self._validators[mode] = compile_validator(self.model, mode, hide_input=self.has_secrets)
        return validator

    def load(self, values: dict[str, Any], mode: ValidationMode) -> Any:
        """Return what pydantic makes of values: an instance where the mode is ``whole``, else a dict."""
        strict = False if mode.stored else None
        return self.validator(mode).validate_python(values, strict=strict, by_alias=True, by_name=False)

    def load_fields(self, values: dict[str, Any], mode: ValidationMode) -> dict[str, Any]:
        """Return the natives of the fields that are given, and perhaps defaults."""
        return cast("dict[str, Any]", self.load(values, mode))

    @cached_property
    def serializer(self) -> SchemaSerializer:
        return compile_serializer(self.model)

    @cached_property
    def field_serializer(self) -> SchemaSerializer:
        """What serialises single fields, without what the model computes or does as a whole."""
        return compile_serializer(self.model, fields_only=True)

    @cached_property
    def has_secrets(self) -> bool:
        """Whether a secret may be among the values, which no message may then show."""
        return has_secrets(self.model)
