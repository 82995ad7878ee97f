"""Generated code from an AttributeValue to its native, for each kind of value.

An AttributeValue of an expected type is a struct, see :mod:`.structs`; one that may have any type is a dict.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import msgspec

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
    tag_of,
)
from .source import Source
from .structs import Structs, needs_wire
from .values import FRACTION, float_reader, read_free, read_free_map

Store = Callable[[str], None]
OnNull = Callable[[], None]


class ValueLoads:
    """Writes what loads values; ``function`` gives the name of the function for a schema inside."""

    def __init__(self, source: Source, structs: Structs, function: Callable[[SchemaLayout], str]) -> None:
        self.source = source
        self._structs = structs
        self._function = function

    def value(self, kind: Value, wire: str, store: Store, on_null: OnNull | None) -> None:
        """Write what makes the native of an AttributeValue; without ``on_null`` that cannot be NULL."""
        source, tag = self.source, tag_of(kind)
        if tag is None:
            with source.block(f"if 'NULL' in {wire} and len({wire}) == 1:"):
                source.line(GIVE_UP) if on_null is None else on_null()
            with source.block("else:"):
                self._free(kind, wire, store)
        elif on_null is None:
            self._content(kind, f"{wire}.{tag}", store)
        else:
            content = source.local("c")
            source.line(f"{content} = {wire}.{tag}")
            with source.block(f"if {content} is not UNSET:"):
                with source.block(f"if {wire}.NULL is not UNSET:"):
                    source.line(GIVE_UP)
                self._content(kind, content, store)
            with source.block(f"elif {wire}.NULL is UNSET:"):
                source.line(GIVE_UP)
            with source.block("else:"):
                on_null()

    def _free(self, kind: Value, wire: str, store: Store) -> None:
        source = self.source
        read = f"{source.use(read_free, 'read')}({wire})"
        if isinstance(kind, ThroughLibrary):
            read = f"{source.use(kind.load, 'load')}({read}, wire)"
        elif isinstance(kind, Converted):
            read = f"{source.use(kind.load, 'load')}({read})"
        self._checked(kind, read, store)

    def _content(self, kind: Value, content: str, store: Store) -> None:
        """Write what makes the native of the content of an AttributeValue."""
        source = self.source
        if isinstance(kind, Number):
            self._number(kind, content, store)
        elif isinstance(kind, Converted):
            self._checked(kind, f"{source.use(kind.load, 'load')}({content})", store)
        elif isinstance(kind, Free):
            self._checked(kind, f"{source.use(read_free_map, 'read')}({content})", store)
        elif isinstance(kind, ListOf):
            self._elements(kind, content, store)
        elif isinstance(kind, SetOf):
            self._set_elements(kind, content, store)
        elif isinstance(kind, MapOf):
            self._entries(kind, content, store)
        elif isinstance(kind, Record):
            self._record(kind, content, store)
        else:
            self._checked(kind, content, store)

    def _checked(self, kind: Value, read: str, store: Store) -> None:
        """Write what stores a native that an expression gives, if it passes its checks."""
        checks = () if isinstance(kind, ThroughLibrary) else kind.checks
        if not checks:
            store(read)
            return
        value = self.source.local("v")
        self.source.line(f"{value} = {read}")
        write_checks(self.source, checks, value)
        store(value)

    def _record(self, kind: Record, content: str, store: Store) -> None:
        source, value = self.source, self.source.local("v")
        function = self._function(kind.layout)
        if needs_wire(kind.layout):
            convert, struct = source.use(msgspec.convert, "convert"), source.use(self._structs.record(kind.layout))
            inner = source.local("c")
            source.line(f"{inner} = {content}")
            source.line(f"{value} = {function}({convert}({inner}, {struct}), {inner})")
        else:
            source.line(f"{value} = {function}({content}, None)")
        with source.block(f"if {value} is None:"):
            source.line(GIVE_UP)
        self._checked(kind, value, store)

    def _number(self, kind: Number, text: str, store: Store) -> None:
        source = self.source
        if not text.isidentifier():
            content = source.local("c")
            source.line(f"{content} = {text}")
            text = content
        read = f"{source.use(kind.read, 'read')}({text})"
        digits = f"len({text}) < 40 and {text}.isdigit() and {text}.isascii()"
        native = source.use(kind.native, "native")
        if kind.native is float:
            # what has no sign needs no expression to be told; decoding knows no negative zero
            unsigned = f"len({text}) < 26 and {text}.isascii() and {text}.replace('.', '', 1).isdigit()"
            other = f"{source.use(float_reader(kind.read), 'read')}({text})"
            number = f"{native}({text}) or 0.0 if {unsigned} else {other}"
        elif kind.native is Decimal:
            fraction = source.use(FRACTION, "fraction")
            number = f"{native}({text}) if {digits} or {fraction}({text}) else {read}"
        else:
            number = f"int({text}) if {digits} else {read}"
        if kind.finish is not None:
            number = f"{source.use(kind.finish, 'finish')}({number})"
        self._checked(kind, number, store)

    def _elements(self, kind: ListOf, content: str, store: Store) -> None:
        source, element, value = self.source, self.source.local("e"), self.source.local("v")
        if _is_content(kind.element) and not kind.nullable:
            self._checked(kind, f"[{element}.{tag_of(kind.element)} for {element} in {content}]", store)
            return

        def append(inner: str) -> None:
            source.line(f"{value}.append({inner})")

        source.line(f"{value} = []")
        with source.block(f"for {element} in {content}:"):
            self.value(kind.element, element, append, (lambda: append("None")) if kind.nullable else None)
        self._checked(kind, value, store)

    def _set_elements(self, kind: SetOf, content: str, store: Store) -> None:
        source, element, value = self.source, self.source.local("e"), self.source.local("v")
        if _is_content(kind.element):
            self._checked(kind, f"set({content})", store)
            return
        source.line(f"{value} = set()")
        with source.block(f"for {element} in {content}:"):
            self._content(kind.element, element, lambda inner: source.line(f"{value}.add({inner})"))
        self._checked(kind, value, store)

    def _entries(self, kind: MapOf, content: str, store: Store) -> None:
        source, name, element, value = self.source, *map(self.source.local, "kev")
        null_allowed = kind.nullable or kind.element is None

        def put(inner: str) -> None:
            # a key whose value is left out is not converted either
            key = name if kind.load_key is None else f"{source.use(kind.load_key, 'key')}({name})"
            source.line(f"{value}[{key}] = {inner}")

        source.line(f"{value} = {{}}")
        with source.block(f"for {name}, {element} in {content}.items():"):
            if kind.element is None:
                put(f"{source.use(read_free, 'read')}({element})")
            else:
                self.value(kind.element, element, put, lambda: put("None") if null_allowed else source.line("pass"))
        self._checked(kind, value, store)


def _is_content(value: Value) -> bool:
    """Return whether the content of an AttributeValue is the native itself, whatever it is."""
    return isinstance(value, (Text, Flag)) and not value.checks
