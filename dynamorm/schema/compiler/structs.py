"""Structs by which C goes from the text of an item to its attributes, each of which has the type that is expected.

There is one struct for each schema, with a member for each attribute, and a small one for each tag, which forbids all
others; ``NULL`` stands beside the tag where it is taken.  Attributes that the schema does not know are passed over.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from msgspec import UNSET, UnsetType, defstruct

from .layouts import (
    REFUSED,
    FieldLayout,
    Flag,
    Free,
    ListOf,
    MapOf,
    Record,
    SchemaLayout,
    SetOf,
    ThroughLibrary,
    Value,
    tag_of,
)

# JSON writes these with escapes, or not at all, and members of structs have no such names
_UNNAMEABLE = re.compile(r'["\\\x00-\x1f\ud800-\udfff]').search

Type = Any


def takes_null(field: FieldLayout) -> bool:
    """Return whether ``NULL`` in a field is expected, as its value or as good as none."""
    return field.nullable or field.missing is not REFUSED


def needs_wire(layout: SchemaLayout) -> bool:
    """Return whether a load looks at more of an item than its struct holds."""
    return (
        layout.keeps_unknown
        or any(isinstance(field.value, ThroughLibrary) for field in layout.fields)
        or None in members_of(layout).values()
    )


def members_of(layout: SchemaLayout) -> dict[tuple[FieldLayout, str], str | None]:
    """Return the member of a schema's struct for each field that is loaded and each name of its attribute.

    It is ``None`` where the struct cannot have one: its members are named as attributes are, each name once.
    """
    members: dict[tuple[FieldLayout, str], str | None] = {}
    seen: set[str] = set()
    for field in layout.fields:
        if not field.computed:
            for name in dict.fromkeys((field.stored, *field.aliases)):
                members[field, name] = None if name in seen or _UNNAMEABLE(name) else f"m{len(members)}"
                seen.add(name)
    return members


class Structs:
    """The structs of a schema and of those inside it.

    ``holds_untyped`` says whether there are attributes of any type among them.
    """

    def __init__(self) -> None:
        self.holds_untyped = False
        self._records: dict[SchemaLayout, Type] = {}
        self._wanting: dict[str, list[Type]] = {}

    def record(self, layout: SchemaLayout) -> Type:
        """Return the struct of a schema; while that is being made, which is where a schema nests itself, its name."""
        known = self._records.get(layout)
        if known is not None:
            return known
        title = self._records[layout] = f"Record{len(self._records)}"
        demanded: list[Any] = []
        optional: list[Any] = []
        members = {member: attribute for attribute, member in members_of(layout).items() if member is not None}
        for member, (field, _) in members.items():
            kind = self.attribute(field.value, takes_null(field))
            if field.missing is REFUSED and not field.aliases:
                demanded.append((member, kind))
            else:
                optional.append((member, kind | UnsetType, UNSET))
        renamed = {member: name for member, (_, name) in members.items()}
        made = self._records[layout] = defstruct(title, [*demanded, *optional], rename=renamed, gc=False)
        for struct in self._wanting.pop(title, ()):
            setattr(struct, title, made)
        return made

    def attribute(self, value: Value, nullable: bool) -> Type:
        """Return the type of the AttributeValue of a value, which may be NULL where ``nullable``."""
        tag = tag_of(value)
        if tag is None:
            self.holds_untyped = True
            return Any
        content = self._content(value)
        if content in _PLAIN:
            return _shared_struct(tag, content, nullable)
        made = _struct(tag, content, nullable)
        if isinstance(content, str):
            self._wanting.setdefault(content, []).append(made)
        return made

    def _content(self, value: Value) -> Type:
        if isinstance(value, Flag):
            return bool
        if isinstance(value, SetOf):
            return list[str]
        if isinstance(value, ListOf):
            return list[self.attribute(value.element, value.nullable)]  # type: ignore[misc]
        if isinstance(value, MapOf):
            return dict[str, self.attribute(value.element, True)]  # type: ignore[misc]
        if isinstance(value, Record) and not needs_wire(value.layout):
            return self.record(value.layout)
        if isinstance(value, (Free, Record)):
            self.holds_untyped = True
            return dict[str, Any]
        return str


def _struct(tag: str, content: Type, nullable: bool) -> Type:
    """Return the struct of a tag with some content."""
    if nullable:
        content = f"{content} | UnsetType" if isinstance(content, str) else content | UnsetType
    members: list[Any] = [(tag, content, UNSET), ("NULL", Any, UNSET)] if nullable else [(tag, content)]
    return defstruct(tag, members, forbid_unknown_fields=True, gc=False, namespace={"UnsetType": UnsetType})


_PLAIN = (str, bool, list[str])
# those of plain contents are the same in all schemas
_shared_struct = cache(_struct)
