"""What was compiled of a schema and what was not, to be printed or asked."""

from __future__ import annotations

from collections.abc import Mapping

from ...frozen import Frozen
from .layouts import Converted, Record, SchemaLayout, ThroughLibrary, Value, innermost

COMPILED = "compiled"
CONVERTED = "compiled, with the library's own conversion"


class Direction(Frozen):
    """Load or dump of one schema: whether it is compiled, and why not; true where it is.

    ``fields`` has ``"compiled"`` for each field, ``"compiled, with the library's own conversion"`` where that is called
    from generated code, or the reason why a field goes through its library as a whole; ``source`` is the text of the
    generated function.
    """

    name: str
    reason: str | None
    fields: Mapping[str, str]
    source: str

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
        lines = [f"    {name:{width}}  {outcome}" for name, outcome in self.fields.items()]
        return "\n".join([f"{self.name}: compiled", *lines])


class CompilationReport(Frozen):
    """``Model.Schema.compiled``: the report on both directions."""

    load: Direction
    dump: Direction

    def __bool__(self) -> bool:
        return bool(self.load) and bool(self.dump)

    def __str__(self) -> str:
        return f"{self.load}\n{self.dump}"

    def __repr__(self) -> str:
        return f"<{self.load!r}, {self.dump!r}>"


def report_fields(layout: SchemaLayout) -> dict[str, str]:
    """Return for each field, nested ones by their path, whether it is compiled."""
    outcomes: dict[str, str] = {}
    _collect(layout, "", outcomes, [])
    return outcomes if layout.dump_whole is None else dict.fromkeys(outcomes, CONVERTED)


def _collect(layout: SchemaLayout, path: str, outcomes: dict[str, str], above: list[SchemaLayout]) -> None:
    for field in layout.fields:
        name = path + field.name
        outcomes[name] = CONVERTED if field.finished else _outcome(field.value)
        inner = innermost(field.value)
        if isinstance(inner, Record) and inner.layout not in above:
            _collect(inner.layout, name + ".", outcomes, [*above, layout])


def _outcome(value: Value) -> str:
    if isinstance(value, ThroughLibrary):
        return value.reason
    return CONVERTED if isinstance(value, Converted) and value.by_library else COMPILED
