"""Making a pydantic model of the inner ``Schema`` that a user has written."""

from __future__ import annotations

import copy
import sys
import types
import warnings
from collections.abc import Iterable
from typing import Any, cast

import pydantic
import pydantic_core

from ...exceptions import DynaModelException
from ..base import DynamORMSchema
from .core_schema import Model
from .specs import whole_annotation

_KEPT_APART = {"__dict__", "__weakref__"}


def adopted_model(name: str, inner: type) -> Model:
    """Return a model called ``name`` that is all that the inner class is.

    :raises DynaModelException: where pydantic refuses it
    """
    names = _names_around(inner.__module__)
    bases, attrs = _of_model(inner) if issubclass(inner, pydantic.BaseModel) else _of_plain_class(inner, names)
    attrs["__qualname__"] = name
    try:
        with warnings.catch_warnings():
            # a field called like a method of BaseModel: instances of models never look at those
            warnings.filterwarnings("ignore", "Field name .* shadows an attribute in parent", UserWarning)
            adopted = _make(name, bases, attrs)
            if not adopted.__pydantic_complete__:
                adopted.model_rebuild(raise_errors=False, _types_namespace=names)
            if issubclass(inner, pydantic.BaseModel) and inner.__pydantic_complete__ > adopted.__pydantic_complete__:
                # 2.11 reads inherited annotations again, in a place where their names may be unknown
                adopted = _make(name, bases, {**attrs, **_redeclared(inner, inner.__pydantic_fields__)})
    except (pydantic.errors.PydanticUserError, pydantic_core.SchemaError, TypeError, NameError) as error:
        raise DynaModelException(f"{name}: pydantic refuses this schema: {error}") from error
    return adopted


def _of_model(inner: Model) -> tuple[tuple[type, ...], dict[str, Any]]:
    bases: tuple[type, ...] = (inner,) if issubclass(inner, DynamORMSchema) else (DynamORMSchema, inner)
    return bases, {"__module__": inner.__module__, **_redeclared(inner)}


def _of_plain_class(inner: type, names: dict[str, Any]) -> tuple[tuple[type, ...], dict[str, Any]]:
    bases = (DynamORMSchema, *(base for base in inner.__bases__ if base is not object), pydantic.BaseModel)
    attrs = {key: value for key, value in vars(inner).items() if key not in _KEPT_APART}
    attrs["__annotations__"] = _evaluated_annotations(inner, names)
    for field_name in attrs["__annotations__"]:
        if hasattr(pydantic.BaseModel, field_name):
            attrs.setdefault(field_name, pydantic.Field())  # else 2.11 takes the method for the default
    return bases, attrs


def _make(name: str, bases: tuple[type, ...], attrs: dict[str, Any]) -> Model:
    return cast(Model, types.new_class(name, bases, exec_body=lambda body: body.update(attrs)))


def _redeclared(inner: Model, names: Iterable[str] = ()) -> dict[str, Any]:
    """Return declarations of fields for a subclass: of some, and of those that are called like methods of BaseModel.

    Without them a subclass would in some releases take the method of that name for the default.
    """
    annotations, values = {}, {}
    for name, field in inner.__pydantic_fields__.items():
        method = getattr(pydantic.BaseModel, name, None)
        if method is not None or name in names:
            mistaken = method is not None and _function(field.default) is _function(method)
            annotations[name] = whole_annotation(field) if mistaken else field.annotation
            values[name] = pydantic.Field() if mistaken else copy.copy(field)
    return {"__annotations__": annotations, **values}


def _function(value: Any) -> Any:
    return getattr(value, "__func__", value)


def _evaluated_annotations(inner: type, names: dict[str, Any]) -> dict[str, Any]:
    """Return the annotations of a class as objects where they are text, by the names that its body saw."""
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


def _names_around(module: str) -> dict[str, Any]:
    """Return what annotations in a function's body may mean: the names of the frames that define the class."""
    names: dict[str, Any] = {}
    frame = sys._getframe(1)
    while frame is not None:
        if frame.f_globals.get("__name__") == module:
            names = {**frame.f_locals, **names}
        frame = frame.f_back  # type: ignore[assignment]
    return names
