"""Generated functions from wire items to the native values by Python name.

Each gives ``None`` when it meets anything but the expected shapes, and then the library has to load the item.  An item
with as many attributes as there are fields is first taken for complete, which spares asking for each attribute; a
KeyError says that it is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from .checks import GIVE_UP, write_checks
from .plans import (
    REFUSED,
    Converted,
    FieldPlan,
    Flag,
    Foreign,
    Free,
    Given,
    ListOf,
    Made,
    MapOf,
    Number,
    Record,
    SchemaPlan,
    SetOf,
    Text,
    Value,
)
from .source import Source
from .values import FRACTION, PLAIN_NUMBER, LateData, number_of, read_free, read_free_map, read_unknown

Load = Callable[[Mapping[str, Any]], "dict[str, Any] | None"]
Store = Callable[[str], None]

# what stands under a usual tag, as decoding gives it
_USUAL: dict[str, Value] = {"S": Text(), "N": Number(int, number_of), "BOOL": Flag()}
_TAGS: dict[type, str] = {Text: "S", Number: "N", Flag: "BOOL", ListOf: "L", MapOf: "M", Record: "M"}


def compile_load(plan: SchemaPlan) -> tuple[Load, str]:
    """Give the load function of a schema, and its text."""
    source = Source(f"load of {plan.name}")
    writer = LoadWriter(source)
    main = writer.function(plan)
    while writer.waiting:
        writer.write(writer.waiting.pop())
    load: Load = source.compiled()[main]
    return load, "\n".join(source.lines)


class LoadWriter:
    """Writes the functions of one module: one for each schema that is met."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.waiting: list[SchemaPlan] = []
        self._complete = False

    def function(self, plan: SchemaPlan) -> str:
        """Give the name of a schema's function, which may be written later."""
        known = self.source.reserved(plan)
        if known is None:
            known = self.source.reserve(plan, "load")
            self.waiting.append(plan)
        return known

    def write(self, plan: SchemaPlan) -> None:
        source = self.source
        inputs = {field.stored for field in plan.fields if not field.computed}
        with source.block(f"def {self.function(plan)}(wire):"), source.block("try:"):
            with source.block("if type(wire) is not dict:"):
                source.line(GIVE_UP)
            if any(isinstance(field.value, Foreign) and not field.computed for field in plan.fields):
                source.line(f"data = {source.use(LateData, 'late')}({source.use(plan.data, 'data')}, wire)")
            with source.block(f"if len(wire) >= {len(inputs)}:"):
                with source.block("try:"):
                    self._complete = True
                    self.fields(plan)
                    self._complete = False
                source.line("except KeyError:")
                source.line("    pass")
            self.fields(plan)
        # the block of the function goes on with the handler
        source.line("    except Exception:")
        source.line("        return None")

    def fields(self, plan: SchemaPlan) -> None:
        """Write what loads all fields, and returns."""
        source = self.source
        source.line("out = {}")
        if not plan.outermost:
            source.line("absent = 0")
        for field in plan.fields:
            self.field(plan, field)
        if not plan.outermost:
            stored = {field.stored for field in plan.fields}
            with source.block(f"if len(wire) != {len(stored)} - absent:"):
                known = source.use(frozenset(stored), "known")
                unknown = f"{source.use(read_unknown, 'unknown')}(wire, {known})"
                source.line(f"out.update({unknown})" if plan.keeps_unknown else unknown)
        last = plan.judge if plan.finish is None else plan.finish
        source.line("return out" if last is None else f"return {source.use(last, 'last')}(out)")

    def field(self, plan: SchemaPlan, field: FieldPlan) -> None:
        source, key = self.source, repr(field.stored)

        def store(value: str) -> None:
            source.line(f"out[{field.name!r}] = {value}")

        def on_null() -> None:
            if not field.nullable:
                self.missing(field, store)
            elif isinstance(field.value, Foreign):
                store(f"{source.use(field.value.load, 'load')}(None, data)")
            else:
                store("None")

        def otherwise() -> None:
            if field.otherwise is None:
                source.line(GIVE_UP)
            else:
                store(f"{source.use(field.otherwise, 'otherwise')}(w)")

        demanded = field.missing is REFUSED and not field.aliases
        if (self._complete or demanded) and not field.computed:
            source.line(f"w = wire[{key}]")
            self.value(field.value, "w", store, on_null, otherwise)
            self.superfluous(plan, field.aliases)
            return
        with source.block(f"if {key} in wire:"):
            source.line(f"w = wire[{key}]")
            if field.computed:
                source.line(f"{source.use(read_free, 'read')}(w)")
            else:
                self.value(field.value, "w", store, on_null, otherwise)
                self.superfluous(plan, field.aliases)
        for place, alias in enumerate(field.aliases, start=1):
            with source.block(f"elif {alias!r} in wire:"):
                source.line(f"w = wire[{alias!r}]")
                self.value(field.value, "w", store, on_null, otherwise)
                self.superfluous(plan, field.aliases[place:])
        with source.block("else:"):
            if not plan.outermost:
                source.line("absent += 1")
            if not field.computed:
                self.missing(field, store)

    def superfluous(self, plan: SchemaPlan, aliases: Iterable[str]) -> None:
        """Write what looks at attributes that are not taken, but were if others were missing: as decoding does."""
        if plan.outermost:
            for alias in aliases:
                with self.source.block(f"if {alias!r} in wire:"):
                    self.source.line(f"{self.source.use(read_free, 'read')}(wire[{alias!r}])")

    def missing(self, field: FieldPlan, store: Store) -> None:
        if isinstance(field.missing, Given):
            store(self.source.use(field.missing.value, "default"))
        elif isinstance(field.missing, Made):
            store(f"{self.source.use(field.missing.factory, 'make')}()")
        elif field.missing is REFUSED:
            self.source.line(GIVE_UP)

    def value(
        self,
        plan: Value,
        wire: str,
        store: Store,
        on_null: Callable[[], None],
        otherwise: Callable[[], None] | None = None,
    ) -> None:
        """Write what makes the native of an AttributeValue."""
        source = self.source
        tag = self.tag(plan)
        if isinstance(plan, Free) and plan.usual is not None:
            with source.block(f"if {plan.usual!r} in {wire}:"):
                self.tagged(_USUAL[plan.usual], plan.usual, wire, store)
            with source.block(f"elif 'NULL' in {wire} and len({wire}) == 1:"):
                on_null()
            with source.block("else:"):
                self.free(plan, wire, store)
            return
        if tag is None:
            with source.block(f"if 'NULL' in {wire} and len({wire}) == 1:"):
                on_null()
            with source.block("else:"):
                self.free(plan, wire, store)
            return
        if self._complete:
            self.tagged(plan, tag, wire, store)
            return
        with source.block(f"if {tag!r} in {wire}:"):
            self.tagged(plan, tag, wire, store)
        with source.block(f"elif 'NULL' in {wire} and len({wire}) == 1:"):
            on_null()
        with source.block("else:"):
            otherwise() if otherwise is not None else source.line(GIVE_UP)

    def tagged(self, plan: Value, tag: str, wire: str, store: Store) -> None:
        """Write what makes the native of an AttributeValue that has to have the tag."""
        source = self.source
        content = source.local("c")
        source.line(f"{content} = {wire}[{tag!r}]")
        kind = {"BOOL": "bool", "S": "str", "N": "str", "M": "dict"}.get(tag, "list")
        with source.block(f"if type({content}) is not {kind} or len({wire}) != 1:"):
            source.line(GIVE_UP)
        self.content(plan, content, store)

    def tag(self, plan: Value) -> str | None:
        """Give the only tag under which a value is expected, ``None`` where there may be others."""
        if isinstance(plan, SetOf):
            return set_tag(plan)
        if isinstance(plan, Converted):
            return "S" if plan.as_text else None
        if isinstance(plan, Free):
            return "M" if plan.mapping else None
        return _TAGS.get(type(plan))

    def free(self, plan: Value, wire: str, store: Store) -> None:
        source = self.source
        value = source.local("v")
        read = f"{source.use(read_free, 'read')}({wire})"
        if isinstance(plan, Foreign):
            read = f"{source.use(plan.load, 'load')}({read}, data)"
        elif isinstance(plan, Converted):
            read = f"{source.use(plan.load, 'load')}({read})"
        source.line(f"{value} = {read}")
        if not isinstance(plan, Foreign):
            write_checks(source, plan.checks, value)
        store(value)

    def content(self, plan: Value, content: str, store: Store) -> None:
        """Write what makes the native of the content of an AttributeValue, whose type is right."""
        source = self.source
        if isinstance(plan, (Text, Flag)):
            write_checks(source, plan.checks, content)
            store(content)
            return
        value = source.local("v")
        if isinstance(plan, Number):
            self.number(plan, content, value)
        elif isinstance(plan, Converted):
            source.line(f"{value} = {source.use(plan.load, 'load')}({content})")
        elif isinstance(plan, Free):
            source.line(f"{value} = {source.use(read_free_map, 'read')}({content})")
        elif isinstance(plan, ListOf):
            self.elements(plan, content, value)
        elif isinstance(plan, SetOf):
            self.set_elements(plan, content, value)
        elif isinstance(plan, MapOf):
            self.entries(plan, content, value)
        elif isinstance(plan, Record):
            source.line(f"{value} = {self.function(plan.plan)}({content})")
            with source.block(f"if {value} is None:"):
                source.line(GIVE_UP)
            if plan.make is not None:
                source.line(f"{value} = {source.use(plan.make, 'make')}({value})")
        assert not isinstance(plan, Foreign)
        write_checks(source, plan.checks, value)
        store(value)

    def number(self, plan: Number, content: str, value: str) -> None:
        source = self.source
        read = f"{source.use(plan.read, 'read')}({content})"
        digits = f"len({content}) < 40 and {content}.isdigit() and {content}.isascii()"
        native = source.use(plan.native, "native")
        if plan.native is float:
            plain = source.use(PLAIN_NUMBER, "plain")
            # decoding knows no negative zero
            source.line(f"{value} = {native}({content}) or 0.0 if {plain}({content}) else {read}")
        elif plan.native is Decimal:
            fraction = source.use(FRACTION, "fraction")
            source.line(f"{value} = {native}({content}) if {digits} or {fraction}({content}) else {read}")
        else:
            source.line(f"{value} = int({content}) if {digits} else {read}")
        if plan.finish is not None:
            source.line(f"{value} = {source.use(plan.finish, 'finish')}({value})")

    def elements(self, plan: ListOf, content: str, value: str) -> None:
        source, element = self.source, self.source.local("e")

        def append(inner: str) -> None:
            source.line(f"{value}.append({inner})")

        def on_null() -> None:
            append("None") if plan.nullable else source.line(GIVE_UP)

        source.line(f"{value} = []")
        with source.block(f"for {element} in {content}:"):
            self.value(plan.element, element, append, on_null)

    def set_elements(self, plan: SetOf, content: str, value: str) -> None:
        source, element = self.source, self.source.local("e")
        source.line(f"{value} = set()")
        with source.block(f"for {element} in {content}:"):
            with source.block(f"if type({element}) is not str:"):
                source.line(GIVE_UP)
            self.content(plan.element, element, lambda inner: source.line(f"{value}.add({inner})"))

    def entries(self, plan: MapOf, content: str, value: str) -> None:
        source, name, element = self.source, self.source.local("k"), self.source.local("e")
        source.line(f"{value} = {{}}")
        with source.block(f"for {name}, {element} in {content}.items():"):
            with source.block(f"if type({name}) is not str:"):
                source.line(GIVE_UP)
            null_allowed = plan.nullable or plan.element is None
            if plan.load_key is not None:
                # a key whose value is left out is not converted either
                if not null_allowed:
                    with source.block(f"if 'NULL' in {element} and len({element}) == 1:"):
                        source.line("continue")
                source.line(f"{name} = {source.use(plan.load_key, 'key')}({name})")

            def store(inner: str) -> None:
                source.line(f"{value}[{name}] = {inner}")

            def on_null() -> None:
                store("None") if null_allowed else source.line("pass")

            if plan.element is None:
                store(f"{source.use(read_free, 'read')}({element})")
            else:
                self.value(plan.element, element, store, on_null)


def set_tag(plan: SetOf) -> str:
    """Give the tag of a set, by its elements."""
    return "NS" if isinstance(plan.element, Number) else "SS"
