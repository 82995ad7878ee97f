"""The functions of one schema, compiled when they are first called, and the account of what was compiled."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from typing import Any

from ...exceptions import UnstorableValue
from ...wire.codec import AttributeValue, WireItem
from ..copies import kept
from .dumping import compile_dump
from .loading import Receive, compile_load, compile_receive
from .packing import Packing
from .plans import (
    LEFT_OUT,
    REFUSED,
    UNSURE,
    Converted,
    FieldPlan,
    Flag,
    Foreign,
    Given,
    ListOf,
    Made,
    MapOf,
    Number,
    Objects,
    Record,
    SchemaPlan,
    SetOf,
    Text,
    Value,
    fills_in,
    holds_free,
    keeps_natives,
)
from .values import decimal_text, write_item

Plan = Callable[[str], SchemaPlan]
Function = Callable[[Mapping[str, Any]], "dict[str, Any] | None"]
Writer = Callable[[Any], "AttributeValue | None"]
COMPILED = "compiled"
CONVERTED = "compiled, with the library's own conversion"

# schemas may nest themselves, and each way into them has a function of its own
_DEEPEST = 6

_lock = threading.RLock()


class Direction:
    """Load or dump of one schema: whether it is compiled, and why not; true where it is.

    ``fields`` has ``"compiled"`` for each field, ``"compiled, with the library's own conversion"`` where that is called
    from generated code, or the reason why a field goes through its library as a whole; ``source`` is the text of the
    generated function.
    """

    def __init__(self, name: str, reason: str | None, fields: Mapping[str, str], source: str) -> None:
        self.name = name
        self.reason = reason
        self.fields = fields
        self.source = source

    @property
    def compiled(self) -> bool:
        return self.reason is None

    def __bool__(self) -> bool:
        return self.compiled

    def __repr__(self) -> str:
        return f"<{self.name}: {self.reason or COMPILED}>"

    def __str__(self) -> str:
        if self.reason is not None:
            return f"{self.name}: not compiled: {self.reason}"
        width = max(map(len, self.fields), default=0)
        return "\n".join(
            [f"{self.name}: compiled", *(f"    {name:{width}}  {told}" for name, told in self.fields.items())]
        )


class Compiled:
    """The generated functions of a schema.

    :meth:`load` and :meth:`dump` give ``None`` where the library has to do the work, be it that a schema is not
    compiled or that a value is not of the expected shape.
    """

    def __init__(
        self,
        name: str,
        plan: Plan,
        whole: str,
        dump_plan: Callable[[], SchemaPlan] | None = None,
        put_plan: Callable[[], SchemaPlan] | None = None,
    ) -> None:
        self._name = name
        self._dump_plan = dump_plan
        self._put_plan = put_plan
        self._plan = plan
        self._whole = whole
        self._plans: dict[str, SchemaPlan] = {}
        self._texts: dict[str, str] = {}
        self.loads: dict[str, Function] = _Lazily(self._compile_load)
        self.dumps: dict[bool, Function] = _Lazily(self._compile_dump)
        self.receives: dict[str, tuple[Receive, Packing]] = _Lazily(self._compile_receive)
        self._reloads: dict[str, Function] = _Lazily(self._compile_reload)
        self.parts: dict[tuple[str, bool], Writer] = _Lazily(self._compile_part)
        """Functions like :meth:`part`, by the name of the field and whether they check."""
        self._inner_parts: dict[tuple[str, tuple[str | None, ...], bool], Writer] = _Lazily(self._compile_inner_part)

    def load(self, wire: Mapping[str, Any], mode: str) -> dict[str, Any] | None:
        """Give the natives of a stored item."""
        return self.loads[mode](wire)

    def dump(self, natives: Mapping[str, Any], check: bool) -> WireItem | None:
        """Give the wire form of natives; with ``check`` only where it is valid."""
        return self.dumps[check](natives)

    def part(self, name: str, value: Any, check: bool) -> AttributeValue | None:
        """Give the wire form of the native value of one field; with ``check`` only where it is valid by itself."""
        return self.parts[name, check](value)

    def inner_part(self, path: Sequence[str | int], check: bool, *, element: bool = False) -> Writer:
        """Give a function like :meth:`part` for what is at a document path inside a field, or an element of that.

        It only writes texts, numbers and truth values.
        """
        trail = self._trail(path, element)
        if trail is None:
            return _give_up
        name, steps = trail
        return self._inner_parts[name, steps, check]

    def _trail(self, path: Sequence[str | int], element: bool) -> tuple[str, tuple[str | None, ...]] | None:
        """Give the field of a path and the way from there, in which ``None`` stands for any element."""
        field = next((field for field in self.dump_plan.fields if field.stored == path[0]), None)
        if field is None or len(path) > _DEEPEST:
            return None
        value: Value | None = field.value
        steps: list[str | None] = []
        for step in (*path[1:], *((0,) if element else ())):
            is_position = isinstance(step, int)
            is_element = isinstance(value, ListOf) if is_position else isinstance(value, MapOf)
            if is_element or (isinstance(value, SetOf) and element and len(steps) == len(path) - 1):
                steps.append(None)
            elif isinstance(value, Record) and not is_position:
                steps.append(str(step))
            else:
                return None
            value = _below(value, steps[-1])
        return field.name, tuple(steps)

    def exactly(self, given: Mapping[str, Any], *, defaults: bool) -> dict[str, Any] | None:
        """Give the natives of what a program gives, if these are valid and of the types that a load would make.

        With the ``defaults`` of what is missing.
        """
        if self._accept_given is not None:
            try:
                return self._accept_given(given, defaults)
            except Exception:
                return None
        fields = self._exact_fields
        if fields is None or not given.keys() <= fields.keys():
            return None
        wire = self._dump_given(given)
        if wire is None or len(wire) != len(given):
            return None
        found = {}
        for name, value in given.items():
            native = value if name in self._kept_as_given else self._exact(fields[name], value, wire)
            if native is None:
                return None
            found[name] = native
        natives = {}
        for name, field in fields.items():
            if name in found:
                natives[name] = found[name]
            elif field.required or field.missing in (REFUSED, UNSURE):
                return None
            elif defaults and isinstance(field.missing, (Given, Made)):
                default = _default(field.missing)
                if default is None or self.part(name, default, True) is None:
                    return None
                natives[name] = default
        return natives

    @cached_property
    def _accept_given(self) -> Callable[[Mapping[str, Any], bool], dict[str, Any]] | None:
        return self.plan(self._whole).accept_given

    def _exact(self, field: FieldPlan, value: Any, wire: WireItem) -> Any:
        """Give the native that a load makes of a given one, ``None`` where the library has to judge."""
        if _is_changed_by_storage(value):
            return None
        if keeps_natives(field.value):
            return kept(value)
        if holds_free(field.value) or _loses_digits(value):
            return None
        natives = self._reloads[field.name]({field.stored: wire[field.stored]})
        return None if natives is None else natives.get(field.name)

    @cached_property
    def _dump_given(self) -> Function:
        """The function from any number of natives to their wire form, where each is valid by itself."""
        fields = self._exact_fields or {}
        alone = {name: self._field_alone(name, True) for name in fields}
        whole = frozenset(name for name, field in alone.items() if field is None)
        plan = SchemaPlan(f"{self._name} given", [field for field in alone.values() if field is not None])
        dump, _ = compile_dump(plan, check=True)
        return dump if not whole else lambda given: dump(given) if whole.isdisjoint(given) else None

    @cached_property
    def _kept_as_given(self) -> frozenset[str]:
        """The fields whose valid natives are what a load would make: texts, truth values and integers."""
        fields = self._exact_fields or {}
        return frozenset(
            name
            for name, field in fields.items()
            if isinstance(field.value, (Text, Flag))
            or (isinstance(field.value, Number) and field.value.native is int and field.value.finish is None)
        )

    @cached_property
    def put(self) -> Function:
        """The function from a whole item that a program puts to its wire form, for valid ones."""
        plan = self.dump_plan if self._put_plan is None else _planned(self._name, self._put_plan)
        if plan.accept_whole is None:
            return self._put_completed
        if plan.dump_whole is not None:
            return _accepted(plan.accept_whole, _written(plan.dump_whole, False))
        return _accepted(plan.accept_whole, compile_dump(plan, check=False)[0])

    def _put_completed(self, given: Mapping[str, Any]) -> WireItem | None:
        completed = self.completed(given)
        return None if completed is None else self.dumps[True](completed)

    def completed(self, given: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Give what a program gives with the defaults of what is missing, where a load would add no more than these."""
        fields = self._exact_fields
        if fields is None or not given.keys() <= fields.keys() or not self._loads_add_nothing_inside:
            return None
        added = {}
        for name, field in fields.items():
            if name in given:
                if given[name] is None:
                    return None
            elif field.required or field.missing in (REFUSED, UNSURE):
                return None
            elif isinstance(field.missing, (Given, Made)):
                added[name] = _default(field.missing)
                if added[name] is None:
                    return None
        return {**given, **added} if added else given

    @cached_property
    def _loads_add_nothing_inside(self) -> bool:
        return not any(fills_in(field.value) for field in self.dump_plan.fields)

    @cached_property
    def _exact_fields(self) -> dict[str, FieldPlan] | None:
        plan = self.dump_plan
        if plan is not self.plan(self._whole) or plan.load_declined is not None or plan.dump_declined is not None:
            return None
        if plan.finish is not None or plan.judge is not None or plan.dump_whole is not None:
            return None
        return {field.name: field for field in plan.fields if not field.computed}

    def plan(self, mode: str) -> SchemaPlan:
        """Give the description for a load."""
        with _lock:
            if mode not in self._plans:
                self._plans[mode] = _planned(self._name, lambda: self._plan(mode))
            return self._plans[mode]

    @cached_property
    def dump_plan(self) -> SchemaPlan:
        """The description for the dump, which may be the one for a whole load."""
        return self.plan(self._whole) if self._dump_plan is None else _planned(self._name, self._dump_plan)

    def _compile_load(self, mode: str) -> Function:
        plan = self.plan(mode)
        if plan.load_declined is not None:
            return _give_up
        load, self._texts[f"load {mode}"] = compile_load(plan)
        return load

    def _compile_receive(self, mode: str) -> tuple[Receive, Packing]:
        plan = self.plan(mode)
        if plan.load_declined is not None:
            return _receive_nothing, Packing(SchemaPlan(self._name))
        return compile_receive(plan)

    def _compile_dump(self, check: bool) -> Function:
        plan = self.dump_plan
        if plan.dump_declined is not None or (check and plan.load_declined is not None):
            return _give_up
        if plan.dump_whole is not None:
            return _written(plan.dump_whole, check)
        dump, self._texts[f"dump {check}"] = compile_dump(plan, check=check)
        return dump

    def _compile_reload(self, name: str) -> Function:
        field = next(field for field in self.plan(self._whole).fields if field.name == name)
        return compile_load(SchemaPlan(f"{self._name}.{name}", [field]))[0]

    def _compile_part(self, key: tuple[str, bool]) -> Writer:
        name, check = key
        field = self._field_alone(name, check)
        return _give_up if field is None else self._writer(field, check)

    def _compile_inner_part(self, key: tuple[str, tuple[str | None, ...], bool]) -> Writer:
        name, steps, check = key
        field = self._field_alone(name, check)
        value: Value | None = None if field is None else field.value
        for step in steps:
            # a check of the whole may stand for those of what is inside
            if check and any(isinstance(one, Objects) for one in getattr(value, "checks", ())):
                return _give_up
            value = _below(value, step)
        if not isinstance(value, (Text, Number, Flag)):
            return _give_up
        return self._writer(FieldPlan(".".join(step or "element" for step in steps), "inside", value), check)

    def _field_alone(self, name: str, check: bool) -> FieldPlan | None:
        """Give a field whose value can be dumped without those of others, ``None`` for any other."""
        plan = self.dump_plan
        field = next((field for field in plan.fields if field.name == name), None)
        if (
            field is None
            or plan.dump_declined is not None
            or plan.dump_whole is not None
            or (check and (plan.load_declined is not None or plan.judge is not None))
            or field.computed
            or field.always is not None
            or isinstance(field.value, Foreign)
        ):
            return None
        return field.replace(unset=LEFT_OUT, unset_check=None)

    def _writer(self, field: FieldPlan, check: bool) -> Writer:
        name, stored = field.name, field.stored
        dump, _ = compile_dump(SchemaPlan(f"{self._name}.{name}", [field]), check=check)

        def write(value: Any) -> AttributeValue | None:
            wire = dump({name: value})
            return None if wire is None else wire.get(stored)

        return write

    @property
    def loading(self) -> Direction:
        """What is compiled of the validating load."""
        self.loads[self._whole]
        plan = self.plan(self._whole)
        return Direction(
            f"{self._name}.load", plan.load_declined, accounts(plan), self._texts.get(f"load {self._whole}", "")
        )

    @property
    def dumping(self) -> Direction:
        """What is compiled of the dump of a full save, which also checks."""
        self.dumps[True]
        plan = self.dump_plan
        reason = plan.dump_declined or plan.load_declined
        return Direction(f"{self._name}.dump", reason, accounts(plan), self._texts.get("dump True", ""))


class Account:
    """``Model.Schema.compiled``: the account of both directions, to be printed or asked."""

    def __init__(self, load: Direction, dump: Direction) -> None:
        self.load = load
        self.dump = dump

    def __bool__(self) -> bool:
        return bool(self.load) and bool(self.dump)

    def __str__(self) -> str:
        return f"{self.load}\n{self.dump}"

    def __repr__(self) -> str:
        return f"<{self.load!r}, {self.dump!r}>"


class _Lazily(dict[Any, Any]):
    """Compiles a function when it is first asked for, once."""

    def __init__(self, make: Callable[[Any], Any]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, key: Any) -> Any:
        with _lock:
            if key not in self:
                self[key] = self._make(key)
            return self[key]


def _default(missing: Given | Made) -> Any:
    """Give a default, ``None`` where there is none to be had: the library says why."""
    if isinstance(missing, Given):
        return missing.value
    try:
        return missing.factory()
    except Exception:
        return None


def _is_changed_by_storage(value: Any) -> bool:
    """Say whether there may be something that storage does not keep: ``None`` inside, or the sign of a zero."""
    if isinstance(value, dict):
        return any(inner is None or _is_changed_by_storage(inner) for inner in value.values())
    if isinstance(value, (list, tuple)):
        return any(inner is None or _is_changed_by_storage(inner) for inner in value)
    return type(value) in (float, Decimal) and not value


def _loses_digits(value: Any) -> bool:
    """Say whether there are Decimals inside that would be read in another form, if as the same number."""
    if isinstance(value, dict):
        return any(map(_loses_digits, value.values()))
    if isinstance(value, (list, tuple, set, frozenset)):
        return any(map(_loses_digits, value))
    if type(value) is not Decimal:
        return False
    try:
        return Decimal(decimal_text(value)).as_tuple() != value.as_tuple()
    except UnstorableValue:
        return False  # as a number; it is stored as a text, which keeps everything


def _give_up(values: Any) -> None:
    return None


def _receive_nothing(wire: Mapping[str, Any], first: Any) -> None:
    return None


def _accepted(accept: Callable[[Mapping[str, Any]], Mapping[str, Any]], dump: Function) -> Function:
    def put(given: Mapping[str, Any]) -> WireItem | None:
        try:
            natives = accept(given)
        except Exception:
            return None
        return dump(natives)

    return put


def _below(value: Value | None, step: str | None) -> Value | None:
    """Give what is inside a value: a field by its stored name, or any element."""
    if isinstance(value, Record):
        plan = value.plan
        if plan.judge is not None or plan.finish is not None or plan.dump_declined is not None:
            return None
        return next((one.value for one in plan.fields if one.stored == step and _stands_alone(one)), None)
    return value.element if isinstance(value, (ListOf, SetOf, MapOf)) else None


def _stands_alone(field: FieldPlan) -> bool:
    return not field.computed and field.always is None


def _written(dump_whole: Callable[[Mapping[str, Any], bool], Mapping[str, Any]], check: bool) -> Function:
    def dump(natives: Mapping[str, Any]) -> WireItem | None:
        try:
            return write_item(dump_whole(natives, check))
        except Exception:
            return None

    return dump


def _planned(name: str, plan: Callable[[], SchemaPlan]) -> SchemaPlan:
    try:
        return plan()
    except Exception as error:
        # whatever is wrong with a schema, its library says it best, when it is used
        reason = f"it cannot be described: {type(error).__name__}: {error}"
        return SchemaPlan(name, load_declined=reason, dump_declined=reason)


def accounts(plan: SchemaPlan) -> dict[str, str]:
    """Say of each field, nested ones by their path, whether it is compiled."""
    told: dict[str, str] = {}
    _collect(plan, "", told, [])
    converted = tuple(told) if plan.dump_whole is not None else plan.finished
    for name in told:
        if name.partition(".")[0] in converted:
            told[name] = CONVERTED
    return told


def _collect(plan: SchemaPlan, path: str, told: dict[str, str], above: list[SchemaPlan]) -> None:
    for field in plan.fields:
        name = path + field.name
        told[name] = _told(field.value)
        for inner in _records(field.value):
            if inner not in above:
                _collect(inner, name + ".", told, [*above, plan])


def _told(value: Value) -> str:
    if isinstance(value, Foreign):
        return value.reason
    return CONVERTED if isinstance(value, Converted) and value.by_library else COMPILED


def _records(value: Value | None) -> list[SchemaPlan]:
    if isinstance(value, Record):
        return [value.plan]
    if isinstance(value, (ListOf, MapOf)):
        return _records(value.element)
    return []
