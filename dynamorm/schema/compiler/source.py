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

_numbers = itertools.count(1)


class Refused(Exception):
    """Python takes no source for a schema; says why."""


def unless_refused(compile_it: Callable[[], Any], otherwise: Any, note: Callable[[str], None] | None = None) -> Any:
    """Return what was compiled, or something else where Python does not take the source; why not is noted."""
    try:
        return compile_it()
    except (Refused, RecursionError) as error:
        if note is not None:
            note(str(error))
        return otherwise


class Source:
    """Lines of Python in the making."""

    def __init__(self, title: str) -> None:
        # compile() takes no NULs and no surrogates here, and tracebacks want one line
        self.title = ascii(title)[1:-1][:200]
        self.lines: list[str] = []
        self.globals: dict[str, Any] = {}
        self._indent = 0
        self._names: dict[int, str] = {}
        self._locals = itertools.count(1)

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

    def local(self, kind: str) -> str:
        """Return a local name that nothing else has."""
        return f"{kind}{next(self._locals)}"

    def use(self, thing: Any, kind: str = "it") -> str:
        """Return the global name under which generated code finds an object."""
        known = self._names.get(id(thing))
        if known is None:
            known = f"{kind}_{len(self._names)}"
            self._names[id(thing)] = known
            self.globals[known] = thing
        return known

    def reserve(self, thing: Any, kind: str) -> str:
        """Return the name of a function of the module itself that is written for an object."""
        known = f"{kind}_{len(self._names)}"
        # the object is kept alive, or its id might come again
        self._names[id(thing)] = known
        self.globals["_" + known] = thing
        return known

    def reserved(self, thing: Any) -> str | None:
        return self._names.get(id(thing))

    def compiled(self, main: str) -> Any:
        """Return a function of the module; tracebacks find the text as long as there is the function.

        :raises Refused: where Python does not take the text
        """
        text = "\n".join(self.lines) + "\n"
        file = f"<dynamorm {self.title} {next(_numbers)}>"
        namespace = self.globals
        try:
            exec(compile(text, file, "exec"), namespace)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            # there are limits to how deep blocks and expressions may be nested
            raise Refused(f"Python does not take the generated source: {type(error).__name__}: {error}") from error
        function = namespace[main]
        linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
        weakref.finalize(function, linecache.cache.pop, file, None).atexit = False
        return function
