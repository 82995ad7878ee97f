"""Generated code from a native to its AttributeValue, for each kind of value."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from ...wire.codec import encode_number
from .checks import GIVE_UP, write_checks
from .layouts import (
    Converted,
    Flag,
    Free,
    ListOf,
    MapOf,
    Number,
    Record,
    SchemaLayout,
    SetOf,
    Text,
    ThroughLibrary,
    Value,
    set_tag,
)
from .source import Source
from .values import decimal_text, float_text, write_free

Store = Callable[[str], None]

_NATIVES: dict[type, str] = {Text: "str", Flag: "bool", ListOf: "list", SetOf: "set", MapOf: "dict"}


class ValueDumps:
    """Writes what dumps values; ``function`` gives the name of the function for a schema inside.

    Inside of lists, ``nulls``, DynamoDB's NULL stands for ``None``; elsewhere nothing does.
    """

    def __init__(self, source: Source, check: bool, function: Callable[[SchemaLayout, bool], str]) -> None:
        self.source = source
        self._check = check
        self._function = function

    def value(self, kind: Value, value: str, store: Store, nulls: bool, *, in_list: bool) -> None:
        """Write what makes the AttributeValue of a native that is not ``None``."""
        source = self.source
        if isinstance(kind, Free):
            if kind.mapping:
                self.guard(value, "dict")
            self.checks(kind, value)
            self.free(value, store, nulls, in_list)
            return
        if isinstance(kind, Converted):
            self.converted(kind, value, store, nulls, in_list)
            return
        if isinstance(kind, Number):
            self.guard(value, source.use(kind.native, "native"))
            store(f"{{'N': {self.number(kind, value)}}}")
            return
        assert not isinstance(kind, ThroughLibrary)
        if not isinstance(kind, Record):
            self.guard(value, _NATIVES[type(kind)])
        elif kind.native is not None:
            self.guard(value, source.use(kind.native, "native"))
        self.checks(kind, value)
        if isinstance(kind, Text):
            self.unicode(value)
            store(f"{{'S': {value}}}")
        elif isinstance(kind, Flag):
            store(f"{{'BOOL': {value}}}")
        elif isinstance(kind, ListOf):
            self.elements(kind, value, store)
        elif isinstance(kind, SetOf):
            self.set_elements(kind, value, store, in_list)
        elif isinstance(kind, MapOf):
            self.entries(kind, value, store, nulls)
        else:
            self.record(kind, value, store, nulls)

    def guard(self, value: str, native: str) -> None:
        with self.source.block(f"if type({value}) is not {native}:"):
            self.source.line(GIVE_UP)

    def checks(self, kind: Any, value: str) -> None:
        if self._check:
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

    def number(self, kind: Number, value: str) -> str:
        """Write the checks of a number; give the expression of its text."""
        source = self.source
        if kind.finish is not None:
            finished = source.local("n")
            source.line(f"{finished} = {source.use(kind.finish, 'finish')}({value})")
            value = finished
        self.checks(kind, value)
        if kind.native is float:
            return f"{source.use(float_text, 'text')}({value})"
        if kind.native is Decimal:
            return f"{source.use(decimal_text, 'text')}({value})"
        usual = f"-1000000000000000000 < {value} < 1000000000000000000"
        return f"str({value}) if {usual} else {source.use(encode_number, 'text')}({value})"

    def converted(self, kind: Converted, value: str, store: Store, nulls: bool, in_list: bool) -> None:
        source = self.source
        dumped = self.dumped(kind, value)
        if kind.as_text:
            self.guard(dumped, "str")
            self.unicode(dumped)
            store(f"{{'S': {dumped}}}")
            return
        # a value that dumps to None is a missing one for a load
        with source.block(f"if {dumped} is None:"):
            source.line(GIVE_UP)
        self.free(dumped, store, nulls, in_list)

    def dumped(self, kind: Converted, value: str) -> str:
        """Write the conversion of a native and its checks; give the name of what comes out."""
        source = self.source
        if kind.natives:
            if len(kind.natives) == 1:
                self.guard(value, source.use(kind.natives[0], "native"))
            else:
                with source.block(f"if type({value}) not in {source.use(kind.natives, 'natives')}:"):
                    source.line(GIVE_UP)
        if kind.as_native is not None:
            native = source.local("n")
            source.line(f"{native} = {source.use(kind.as_native, 'as_native')}({value})")
            value = native
        dumped = source.local("d")
        source.line(f"{dumped} = {source.use(kind.dump, 'dump')}({value})")
        if self._check:
            if kind.reload == "same":
                write_checks(source, kind.checks, value)
            elif kind.checks or kind.reload == "doubtful":
                again = source.local("r")
                source.line(f"{again} = {source.use(kind.load, 'load')}({dumped})")
                write_checks(source, kind.checks, again)
        return dumped

    def elements(self, kind: ListOf, value: str, store: Store) -> None:
        source = self.source
        content, element = source.local("d"), source.local("e")

        def append(dumped: str) -> None:
            source.line(f"{content}.append({dumped})")

        source.line(f"{content} = []")
        with source.block(f"for {element} in {value}:"):
            with source.block(f"if {element} is None:"):
                if kind.nullable:
                    append("{'NULL': True}")
                else:
                    source.line(GIVE_UP)
            with source.block("else:"):
                self.value(kind.element, element, append, True, in_list=True)
        store(f"{{'L': {content}}}")

    def set_elements(self, kind: SetOf, value: str, store: Store, in_list: bool) -> None:
        source = self.source
        content, element = source.local("d"), source.local("e")
        source.line(f"{content} = set()")
        with source.block(f"for {element} in {value}:"):
            inner = kind.element
            if isinstance(inner, Number):
                self.guard(element, source.use(inner.native, "native"))
                source.line(f"{content}.add({self.number(inner, element)})")
            elif isinstance(inner, Converted):
                dumped = self.dumped(inner, element)
                self.guard(dumped, "str")
                self.unicode(dumped)
                source.line(f"{content}.add({dumped})")
            else:
                assert isinstance(inner, Text)
                self.guard(element, "str")
                self.checks(inner, element)
                self.unicode(element)
                source.line(f"{content}.add({element})")
        with source.block(f"if {content}:"):
            store(f"{{{set_tag(kind)!r}: sorted({content})}}")
        if in_list:
            with source.block("else:"):
                source.line(GIVE_UP)

    def record(self, kind: Record, value: str, store: Store, nulls: bool) -> None:
        source = self.source
        if kind.take is not None:
            taken = source.local("t")
            source.line(f"{taken} = {source.use(kind.take, 'take')}({value})")
            with source.block(f"if {taken} is None:"):
                source.line(GIVE_UP)
            value = taken
        content = source.local("d")
        source.line(f"{content} = {self._function(kind.layout, nulls)}({value})")
        with source.block(f"if {content} is None:"):
            source.line(GIVE_UP)
        store(f"{{'M': {content}}}")

    def entries(self, kind: MapOf, value: str, store: Store, nulls: bool) -> None:
        source = self.source
        content, name, element = source.local("d"), source.local("k"), source.local("e")
        source.line(f"{content} = {{}}")
        with source.block(f"for {name}, {element} in {value}.items():"):
            if kind.dump_key is not None:
                source.line(f"{name} = {source.use(kind.dump_key, 'key')}({name})")
                if self._check and kind.load_key is not None:
                    source.line(f"{source.use(kind.load_key, 'key')}({name})")
            self.guard(name, "str")
            self.unicode(name)

            def store_entry(dumped: str) -> None:
                source.line(f"{content}[{name}] = {dumped}")

            with source.block(f"if {element} is None:"):
                if kind.element is not None and not kind.nullable:
                    source.line(GIVE_UP)
                elif nulls:
                    store_entry("{'NULL': True}")
            with source.block("else:"):
                if kind.element is None:
                    self.free(element, store_entry, nulls, in_list=False)
                else:
                    self.value(kind.element, element, store_entry, nulls, in_list=False)
        store(f"{{'M': {content}}}")
