"""Generated functions from the native values by Python name to wire items.

Each gives ``None`` when it meets anything but natives of exactly the expected types or, where it checks, when it cannot
tell that the item could be loaded again; then the library has to dump the values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from ...codec import WireItem, encode_number
from .checks import GIVE_UP, write_checks
from .plans import (
    ABSENT,
    LEFT_OUT,
    REFUSED,
    UNSURE,
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
    set_tag,
)
from .source import Source
from .values import decimal_text, float_text, write_free, write_item

Dump = Callable[[Mapping[str, Any]], "WireItem | None"]
Store = Callable[[str], None]

_NATIVES: dict[type, str] = {Text: "str", Flag: "bool", ListOf: "list", SetOf: "set", MapOf: "dict"}


def compile_dump(plan: SchemaPlan, *, check: bool) -> tuple[Dump, str]:
    """Give the dump function of a schema, and its text; with ``check`` it gives valid items only."""
    source = Source(f"dump of {plan.name}")
    writer = DumpWriter(source, check)
    main = writer.function(plan, False)
    while writer.waiting:
        writer.write(*writer.waiting.pop())
    dump: Dump = source.compiled()[main]
    return dump, "\n".join(source.lines)


def dump_through_library(dump_whole: Callable[[Mapping[str, Any], bool], Mapping[str, Any]], check: bool) -> Dump:
    """Return the dump function of a schema whose library gives the plain values."""

    def dump(natives: Mapping[str, Any]) -> WireItem | None:
        try:
            return write_item(dump_whole(natives, check))
        except Exception:
            return None

    return dump


class DumpWriter:
    """Writes the functions of one module: for each schema one, and another for the inside of lists.

    Inside of lists, ``nulls``, DynamoDB's NULL stands for ``None``; elsewhere nothing does.
    """

    def __init__(self, source: Source, check: bool) -> None:
        self.source = source
        self.check = check
        self.waiting: list[tuple[SchemaPlan, bool]] = []
        self._functions: dict[tuple[int, bool], str] = {}

    def function(self, plan: SchemaPlan, nulls: bool) -> str:
        """Give the name of a schema's function, which may be written later."""
        known = self._functions.get((id(plan), nulls))
        if known is None:
            known = self._functions[id(plan), nulls] = self.source.reserve((plan, nulls), "dump")
            self.waiting.append((plan, nulls))
        return known

    def write(self, plan: SchemaPlan, nulls: bool) -> None:
        source = self.source
        with source.block(f"def {self.function(plan, nulls)}(natives):"), source.block("try:"):
            source.line("out = {}")
            if not plan.outermost:
                source.line("absent = 0")
            foreign = any(isinstance(field.value, Foreign) for field in plan.fields)
            if foreign:
                self.settled(plan)
            for field in plan.fields:
                if isinstance(field.value, Foreign):
                    self.foreign_field(plan, field, field.value, nulls)
                else:
                    self.field(plan, field, nulls)
            if not plan.outermost:
                inputs = [field for field in plan.fields if not field.computed]
                with source.block(f"if len({'settled' if foreign else 'natives'}) != {len(inputs)} - absent:"):
                    source.line(GIVE_UP)
            source.line("return out")
        source.line("    except Exception:")
        source.line("        return None")

    def settled(self, plan: SchemaPlan) -> None:
        """Write what collects the natives for fields whose own code may look at all of them.

        All other fields see to the values as they were assigned: what the user has written settles nothing twice.
        """
        source = self.source
        if plan.outermost:
            kept = {field.name for field in plan.fields if field.nullable and field.required}
            nones = f" or name in {source.use(frozenset(kept), 'kept')}" if kept else ""
            source.line(f"settled = {{name: value for name, value in natives.items() if value is not None{nones}}}")
        else:
            source.line("settled = dict(natives)")
        for field in plan.fields:
            if field.computed:
                source.line(f"settled.pop({field.name!r}, None)")
            elif field.settle is not None and not _is_exact(field.value, []):
                with source.block(f"if settled.get({field.name!r}) is not None:"):
                    settle = source.use(field.settle, "settle")
                    source.line(f"settled[{field.name!r}] = {settle}(settled[{field.name!r}])")

    def field(self, plan: SchemaPlan, field: FieldPlan, nulls: bool) -> None:
        source, name = self.source, repr(field.name)

        def store(value: str) -> None:
            source.line(f"out[{field.stored!r}] = {value}" if _is_storable(field.stored) else GIVE_UP)

        def present() -> None:
            with source.block("if v is not None:"):
                self.value(field.value, "v", store, nulls, in_list=False)
            with source.block("else:"):
                if plan.outermost:
                    if field.nullable and field.required:
                        with source.block(f"if {name} not in natives:"):
                            self.unset(field, store, nulls)
                    else:
                        self.unset(field, store, nulls)
                else:
                    self.none(field, store, nulls)

        if field.always is not None:
            if not plan.outermost:
                with source.block(f"if {name} not in natives:"):
                    source.line("absent += 1")
            source.line(f"v = {source.use(field.always.value, 'always')}")
            self.value(field.value, "v", store, nulls, in_list=False)
            return
        if plan.outermost:
            source.line(f"v = natives.get({name})")
            present()
            return
        with source.block(f"if {name} in natives:"):
            source.line(f"v = natives[{name}]")
            present()
        with source.block("else:"):
            source.line("absent += 1")
            self.unset(field, store, nulls)

    def none(self, field: FieldPlan, store: Store, nulls: bool) -> None:
        unsure = field.unset is UNSURE and not field.nullable
        if unsure or (self.check and field.required and not field.nullable):
            self.source.line(GIVE_UP)
        elif nulls:
            store("{'NULL': True}")

    def unset(self, field: FieldPlan, store: Store, nulls: bool) -> None:
        source = self.source
        if field.unset is REFUSED:
            if self.check:
                source.line(GIVE_UP)
        elif isinstance(field.unset, Given) and field.unset.value is None:
            self.none(field, store, nulls)
        elif field.unset is not LEFT_OUT:
            if isinstance(field.unset, Given):
                source.line(f"v = {source.use(field.unset.value, 'default')}")
            elif isinstance(field.unset, Made):
                source.line(f"v = {source.use(field.unset.factory, 'make')}()")
            else:
                source.line(GIVE_UP)
                return
            self.value(field.value, "v", store, nulls, in_list=False)
        if self.check and field.unset_check is not None:
            source.line(f"{source.use(field.unset_check, 'unset')}()")

    def foreign_field(self, plan: SchemaPlan, field: FieldPlan, value: Foreign, nulls: bool) -> None:
        source = self.source

        def store(dumped: str) -> None:
            source.line(f"out[{field.stored!r}] = {dumped}" if _is_storable(field.stored) else GIVE_UP)

        if not plan.outermost and not field.computed:
            with source.block(f"if {field.name!r} not in natives:"):
                source.line("absent += 1")
        source.line(f"v = {source.use(value.dump, 'dump')}(settled)")
        check = self.check and not field.computed
        absent = source.use(ABSENT, "absent")
        with source.block(f"if v is {absent} or v is None:"):
            if check and field.required:
                # rare enough to be left to the library, whatever it says
                source.line(GIVE_UP)
            elif check:
                if field.unset_check is not None:
                    source.line(f"{source.use(field.unset_check, 'unset')}()")
                if field.nullable:
                    with source.block("if v is None:"):
                        source.line(f"{source.use(value.check, 'check')}(v)")
            if nulls:
                with source.block("if v is None:"):
                    store("{'NULL': True}")
        with source.block("else:"):
            if check:
                source.line(f"{source.use(value.check, 'check')}(v)")
            self.free("v", store, nulls, in_list=False)

    def value(self, plan: Value, value: str, store: Store, nulls: bool, *, in_list: bool) -> None:
        """Write what makes the AttributeValue of a native that is not ``None``."""
        source = self.source
        if isinstance(plan, Free):
            if plan.mapping:
                self.guard(value, "dict")
            self.checks(plan, value)
            self.free(value, store, nulls, in_list)
            return
        if isinstance(plan, Converted):
            self.converted(plan, value, store, nulls, in_list)
            return
        if isinstance(plan, Number):
            self.guard(value, source.use(plan.native, "native"))
            store(f"{{'N': {self.number(plan, value)}}}")
            return
        assert not isinstance(plan, Foreign)
        if not isinstance(plan, Record):
            self.guard(value, _NATIVES[type(plan)])
        elif plan.native is not None:
            self.guard(value, source.use(plan.native, "native"))
        self.checks(plan, value)
        if isinstance(plan, Text):
            self.unicode(value)
            store(f"{{'S': {value}}}")
        elif isinstance(plan, Flag):
            store(f"{{'BOOL': {value}}}")
        elif isinstance(plan, ListOf):
            self.elements(plan, value, store)
        elif isinstance(plan, SetOf):
            self.set_elements(plan, value, store, in_list)
        elif isinstance(plan, MapOf):
            self.entries(plan, value, store, nulls)
        else:
            self.record(plan, value, store, nulls)

    def guard(self, value: str, kind: str) -> None:
        with self.source.block(f"if type({value}) is not {kind}:"):
            self.source.line(GIVE_UP)

    def checks(self, plan: Any, value: str) -> None:
        if self.check:
            write_checks(self.source, plan.checks, value)

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

    def number(self, plan: Number, value: str) -> str:
        """Write the checks of a number; give the expression of its text."""
        source = self.source
        if plan.finish is not None:
            finished = source.local("n")
            source.line(f"{finished} = {source.use(plan.finish, 'finish')}({value})")
            value = finished
        self.checks(plan, value)
        if plan.native is float:
            return f"{source.use(float_text, 'text')}({value})"
        if plan.native is Decimal:
            return f"{source.use(decimal_text, 'text')}({value})"
        usual = f"-1000000000000000000 < {value} < 1000000000000000000"
        return f"str({value}) if {usual} else {source.use(encode_number, 'text')}({value})"

    def converted(self, plan: Converted, value: str, store: Store, nulls: bool, in_list: bool) -> None:
        source = self.source
        dumped = self.dumped(plan, value)
        if plan.as_text:
            self.guard(dumped, "str")
            self.unicode(dumped)
            store(f"{{'S': {dumped}}}")
            return
        # a value that dumps to None is a missing one for a load
        with source.block(f"if {dumped} is None:"):
            source.line(GIVE_UP)
        self.free(dumped, store, nulls, in_list)

    def dumped(self, plan: Converted, value: str) -> str:
        """Write the conversion of a native and its checks; give the name of what comes out."""
        source = self.source
        if plan.natives:
            if len(plan.natives) == 1:
                self.guard(value, source.use(plan.natives[0], "native"))
            else:
                with source.block(f"if type({value}) not in {source.use(plan.natives, 'natives')}:"):
                    source.line(GIVE_UP)
        if plan.settle is not None:
            settled = source.local("n")
            source.line(f"{settled} = {source.use(plan.settle, 'settle')}({value})")
            value = settled
        dumped = source.local("d")
        source.line(f"{dumped} = {source.use(plan.dump, 'dump')}({value})")
        if self.check:
            if plan.reload == "same":
                write_checks(source, plan.checks, value)
            elif plan.checks or plan.reload == "doubtful":
                again = source.local("r")
                source.line(f"{again} = {source.use(plan.load, 'load')}({dumped})")
                write_checks(source, plan.checks, again)
        return dumped

    def elements(self, plan: ListOf, value: str, store: Store) -> None:
        source = self.source
        content, element = source.local("d"), source.local("e")

        def append(dumped: str) -> None:
            source.line(f"{content}.append({dumped})")

        source.line(f"{content} = []")
        with source.block(f"for {element} in {value}:"):
            with source.block(f"if {element} is None:"):
                if plan.nullable:
                    append("{'NULL': True}")
                else:
                    source.line(GIVE_UP)
            with source.block("else:"):
                self.value(plan.element, element, append, True, in_list=True)
        store(f"{{'L': {content}}}")

    def set_elements(self, plan: SetOf, value: str, store: Store, in_list: bool) -> None:
        source = self.source
        content, element = source.local("d"), source.local("e")
        source.line(f"{content} = set()")
        with source.block(f"for {element} in {value}:"):
            inner = plan.element
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
            store(f"{{{set_tag(plan)!r}: sorted({content})}}")
        if in_list:
            with source.block("else:"):
                source.line(GIVE_UP)

    def record(self, plan: Record, value: str, store: Store, nulls: bool) -> None:
        source = self.source
        if plan.take is not None:
            taken = source.local("t")
            source.line(f"{taken} = {source.use(plan.take, 'take')}({value})")
            with source.block(f"if {taken} is None:"):
                source.line(GIVE_UP)
            value = taken
        content = source.local("d")
        source.line(f"{content} = {self.function(plan.plan, nulls)}({value})")
        with source.block(f"if {content} is None:"):
            source.line(GIVE_UP)
        store(f"{{'M': {content}}}")

    def entries(self, plan: MapOf, value: str, store: Store, nulls: bool) -> None:
        source = self.source
        content, name, element = source.local("d"), source.local("k"), source.local("e")
        source.line(f"{content} = {{}}")
        with source.block(f"for {name}, {element} in {value}.items():"):
            if plan.dump_key is not None:
                source.line(f"{name} = {source.use(plan.dump_key, 'key')}({name})")
                if self.check and plan.load_key is not None:
                    source.line(f"{source.use(plan.load_key, 'key')}({name})")
            self.guard(name, "str")
            self.unicode(name)

            def store_entry(dumped: str) -> None:
                source.line(f"{content}[{name}] = {dumped}")

            with source.block(f"if {element} is None:"):
                if plan.element is not None and not plan.nullable:
                    source.line(GIVE_UP)
                elif nulls:
                    store_entry("{'NULL': True}")
            with source.block("else:"):
                if plan.element is None:
                    self.free(element, store_entry, nulls, in_list=False)
                else:
                    self.value(plan.element, element, store_entry, nulls, in_list=False)
        store(f"{{'M': {content}}}")


def _is_storable(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_exact(value: Value | None, above: list[SchemaPlan]) -> bool:
    """Say whether the dump gives up on any value that is not a native already."""
    if isinstance(value, Foreign):
        return False
    if isinstance(value, Converted):
        return value.settle is None
    if isinstance(value, MapOf):
        return value.dump_key is None and _is_exact(value.element, above)
    if isinstance(value, ListOf):
        return _is_exact(value.element, above)
    if isinstance(value, Record):
        below = [*above, value.plan]
        return value.plan in above or all(_is_exact(field.value, below) for field in value.plan.fields)
    return True
