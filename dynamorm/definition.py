"""What a model class says about itself, read when the class is made: nothing is opened or asked for."""

from __future__ import annotations

import inspect
from abc import ABCMeta
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from .entity import Entity
from .exceptions import DynaModelException, DynamoException
from .frozen import FrozenValue
from .guards import Guards
from .indexes import Index
from .mapper import Mapper
from .schema import Adapter, adapter_for, adapter_of
from .store import Store
from .tables.declared import DeclaredTable
from .tables.table import DynamoTable3
from .tables.words import refuse_unknown_words, words_of

_TABLE_WORDS = (*words_of(DeclaredTable), "abstract")


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
    for attribute in attrs:
        if attribute.startswith("_dynamorm"):
            raise DynaModelException(f"{name}.{attribute}: DynamORM keeps names of this kind for itself; rename it")
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
    with refusing(f"{name}.Table"):
        table = _table(name, table_class, adapter, indexes)
        mapper = Mapper(name, adapter, table.key, table.guarded)
        return Definition(Store(mapper, table, Guards(mapper, f"{name}.Table")), indexes)


def _inherited(parents: list[type]) -> Definition | None:
    for parent in parents:
        definition = parent.__dict__.get("_dynamorm")
        if isinstance(definition, Definition):
            return definition
    return None


def _declared_indexes(parents: list[type]) -> dict[str, Any]:
    """Collect the index classes of the parents: complete models remember theirs, bases and mixins still hold them."""
    declared: dict[str, Any] = {}
    for parent in reversed(parents):
        definition = parent.__dict__.get("_dynamorm")
        if isinstance(definition, Definition):
            declared.update(definition.indexes)
        else:
            declared.update(
                (attribute, value)
                for attribute, value in vars(parent).items()
                if inspect.isclass(value) and issubclass(value, Index)
            )
    return declared


def _table_class(name: str, attrs: Mapping[str, Any], parents: list[type]) -> type | None:
    """Return the class that says how items are stored: the model's own, or that of its nearest parent with one."""
    declared = attrs.get("Table")
    if declared is not None:
        _check_table_class(f"{name}.Table", declared)
        return declared  # type: ignore[no-any-return]
    for parent in parents:
        candidate = parent.__dict__.get("Table")
        if isinstance(candidate, DynamoTable3):
            return type(candidate)
        if candidate is not None:
            _check_table_class(f"{parent.__name__}.Table", candidate)
            return _derived("Table", (candidate,), {"abstract": False})
    return None


def _check_table_class(owner: str, declared: Any) -> None:
    if not inspect.isclass(declared) or issubclass(declared, Entity):
        raise DynaModelException(f"{owner} has to be a class of its own, not {_shown(declared)}")
    if not isinstance(vars(declared).get("abstract", False), bool):
        raise DynaModelException(f"{owner}: abstract has to be True or False")
    for name, value in vars(declared).items():
        if inspect.isclass(value) and issubclass(value, Index):
            raise DynaModelException(f"{owner}.{name}: index classes stand beside the Table, not in it; move it out")
    refuse_unknown_words(owner, declared, _TABLE_WORDS)


def _shown(declared: Any) -> str:
    # settings with credentials in them may stand here by mistake
    return repr(declared) if inspect.isclass(declared) else f"a value of type {type(declared).__name__}"


def _derived(name: str, bases: tuple[type, ...], body: Mapping[str, Any]) -> type:
    """Return a class that derives from the user's own without calling their metaclass again.

    What a metaclass is called for is the body that they wrote; it knows nothing of this one.
    """
    kind = type(bases[0])
    make = ABCMeta.__new__ if issubclass(kind, ABCMeta) else type.__new__
    made: type = make(kind, name, bases, {"__module__": bases[0].__module__, "__qualname__": name, **body})
    return made


def _table(name: str, table_class: Any, adapter: Adapter, indexes: Mapping[str, Any]) -> DynamoTable3:
    if not issubclass(table_class, DynamoTable3):
        table_class = _derived(f"{name}Table", (table_class, DynamoTable3), {})
    table: DynamoTable3 = instance_of(table_class, DynamoTable3, name, adapter, indexes)
    return table


def instance_of(kind: Any, ours: Any, *arguments: Any) -> Any:
    """Return an instance of an inner class of the user's, which derives from one of ours.

    If it has an ``__init__`` that passes on what comes by position, that is called; one without arguments, such as that
    of a dataclass, is called before ours.
    """
    made = kind.__new__(kind)
    init, our_init = kind.__init__, ours.__init__
    if init is our_init or _passes_on(init):
        init(made, *arguments)
    else:
        init(made)
        our_init(made, *arguments)
    return made


def _passes_on(init: Any) -> bool:
    kinds = {parameter.kind for parameter in inspect.signature(init).parameters.values()}
    return inspect.Parameter.VAR_POSITIONAL in kinds


@contextmanager
def refusing(what: str) -> Iterator[None]:
    """Say of what part of a model it is that something went wrong inside a class of the user's."""
    try:
        yield
    except DynamoException:
        raise
    except (TypeError, ValueError, AttributeError, LookupError) as error:
        raise DynaModelException(f"{what} cannot be used: {type(error).__name__}: {error}") from error


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
        raise DynaModelException(f"{name}.Schema has to be a class, not {_shown(declared)}")
    kind = adapter_for(name, declared)
    with refusing(f"{name}.Schema"):
        schema = kind.adopt(f"{name}Schema", declared)
        adapter = kind(schema)
    type.__setattr__(schema, "_dynamorm_adapter", adapter)
    return adapter
