"""The forms in which instances come and go, and what is known of one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..arguments import check_mapping
from ..entity import Entity
from ..exceptions import DynaModelException
from ..instances.changes import changes, extra, is_dirty, key_changed, values_of
from ..instances.loading import accept_more, loaded
from ..wire.codec import WireItem, with_bytes

if TYPE_CHECKING:
    from typing_extensions import Self


class Forms(Entity):
    """Gives an instance in other forms, makes one of them, and tells what is known of it."""

    __slots__ = ()

    @classmethod
    def new_from_raw(cls, raw: Mapping[str, Any] | None, /, partial: bool = False) -> Self | None:
        """Make an instance of plain values, by Python or stored names; of ``None``, ``None``."""
        if raw is None:
            return None
        check_mapping(f"{cls.__name__}.new_from_raw()", raw, DynaModelException)
        named = dict(raw)
        unnameable = {"partial": named.pop("partial")} if "partial" in named else {}
        made = cls(partial=partial, **named)
        if unnameable:
            accept_more(cls._dynamorm.store.mapper, made, unnameable)
        return made

    @classmethod
    def from_item(cls, item: WireItem, /) -> Self:
        """Make an instance of an item in DynamoDB's typed JSON, as streams and exports carry it.

        Bytes may be base64 text, as they are in JSON.
        """
        check_mapping(f"{cls.__name__}.from_item()", item, DynaModelException)
        made: Self | None = loaded(cls._dynamorm.store, with_bytes(item), hides=False)
        if made is None:
            raise DynaModelException(
                f"{cls.__name__}.from_item(): the item is of another kind; ask the base of all kinds"
            )
        return made

    def to_item(self) -> WireItem:
        """Return the instance in DynamoDB's typed JSON, as it would be stored."""
        mapper = type(self)._dynamorm.store.mapper
        wire = mapper.dump(values_of(mapper, self), check=False)
        return {**self._dynamorm_state.extra, **mapper.completed(wire)}

    def to_dict(self, native: bool = False) -> dict[str, Any]:
        """Return the values: stored names and forms, or with ``native`` Python names and native values.

        Fields without a value are left out; with schematics they are ``None``, as in its own dicts.
        """
        mapper = type(self)._dynamorm.store.mapper
        adapter, found = mapper.adapter, values_of(mapper, self)
        if not native:
            found = adapter.dump(adapter.natives_of_assigned(found))
        if adapter.gives_none:
            names = [spec.name if native else spec.stored for spec in adapter.inputs]
            return {**dict.fromkeys(names), **found}
        return {name: value for name, value in found.items() if value is not None}

    def validate(self) -> dict[str, Any]:
        """Check the instance as saving would, and give its native values.

        :raises ValidationError: if it cannot be saved
        """
        mapper = type(self)._dynamorm.store.mapper
        natives: dict[str, Any] = mapper.validated(values_of(mapper, self))
        return natives

    # What is known of it; `dynamorm.inspect` tells the same where fields have these names.

    @property
    def is_dirty(self) -> bool:
        """Whether anything differs from what was loaded."""
        return is_dirty(type(self)._dynamorm.store.mapper, self)

    @property
    def changes(self) -> dict[str, tuple[Any, Any]]:
        """What differs from what was loaded, by field: the value then and the value now."""
        return changes(type(self)._dynamorm.store.mapper, self)

    @property
    def is_partial(self) -> bool:
        """Whether only a part of the item was loaded."""
        return self._dynamorm_state.partial

    @property
    def key_changed(self) -> bool:
        """Whether a part of the key differs from what was loaded."""
        return key_changed(type(self)._dynamorm.store.mapper, self)

    @property
    def extra(self) -> dict[str, Any]:
        """The stored attributes that the schema does not know, as plain values."""
        return extra(self)
