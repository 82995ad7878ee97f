"""Generated code from a native to its AttributeValue, for each kind of value."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from ...wire.codec import encode_number
from .checks import write_checks
from .layouts import (
    Converted,
    Flag,
    Free,
    ListOf,
    MapOf,
    Number,
    Record,
    SetOf,
    Text,
    ThroughLibrary,
    Value,
    tag_of,
)
from .source import GIVE_UP, Source
from .values import decimal_text, float_text, write_free

Store = Callable[[str], None]
Scalar = Text | Number | Flag | Converted

NULL = "{'NULL': True}"
_NATIVES: dict[type, type] = {Text: str, Flag: bool, ListOf: list, SetOf: set, MapOf: dict}
_BUILT_IN: dict[type, str] = {kind: kind.__name__ for kind in (str, bool, int, float, list, set, dict)}


class ValueDumps:
    """Writes what dumps values, with ``check`` valid ones only.

    Inside of lists, ``nulls``, DynamoDB's NULL stands for ``None``; elsewhere nothing does.
    """

    def __init__(self, source: Source, check: bool) -> None:
        self.source = source
        self.check = check

    def value(self, kind: Value, value: str, store: Store, nulls: bool, *, in_list: bool = False) -> None:
        """Write what makes the AttributeValue of a native that is not ``None``."""
        source = self.source
        if isinstance(kind, (Text, Number, Flag)) or (isinstance(kind, Converted) and kind.as_text):
            store(f"{{{tag_of(kind)!r}: {self.scalar(kind, value)}}}")
            return
        if isinstance(kind, Converted):
            dumped = self.converted(kind, value)
            # a value that dumps to None is a missing one for a load
            source.give_up_if(f"{dumped} is None")
            self.free(dumped, store, nulls, in_list)
            return
        assert not isinstance(kind, ThroughLibrary)
        self.guard(kind, value)
        self.checks(kind, value)
        if isinstance(kind, Free):
            self.free(value, store, nulls, in_list)
            return
        if isinstance(kind, SetOf):
            content = self.set_elements(kind, value)
            with source.block(f"if {content}:"):
                store(f"{{{tag_of(kind)!r}: sorted({content})}}")
            if in_list:
                with source.block("else:"):
                    source.line(GIVE_UP)
            return
        if isinstance(kind, ListOf):
            content = self.elements(kind, value)
        elif isinstance(kind, MapOf):
            content = self.entries(kind, value, nulls)
        else:
            content = self.record(kind, value, nulls)
        store(f"{{{tag_of(kind)!r}: {content}}}")

    def guard(self, kind: Value, value: str) -> None:
        """Write that a native is of exactly the expected type, if there is one."""
        if isinstance(kind, Converted):
            natives = kind.natives
        elif isinstance(kind, Free):
            natives = (dict,) if kind.mapping else ()
        else:
            native = kind.native if isinstance(kind, (Number, Record)) else _NATIVES[type(kind)]
            natives = () if native is None else (native,)
        if len(natives) == 1:
            self.guard_type(value, natives[0])
        elif natives:
            self.source.give_up_if(f"type({value}) not in {self.source.use(natives, 'natives')}")

    def guard_type(self, value: str, native: type) -> None:
        expected = _BUILT_IN.get(native) or self.source.use(native, "native")
        self.source.give_up_if(f"type({value}) is not {expected}")

    def checks(self, kind: Any, value: str) -> None:
        if self.check:
            write_checks(self.source, kind.checks, value)

    def unicode(self, value: str) -> None:
        with self.source.block(f"if not {value}.isascii():"):
            # raises where DynamoDB could not take it
            self.source.line(f"{value}.encode()")

    def free(self, value: str, store: Store, nulls: bool, in_list: bool) -> None:
        dumped = f"{self.source.use(write_free, 'write')}({value}, {nulls})"
        if in_list:
            store(dumped)
            return
        empty = self.source.use((set, frozenset), "sets")
        with self.source.block(f"if {value} or not isinstance({value}, {empty}):"):
            store(dumped)

    def scalar(self, kind: Scalar, value: str) -> str:
        """Write the checks of what is stored as one text, or as a truth value; give the expression of that."""
        if isinstance(kind, Converted):
            value = self.converted(kind, value)
            self.guard_type(value, str)
        else:
            self.guard(kind, value)
            if isinstance(kind, Number):
                return self.number(kind, value)
            self.checks(kind, value)
        if not isinstance(kind, Flag):
            self.unicode(value)
        return value

    def number(self, kind: Number, value: str) -> str:
        """Write the checks of a number; give the expression of its text."""
        source = self.source
        if kind.finish is not None:
            value = source.assigned("n", f"{source.use(kind.finish, 'finish')}({value})")
        self.checks(kind, value)
        if kind.native is float:
            return f"{source.use(float_text, 'text')}({value})"
        if kind.native is Decimal:
            return f"{source.use(decimal_text, 'text')}({value})"
        usual = f"-1000000000000000000 < {value} < 1000000000000000000"
        return f"str({value}) if {usual} else {source.use(encode_number, 'text')}({value})"

    def converted(self, kind: Converted, value: str) -> str:
        """Write the conversion of a native and its checks; give the name of what comes out."""
        source = self.source
        self.guard(kind, value)
        if kind.as_native is not None:
            value = source.assigned("n", f"{source.use(kind.as_native, 'as_native')}({value})")
        dumped = source.assigned("d", f"{source.use(kind.dump, 'dump')}({value})")
        if not self.check or (kind.reload == "sure" and not kind.checks):
            return dumped
        if kind.reload != "same":
            value = source.assigned("r", f"{source.use(kind.load, 'load')}({dumped})")
        self.checks(kind, value)
        return dumped

    def elements(self, kind: ListOf, value: str) -> str:
        source, element = self.source, self.source.local("e")
        content = source.assigned("d", "[]")
        with source.block(f"for {element} in {value}:"):
            self.inside(kind, element, lambda dumped: source.line(f"{content}.append({dumped})"), True, in_list=True)
        return content

    def set_elements(self, kind: SetOf, value: str) -> str:
        assert isinstance(kind.element, (Text, Number, Converted))
        source, element = self.source, self.source.local("e")
        content = source.assigned("d", "set()")
        with source.block(f"for {element} in {value}:"):
            source.line(f"{content}.add({self.scalar(kind.element, element)})")
        return content

    def entries(self, kind: MapOf, value: str, nulls: bool) -> str:
        source, name, element = self.source, self.source.local("k"), self.source.local("e")
        content = source.assigned("d", "{}")
        with source.block(f"for {name}, {element} in {value}.items():"):
            if kind.dump_key is not None:
                source.line(f"{name} = {source.use(kind.dump_key, 'key')}({name})")
                if self.check and kind.load_key is not None:
                    source.line(f"{source.use(kind.load_key, 'key')}({name})")
            self.guard_type(name, str)
            self.unicode(name)
            self.inside(kind, element, lambda dumped: source.line(f"{content}[{name}] = {dumped}"), nulls)
        return content

    def inside(self, kind: ListOf | MapOf, element: str, store: Store, nulls: bool, *, in_list: bool = False) -> None:
        """Write what dumps one element, be it ``None``."""
        with self.source.block(f"if {element} is None:"):
            if not kind.nullable:
                self.source.line(GIVE_UP)
            elif nulls:
                store(NULL)
        with self.source.block("else:"):
            self.value(kind.element, element, store, nulls, in_list=in_list)

    def record(self, kind: Record, value: str, nulls: bool) -> str:
        source = self.source
        if kind.take is not None:
            value = source.unless_none("t", f"{source.use(kind.take, 'take')}({value})")
        return source.unless_none("d", f"{source.function(kind.layout, nulls)}({value})")
