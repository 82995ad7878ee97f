"""What an adapter tells the compiler of a schema: neutral descriptions, from which both directions are written.

A layout says how a value gets from its AttributeValue to what an instance holds, and back.  It only has to be right for
the shapes that are expected: whatever a generated function meets besides these makes it give up, and the library's own
machinery does the work.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from ...frozen import Frozen
from ..copies import UNCHANGING_BASES

# Checks: what the native value has to satisfy.


class Size(Frozen):
    """``len(value)`` lies between two bounds, both included; ``None`` is no bound."""

    least: Any = None
    most: Any = None


class Bounds(Frozen):
    """The value lies between two others."""

    least: Any = None
    most: Any = None
    least_included: bool = True
    most_included: bool = True


class Among(Frozen):
    """The value is in a container; what cannot be looked up there is left to the library."""

    choices: Any


class NotAmong(Frozen):
    """The value is not in a container."""

    choices: Any


class Equals(Frozen):
    """The value equals another."""

    other: Any


class Satisfies(Frozen):
    """A function gives something true."""

    function: Callable[[Any], Any]


class Accepts(Frozen):
    """A function does not raise, nor, where ``by_false``, give ``False``."""

    function: Callable[[Any], Any]
    by_false: bool = False


class Unicode(Frozen):
    """The text is valid Unicode, which is to say that it has no surrogates."""


Check: TypeAlias = Unicode | Size | Bounds | Among | NotAmong | Equals | Satisfies | Accepts
Checks: TypeAlias = tuple[Check, ...]


# Values: how what is stored and what an instance holds belong together.


class Text(Frozen):
    """``S``, and exactly ``str``."""

    checks: Checks = ()


class Number(Frozen):
    """``N``, and exactly one of ``int``, ``float`` and ``Decimal``.

    ``read`` makes the native of text that is not in plain digits, ``finish`` is applied to every native, both ways.
    """

    native: type
    read: Callable[[str], Any]
    finish: Callable[[Any], Any] | None = None
    checks: Checks = ()


class Flag(Frozen):
    """``BOOL``, and exactly ``bool``."""

    checks: Checks = ()


class Converted(Frozen):
    """What one function loads and another dumps.

    ``load`` takes the content of an ``S`` where ``as_text``, elsewhere any plain value; ``dump`` gives the same.
    Natives of other types than ``natives`` are left to the library; without ``natives``, ``as_native`` makes the native
    of what was assigned.  ``reload`` gives what a load makes of a dumped value: ``"same"`` the native itself,
    ``"sure"`` another equally valid one, which only ``checks`` need to see, ``"doubtful"`` perhaps an error.
    ``by_library`` says that both functions are the library's own.
    """

    load: Callable[[Any], Any]
    dump: Callable[[Any], Any]
    as_text: bool = False
    natives: tuple[type, ...] = ()
    as_native: Callable[[Any], Any] | None = None
    reload: str = "doubtful"
    checks: Checks = ()
    by_library: bool = False


class Free(Frozen):
    """Any plain value, or with ``mapping`` a dict of them."""

    mapping: bool = False
    checks: Checks = ()


class ListOf(Frozen):
    """``L`` of one kind of element, which may be NULL where ``nullable``; natively exactly ``list``."""

    element: Value
    nullable: bool = False
    checks: Checks = ()


class SetOf(Frozen):
    """One of DynamoDB's sets, natively exactly ``set``; the element is a text, a number or a conversion of text."""

    element: Value
    checks: Checks = ()


class MapOf(Frozen):
    """``M`` of any keys; NULLs are ``None`` where ``nullable`` and left out elsewhere.

    ``load_key`` and ``dump_key`` convert the keys, and object by raising.
    """

    element: Value
    nullable: bool = False
    load_key: Callable[[Any], Any] | None = None
    dump_key: Callable[[Any], Any] | None = None
    checks: Checks = ()


class Record(Frozen):
    """``M`` with declared attributes, natively exactly ``native``, which is ``dict`` by Python names.

    Of another one, ``take`` gives such a dict, to be dumped and never changed, or ``None`` to leave the value to the
    library.  Where ``native`` is ``None``, ``take`` judges types too.
    """

    layout: SchemaLayout
    checks: Checks = ()
    native: type | None = dict
    take: Callable[[Any], Mapping[str, Any] | None] | None = None


class ThroughLibrary(Frozen):
    """A field that goes through its library, while the rest is compiled.

    ``load`` takes a plain value, ``None`` only where the field accepts it, and the attributes around it in wire form;
    ``dump`` takes the natives by name and gives ``ABSENT`` for nothing.  ``check`` raises for a dumped plain value that
    could not be loaded.
    """

    load: Callable[[Any, Mapping[str, Any]], Any]
    dump: Callable[[dict[str, Any]], Any]
    check: Callable[[Any], Any]
    reason: str


class NotCompilable(Exception):
    """A field has to be called through its library, as a whole; says why."""


Value: TypeAlias = Text | Number | Flag | Converted | Free | ListOf | SetOf | MapOf | Record | ThroughLibrary

_TAGS: dict[type, str] = {Text: "S", Number: "N", Flag: "BOOL", ListOf: "L", MapOf: "M", Record: "M"}


def tag_of(value: Value) -> str | None:
    """Return the only tag under which a value is expected, ``None`` where there may be others."""
    if isinstance(value, SetOf):
        return "NS" if isinstance(value.element, Number) else "SS"
    if isinstance(value, Converted):
        return "S" if value.as_text else None
    if isinstance(value, Free):
        return "M" if value.mapping else None
    return _TAGS.get(type(value))


def is_stable(value: Value) -> bool:
    """Return whether a load of the dump gives just the value, so that checks of a container may look at the value."""
    if isinstance(value, Converted):
        return value.reload == "same"
    return isinstance(value, (Text, Flag)) or (isinstance(value, Number) and value.finish is None)


def innermost(value: Value) -> Value:
    """Return what the containers of a value hold in the end, be they containers of containers."""
    while isinstance(value, (ListOf, SetOf, MapOf)):
        value = value.element
    return value


def values_in(value: Value) -> Iterator[Value]:
    """Yield a value and all that is inside it, down to the innermost; what is in a schema comes once."""
    waiting, seen = [value], set()
    while waiting:
        value = waiting.pop()
        yield value
        if isinstance(value, (ListOf, SetOf, MapOf)):
            waiting.append(value.element)
        elif isinstance(value, Record) and value.layout not in seen:
            seen.add(value.layout)
            waiting.extend(field.value for field in value.layout.fields)


def fields_in(value: Value) -> Iterator[FieldLayout]:
    """Yield the fields of all schemas inside a value."""
    for layout in {one.layout for one in values_in(value) if isinstance(one, Record)}:
        yield from layout.fields


def keeps_natives(value: Value) -> bool:
    """Return whether a native that can be dumped is just what a load of that would give, down to the innermost."""
    return all(
        isinstance(one, (Text, Flag, Free, ListOf, SetOf))
        or (isinstance(one, Number) and one.finish is None)
        or (isinstance(one, MapOf) and one.load_key is None)
        for one in values_in(value)
    )


def holds_free(value: Value) -> bool:
    """Return whether a native may hold plain values of any type, which storage does not keep apart."""
    return any(
        isinstance(one, (Free, ThroughLibrary)) or (isinstance(one, Converted) and not one.as_text)
        for one in values_in(value)
    )


def fills_in(value: Value) -> bool:
    """Return whether a load may add something to the inside of a native, such as the default of a nested field."""
    return any(field.missing not in (LEFT_OUT, REFUSED) for field in fields_in(value)) or any(
        isinstance(one, ThroughLibrary) or (isinstance(one, Converted) and one.by_library and one.reload != "same")
        for one in values_in(value)
    )


def renews(value: Value) -> bool:
    """Return whether another load of the same may give something else that can change in place: a default made anew."""
    return any(_is_made_anew(field.missing) for field in fields_in(value)) or any(
        isinstance(one, ThroughLibrary) or (isinstance(one, Converted) and one.by_library and not _is_unchanging(one))
        for one in values_in(value)
    )


def _is_unchanging(value: Converted) -> bool:
    # a text has nothing inside that could be left out
    return value.as_text or (bool(value.natives) and all(issubclass(kind, UNCHANGING_BASES) for kind in value.natives))


def _is_made_anew(missing: Missing) -> bool:
    if not isinstance(missing, DefaultFactory) or missing.factory in (list, set, dict):
        return False
    return getattr(missing.factory, "func", None) is not copy.deepcopy


# Fields: what happens where there is no value.


class Outcome(Frozen):
    """What to do about an attribute that is not there."""

    label: str

    def __repr__(self) -> str:
        return f"<{self.label}>"


REFUSED = Outcome("refused")
LEFT_OUT = Outcome("left out")
UNSURE = Outcome("unsure")
ABSENT: Any = Outcome("absent")


class Default(Frozen):
    """What stands in for a value."""


class DefaultValue(Default):
    """This very object, which must not be mutable."""

    value: Any


class DefaultFactory(Default):
    """What a function makes, each time anew."""

    factory: Callable[[], Any]


Missing: TypeAlias = Outcome | DefaultValue | DefaultFactory


class FieldLayout(Frozen):
    """One field, in the item and on instances."""

    name: str
    """Its name on instances."""
    stored: str
    """The name of its attribute."""
    value: Value

    nullable: bool = False
    """``None`` is a value; as that of a required field it is given, though nothing is stored."""
    required: bool = False
    computed: bool = False
    """It is dumped only."""
    aliases: tuple[str, ...] = ()
    """Where a load finds the value, in this order, when it is not ``stored``."""

    missing: Missing = LEFT_OUT
    """What a load does without a value."""
    unset: Missing = LEFT_OUT
    """What a dump does without a value; a default is dumped instead, be it ``None``."""
    unset_check: Callable[[], Any] | None = None
    """Is called by dumps without a value, and raises where the item could not be loaded."""
    always: DefaultValue | None = None
    """What is dumped whatever an instance holds."""

    as_native: Callable[[Any], Any] | None = None
    """Makes the native of what was assigned, for ``ThroughLibrary`` fields beside it, which may look at this one."""
    renewed: bool = False
    """Another load of the same may give another value."""
    finished: bool = False
    """The native of what was loaded is made by the schema's ``finish``."""
    changes_given: bool = False
    """A load may make another value of a valid native, so that what is given has to be loaded before it is dumped."""


class SchemaLayout:
    """A schema; the fields may be added later, because schemas nest themselves.

    ``load_declined`` and ``dump_declined`` are reasons to leave a direction to the library altogether.  A schema inside
    another, which is not the ``outermost``, may load attributes that are not declared, too: it ``keeps_unknown``.

    ``finish`` sees the natives of all fields of a load, and gives those that stay, or raises: the library's own engine,
    or validators of the whole schema.  What a checked dump writes has to pass it, too.  ``dump_whole`` gives the plain
    values of natives, by stored name, in place of a generated dump.
    """

    def __init__(
        self,
        name: str,
        fields: list[FieldLayout] | None = None,
        *,
        outermost: bool = True,
        keeps_unknown: bool = False,
        load_declined: str | None = None,
        dump_declined: str | None = None,
        finish: Callable[[dict[str, Any]], dict[str, Any]] | None = None,
        dump_whole: Callable[[Mapping[str, Any]], Mapping[str, Any]] | None = None,
    ) -> None:
        self.name = name
        self.fields = fields if fields is not None else []
        self.outermost = outermost
        self.keeps_unknown = keeps_unknown
        self.load_declined = load_declined
        self.dump_declined = dump_declined
        self.finish = finish
        self.dump_whole = dump_whole
