"""What pydantic's engine, pydantic-core, has compiled of one model for the adapter."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pydantic

from ...exceptions import DynaModelException
from ...locks import cached_property
from ...spec import FieldSpec
from ..compiler.layouts import ABSENT
from ..compiler.on_demand import OnDemand
from .core_schema import Model
from .natives import instance_of, plain
from .serializers import Serialise, compile_serializer
from .specs import has_secrets
from .validators import ValidationMode, compile_validator


class ModelCore:
    """What validates and serialises one model; each function is compiled when it is first needed."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.loads: dict[ValidationMode, Callable[[dict[str, Any]], Any]] = OnDemand(
            lambda mode: compile_validator(model, mode, hide_input=self.has_secrets)
        )
        """What validates values, by the mode: to an instance where that is ``whole``, else to a dict of natives."""

    @cached_property
    def serialise(self) -> Serialise:
        """What serialises instances."""
        return compile_serializer(self.model)

    @cached_property
    def serialise_field(self) -> Serialise:
        """What serialises instances with single fields, without what the model computes or does as a whole."""
        return compile_serializer(self.model, fields_only=True)

    @cached_property
    def has_secrets(self) -> bool:
        """Whether a secret may be among the values, which no message may then show."""
        return has_secrets(self.model)


class OutermostCore(ModelCore):
    """That of the model that an adapter serves, which has natives of it dumped together."""

    def __init__(self, model: Model, specs: Iterable[FieldSpec]) -> None:
        super().__init__(model)
        inputs = [spec for spec in specs if not spec.computed]
        self._inputs = frozenset(spec.name for spec in inputs)
        self._computed = {spec.name for spec in specs if spec.computed}
        self._names = self._inputs | self._computed
        self._nones = {spec.name: None for spec in inputs if spec.nullable}
        # without these an item is not whole
        self._needed = frozenset(
            spec.name for spec in inputs if spec.required and not spec.nullable and spec.kind != "set"
        )
        self.keeps_unknown = model.model_config.get("extra") == "allow"

    def instance(self, natives: Mapping[str, Any]) -> pydantic.BaseModel:
        """Return an instance of natives as they are, with ``None`` for what is not there where that may be."""
        given, extra = natives, {}
        if not self._inputs.issuperset(natives):
            given = {name: value for name, value in natives.items() if name in self._inputs}
            extra = {name: value for name, value in natives.items() if name not in self._names}
        return instance_of(self.model, {**self._nones, **given}, set(given), extra if self.keeps_unknown else None)

    def dump(self, natives: Mapping[str, Any]) -> dict[str, Any]:
        """Return the plain values of natives, by stored name."""
        # what is computed from a whole item is stored with whole items
        left_out = None if self._needed <= natives.keys() else self._computed
        serialised = self.serialise(self.instance(natives), exclude=left_out)
        dumped = plain(serialised)
        if type(dumped) is not dict:
            kind = type(serialised).__name__
            raise DynaModelException(
                f"{self.model.__name__} serialises to {kind}: a model's schema has to give a mapping"
            )
        return dumped

    def compute(self, spec: FieldSpec, natives: Mapping[str, Any], *, validated: bool) -> Any:
        """Return the plain value of a computed field; where a native is missing, nothing is computed.

        Where natives are ``validated``, pydantic has set those that are not there, too.
        """
        if not self._needed <= natives.keys():
            return ABSENT
        values = {**self._nones, **natives}
        instance = instance_of(self.model, values, set(values if validated else natives), None)
        return plain(self._serialise_computed(instance)[spec.stored])

    @cached_property
    def _serialise_computed(self) -> Serialise:
        return compile_serializer(self.model, computed_only=True)
