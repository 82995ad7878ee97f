"""Frozen descriptions: what a field, a key, an index, a table is, whatever library or model it came from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .frozen import Frozen, FrozenValue
from .locks import cached_property

KEY_TYPES = ("S", "N", "B")
# of either kind, hash and range
KEY_FIELDS_OF_AN_INDEX = 4


def exact_text(value: Any) -> Any:
    """Return a text as exactly ``str``, and anything else as it is."""
    return str.__str__(value) if isinstance(value, str) else value


class FieldSpec(Frozen):
    """What the mapper has to know of one field.

    ``name`` is the attribute on instances, ``stored`` the attribute in DynamoDB, ``source`` the name under which the
    library's load expects the value.  ``loads_to`` are the types that a load gives, where these are neither text,
    number, truth value nor container.  ``element`` describes what is inside a list, a set or a map of any keys, and
    ``parts`` the places of a tuple or the keys of a map; ``fields`` of a nested schema come lazily, because schemas may
    nest themselves.  A stored value is also found under one of the ``aliases``, where the library knows of former
    names.  A nested schema that ``keeps_unknown`` also takes the stored attributes that it does not declare.
    """

    name: str
    stored: str
    source: str
    kind: str = "leaf"  # leaf, text, list, set, map, nested, any
    key_type: str | None = None
    required: bool = False
    nullable: bool = False
    computed: bool = False
    loads_to: tuple[type, ...] = ()
    element: FieldSpec | None = None
    nested: Callable[[], tuple[FieldSpec, ...]] | None = None
    native: Any = None
    aliases: tuple[str, ...] = ()
    keeps_unknown: bool = False
    parts: tuple[FieldSpec, ...] = ()

    def __init__(self, *values: Any, **named: Any) -> None:
        super().__init__(*values, **named)
        # names enter generated source and keys of dicts, where a subclass of str may look and compare as it likes
        for attribute in ("name", "stored", "source", "key_type"):
            self.__dict__[attribute] = exact_text(self.__dict__[attribute])
        self.__dict__["aliases"] = tuple(map(exact_text, self.aliases))

    def held_in(self, values: Mapping[str, Any], absent: Any = None) -> Any:
        """Return the value of this field among stored ones."""
        for name in (self.stored, *self.aliases):
            if name in values:
                return values[name]
        return absent

    @cached_property
    def fields(self) -> Mapping[str, FieldSpec] | None:
        """The fields of a nested schema by their stored names; ``None`` where nothing is nested."""
        return None if self.nested is None else {inner.stored: inner for inner in self.nested()}

    @cached_property
    def by_any_name(self) -> Mapping[str, FieldSpec]:
        """The fields of a nested schema by their stored names and by those on instances, which go first."""
        fields = self.fields or {}
        return {**fields, **{inner.name: inner for inner in fields.values()}}


class KeySpec(FrozenValue):
    """The key of a table or index: its hash attributes, then its range attributes, in the order that counts.

    Each is a stored name with DynamoDB's type letter.  Of both kinds a table and a local index have one at most, a
    global index up to :data:`KEY_FIELDS_OF_AN_INDEX`.
    """

    hashes: tuple[tuple[str, str], ...]
    ranges: tuple[tuple[str, str], ...] = ()

    @cached_property
    def hash_names(self) -> tuple[str, ...]:
        return tuple(name for name, _letter in self.hashes)

    @cached_property
    def range_names(self) -> tuple[str, ...]:
        return tuple(name for name, _letter in self.ranges)

    @cached_property
    def names(self) -> tuple[str, ...]:
        return (*self.hash_names, *self.range_names)

    @cached_property
    def types(self) -> Mapping[str, str]:
        """The type letter of each key attribute."""
        return dict((*self.hashes, *self.ranges))

    @property
    def schema(self) -> list[dict[str, str]]:
        """``KeySchema`` as DynamoDB wants it."""
        kinds = {"HASH": self.hash_names, "RANGE": self.range_names}
        return [{"AttributeName": name, "KeyType": kind} for kind, names in kinds.items() for name in names]


class IndexSpec(FrozenValue):
    """A secondary index: ``included`` is ``None`` for all attributes, else the stored names besides the keys."""

    name: str
    key: KeySpec
    is_global: bool
    included: tuple[str, ...] | None = None
    read: int | None = None
    write: int | None = None

    @property
    def projection(self) -> dict[str, Any]:
        if self.included is None:
            return {"ProjectionType": "ALL"}
        if not self.included:
            return {"ProjectionType": "KEYS_ONLY"}
        return {"ProjectionType": "INCLUDE", "NonKeyAttributes": list(self.included)}


class TableSpec(FrozenValue):
    """A table as a model declares it.

    From ``on_demand`` on, ``None`` means that nothing is declared.  ``stream`` has no such state: without one, none is
    wanted.  ``ttl`` is the stored name of an attribute, or ``False`` for no expiry at all.
    """

    name: str
    key: KeySpec
    read: int | None = None
    write: int | None = None
    on_demand: bool | None = False
    stream: str | None = None
    indexes: tuple[IndexSpec, ...] = ()
    ttl: str | bool | None = None
    pitr: bool | None = None
    sse: bool | None = None
    kms_key: str | None = None
    table_class: str | None = None
    tags: tuple[tuple[str, str], ...] = ()
    deletion_protection: bool | None = None

    @property
    def attribute_types(self) -> dict[str, str]:
        """The type letter of every attribute that is a key of the table or of an index."""
        types = dict(self.key.types)
        for index in self.indexes:
            types.update(index.key.types)
        return types
