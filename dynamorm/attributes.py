"""What is put on a model class: its parts, and an attribute for each field, beside what is there under these names."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from types import FunctionType
from typing import Any

from .definition import Definition, Family, instance_of, refusing
from .exceptions import AbstractModel, DoesNotExist, DynaModelException, InvalidSchemaField, NoSuchPosition
from .indexes import Index
from .instances.computed import ComputedAttribute
from .instances.state import DroppedField, FieldAttribute
from .keyed_mapper import KeyedMapper
from .nearest import did_you_mean
from .relationships.declaring import Relationship
from .sharing import join

# what the metaclass puts on every model
_ITS_PARTS = ("Table", "Schema", "relationships")
_ROUTINES = (FunctionType, classmethod, staticmethod)
_KINDS = {
    property: "a property",
    classmethod: "a class method",
    staticmethod: "a static method",
    FunctionType: "a method",
}


def complete(cls: Any, definition: Definition, attrs: Mapping[str, Any], base: Any, verbs: Mapping[str, Any]) -> None:
    """Put on a model class what its definition describes.

    :param base: DynamORM's own class that has the verbs, which are told from the model's by ``verbs``
    """
    with refusing(f"{cls.__name__}.__init__"):
        own_init = None if cls.__init__ is base.__init__ else _takes_any_keywords(cls.__init__)
    store = definition.store.for_model(cls, own_init, verbs, cls._dynamorm_does_not_exist)
    cls._dynamorm = definition.replace(store=store)
    cls.Table = store.table
    cls.Schema = definition.adapter.schema
    cls.relationships = store.relationships
    _put_indexes(cls, definition)
    _put_fields(cls, definition, attrs, base.__mro__)
    mapper = store.mapper
    if isinstance(mapper, KeyedMapper):
        for attribute in mapper.computed_keys.values():
            setattr(cls, attribute.name, ComputedAttribute(attribute, mapper))
    join(cls, store)


def complete_family(cls: Any, family: Family, verbs: Mapping[str, Any]) -> None:
    """Put on the abstract base of models that share a table what it takes to read their items."""
    store = family.store.for_base(cls, verbs, cls._dynamorm_does_not_exist)
    cls._dynamorm = family.replace(store=store)
    cls.Table = store.table
    _put_indexes(cls, family)


def _put_indexes(cls: Any, definition: Definition | Family) -> None:
    table = definition.store.table
    for attribute, declaration in definition.indexes.items():
        with refusing(f"{cls.__name__}.{attribute}"):
            index = instance_of(declaration, Index, cls, table.indexes[declaration.name])
        setattr(cls, attribute, index)
    own = {index.index.name: index for index in vars(cls).values() if isinstance(index, Index)}
    for base in cls.__mro__[1:]:
        for attribute, inherited in vars(base).items():
            # an index of which the model says more has the name that its base gives it, too
            if isinstance(inherited, Index) and attribute not in vars(cls) and inherited.index.name in own:
                setattr(cls, attribute, own[inherited.index.name])


def give_error(cls: Any) -> None:
    """Give a model class an error of its own for items that are not there, a kind of those of its parents.

    Something else of the user's that is called ``DoesNotExist`` stays; an error there is what ours is a kind of.
    """
    parents = dict.fromkeys(base._dynamorm_does_not_exist for base in cls.__bases__ if _has_error(base))
    present = _covered(cls, "DoesNotExist")
    is_theirs = present not in parents
    if is_theirs and inspect.isclass(present) and issubclass(present, DoesNotExist):
        parents = {present: None, **parents}
    bases = [kind for kind in parents if not any(issubclass(other, kind) for other in parents if other is not kind)]
    made: Any = _error("DoesNotExist", bases, cls, f"An item of {cls.__name__} that has to be there is not.")
    made.NoSuchPosition = _error("NoSuchPosition", [made, NoSuchPosition], made, NoSuchPosition.__doc__)
    cls._dynamorm_does_not_exist = made
    if not is_theirs:
        cls.DoesNotExist = made


def _has_error(base: type) -> bool:
    return hasattr(base, "_dynamorm_does_not_exist")


def _error(name: str, bases: list[Any], owner: type, text: str | None) -> type:
    body = {"__module__": owner.__module__, "__qualname__": f"{owner.__qualname__}.{name}", "__doc__": text}
    return type(name, tuple(bases), body)


def _takes_any_keywords(init: Any) -> bool:
    kinds = {parameter.kind for parameter in inspect.signature(init).parameters.values()}
    return inspect.Parameter.VAR_KEYWORD in kinds


def _put_fields(cls: Any, definition: Definition, attrs: Mapping[str, Any], ours: tuple[type, ...]) -> None:
    """Put an attribute on a model class for each of its fields, and hide the fields that its parents alone have.

    ``ours`` are the classes of DynamORM's own, whose names fields may take.
    """
    fields, mapper = definition.adapter.fields, definition.store.mapper
    for name, spec in fields.items():
        _refuse_reserved(cls, name)
        _refuse_taken(cls, name, ours)
        setattr(cls, name, FieldAttribute(spec, mapper, _covered(cls, name)))
    inherited = {
        name
        for parent in cls.__mro__[1:]
        if isinstance(parent.__dict__.get("_dynamorm"), Definition)
        for name in parent.__dict__["_dynamorm"].adapter.fields
    }
    for name in inherited - set(fields) - set(attrs):
        covered = _covered(cls, name)
        setattr(cls, name, DroppedField(name) if covered is None else covered)


def _covered(cls: type, name: str) -> Any:
    """Return the attribute of the class that a field of the same name covers on instances."""
    _, found = next(_attributes(cls, name), (cls, None))
    if isinstance(found, DroppedField):
        return None
    return found.covered if isinstance(found, FieldAttribute) else found


def _attributes(cls: type, name: str) -> Iterator[tuple[type, Any]]:
    """List what a class and its bases have under a name, and where, nearest first."""
    return ((base, base.__dict__[name]) for base in cls.__mro__ if name in base.__dict__)


def _refuse_reserved(cls: type, name: str) -> None:
    if (name.startswith("__") and name.endswith("__")) or name.startswith("_dynamorm"):
        raise InvalidSchemaField(
            f"{cls.__name__}.Schema.{name}: Python and DynamORM keep names of this kind for themselves; give the field "
            f"another name, and {name!r} as the name that it is stored under"
        )


def _refuse_taken(cls: type, name: str, ours: tuple[type, ...]) -> None:
    """Refuse a field with the name of something else that the user's classes have: the field would hide it.

    A field may have any name of ours, and so it may have the name of a verb that replaces ours.
    """
    if name in _ITS_PARTS:
        return
    found = dict(_attributes(cls, name))
    is_ours = any(base in ours for base in found)
    for base, value in found.items():
        if base in ours or value is None or inspect.isclass(value):
            continue
        if isinstance(value, (FieldAttribute, DroppedField, Index)) or (is_ours and isinstance(value, _ROUTINES)):
            continue
        if isinstance(value, Relationship):
            if base is not cls:
                continue  # the child has something else in its place
            raise DynaModelException(f"{cls.__name__}.{name} is declared as a field and as a relationship; rename one")
        where = "the class" if base is cls else f"its base {base.__name__}"
        raise DynaModelException(
            f"{cls.__name__}.{name} is a field of the Schema, and {where} has {_kind(value)} of that name, which the "
            f"field would hide. {_remedy(name, value)}"
        )


def _kind(value: Any) -> str:
    known = _KINDS.get(type(value))
    if known is not None:
        return known
    if hasattr(type(value), "__get__"):
        return f"a {type(value).__name__}"
    return f"a value of type {type(value).__name__}"


def _remedy(name: str, value: Any) -> str:
    if not hasattr(type(value), "__get__"):
        return "Remove it; if it is a default, write it into the Schema"
    return (
        f"Rename one of them. A renamed field is still stored as {name!r} if the Schema gives it that name for storage "
        "(data_key, serialized_name, alias)"
    )


class Abstract:
    """Stands in place of the definition on classes that are no models themselves."""

    def __get__(self, instance: Any, owner: type) -> Any:
        raise AttributeError  # and the metaclass is asked


def missing(cls: Any, name: str) -> AttributeError:
    """Return the error for an attribute that a model class does not have."""
    definition = cls.__dict__.get("_dynamorm")
    if name == "_dynamorm" or name in _ITS_PARTS:
        return AbstractModel(_why_abstract(cls))
    text = f"type object {cls.__name__!r} has no attribute {name!r}"
    if name.startswith("_"):
        return AttributeError(text)
    if not isinstance(definition, Definition):
        return AbstractModel(f"{text}. {_why_abstract(cls)}")
    question = did_you_mean(name, definition.adapter.fields)
    return AttributeError(f"{text}; {question}" if question else text)


def _why_abstract(cls: Any) -> str:
    table = cls.__dict__.get("Table")
    if table is None:
        return (
            f"{cls.__name__} has no Table and no Schema, so it stands for no items: define a class that inherits from "
            "it, with an inner Table and an inner Schema, and use that"
        )
    return (
        f"{cls.__name__} is abstract (its Table says so), so it stands for no items: use a class that inherits from "
        "it and has a Schema"
    )
