"""Generated code from an AttributeValue to its native, for each kind of value.

Whatever stores a native is told, too, where what is packed of it is; :mod:`.packing` says how.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

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
from .packing import packs_as_native
from .source import Source
from .values import FRACTION, float_reader, number_of, read_free, read_free_map

Store = Callable[[str, str], None]

# what stands under a usual tag, as decoding gives it
_USUAL: dict[str, Value] = {"S": Text(), "N": Number(int, number_of), "BOOL": Flag()}


class ValueLoads:
    """Writes what loads values; ``function`` gives the name of the function for a schema inside.

    Where an item is taken for complete, ``is_complete``, another tag than the expected one raises a KeyError.
    """

    def __init__(
        self, source: Source, function: Callable[[SchemaLayout], str], *, is_packed: bool, is_complete: bool = False
    ) -> None:
        self.source = source
        self._function = function
        self._is_packed = is_packed
        self._is_complete = is_complete

    def value(
        self,
        kind: Value,
        wire: str,
        store: Store,
        on_null: Callable[[], None],
        otherwise: Callable[[], None] | None = None,
    ) -> None:
        """Write what makes the native of an AttributeValue."""
        source = self.source
        tag = tag_of(kind)
        if isinstance(kind, Free) and kind.usual is not None:
            with source.block(f"if {kind.usual!r} in {wire}:"):
                self.tagged(_USUAL[kind.usual], kind.usual, wire, store)
            with source.block(f"elif 'NULL' in {wire} and len({wire}) == 1:"):
                on_null()
            with source.block("else:"):
                self.free(kind, wire, store)
            return
        if tag is None:
            with source.block(f"if 'NULL' in {wire} and len({wire}) == 1:"):
                on_null()
            with source.block("else:"):
                self.free(kind, wire, store)
            return
        if self._is_complete:
            self.tagged(kind, tag, wire, store)
            return
        with source.block(f"if {tag!r} in {wire}:"):
            self.tagged(kind, tag, wire, store)
        with source.block(f"elif 'NULL' in {wire} and len({wire}) == 1:"):
            on_null()
        with source.block("else:"):
            otherwise() if otherwise is not None else source.line(GIVE_UP)

    def tagged(self, kind: Value, tag: str, wire: str, store: Store) -> None:
        """Write what makes the native of an AttributeValue that has to have the tag."""
        source = self.source
        content = source.local("c")
        source.line(f"{content} = {wire}[{tag!r}]")
        expected = {"BOOL": "bool", "S": "str", "N": "str", "M": "dict"}.get(tag, "list")
        with source.block(f"if type({content}) is not {expected} or len({wire}) != 1:"):
            source.line(GIVE_UP)
        self.content(kind, content, wire, store)

    def free(self, kind: Value, wire: str, store: Store) -> None:
        source = self.source
        value = source.local("v")
        read = f"{source.use(read_free, 'read')}({wire})"
        if isinstance(kind, ThroughLibrary):
            read = f"{source.use(kind.load, 'load')}({read}, wire)"
        elif isinstance(kind, Converted):
            read = f"{source.use(kind.load, 'load')}({read})"
        source.line(f"{value} = {read}")
        if not isinstance(kind, ThroughLibrary):
            write_checks(source, kind.checks, value)
        store(value, wire)

    def content(self, kind: Value, content: str, wire: str, store: Store) -> None:
        """Write what makes the native of the content of an AttributeValue, whose type is right."""
        source = self.source
        if isinstance(kind, (Text, Flag)):
            write_checks(source, kind.checks, content)
            store(content, content)
            return
        value, packed = source.local("v"), content
        if isinstance(kind, Number):
            self.number(kind, content, value)
        elif isinstance(kind, Converted):
            source.line(f"{value} = {source.use(kind.load, 'load')}({content})")
        elif isinstance(kind, Free):
            source.line(f"{value} = {source.use(read_free_map, 'read')}({content})")
            packed = wire
        elif isinstance(kind, ListOf):
            packed = self.elements(kind, content, value)
        elif isinstance(kind, SetOf):
            self.set_elements(kind, content, value)
        elif isinstance(kind, MapOf):
            packed = self.entries(kind, content, wire, value)
        elif isinstance(kind, Record):
            packed = self.record(kind, content, wire, value)
        assert not isinstance(kind, ThroughLibrary)
        # checks may be functions of the user's, which get to see what was packed before
        write_checks(source, kind.checks, value)
        store(value, packed)

    def record(self, kind: Record, content: str, wire: str, value: str) -> str:
        """Write what makes a nested native; give where its packed form is."""
        source = self.source
        packed = source.local("q")
        source.line(f"{value} = {self._function(kind.layout)}({content})")
        with source.block(f"if {value} is None:"):
            source.line(GIVE_UP)
        if self._is_packed:
            source.line(f"{value}, {packed} = {value}")
            with source.block(f"if {packed} is None:"):
                source.line(f"{packed} = {wire}")
        return packed

    def number(self, kind: Number, content: str, value: str) -> None:
        source = self.source
        read = f"{source.use(kind.read, 'read')}({content})"
        digits = f"len({content}) < 40 and {content}.isdigit() and {content}.isascii()"
        native = source.use(kind.native, "native")
        if kind.native is float:
            # what has no sign needs no expression to be told; decoding knows no negative zero
            unsigned = f"len({content}) < 26 and {content}.isascii() and {content}.replace('.', '', 1).isdigit()"
            other = f"{source.use(float_reader(kind.read), 'read')}({content})"
            source.line(f"{value} = {native}({content}) or 0.0 if {unsigned} else {other}")
        elif kind.native is Decimal:
            fraction = source.use(FRACTION, "fraction")
            source.line(f"{value} = {native}({content}) if {digits} or {fraction}({content}) else {read}")
        else:
            source.line(f"{value} = int({content}) if {digits} else {read}")
        if kind.finish is not None:
            source.line(f"{value} = {source.use(kind.finish, 'finish')}({value})")

    def elements(self, kind: ListOf, content: str, value: str) -> str:
        """Write what makes a list; give where its packed form is."""
        source, element, packed = self.source, self.source.local("e"), self.source.local("q")
        is_packed_apart = self._is_packed and not packs_as_native(kind.element)

        def append(inner: str, packed_inner: str) -> None:
            source.line(f"{value}.append({inner})")
            if is_packed_apart:
                source.line(f"{packed}.append({packed_inner})")

        def on_null() -> None:
            append("None", "None") if kind.nullable else source.line(GIVE_UP)

        source.line(f"{value} = []")
        if is_packed_apart:
            source.line(f"{packed} = []")
        with source.block(f"for {element} in {content}:"):
            self.value(kind.element, element, append, on_null)
        if self._is_packed:
            source.line(f"{packed} = (*{packed if is_packed_apart else value},)")
        return packed

    def set_elements(self, kind: SetOf, content: str, value: str) -> None:
        source, element = self.source, self.source.local("e")
        source.line(f"{value} = set()")
        with source.block(f"for {element} in {content}:"):
            with source.block(f"if type({element}) is not str:"):
                source.line(GIVE_UP)
            self.content(kind.element, element, element, lambda inner, _: source.line(f"{value}.add({inner})"))

    def entries(self, kind: MapOf, content: str, wire: str, value: str) -> str:
        """Write what makes a dict; give where its packed form is."""
        source, name, element = self.source, self.source.local("k"), self.source.local("e")
        packed = source.local("q")
        is_packed = self._is_packed and kind.element is not None and kind.load_key is None
        is_packed_apart = is_packed and not packs_as_native(kind.element)
        null_allowed = kind.nullable or kind.element is None

        def store(inner: str, packed_inner: str) -> None:
            source.line(f"{value}[{name}] = {inner}")
            if is_packed_apart:
                source.line(f"{packed}.append({packed_inner})")

        def on_null() -> None:
            store("None", "None") if null_allowed else source.line("pass")

        source.line(f"{value} = {{}}")
        if is_packed_apart:
            source.line(f"{packed} = []")
        with source.block(f"for {name}, {element} in {content}.items():"):
            with source.block(f"if type({name}) is not str:"):
                source.line(GIVE_UP)
            if kind.load_key is not None:
                # a key whose value is left out is not converted either
                if not null_allowed:
                    with source.block(f"if 'NULL' in {element} and len({element}) == 1:"):
                        source.line("continue")
                source.line(f"{name} = {source.use(kind.load_key, 'key')}({name})")
            if kind.element is None:
                store(f"{source.use(read_free, 'read')}({element})", element)
            else:
                self.value(kind.element, element, store, on_null)
        if not is_packed:
            return wire
        contents = packed if is_packed_apart else f"{value}.values()"
        # what was left out is told by the AttributeValue alone
        source.line(f"{packed} = (*{value}, *{contents}) if len({value}) == len({content}) else {wire}")
        return packed
