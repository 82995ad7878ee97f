"""The adapter of pydantic: models, and plain classes with annotations.

Every load and dump is the work of pydantic's own engine on the user's model, as :mod:`.validators` and
:mod:`.serializers` have it compiled.  Values are dumped in pydantic's Python mode and then put into the form that
DynamoDB has for them, so that numbers stay exact, bytes stay bytes and sets stay sets.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any, cast

import pydantic
import pydantic_core
from pydantic.fields import ComputedFieldInfo, FieldInfo

from ...exceptions import DynaModelException, to_pickle
from ...locks import cached_property
from ...spec import FieldSpec
from ..base import WHOLE, Adapter, means_none
from ..compiler import Compiled, SchemaLayout
from ..copies import QUICK_COPIES
from ..sorting import SAMPLES, sorts
from .adoption import adopted_model
from .core import ModelCore, OutermostCore
from .core_schema import Model
from .dump_layouts import dump_layout, validated_dump_layout
from .inputs import InputValidator
from .load_layouts import load_layout
from .natives import as_text, copy_of, instance_of, plain
from .specs import FieldDescriber, has_secrets, has_serializer, whole_annotation
from .validators import ASSIGNED, GIVEN, GIVEN_ONLY, OF_STORED, PUT, compile_element_validator, functions_in


class PydanticAdapter(Adapter):
    """A pydantic model, as the mapper sees it."""

    library = "pydantic"
    base = pydantic.BaseModel
    library_errors = (pydantic_core.ValidationError,)
    schema: Model

    @classmethod
    def claims(cls, inner: type) -> bool:
        if issubclass(inner, pydantic.BaseModel):
            return True
        return any(
            "__annotations__" in vars(klass)
            or any(type(value).__module__.partition(".")[0] == "pydantic" for value in vars(klass).values())
            for klass in inner.__mro__[:-1]
        )

    @classmethod
    def adopt(cls, name: str, inner: type) -> type:
        return adopted_model(name, inner)

    def __init__(self, schema: type) -> None:
        self._describer = FieldDescriber()
        super().__init__(schema)
        self._core = OutermostCore(self.schema, self.fields.values())
        self._cores: dict[Model, ModelCore] = {self.schema: self._core}

    # Description.

    def describe(self) -> Iterable[FieldSpec]:
        try:
            if not self.schema.__pydantic_complete__:
                self.schema.model_rebuild()
            return self._describer.fields_of(self.schema, top=True)
        except (pydantic.errors.PydanticUserError, NameError) as error:
            raise DynaModelException(f"{self.schema.__name__}: {error}") from error

    def key_type(self, field: Any) -> str | None:
        for spec in self.fields.values():
            if spec.native is field:
                return spec.key_type
        annotation = field.return_type if isinstance(field, ComputedFieldInfo) else field
        if isinstance(field, FieldInfo):
            annotation = whole_annotation(field)
        return cast("str | None", self._describer.traits_of(annotation).get("key_type"))

    def has_unsorted_form(self, spec: FieldSpec) -> bool:
        (kind,) = spec.loads_to if len(spec.loads_to) == 1 else (None,)
        # moments and dates sort as we store them; other texts are the work of the user's serialisers
        is_ours = kind in (dt.datetime, dt.date, dt.time) and not has_serializer(self.schema, spec)
        if spec.key_type != "S" or kind is None or kind not in SAMPLES or is_ours:
            return False
        return not sorts(kind, lambda value: self.serialise(spec, value))

    def may_be_unsorted(self, spec: FieldSpec) -> bool:
        return spec.key_type == "S" and spec.loads_to == (dt.time,)

    def is_unsorted(self, value: Any) -> bool:
        return isinstance(value, dt.time) and value.tzinfo is not None

    # Loading.

    def _core_of(self, model: Model) -> ModelCore:
        return self._cores.setdefault(model, ModelCore(model))

    def load_given(self, values: dict[str, Any], *, defaults: bool) -> dict[str, Any]:
        natives: dict[str, Any] = self._core.loads[GIVEN if defaults else GIVEN_ONLY](values)
        return natives

    def load_whole(self, values: dict[str, Any]) -> dict[str, Any]:
        return self._values_of(self._core.loads[PUT](values))

    def load_stored(self, values: dict[str, Any], mode: str) -> dict[str, Any]:
        loaded: dict[str, Any] = self._core.loads[OF_STORED[mode]](values)
        return self._values_of(loaded) if mode == WHOLE else loaded

    @cached_property
    def compiled(self) -> Compiled:
        return Compiled(self.schema_name, self.layout, WHOLE, self.dump_layout, self._input_validator)

    def layout(self, mode: str) -> SchemaLayout:
        return load_layout(self, self._core, mode)

    def dump_layout(self) -> SchemaLayout:
        return self.watching(dump_layout(self, self._core))

    def _validated_dump_layout(self) -> SchemaLayout:
        return self.watching(validated_dump_layout(self, self._core))

    def _input_validator(self) -> InputValidator:
        return InputValidator(self, self.schema, None if self._core.keeps_unknown else self._validated_dump_layout)

    def _values_of(self, loaded: Any) -> dict[str, Any]:
        if not isinstance(loaded, self.schema):
            raise DynaModelException(
                f"{self.schema_name} validates to {type(loaded).__name__}: a model validator has to return the model"
            )
        return {**loaded.__dict__, **(loaded.__pydantic_extra__ or {})}

    def values_of_object(self, item: Any) -> Mapping[str, Any]:
        # what is computed and kept stands beside the fields
        values = {name: item.__dict__[name] for name in type(item).__pydantic_fields__ if name in item.__dict__}
        return {**values, **(item.__pydantic_extra__ or {})}

    def serialised(self, spec: FieldSpec, value: Any) -> Any:
        """Return natives as they are, which pydantic takes, and nested data with its names and without its ``None``."""
        if spec.kind == "text":
            return as_text(value)
        if spec.fields is not None:
            return super().serialised(spec, value) if isinstance(value, Mapping) else value
        if spec.element is not None and (
            spec.element.kind == "text" or spec.element.element is not None or spec.element.nested is not None
        ):
            if isinstance(value, Mapping):
                return {name: self.serialised(spec.element, inner) for name, inner in value.items()}
            if isinstance(value, (list, tuple)):
                return type(value)(self.serialised(spec.element, inner) for inner in value)
        return value

    def natives_of_held(self, values: dict[str, Any]) -> dict[str, Any]:
        given = {
            name: as_text(value) if spec is not None and spec.kind == "text" else value
            for name, value in values.items()
            if (spec := self.fields.get(name)) is None
            or (not spec.computed and (value is not None or means_none(spec)))
        }
        known = {name: value for name, value in given.items() if name in self.fields}
        return {**given, **self._guarded(values, known, lambda: self._core.loads[ASSIGNED](known))}

    def as_native(self, spec: FieldSpec, value: Any) -> Any:
        return self.convert(spec, value)

    def convert(self, field: FieldSpec, value: Any) -> Any:
        if value is None:
            return None
        if field.kind == "text":
            value = as_text(value)
        owner = self._describer.owners.get(field)
        if owner is not None:
            name = field.name
            return value if field.computed else self._core_of(owner).loads[ASSIGNED]({name: value})[name]
        adapter = pydantic.TypeAdapter(whole_annotation(field.native))
        functions = functions_in(field.native.annotation, field.native.metadata)
        return compile_element_validator(adapter.core_schema, functions)(value)

    def validated(self, field: FieldSpec, value: Any) -> Any:
        owner = self._describer.owners.get(field)
        if owner is not None:
            prepared = {field.source: self.serialised(field, value)}
            return self._core_of(owner).loads[GIVEN_ONLY](prepared)[field.name]
        return pydantic.TypeAdapter(whole_annotation(field.native)).validate_python(self.serialised(field, value))

    @cached_property
    def has_dump_hooks(self) -> bool:  # type: ignore[override]
        return bool(self.schema.__pydantic_decorators__.model_serializers)

    def messages(self, error: Exception) -> Any:
        if not isinstance(error, pydantic_core.ValidationError):
            return super().messages(error)
        hidden = bool(self.schema.model_config.get("hide_input_in_errors"))
        return [
            _picklable(cast("dict[str, Any]", one))
            for one in error.errors(include_url=False, include_input=not (hidden or self._core.has_secrets))
        ]

    def is_secret(self, spec: FieldSpec) -> bool:
        native = spec.native
        if isinstance(native, FieldInfo):
            return not native.repr or has_secrets(whole_annotation(native))
        return self._core.has_secrets  # of which it may be computed

    def report(self, name: str, text: str) -> Any:
        return [{"type": "exception", "loc": (name,) if name else (), "msg": text}]

    # Dumping.

    def dump_values(self, natives: dict[str, Any]) -> dict[str, Any]:
        return self._core.dump(natives)

    def serialise(self, field: FieldSpec, value: Any) -> Any:
        owner = self._describer.owners.get(field)
        if owner is None:
            adapter = pydantic.TypeAdapter(whole_annotation(field.native))
            return plain(adapter.dump_python(value, by_alias=True, warnings="error"))
        if field.computed:
            return plain(value)
        instance = instance_of(owner, {field.name: value}, {field.name}, None)
        return plain(self._core_of(owner).serialise_field(instance)[field.stored])

    def computed_value(self, field: FieldSpec, natives: dict[str, Any]) -> Any:
        """Return what a field computes from others now; ``None`` where one that it asks for is not there."""
        try:
            return getattr(self._core.instance(natives), field.name)
        except AttributeError:
            if all(spec.name in natives for spec in self.inputs):
                raise
            return None


def _picklable(report: dict[str, Any]) -> dict[str, Any]:
    for name, value in report.items():
        if name == "ctx":
            report[name] = _picklable(dict(value))
        elif to_pickle(value) is not value:
            report[name] = str(value) if isinstance(value, Exception) else repr(value)
    return report


QUICK_COPIES[pydantic.BaseModel.__deepcopy__] = copy_of
ADAPTER = PydanticAdapter
