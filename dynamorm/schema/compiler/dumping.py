"""Generated functions from the native values by Python name to wire items.

Each gives ``None`` when it meets anything but natives of exactly the expected types or, where it checks, when it cannot
tell that the item could be loaded again; then the library has to dump the values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ...codec import WireItem
from .checks import GIVE_UP
from .plans import (
    ABSENT,
    LEFT_OUT,
    REFUSED,
    UNSURE,
    Converted,
    FieldPlan,
    Foreign,
    Given,
    ListOf,
    Made,
    MapOf,
    Record,
    SchemaPlan,
    Value,
)
from .source import Source
from .value_dumps import Store, ValueDumps
from .values import write_item

Dump = Callable[[Mapping[str, Any]], "WireItem | None"]


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
        self._values = ValueDumps(source, check, self.function)

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
                self._values.value(field.value, "v", store, nulls, in_list=False)
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
            self._values.value(field.value, "v", store, nulls, in_list=False)
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
            self._values.value(field.value, "v", store, nulls, in_list=False)
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
            self._values.free("v", store, nulls, in_list=False)


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
