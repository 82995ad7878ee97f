"""pydantic, 2.11 and later: models, and plain classes with annotations.

Every load and dump is pydantic's own engine at work on the user's model, in the variants that
:mod:`~dynamorm.schema.pydantic_variants` describes.  Values are dumped in pydantic's Python mode and then put into the
form that DynamoDB has for them, so that numbers stay exact, bytes stay bytes and sets stay sets.
"""

from __future__ import annotations

import copy
import dataclasses
import datetime as dt
import pickle
import sys
import types
import typing
import warnings
from collections import abc, deque
from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from enum import Enum
from functools import cached_property, partial
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network
from pathlib import PurePath
from re import Pattern
from typing import Any, cast
from uuid import UUID

import pydantic
import pydantic_core
from pydantic.fields import ComputedFieldInfo, FieldInfo

from ..exceptions import DynaModelException
from ..spec import FieldSpec
from . import pydantic_variants as variants
from .base import PARTIAL, TRUSTED, WHOLE, Adapter, DynamORMSchema, means_none
from .compiler import Compiled, SchemaLayout
from .compiler.layouts import NotCompilable
from .copies import QUICK_COPIES
from .pydantic_dumps import ValidatedDump, WholeDump
from .pydantic_engine import Engine, annotated, bared
from .pydantic_fields import Pieces, validating
from .pydantic_given import Given
from .pydantic_pieces import DumpDescriber
from .pydantic_plans import Finish, LoadDescriber, direct_values
from .pydantic_values import copied, plain

_KEPT_APART = {"__dict__", "__weakref__"}
_Model = type[pydantic.BaseModel]

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
_STANDS_FOR: dict[type, type] = {
    pydantic.PastDate: dt.date,
    pydantic.FutureDate: dt.date,
    pydantic.PastDatetime: dt.datetime,
    pydantic.FutureDatetime: dt.datetime,
    pydantic.AwareDatetime: dt.datetime,
    pydantic.NaiveDatetime: dt.datetime,
}
_LISTS = (list, tuple, deque, abc.Sequence, abc.MutableSequence, abc.Iterable, abc.Collection)
_SETS = (set, frozenset, abc.Set, abc.MutableSet)
_MAPS = (dict, abc.Mapping, abc.MutableMapping)


class PydanticAdapter(Adapter):
    """A pydantic model, as the mapper sees it."""

    library = "pydantic"
    base = pydantic.BaseModel
    library_errors = (pydantic_core.ValidationError,)
    schema: _Model

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
        names = _local_names(inner.__module__)
        if issubclass(inner, pydantic.BaseModel):
            bases: tuple[type, ...] = (inner,) if issubclass(inner, DynamORMSchema) else (DynamORMSchema, inner)
            attrs: dict[str, Any] = {"__module__": inner.__module__, **_declared_again(inner)}
        else:
            bases = (DynamORMSchema, *(base for base in inner.__bases__ if base is not object), pydantic.BaseModel)
            attrs = {key: value for key, value in vars(inner).items() if key not in _KEPT_APART}
            attrs["__annotations__"] = _evaluated(inner, names)
            for field_name in attrs["__annotations__"]:
                if hasattr(pydantic.BaseModel, field_name):
                    attrs.setdefault(field_name, pydantic.Field())  # else 2.11 takes the method for the default
        attrs["__qualname__"] = name
        try:
            with warnings.catch_warnings():
                # a field called like a method of BaseModel: instances of models never look at those
                warnings.filterwarnings("ignore", "Field name .* shadows an attribute in parent", UserWarning)
                adopted = _make(name, bases, attrs)
                if not adopted.__pydantic_complete__:
                    adopted.model_rebuild(raise_errors=False, _types_namespace=names)
                if (
                    issubclass(inner, pydantic.BaseModel)
                    and inner.__pydantic_complete__ > adopted.__pydantic_complete__
                ):
                    # 2.11 reads inherited annotations again, in a place where their names may be unknown
                    adopted = _make(name, bases, {**attrs, **_declared_again(inner, inner.__pydantic_fields__)})
        except (pydantic.errors.PydanticUserError, pydantic_core.SchemaError, TypeError, NameError) as error:
            raise DynaModelException(f"{name}: pydantic refuses this schema: {error}") from error
        return adopted

    def __init__(self, schema: type) -> None:
        self._owners: dict[FieldSpec, _Model] = {}
        self._engines: dict[_Model, Engine] = {}
        super().__init__(schema)

    # Description.

    def describe(self) -> Iterable[FieldSpec]:
        try:
            if not self.schema.__pydantic_complete__:
                self.schema.model_rebuild()
            return self._describe(self.schema, top=True)
        except (pydantic.errors.PydanticUserError, NameError) as error:
            raise DynaModelException(f"{self.schema.__name__}: {error}") from error

    def _describe(self, model: _Model, top: bool = False) -> tuple[FieldSpec, ...]:
        _, fields, _ = variants.parts(model)
        stored = variants.stored_names(fields)
        specs = []
        for name, field in model.__pydantic_fields__.items():
            source = name if top else stored[name]
            traits = self._traits(field.annotation, field.metadata)
            traits.update(_declared_form(model, name, field))
            specs.append(FieldSpec(name, stored[name], source, required=field.is_required(), native=field, **traits))
        for computed in fields.get("computed_fields", ()):
            name = computed["property_name"]
            alias = computed.get("alias") or name
            info = model.__pydantic_decorators__.computed_fields[name].info
            traits = self._traits(info.return_type)
            specs.append(FieldSpec(name, alias, name, computed=True, native=info, **traits))
        self._owners.update(dict.fromkeys(specs, model))
        return tuple(specs)

    def _element(self, annotation: Any) -> FieldSpec:
        native = FieldInfo.from_annotation(annotation)
        return FieldSpec("element", "element", "element", native=native, **self._traits(annotation))

    def _traits(self, annotation: Any, metadata: Iterable[Any] = ()) -> dict[str, Any]:
        """Describe what an annotation stands for: the arguments of a FieldSpec that follow from it."""
        if any(isinstance(one, pydantic.Json) for one in metadata) or annotation is pydantic.Json:
            return {"kind": "any", "nullable": annotation is pydantic.Json}
        annotation, inner_metadata = bared(annotation)
        if inner_metadata:
            return self._traits(annotation, inner_metadata)
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
                root = self._traits(kind.__pydantic_fields__["root"].annotation)
                return {**root, "loads_to": (kind,), "key_type": root.get("key_type")}
            model = annotation if isinstance(annotation, type) else kind
            return {
                "kind": "nested",
                "loads_to": (model,),
                "nested": lambda: self._describe(cast(_Model, model)),
                "keeps_unknown": kind.model_config.get("extra") == "allow",
            }
        if kind in (*_LISTS, *_SETS, *_MAPS) or issubclass(kind, (list, set, frozenset, dict, deque)):
            return self._traits_of_container(kind, arguments)
        if issubclass(kind, pydantic.Secret) and arguments:
            return {"key_type": self._traits(arguments[0]).get("key_type"), "loads_to": (kind,)}
        return _traits_of_class(kind)

    def _traits_of_union(self, members: list[Any], nullable: bool) -> dict[str, Any]:
        if len(members) == 1:
            return {**self._traits(members[0]), "nullable": nullable}
        traits = [self._traits(member) for member in members]
        letters = {one.get("key_type") for one in traits}
        loads_to = tuple(kind for one in traits for kind in one.get("loads_to", ()))
        nullable = nullable or any(one.get("nullable") for one in traits)
        return {
            "kind": "any",
            "nullable": nullable,
            "loads_to": loads_to,
            "key_type": letters.pop() if len(letters) == 1 else None,
        }

    def _traits_of_container(self, kind: type, arguments: tuple[Any, ...]) -> dict[str, Any]:
        if kind in _SETS or issubclass(kind, (set, frozenset)):
            return {"kind": "set", "element": self._element(arguments[0]) if arguments else None}
        if kind in _MAPS or issubclass(kind, dict):
            return {"kind": "map", "element": self._element(arguments[1]) if len(arguments) == 2 else None}
        if kind is tuple and not (len(arguments) == 2 and arguments[1] is Ellipsis):
            return {"kind": "any"}
        return {"kind": "list", "element": self._element(arguments[0]) if arguments else None}

    def key_type(self, field: Any) -> str | None:
        for spec in self.fields.values():
            if spec.native is field:
                return spec.key_type
        if isinstance(field, ComputedFieldInfo):
            return cast("str | None", self._traits(field.return_type).get("key_type"))
        if isinstance(field, FieldInfo):
            return cast("str | None", self._traits(field.annotation, field.metadata).get("key_type"))
        return cast("str | None", self._traits(field).get("key_type"))

    # Loading.

    @cached_property
    def _engine(self) -> Engine:
        return self._engine_of(self.schema)

    def _engine_of(self, model: _Model) -> Engine:
        return self._engines.setdefault(model, Engine(model))

    @property
    def keeps_unknown(self) -> bool:
        return self.schema.model_config.get("extra") == "allow"

    def load_given(self, values: dict[str, Any], *, defaults: bool) -> dict[str, Any]:
        return self._engine.load_loosely(values, variants.GIVEN if defaults else variants.GIVEN_ONLY)

    def load_whole(self, values: dict[str, Any]) -> dict[str, Any]:
        return self._natives(self._engine.load(values, variants.PUT))

    def load_stored(self, values: dict[str, Any], mode: str) -> dict[str, Any]:
        if mode == PARTIAL:
            return self._engine.load_loosely(values, variants.PROJECTED)
        if mode == TRUSTED:
            return self._engine.load_loosely(values, variants.TRUSTED)
        return self._natives(self._engine.load(values, variants.STORED))

    def layout(self, mode: str) -> SchemaLayout:
        direct = direct_values(Pieces(self.schema), self.inputs) if mode == WHOLE else {}
        return LoadDescriber(self, mode).outermost(self._finisher(mode, direct), direct)

    def dump_layout(self) -> SchemaLayout:
        try:
            return DumpDescriber(self).outermost()
        except NotCompilable:
            pass
        whole = WholeDump(self, self._engine, self._finisher(WHOLE), keeps_unknown=self.keeps_unknown)
        return SchemaLayout(self.schema_name, self.compiled.layout(WHOLE).fields, dump_whole=whole)

    @cached_property
    def compiled(self) -> Compiled:
        return Compiled(self.schema_name, self.layout, WHOLE, self.dump_layout, self._given)

    def _given(self) -> Given:
        return Given(self, self.schema, None if self.keeps_unknown else self._validated_layout)

    def _validated_layout(self) -> SchemaLayout:
        """Return what the compiler is to know for the dump of a whole item that pydantic has just made."""
        try:
            return DumpDescriber(self, validated=True).outermost()
        except NotCompilable:
            return SchemaLayout(self.schema_name, dump_whole=ValidatedDump(self, self._engine))

    def _finisher(self, mode: str, direct: Collection[str] = ()) -> Finish:
        """Give what a compiled load does with plain values: the same as :meth:`load_stored`, but for the errors.

        Fields that are ``direct`` come as natives, and are taken so where no value is missing.
        """
        if mode != WHOLE:
            return validating(self._engine.validator(variants.PROJECTED if mode == PARTIAL else variants.TRUSTED))
        fields = variants.fields_validator(self.schema, variants.STORED)
        if fields is None:
            return partial(self.load_stored, mode=mode)
        validate_all = validating(fields)

        def finish(values: dict[str, Any]) -> dict[str, Any]:
            natives, extra, _ = validate_all(values)
            return {**natives, **extra} if extra else natives

        if not direct:
            return finish
        rest = variants.fields_validator(self.schema, variants.STORED, direct)
        assert rest is not None
        count, validate_rest, is_all_direct = len(self.inputs), validating(rest), len(direct) == len(self.inputs)

        def finish_rest(values: dict[str, Any]) -> dict[str, Any]:
            if len(values) != count:
                return finish(values)
            if not is_all_direct:
                values.update(validate_rest(values)[0])
            return values

        return finish_rest

    def _natives(self, loaded: Any) -> dict[str, Any]:
        if not isinstance(loaded, self.schema):
            raise DynaModelException(
                f"{self.schema_name} validates to {type(loaded).__name__}: a model validator has to return the model"
            )
        return {**loaded.__dict__, **(loaded.__pydantic_extra__ or {})}

    def serialised(self, spec: FieldSpec, value: Any) -> Any:
        """Leave natives alone, which pydantic takes as they are; see to the names and the ``None`` of nested data."""
        if spec.kind == "text":
            return _as_text(value)
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

    def natives_of_assigned(self, values: dict[str, Any]) -> dict[str, Any]:
        given = {
            name: _as_text(value) if spec is not None and spec.kind == "text" else value
            for name, value in values.items()
            if (spec := self.fields.get(name)) is None
            or (not spec.computed and (value is not None or means_none(spec)))
        }
        known = {name: value for name, value in given.items() if name in self.fields}
        return {**given, **self._guarded(values, lambda: self._engine.load_loosely(known, variants.ASSIGNED))}

    def as_native(self, spec: FieldSpec, value: Any) -> Any:
        return self.convert(spec, value)

    def convert(self, field: FieldSpec, value: Any) -> Any:
        if value is None:
            return None
        if field.kind == "text":
            value = _as_text(value)
        owner = self._owners.get(field)
        if owner is not None:
            name = field.name
            engine = self._engine_of(owner)
            return value if field.computed else engine.load_loosely({name: value}, variants.ASSIGNED)[name]
        adapter = pydantic.TypeAdapter(annotated(field.native))
        functions = list(variants.functions_in(field.native.annotation, field.native.metadata))
        return variants.element_validator(adapter.core_schema, functions).validate_python(
            value, strict=False, by_alias=True, by_name=False
        )

    def validated(self, field: FieldSpec, value: Any) -> Any:
        owner = self._owners.get(field)
        if owner is not None:
            prepared = {field.source: self.serialised(field, value)}
            return self._engine_of(owner).load_loosely(prepared, variants.GIVEN_ONLY)[field.name]
        return pydantic.TypeAdapter(annotated(field.native)).validate_python(self.serialised(field, value))

    @cached_property
    def has_dump_hooks(self) -> bool:  # type: ignore[override]
        return bool(self.schema.__pydantic_decorators__.model_serializers)

    def messages(self, error: Exception) -> Any:
        if not isinstance(error, pydantic_core.ValidationError):
            return super().messages(error)
        hidden = bool(self.schema.model_config.get("hide_input_in_errors"))
        return [
            self._picklable(cast("dict[str, Any]", one))
            for one in error.errors(include_url=False, include_input=not (hidden or self._engine.has_secrets))
        ]

    @staticmethod
    def _picklable(report: dict[str, Any]) -> dict[str, Any]:
        for name, value in report.items():
            if name == "ctx":
                report[name] = PydanticAdapter._picklable(dict(value))
            elif not _pickles(value):
                report[name] = str(value) if isinstance(value, Exception) else repr(value)
        return report

    # Dumping.

    def dump_values(self, natives: dict[str, Any]) -> dict[str, Any]:
        missing = [spec.name for spec in self.inputs if spec.name not in natives and not spec.nullable]
        incomplete = any(self.fields[name].required and self.fields[name].kind != "set" for name in missing)
        instance = self._instance(natives)
        # what is computed from a whole item is stored with whole items
        left_out = {spec.name for spec in self.fields.values() if spec.computed} if incomplete else None
        dumped = self._engine.serializer.to_python(
            instance, mode="python", by_alias=True, exclude=left_out, warnings="error"
        )
        if not isinstance(dumped, Mapping):
            raise DynaModelException(
                f"{self.schema_name} serialises to {type(dumped).__name__}: a model's schema has to give a mapping"
            )
        return cast("dict[str, Any]", plain(dumped))

    @cached_property
    def _nones(self) -> dict[str, None]:
        return {spec.name: None for spec in self.inputs if spec.nullable}

    def _instance(self, natives: dict[str, Any]) -> pydantic.BaseModel:
        fields = self.schema.__pydantic_fields__
        values = {**self._nones, **{name: value for name, value in natives.items() if name in fields}}
        extra = {name: value for name, value in natives.items() if name not in self.fields}
        names = set(natives) & set(values)
        return variants.bare(self.schema, values, names, extra if self.keeps_unknown else None)

    def serialise(self, field: FieldSpec, value: Any) -> Any:
        owner = self._owners.get(field)
        if owner is None:
            adapter = pydantic.TypeAdapter(annotated(field.native))
            return plain(adapter.dump_python(value, by_alias=True, warnings="error"))
        if field.computed:
            return plain(value)
        instance = variants.bare(owner, {field.name: value}, {field.name}, None)
        dumped = self._engine_of(owner).field_serializer.to_python(
            instance, mode="python", by_alias=True, warnings="error"
        )
        return plain(dumped[field.stored])

    def computed_value(self, field: FieldSpec, natives: dict[str, Any]) -> Any:
        """Compute a field from others now; ``None`` where one that it asks for is not there."""
        try:
            return getattr(self._instance(natives), field.name)
        except AttributeError:
            if all(spec.name in natives for spec in self.inputs):
                raise
            return None


def _traits_of_values(values: Iterable[Any]) -> dict[str, Any]:
    """Describe a field that takes one of some values."""
    values = list(values)
    letters = {_letter_of(plain(value)) for value in values if value is not None}
    return {
        "nullable": None in values,
        "loads_to": tuple({type(value) for value in values if isinstance(value, Enum)}),
        "key_type": letters.pop() if len(letters) == 1 else None,
    }


def _letter_of(value: Any) -> str | None:
    if isinstance(value, str):
        return "S"
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        return "N"
    return "B" if isinstance(value, bytes) else None


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
    known = kind.__module__.partition(".")[0] == "pydantic"
    return {
        "kind": "leaf" if known else "any",
        "key_type": getattr(kind, "dynamo_type", "S"),
        "loads_to": (kind,),
    }


def _as_text(value: Any) -> Any:
    # of the scalars that string fields take, these are strange to pydantic
    return str(value) if isinstance(value, (UUID, dt.date, dt.time)) else value


def _declared_form(model: _Model, name: str, field: FieldInfo) -> dict[str, Any]:
    """Say as what a field is stored that has a serialiser of its own, or a word of its own."""
    if isinstance(field.json_schema_extra, dict) and "dynamo_type" in field.json_schema_extra:
        return {"key_type": field.json_schema_extra["dynamo_type"]}
    functions: list[tuple[Any, Any]] = [
        (one.func, one.info.return_type)
        for one in model.__pydantic_decorators__.field_serializers.values()
        if name in one.info.fields or "*" in one.info.fields
    ]
    functions += [
        (one.func, one.return_type)
        for one in field.metadata
        if isinstance(one, (pydantic.PlainSerializer, pydantic.WrapSerializer)) and one.when_used != "json"
    ]
    for function, result in functions:
        if result is pydantic_core.PydanticUndefined:
            try:
                result = typing.get_type_hints(function).get("return")
            except (TypeError, NameError):
                result = None
        if isinstance(result, type) and result not in (dict, list, set, tuple):
            return {"key_type": _traits_of_class(result).get("key_type")}
    return {}


def _make(name: str, bases: tuple[type, ...], attrs: dict[str, Any]) -> _Model:
    return cast(_Model, types.new_class(name, bases, exec_body=lambda body: body.update(attrs)))


def _declared_again(inner: _Model, names: Iterable[str] = ()) -> dict[str, Any]:
    """Give the declarations of fields for a subclass: of some, and of those that are called like methods of BaseModel.

    Without them a subclass would in some releases take the method of that name for the default.
    """
    annotations, values = {}, {}
    for name, field in inner.__pydantic_fields__.items():
        method = getattr(pydantic.BaseModel, name, None)
        if method is not None or name in names:
            mistaken = method is not None and _function(field.default) is _function(method)
            annotations[name] = annotated(field) if mistaken else field.annotation
            values[name] = pydantic.Field() if mistaken else copy.copy(field)
    return {"__annotations__": annotations, **values}


def _function(value: Any) -> Any:
    return getattr(value, "__func__", value)


def _evaluated(inner: type, names: dict[str, Any]) -> dict[str, Any]:
    """Give the annotations of a class as objects where they are text, by the names that its body saw."""
    known = {**names, **{name: value for name, value in vars(inner).items() if isinstance(value, type)}}
    module = sys.modules.get(inner.__module__)
    annotations = dict(vars(inner).get("__annotations__", {}))
    for name, annotation in annotations.items():
        if isinstance(annotation, str):
            try:
                annotations[name] = eval(annotation, vars(module) if module else {}, known)
            except Exception:
                continue  # something that is defined later: pydantic resolves it, or says what is wrong
    return annotations


def _local_names(module: str) -> dict[str, Any]:
    """Collect what annotations in a function's body may mean: the names of the frames that define the class."""
    names: dict[str, Any] = {}
    frame = sys._getframe(1)
    while frame is not None:
        if frame.f_globals.get("__name__") == module:
            names = {**frame.f_locals, **names}
        frame = frame.f_back  # type: ignore[assignment]
    return names


def _pickles(value: Any) -> bool:
    try:
        pickle.loads(pickle.dumps(value))
    except Exception:
        return False
    return True


QUICK_COPIES[pydantic.BaseModel.__deepcopy__] = copied
ADAPTER = PydanticAdapter
