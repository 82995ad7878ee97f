"""Dumps of natives as programs give them: of fewer than those that instances hold.

What is given goes through the library's load first, which fills in what is absent and takes ``None`` for it.  A dump
alone drops ``None``, empty sets and the signs of zeros, and adds other defaults.  Where that makes a difference, the
value is left to the library.
"""

from __future__ import annotations

from decimal import Decimal

from .dumping import DumpWriter
from .layouts import (
    LEFT_OUT,
    REFUSED,
    UNSURE,
    DefaultValue,
    FieldLayout,
    Number,
    SchemaLayout,
    SetOf,
    Value,
    keeps_natives,
)
from .values import keeps_form


class DumpsToLoad(DumpWriter):
    """Dumps those natives whose dump loads to just what the library makes of them, or which stay as they are."""

    _is_kept = False

    def checks(self, kind: Value, value: str) -> None:
        super().checks(kind, value)
        if self._is_kept:
            return
        if isinstance(kind, SetOf) or (isinstance(kind, Number) and kind.native is not int):
            self.source.give_up_if(f"not {value}")
        if isinstance(kind, Number) and kind.native is Decimal and kind.finish is None:
            self.source.give_up_if(f"not {self.source.use(keeps_form, 'keeps_form')}({value})")

    def field(self, layout: SchemaLayout, field: FieldLayout, nulls: bool) -> None:
        """Write what dumps one field, which inside is not dumped where it is absent: the load decides what it is."""
        self._is_kept = layout.outermost and keeps_natives(field.value)
        if not layout.outermost:
            loads_to_none = isinstance(field.missing, DefaultValue) and field.missing.value is None
            takes_none = loads_to_none and not field.required
            unset = REFUSED if field.required else LEFT_OUT
            field = field.replace(required=not takes_none, nullable=takes_none, unset=unset, unset_check=None)
        super().field(layout, field, nulls)


class DumpsToStore(DumpWriter):
    """Dumps those natives whose dump is what the library would store for them."""

    def takes_none_for_absent(self, layout: SchemaLayout, field: FieldLayout) -> bool:
        return super().takes_none_for_absent(layout, field) if layout.outermost else not field.nullable

    def field(self, layout: SchemaLayout, field: FieldLayout, nulls: bool) -> None:
        is_sure = layout.outermost or _is_stored_as_loaded(field)
        super().field(layout, field if is_sure else field.replace(unset=UNSURE), nulls)


def _is_stored_as_loaded(field: FieldLayout) -> bool:
    """Return whether a dump without a value stores what it stores after a load without one."""
    missing, unset = field.missing, field.unset
    if isinstance(missing, DefaultValue) and isinstance(unset, DefaultValue):
        return type(missing.value) is type(unset.value) and missing.value == unset.value
    return missing is LEFT_OUT
