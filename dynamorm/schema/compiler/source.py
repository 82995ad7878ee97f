"""The text of a generated module: names enter it by ``repr`` only, objects through its globals.

Names are exactly ``str``: :class:`~dynamorm.spec.FieldSpec` sees to that.
"""

from __future__ import annotations

import itertools
import linecache
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from .layouts import DefaultFactory, DefaultValue

_numbers = itertools.count(1)


GIVE_UP = "return None"


class Refused(Exception):
    """Python takes no source for a schema; says why."""


class Source:
    """Lines of Python in the making."""

    def __init__(self, verb: str, name: str) -> None:
        # compile() takes no NULs and no surrogates here, and tracebacks want one line
        self.title = ascii(f"{verb} of {name}")[1:-1][:200]
        self.lines: list[str] = []
        self.globals: dict[str, Any] = {}
        self._verb = verb
        self._indent = 0
        self._names: dict[int, str] = {}
        self._locals = itertools.count(1)
        self._functions: dict[tuple[Any, ...], str] = {}
        self._waiting: list[tuple[Any, ...]] = []

    def line(self, text: str) -> None:
        self.lines.append("    " * self._indent + text)

    @contextmanager
    def block(self, header: str) -> Iterator[None]:
        """Write what belongs under a header."""
        self.line(header)
        self._indent += 1
        before = len(self.lines)
        yield
        if len(self.lines) == before:
            self.line("pass")
        self._indent -= 1

    @contextmanager
    def definition(self, header: str) -> Iterator[None]:
        """Write a function that gives up whatever is raised in it."""
        with self.block(header):
            with self.block("try:"):
                yield
            with self.block("except Exception:"):
                self.line(GIVE_UP)

    def give_up_if(self, condition: str) -> None:
        """Write that the function gives up where something holds."""
        with self.block(f"if {condition}:"):
            self.line(GIVE_UP)

    def local(self, kind: str) -> str:
        """Return a local name that nothing else has."""
        return f"{kind}{next(self._locals)}"

    def assigned(self, kind: str, expression: str) -> str:
        """Write what gives a local name to a value; return the name."""
        name = self.local(kind)
        self.line(f"{name} = {expression}")
        return name

    def unless_none(self, kind: str, expression: str) -> str:
        """Like :meth:`assigned`, for a value with which the function gives up where it is ``None``."""
        name = self.assigned(kind, expression)
        self.give_up_if(f"{name} is None")
        return name

    def use(self, thing: Any, kind: str = "it") -> str:
        """Return the global name under which generated code finds an object."""
        known = self._names.get(id(thing))
        if known is None:
            known = f"{kind}_{len(self._names)}"
            self._names[id(thing)] = known
            self.globals[known] = thing
        return known

    def default(self, missing: DefaultValue | DefaultFactory) -> str:
        """Return the expression for what stands in for a value."""
        if isinstance(missing, DefaultValue):
            return self.use(missing.value, "default")
        return f"{self.use(missing.factory, 'make')}()"

    def function(self, *subject: Any) -> str:
        """Return the name of a function of the module itself, which is written later, by what it is for."""
        if subject not in self._functions:
            self._functions[subject] = f"{self._verb}_schema_{len(self._functions)}"
            self._waiting.append(subject)
        return self._functions[subject]

    def compiled(self, write: Callable[..., None], *subject: Any) -> Any:
        """Return one function of the module; ``write`` writes it, and those that it calls, by what they are for.

        Tracebacks find the text as long as there is the function.

        :raises Refused: where Python does not take the text
        """
        main = self.function(*subject)
        while self._waiting:
            write(*self._waiting.pop())
        text = "\n".join(self.lines)
        file = f"<dynamorm {self.title} {next(_numbers)}>"
        namespace = self.globals
        namespace[_TEXT] = text
        try:
            exec(compile(text, file, "exec"), namespace)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            # there are limits to how deep blocks and expressions may be nested
            raise Refused(f"Python does not take the generated source: {type(error).__name__}: {error}") from error
        function = namespace[main]
        linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
        weakref.finalize(function, linecache.cache.pop, file, None).atexit = False
        return function


_TEXT = "text of the module"


def text_of(function: Any) -> str:
    """Return the text of the module of a generated function, which is empty for any other."""
    text: str = getattr(function, "__globals__", {}).get(_TEXT, "")
    return text
