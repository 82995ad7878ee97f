"""Models that share a table: what they have to agree in, and what each learns of the others.

They are found when a model class is complete: each base of it that knows a table is told, or asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .definition import Definition, Family, is_base_of_table
from .exceptions import DynaModelException, DynamoTableException, InvalidSchemaField
from .keyed_mapper import KeyedMapper
from .mapper import Mapper
from .spec import IndexSpec
from .store import Store, complete_models, store_of

# what there is once in a table, whatever models it has
_OF_THE_TABLE = (
    "name",
    "hash_key",
    "range_key",
    "discriminator",
    "read",
    "write",
    "billing_mode",
    "stream",
    "ttl",
    "pitr",
    "sse",
    "kms_key",
    "tags",
    "table_class",
    "deletion_protection",
    "session_kwargs",
    "resource_kwargs",
    "transport",
)
_OF_AN_INDEX = ("name", "hash_key", "range_key", "projection", "read", "write")


def join(cls: Any, store: Store) -> None:
    """Let a model and all that share its table know of each other, if they agree.

    :raises DynaModelException: if they do not
    """
    mapper = store.mapper
    family = next(_families(cls), None)
    if family is not None:
        _refuse_other_words(cls, store.table, family)
    _refuse_meeting_keys(cls, store)
    if not isinstance(mapper, KeyedMapper):
        return
    if _has_base_with(cls, store.table.name):
        mapper.has_neighbours = True
    kind = mapper.own_kind or f"{cls.__module__}.{cls.__qualname__}"
    joined = list(_told_apart_alike(cls, mapper))
    for theirs in joined:
        _refuse_taken_kind(cls, kind, theirs.members.get(kind))
        _refuse_untold_kinds(cls, store, theirs)
    for theirs in joined:
        _note_neighbours(mapper, theirs)
        theirs.note_member(mapper)
        theirs.members[kind] = store


def _families(cls: Any) -> Iterator[Any]:
    """Return the bases of a model that describe a table for several, nearest first."""
    for base in cls.__mro__[1:]:
        if isinstance(base.__dict__.get("_dynamorm"), Family):
            yield base


def _has_base_with(cls: Any, name: str) -> bool:
    """Return whether an abstract base of a model names the model's table, so that others may have it too."""
    return any(is_base_of_table(base, name) for base in cls.__mro__[1:])


# What the base of all says.


def _refuse_other_words(cls: Any, table: Any, base: Any) -> None:
    """Refuse a model that says something else of the table, or of an index, than the base that describes it."""
    shared = base._dynamorm.store.table
    for word in _OF_THE_TABLE:
        own, theirs = getattr(table, word), getattr(shared, word)
        if word == "ttl":
            own, theirs = table._ttl_attribute, shared._ttl_attribute
        if own != theirs:
            raise DynamoTableException(
                f"{cls.__name__}.Table: {word} = {own!r}, and {base.__name__}.Table, which describes the table of all "
                f"its models, has {theirs!r}: say it there, and let the Table of {cls.__name__} inherit from "
                f"{base.__name__}.Table"
            )
    _refuse_other_types(cls.__name__, table.key, base.__name__, shared.key)
    for index in table.indexes.values():
        theirs = shared.indexes.get(index.name)
        if theirs is not None:
            _refuse_other_index(index, theirs)
            _refuse_other_types(index._owner, index.key, theirs._owner, theirs.key)
    for attribute, declaration in cls._dynamorm.indexes.items():
        for inherited in base._dynamorm.indexes.values():
            if issubclass(declaration, inherited) and declaration.name != inherited.name:
                raise DynamoTableException(
                    f"{cls.__name__}.{attribute}: name = {declaration.name!r}, and it inherits from an index of "
                    f"{base.__name__} that is called {inherited.name!r}: leave the name out, or inherit from "
                    f"{_kind_of(declaration)} alone"
                )


def _kind_of(declaration: Any) -> str:
    return "GlobalIndex" if declaration.is_global else "LocalIndex"


def _refuse_other_index(index: Any, shared: Any) -> None:
    for word in _OF_AN_INDEX:
        own, theirs = getattr(index, word), getattr(shared, word)
        if repr(own) != repr(theirs):
            raise DynamoTableException(
                f"{index._owner}: {word} = {own!r}, and {shared._owner}, the same index, has {theirs!r}: an index is "
                f"described once for all models; say it there"
            )


def _refuse_other_types(owner: str, key: Any, base: str, shared: Any) -> None:
    for name, letter in key.types.items():
        if shared.types.get(name, letter) != letter:
            raise InvalidSchemaField(
                f"{owner}: the key {name!r} is stored as {letter}, and as {shared.types[name]} by {base}: the keys of "
                "tables that several models share are text"
            )


# What other models say.


def _refuse_meeting_keys(cls: Any, store: Store) -> None:
    """Refuse models of one table whose items are not told apart, and may have the same keys."""
    mapper, table = store.mapper, store.table
    if mapper.kind_name is not None or not _has_base_with(cls, table.name):
        return
    bases = {base for base in cls.__mro__[1:] if "_dynamorm_does_not_exist" in vars(base) and _is_abstract(base)}
    for other in complete_models():
        theirs = store_of(other)
        is_sibling = not bases.isdisjoint(other.__mro__) and theirs.table.name == table.name
        if not is_sibling or _is_former(other, cls) or issubclass(cls, other) or issubclass(other, cls):
            continue
        if _may_meet(mapper, theirs.mapper):
            raise InvalidSchemaField(
                f"{cls.__name__} and {other.__name__} share a table, and items of both may have the same key: begin "
                'their keys with different texts, or declare discriminator = "kind" in the Table of their base'
            )


def _is_abstract(base: Any) -> bool:
    return "Table" in vars(base) and not isinstance(base.__dict__.get("_dynamorm"), Definition)


def _may_meet(mapper: Mapper, other: Mapper) -> bool:
    if isinstance(mapper, KeyedMapper):
        return not isinstance(other, KeyedMapper) or mapper.may_meet(other)
    return isinstance(other, KeyedMapper)  # two of plain keys are no business of ours


def _told_apart_alike(cls: Any, mapper: KeyedMapper) -> Iterator[KeyedMapper]:
    """Return the mappers of a model and of its bases that are told apart in the same way."""
    for base in cls.__mro__:
        definition = base.__dict__.get("_dynamorm")
        if isinstance(definition, (Definition, Family)):
            theirs = definition.store.mapper
            if isinstance(theirs, KeyedMapper) and _are_told_alike(theirs, mapper):
                yield theirs


def _are_told_alike(one: KeyedMapper, other: KeyedMapper) -> bool:
    return (one.kind_name, one.key.names) == (other.kind_name, other.key.names)


def _note_neighbours(mapper: KeyedMapper, family: KeyedMapper) -> None:
    """Note which models of a table may have items under the same keys, so that a put might replace another's."""
    for other in [parts.mapper for parts in list(family.members.values())]:
        if other is not mapper and other.own_kind != mapper.own_kind and mapper.may_meet(other):
            mapper.may_meet_others = other.may_meet_others = True
    if not _taken_by(mapper) <= _taken_by(family):
        family.members_take_values = True


def _taken_by(mapper: Mapper) -> frozenset[Any]:
    """Return what tells the unique values of a model from those of others, with their fields."""
    upkeep = mapper.upkeep
    return frozenset() if upkeep is None or upkeep.unique is None else frozenset(upkeep.unique.scopes.items())


def _refuse_taken_kind(cls: Any, kind: str, other: Any) -> None:
    """Refuse a kind that another model has; a class that is defined anew takes the place of its former self."""
    if other is not None and other.model is not cls and not _is_former(other.model, cls):
        raise DynaModelException(
            f"{cls.__name__} and {other.model.__name__} both write {kind!r} as their discriminator; give one of them "
            'another: discriminator_value = "..." in its Table'
        )


def _is_former(other: Any, cls: Any) -> bool:
    return (other.__module__, other.__qualname__) == (cls.__module__, cls.__qualname__)


def _refuse_untold_kinds(cls: Any, store: Store, family: KeyedMapper) -> None:
    """Refuse an index that does not hold what tells the model's items from those of another one."""
    mapper = store.mapper
    assert isinstance(mapper, KeyedMapper)
    for other in list(family.members.values()):
        if (
            _is_former(other.model, cls)
            or other.mapper.own_kind == mapper.own_kind
            or not mapper.may_meet(other.mapper)
        ):
            continue
        for name, index in store.table.indexes.items():
            theirs = other.table.indexes.get(name)
            if theirs is None or _holds(index.spec, mapper.kind_name) or not _have_both(mapper, other.mapper, index):
                continue
            kind = mapper.kind_name
            raise InvalidSchemaField(
                f"{index._owner} does not hold {kind!r}, which tells the items of {cls.__name__} from those of "
                f"{other.model.__name__}, whose keys may be the same: add it to the projection, as in "
                f"ProjectInclude({kind!r}), or begin the keys with different texts"
            )


def _holds(index: IndexSpec, name: str | None) -> bool:
    return index.included is None or name in index.included or name in index.key.names


def _have_both(mapper: KeyedMapper, other: KeyedMapper, index: Any) -> bool:
    """Return whether items of both models may be in an index, as far as they have its keys."""
    names = index.key.names
    return all(name in one.known for one in (mapper, other) for name in names)
