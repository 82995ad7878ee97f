"""References: an attribute, or a place inside one, as an object with every operator and action of the grammar.

``Book.year`` refers to a field, which has to exist; ``F("path.to[0].x")`` refers to anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, NoReturn

from ..exceptions import InvalidExpression
from ..frozen import Frozen
from .conditions import Claim, Condition

_STEP = re.compile(r"\.?([^.\[\]]+)|\[(\d+)\]")

Step = str | int


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
        """Equal to one of up to 100 values."""
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
        raise TypeError(f"{self!r} refers to an attribute and has no truth value; is the model's instance meant?")

    __iter__ = None
    __contains__ = None

    def __hash__(self) -> int:
        return hash(repr(self))


class Reference(Operators):
    """An attribute and the way into it: ``Book.meta["lang"]``, ``Book.tags[0]``.

    ``steps`` are names and list positions; ``model`` names the class whose field comes first, ``None`` says that the
    first name may be that of any attribute.
    """

    def __init__(self, steps: tuple[Step, ...], model: str | None = None) -> None:
        self._steps = steps
        self._model = model

    def __getitem__(self, step: Step) -> Reference:
        if isinstance(step, bool) or not isinstance(step, (str, int)):
            raise TypeError(f"{self!r}[{step!r}]: a key of a map or a position of a list is meant")
        if isinstance(step, int) and step < 0:
            raise InvalidExpression(f"{self!r}[{step}]: DynamoDB counts positions from the start, beginning with 0")
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

    def set(self, value: Any) -> Change:
        return Change(self, "set", value)

    def add(self, value: Any) -> Change:
        """Add a number, or elements to a set; what is absent counts as 0 or empty."""
        return Change(self, "add", value)

    def delete(self, value: Any) -> Change:
        """Take elements out of a set."""
        return Change(self, "delete", value)

    def remove(self) -> Change:
        return Change(self, "remove", True)

    def append(self, value: Any) -> Change:
        """Add to the end of a list: an element, or all of a list."""
        return Change(self, "append", value)

    def prepend(self, value: Any) -> Change:
        return Change(self, "prepend", value)

    def if_not_exists(self, value: Any) -> Change:
        """Set what is absent, and leave what is there."""
        return Change(self, "if_not_exists", value)

    def plus(self, value: Any) -> Change:
        return Change(self, "plus", value)

    def minus(self, value: Any) -> Change:
        return Change(self, "minus", value)

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
        super().__init__((*self._parsed(path), *steps) if not steps else (path, *steps))

    @staticmethod
    def _parsed(path: str) -> tuple[Step, ...]:
        if not isinstance(path, str):
            raise InvalidExpression(f"F({path!r}): an attribute has a name")
        steps: list[Step] = []
        end = 0
        for match in _STEP.finditer(path):
            if match.start() != end or (not steps and match[1] is None) or path[:1] == ".":
                break
            steps.append(match[1] if match[1] is not None else int(match[2]))
            end = match.end()
        if end != len(path) or not steps:
            raise InvalidExpression(
                f"F({path!r}) is no path like 'name', 'map.key' or 'list[0].key'; "
                'names that hold dots or brackets are given one by one: F("map", "a.b")'
            )
        return tuple(steps)

    def __reduce__(self) -> tuple[Any, ...]:
        return Reference, (self._steps, None)


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
