"""What a model class says about itself, read when the class is made: nothing is opened or asked for."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from .exceptions import DynaModelException
from .frozen import FrozenValue
from .indexes import Index
from .mapper import Mapper
from .schema import Adapter, adapter_for, adapter_of
from .store import Store
from .tables.table import DynamoTable3


class Definition(FrozenValue):
    """A complete model: its store, and the index classes as they were declared, its parents' included."""

    store: Store
    indexes: Mapping[str, Any]

    @property
    def adapter(self) -> Adapter:
        return self.store.mapper.adapter


def define(name: str, attrs: Mapping[str, Any], parents: list[type]) -> Definition | None:
    """Return the definition of a model class, ``None`` for one that is abstract.

    ``attrs`` is the body of the class, ``parents`` the classes that it inherits from, nearest first.
    """
    table_class = _table_class(name, attrs, parents)
    if table_class is not None and table_class.__dict__.get("abstract"):
        return None
    own_indexes = {
        attribute: value for attribute, value in attrs.items() if inspect.isclass(value) and issubclass(value, Index)
    }
    inherited = _inherited(parents)
    if inherited is not None and not own_indexes and not {"Table", "Schema", *inherited.indexes} & set(attrs):
        return inherited
    indexes = {**_declared_indexes(parents), **own_indexes}
    indexes = {attribute: value for attribute, value in indexes.items() if attrs.get(attribute, value) is value}
    adapter = _adapter(name, attrs, parents)
    if table_class is None:
        raise DynaModelException(
            f"You must define an inner 'Table' class on your '{name}' class: it says how the items are stored "
            "(name, hash_key, ...)"
        )
    if not issubclass(table_class, DynamoTable3):
        table_class = type(f"{name}Table", (table_class, DynamoTable3), {"__module__": table_class.__module__})
    table: DynamoTable3 = table_class(name, adapter, indexes)
    return Definition(Store(Mapper(name, adapter, table.key), table), indexes)


def _inherited(parents: list[type]) -> Definition | None:
    for parent in parents:
        definition: Definition | None = parent.__dict__.get("_dynamorm")
        if definition is not None:
            return definition
    return None


def _declared_indexes(parents: list[type]) -> dict[str, Any]:
    """Collect the index classes of the parents: complete models remember theirs, bases and mixins still hold them."""
    declared: dict[str, Any] = {}
    for parent in reversed(parents):
        definition: Definition | None = parent.__dict__.get("_dynamorm")
        if definition is not None:
            declared.update(definition.indexes)
        else:
            declared.update(
                (attribute, value)
                for attribute, value in vars(parent).items()
                if inspect.isclass(value) and issubclass(value, Index)
            )
    return declared


def _table_class(name: str, attrs: Mapping[str, Any], parents: list[type]) -> type | None:
    declared = attrs.get("Table")
    if declared is None:
        for parent in parents:
            candidate = parent.__dict__.get("Table")
            if isinstance(candidate, DynamoTable3):
                return type(candidate)
            if inspect.isclass(candidate):
                return type("Table", (candidate,), {"abstract": False})
        return None
    if not inspect.isclass(declared):
        raise DynaModelException(f"{name}.Table has to be a class, not {declared!r}")
    return declared


def _adapter(name: str, attrs: Mapping[str, Any], parents: list[type]) -> Adapter:
    declared = attrs.get("Schema")
    if declared is None:
        for parent in parents:
            candidate = parent.__dict__.get("Schema")
            if candidate is not None:
                if "_dynamorm_adapter" in vars(candidate):
                    return adapter_of(candidate)
                declared = candidate
                break
    if declared is None:
        raise DynaModelException(
            f"You must define an inner 'Schema' class on your '{name}' class: it holds the fields, written in "
            "marshmallow, schematics or pydantic"
        )
    if not inspect.isclass(declared):
        raise DynaModelException(f"{name}.Schema has to be a class, not {declared!r}")
    kind = adapter_for(name, declared)
    schema = kind.adopt(f"{name}Schema", declared)
    adapter = kind(schema)
    type.__setattr__(schema, "_dynamorm_adapter", adapter)
    return adapter
