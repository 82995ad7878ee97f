"""Generated code from an AttributeValue to its native, for each kind of value.

An AttributeValue of an expected type is a struct, see :mod:`.structs`; one that may have any type is a dict.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import msgspec

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
from .structs import Structs, needs_wire
from .values import FRACTION, read_free, read_free_map

Store = Callable[[str], None]
OnNull = Callable[[], None]


class ValueLoads:
    """Writes what loads values."""

    def __init__(self, source: Source, structs: Structs) -> None:
        self.source = source
        self.structs = structs

    def value(self, kind: Value, wire: str, store: Store, on_null: OnNull | None) -> None:
        """Write what makes the native of an AttributeValue; without ``on_null`` that cannot be NULL."""
        source, tag = self.source, tag_of(kind)
        if tag is None:
            with source.block(f"if 'NULL' in {wire} and len({wire}) == 1:"):
                source.line(GIVE_UP) if on_null is None else on_null()
            with source.block("else:"):
                store(self.native(kind, wire))
        elif on_null is None:
            store(self.native(kind, f"{wire}.{tag}"))
        else:
            content = source.assigned("c", f"{wire}.{tag}")
            with source.block(f"if {content} is not UNSET:"):
                source.give_up_if(f"{wire}.NULL is not UNSET")
                store(self.native(kind, content))
            with source.block(f"elif {wire}.NULL is UNSET:"):
                source.line(GIVE_UP)
            with source.block("else:"):
                on_null()

    def native(self, kind: Value, content: str) -> str:
        """Write what makes a native, and give the expression of that.

        ``content`` is what stands under the expected tag, or where there may be several the whole AttributeValue.
        """
        source = self.source
        if isinstance(kind, Free) or tag_of(kind) is None:
            read = read_free if tag_of(kind) is None else read_free_map
            content = f"{source.use(read, 'read')}({content})"
        if isinstance(kind, ThroughLibrary):
            return f"{source.use(kind.load, 'load')}({content}, wire)"
        if isinstance(kind, Converted):
            content = f"{source.use(kind.load, 'load')}({content})"
        elif isinstance(kind, Number):
            content = self.number(kind, content)
        elif isinstance(kind, ListOf):
            content = self.elements(kind, content)
        elif isinstance(kind, SetOf):
            content = self.set_elements(kind, content)
        elif isinstance(kind, MapOf):
            content = self.entries(kind, content)
        elif isinstance(kind, Record):
            content = self.record(kind, content)
        if kind.checks:
            content = source.assigned("v", content)
            write_checks(source, kind.checks, content)
        return content

    def record(self, kind: Record, content: str) -> str:
        source, inner = self.source, "None"
        if needs_wire(kind.layout):
            convert, struct = source.use(msgspec.convert, "convert"), source.use(self.structs.record(kind.layout))
            inner = source.assigned("c", content)
            content = f"{convert}({inner}, {struct})"
        return source.unless_none("v", f"{source.function(kind.layout)}({content}, {inner})")

    def number(self, kind: Number, text: str) -> str:
        source = self.source
        if not text.isidentifier():
            text = source.assigned("c", text)
        read = f"{source.use(kind.read, 'read')}({text})"
        digits = f"len({text}) < 40 and {text}.isdigit() and {text}.isascii()"
        native = source.use(kind.native, "native")
        if kind.native is float:
            # what has no sign needs no expression to be told; decoding knows no negative zero
            unsigned = f"len({text}) < 26 and {text}.isascii() and {text}.replace('.', '', 1).isdigit()"
            number = f"{native}({text}) or 0.0 if {unsigned} else {read}"
        elif kind.native is Decimal:
            fraction = source.use(FRACTION, "fraction")
            number = f"{native}({text}) if {digits} or {fraction}({text}) else {read}"
        else:
            number = f"int({text}) if {digits} else {read}"
        return number if kind.finish is None else f"{source.use(kind.finish, 'finish')}({number})"

    def elements(self, kind: ListOf, content: str) -> str:
        source, element = self.source, self.source.local("e")
        if _is_content(kind.element) and not kind.nullable:
            return f"[{element}.{tag_of(kind.element)} for {element} in {content}]"
        value = source.assigned("v", "[]")

        def append(inner: str) -> None:
            source.line(f"{value}.append({inner})")

        with source.block(f"for {element} in {content}:"):
            self.value(kind.element, element, append, (lambda: append("None")) if kind.nullable else None)
        return value

    def set_elements(self, kind: SetOf, content: str) -> str:
        source, element = self.source, self.source.local("e")
        if _is_content(kind.element):
            return f"set({content})"
        value = source.assigned("v", "set()")
        with source.block(f"for {element} in {content}:"):
            source.line(f"{value}.add({self.native(kind.element, element)})")
        return value

    def entries(self, kind: MapOf, content: str) -> str:
        source, name, element = self.source, self.source.local("k"), self.source.local("e")
        value = source.assigned("v", "{}")

        def put(inner: str) -> None:
            # a key whose value is left out is not converted either
            key = name if kind.load_key is None else f"{source.use(kind.load_key, 'key')}({name})"
            source.line(f"{value}[{key}] = {inner}")

        with source.block(f"for {name}, {element} in {content}.items():"):
            self.value(kind.element, element, put, lambda: put("None") if kind.nullable else source.line("pass"))
        return value


def _is_content(value: Value) -> bool:
    """Return whether the content of an AttributeValue is the native itself, whatever it is."""
    return isinstance(value, (Text, Flag)) and not value.checks
