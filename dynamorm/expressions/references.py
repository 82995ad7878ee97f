"""References: an attribute, or a place inside one, as an object with every operator and action of the grammar.

``Book.year`` refers to a field, which has to exist; ``F("path.to[0].x")`` refers to anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NoReturn

from ..exceptions import InvalidExpression, MisusedExpression
from ..frozen import Frozen
from .conditions import Claim, Condition
from .hints import of_unknown_method, shortened
from .operands import UNCHANGING, kept

if TYPE_CHECKING:
    from typing_extensions import Self

_STEP = re.compile(r"(?:^|\.)([^.\[\]]+)|\[([0-9]+)\]")

Step = str | int

# No list is longer, since items have a size.
_LAST_POSITION = 2**31 - 1
_LONGEST_NAME = 65_535


def position(digits: str) -> int:
    """Return the position in a list that is written in digits; one that cannot be is one that no list has."""
    return int(digits) if len(digits) < 11 else _LAST_POSITION + 1


def refusal_of_step(step: Any) -> str | None:
    """Return what is wrong with a step of a document path."""
    if isinstance(step, bool) or not isinstance(step, (str, int)):
        return f"{step!r} is neither the key of a map nor the position in a list"
    if isinstance(step, int):
        if step < 0:
            return "DynamoDB counts positions from the start, beginning with 0"
        return None if step <= _LAST_POSITION else f"no list has a position above {_LAST_POSITION}"
    if not step:
        return "DynamoDB has no empty names"
    if not step.isascii():
        try:
            step.encode()
        except UnicodeEncodeError:
            return f"{step!r} is not valid Unicode text"
    return None if len(step) <= _LONGEST_NAME else f"DynamoDB's names have {_LONGEST_NAME:,} bytes at most"


class Operators:
    """The comparisons that a value and its size have in common."""

    def _claim(self, operator: str, value: Any) -> Condition:
        raise TypeError  # pragma: no cover - both kinds have their own

    def eq(self, value: Any) -> Condition:
        """Equal; ``None`` means absent or NULL."""
        return self._claim("eq", value)

    def ne(self, value: Any) -> Condition:
        return self._claim("ne", value)

    def lt(self, value: Any) -> Condition:
        return self._claim("lt", value)

    def lte(self, value: Any) -> Condition:
        return self._claim("lte", value)

    def gt(self, value: Any) -> Condition:
        return self._claim("gt", value)

    def gte(self, value: Any) -> Condition:
        return self._claim("gte", value)

    def between(self, low: Any, high: Any) -> Condition:
        """Not lower than ``low`` and not higher than ``high``."""
        return self._claim("between", [low, high])

    def is_in(self, values: Iterable[Any]) -> Condition:
        """Equal to one of the values; of none, nothing is."""
        return self._claim("in", values)

    def __eq__(self, value: object) -> Condition:  # type: ignore[override]
        return self.eq(value)

    def __ne__(self, value: object) -> Condition:  # type: ignore[override]
        return self.ne(value)

    def __lt__(self, value: Any) -> Condition:
        return self.lt(value)

    def __le__(self, value: Any) -> Condition:
        return self.lte(value)

    def __gt__(self, value: Any) -> Condition:
        return self.gt(value)

    def __ge__(self, value: Any) -> Condition:
        return self.gte(value)

    def __bool__(self) -> NoReturn:
        raise MisusedExpression(
            f"{self!r} refers to an attribute and has no truth value; compare it, or is an instance's value meant?"
        )

    def __contains__(self, value: Any) -> NoReturn:
        raise MisusedExpression(f"{value!r} in {self!r}: write {self!r}.contains({value!r})")

    # without it, subscription would make references iterable
    __iter__ = None

    def _between_conditions(self, other: Any) -> NoReturn:
        # Python reads `a == 1 | b == 2` as a comparison with `1 | b`
        raise MisusedExpression(
            f"{self!r} stands beside & | or ~, which bind more tightly than comparisons: put each comparison in "
            f"parentheses, as in ({self!r} == 1) | ({self!r} == 2)"
        )

    __and__ = __rand__ = __or__ = __ror__ = _between_conditions

    def __invert__(self) -> NoReturn:
        raise MisusedExpression(f"~{self!r}: an attribute is no condition; compare it, as in {self!r} == False")

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> NoReturn:
            if name[:1] == "_":  # copy and pickle look for such names before there is anything to show
                raise AttributeError(name)
            raise AttributeError(f"{self!r} has no method {name!r}; {of_unknown_method(repr(self), name)}")

    def __hash__(self) -> int:
        return hash(repr(self))

    # nothing about it changes

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: Any) -> Self:
        return self


class Reference(Operators):
    """An attribute and the way into it: ``Book.meta["lang"]``, ``Book.tags[0]``.

    ``steps`` are names and list positions; ``model`` names the class whose field comes first, ``None`` says that the
    first name may be that of any attribute.
    """

    def __init__(self, steps: tuple[Step, ...], model: str | None = None) -> None:
        self._steps = steps
        self._model = model

    def __getitem__(self, step: Step) -> Reference:
        wrong = refusal_of_step(step)
        if wrong:
            raise MisusedExpression(f"{self!r}[{step!r}]: {wrong}")
        return Reference((*self._steps, step), self._model)

    def __repr__(self) -> str:
        first, *rest = self._steps
        inside = "".join(f"[{step!r}]" for step in rest)
        return f"{self._model}.{first}{inside}" if self._model is not None else f"F({first!r}){inside}"

    def _claim(self, operator: str, value: Any) -> Condition:
        return Claim(self, operator, value)

    # Conditions.

    def is_(self, value: Any) -> Condition:
        """Like ``==``: ``is_(None)`` means absent or NULL."""
        return self._claim("eq", value)

    def is_not(self, value: Any) -> Condition:
        return self._claim("ne", value)

    def exists(self) -> Condition:
        return self._claim("exists", True)

    def not_exists(self) -> Condition:
        return self._claim("not_exists", True)

    def type(self, code: str) -> Condition:
        """Of a DynamoDB type: S, N, B, SS, NS, BS, M, L, BOOL or NULL."""
        return self._claim("type", code)

    attribute_type = type

    def begins_with(self, value: Any) -> Condition:
        return self._claim("begins_with", value)

    def contains(self, value: Any) -> Condition:
        """A string that contains another, or a list or set that contains an element."""
        return self._claim("contains", value)

    def not_contains(self, value: Any) -> Condition:
        return self._claim("not_contains", value)

    def size(self) -> Size:
        """The length of a string, of binary data, or the number of elements, for comparing."""
        return Size(self)

    # Updates.

    def _change(self, kind: str, value: Any) -> Change:
        return Change(self, kind, value if type(value) in UNCHANGING else kept(value))

    def set(self, value: Any) -> Change:
        return self._change("set", value)

    def add(self, value: Any) -> Change:
        """Add a number, or elements to a set; what is absent counts as 0 or empty."""
        return self._change("add", value)

    def delete(self, value: Any) -> Change:
        """Take elements out of a set."""
        return self._change("delete", value)

    def remove(self) -> Change:
        return Change(self, "remove", True)

    def append(self, value: Any) -> Change:
        """Add to the end of a list: an element, or all of a list."""
        return self._change("append", value)

    def prepend(self, value: Any) -> Change:
        return self._change("prepend", value)

    def if_not_exists(self, value: Any) -> Change:
        """Set what is absent, and leave what is there."""
        return self._change("if_not_exists", value)

    def plus(self, value: Any) -> Change:
        return self._change("plus", value)

    def minus(self, value: Any) -> Change:
        return self._change("minus", value)

    # Values for updates.

    def __add__(self, value: Any) -> Sum:
        return Sum(self, "+", value)

    def __radd__(self, value: Any) -> Sum:
        return Sum(value, "+", self)

    def __sub__(self, value: Any) -> Sum:
        return Sum(self, "-", value)

    def __rsub__(self, value: Any) -> Sum:
        return Sum(value, "-", self)


class F(Reference):
    """Refers to any attribute, declared or not: ``F("path.to[0].x")``.

    Dots and positions lead into maps and lists.  A name that itself holds a dot or a bracket comes by subscription, or
    as one of several arguments: ``F("meta")["a.b"]``, ``F("meta", "a.b")``.
    """

    def __init__(self, path: str, /, *steps: Step) -> None:
        found = parsed(path) if not steps else (path, *steps)
        if not isinstance(path, str):
            raise InvalidExpression(f"F({path!r}): an attribute has a name")
        for step in found:
            wrong = refusal_of_step(step)
            if wrong:
                raise InvalidExpression(f"F({', '.join(map(shortened, (path, *steps)))}): {wrong}")
        super().__init__(found)

    def __reduce__(self) -> tuple[Any, ...]:
        return Reference, (self._steps, None)


def parsed(path: str) -> tuple[Step, ...]:
    """Return the steps of a path that is written as text."""
    if not isinstance(path, str):
        raise InvalidExpression(f"F({path!r}): an attribute has a name")
    steps: list[Step] = []
    end = 0
    for match in _STEP.finditer(path):
        if match.start() != end or (not steps and match[1] is None) or path[:1] == ".":
            break
        steps.append(match[1] if match[1] is not None else position(match[2]))
        end = match.end()
    if end != len(path) or not steps:
        raise InvalidExpression(
            f"F({shortened(path)}) is no path like 'name', 'map.key' or 'list[0].key'; "
            'names that hold dots or brackets are given one by one: F("map", "a.b")'
        )
    return tuple(steps)


class Size(Operators):
    """The size of what a reference refers to."""

    def __init__(self, target: Reference) -> None:
        self._target = target

    def __repr__(self) -> str:
        return f"{self._target!r}.size()"

    def _claim(self, operator: str, value: Any) -> Condition:
        return Claim(self._target, operator, value, size=True)


class Change(Frozen):
    """An action of an update, not yet resolved against a model."""

    target: Reference
    kind: str
    value: Any


class Sum(Frozen):
    """A sum or difference as the value of an update: numbers and references."""

    left: Any
    sign: str
    right: Any

    def __add__(self, value: Any) -> NoReturn:
        raise InvalidExpression(f"{self!r} and {value!r}: DynamoDB adds two numbers at a time")

    __sub__ = __radd__ = __rsub__ = __add__

    def __repr__(self) -> str:
        return f"{self.left!r} {self.sign} {self.right!r}"
