"""The wings of the package, their order, and the imports between them.

    python -m tests.layers

prints them from the top to the bottom.  ``tests/test_layers.py`` holds the package against this order.
"""

from __future__ import annotations

import ast
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

PACKAGE = Path(__file__).parent.parent / "dynamorm"

# From the top to the bottom, each with its rooms from the top to the bottom.  What is imported stands below, in the
# same wing or in another.  A room is a module or a package; the modules of one room are free among themselves.
WINGS: dict[str, tuple[str, ...]] = {
    "faces": ("pytest_plugin", "testing", "__init__", "table", "types"),
    "together": (
        "together.awaited_several",
        "together.several",
        "together.loader",
        "together.batch_writer",
        "together.batch_writing",
        "together.transactions",
        "together.awaited_transactions",
        "together.transaction_reads",
        "together.at_the_end",
        "together.__init__",
    ),
    "streams": ("streams.__init__", "streams.routing", "streams.events", "streams.changes"),
    "model": (
        "model.__init__",
        "model.awaited_reading",
        "model.awaited_whole_items",
        "model.awaited_parts_of_items",
        "model.awaited_upkeep",
        "model.awaits",
        "model.reading",
        "model.whole_items",
        "model.parts_of_items",
        "model.forms",
        "model.upkeep",
        "handles",
        "attributes",
        "sharing",
        "definition",
        "entity",
    ),
    "relationships": (
        "relationships.__init__",
        "relationships.to_one",
        "relationships.awaited_to_one",
        "relationships.to_many",
        "relationships.keys",
        "relationships.declaring",
        "relationships.mentions",
    ),
    "tending": (
        "tending.migrating",
        "tending.checkpoints",
        "tending.verifying",
        "tending.judging",
        "tending.seen",
        "tending.holders",
        "tending.members",
    ),
    "reading": (
        "reading.scan",
        "reading.query",
        "reading.awaited_query",
        "reading.matched",
        "reading.verbs",
        "reading.paging",
        "reading.read",
        "reading.partners",
        "reading.iteration",
        "reading.ahead",
        "reading.pages",
        "reading.options",
        "reading.scope",
        "reading.index_choice",
        "reading.key_conditions",
        "reading.by_parts",
        "reading.cursors",
    ),
    "writing": (
        "writing.batches",
        "writing.creating",
        "writing.entries",
        "writing.moving",
        "writing.saving",
        "writing.updating",
        "writing.answers",
        "writing.update_actions",
        "writing.recorded",
    ),
    "tables": (
        "tables.awaited_creating",
        "tables.table",
        "tables.awaited_table",
        "tables.upkeep",
        "tables.declared",
        "tables.words",
        "tables.applying",
        "tables.planning",
        "tables.plan",
        "tables.live",
        "tables.plain_items",
    ),
    "many": ("many.typed_items", "many.writes", "many.batches"),
    "store": ("families", "store", "careful_sending", "careful", "located", "guards", "key_updates"),
    "instances": (
        "instances.computed",
        "instances.loading",
        "instances.in_flight",
        "instances.changes",
        "instances.state",
    ),
    "mapper": ("keyed_mapper", "mapper", "upkeep", "unique", "upgrades", "composites"),
    "requests": ("requests.boto3_arguments", "requests.tables", "requests.__init__", "requests.items"),
    "expressions": ("expressions",),
    "keys": ("keys.templates", "keys.suiting", "keys.narrowing", "keys.escapes", "keys.formats", "keys.__init__"),
    "schema": ("schema",),
    "connection": ("connection",),
    "ground": (
        "drivers",
        "awaiting",
        "threads",
        "turns",
        "attempts",
        "backoff",
        "iterables",
        "flows",
        "overrides",
        "waiting",
        "progress",
        "indexes",
        "spec",
        "wire",
        "signals",
        "arguments",
        "exceptions",
        "frozen",
        "locks",
        "bounded",
        "nearest",
        "callers",
    ),
    "local": ("local",),
}
ROOMS = {room: (wing, place) for wing, rooms in WINGS.items() for place, room in enumerate(rooms)}
ORDER = {wing: place for place, wing in enumerate(WINGS)}
# Engines to run against stand apart: they share no code with the library but its errors, and only faces use them.
APART = {"local": {"exceptions"}}


class Import(NamedTuple):
    """One import of a module: the room that has it, the room that is imported or a third party, and where it is."""

    room: str
    target: str
    third_party: str
    line: int


def modules() -> list[Path]:
    """Return the modules of the package."""
    return sorted(PACKAGE.rglob("*.py"))


def room_of(module: str) -> str | None:
    """Return the room that a module, named from the package on, is in or is."""
    for name in (module, f"{module}.__init__" if module else "__init__"):
        if name in ROOMS:
            return name
    around = module.rpartition(".")[0]
    return room_of(around) if around and not module.endswith(".__init__") else None


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


def imports_of(path: Path) -> Iterator[Import]:
    """Return each import of a module that is carried out when the program runs."""
    tree = ast.parse(path.read_text())
    package = ("dynamorm", *path.relative_to(PACKAGE).parts[:-1])
    room = room_of(name_of(path)) or name_of(path)
    typing_only = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if node in typing_only or not isinstance(node, (ast.Import, ast.ImportFrom)):
            continue
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(filter(None, [base, node.module]))
            names = [f"{module}.{alias.name}" for alias in node.names]
        for name in names:
            first, _, rest = name.partition(".")
            if first == "dynamorm":
                # of what is imported from a module the last part is no module
                target = room_of(rest) or room_of(rest.rpartition(".")[0]) or "__init__"
                yield Import(room, target, "", node.lineno)
            elif first not in sys.stdlib_module_names:
                yield Import(room, "", first, node.lineno)


def is_downwards(room: str, target: str) -> bool:
    """Return whether a room may import another."""
    if room == target:
        return True
    wing, place = ROOMS[room]
    other_wing, other_place = ROOMS[target]
    if wing in APART:
        return target in APART[wing]
    if other_wing in APART:
        return wing == "faces"
    return (ORDER[wing], place) < (ORDER[other_wing], other_place)


def edges() -> dict[str, set[str]]:
    """Return the wings that each wing imports."""
    found: dict[str, set[str]] = {wing: set() for wing in WINGS}
    for path in modules():
        for one in imports_of(path):
            if one.target:
                found[ROOMS[one.room][0]].add(ROOMS[one.target][0])
    return {wing: others - {wing} for wing, others in found.items()}


def page() -> str:
    """Return the wings, their rooms and the edges between them, as text."""
    lines = []
    between = edges()
    for wing, rooms in WINGS.items():
        shown = " ".join(room.removeprefix(f"{wing}.") for room in rooms)
        below = " ".join(sorted(between[wing], key=ORDER.__getitem__))
        first, *more = textwrap.wrap(shown, 100)
        more += textwrap.wrap(f"-> {below or 'nothing'}", 100, subsequent_indent="   ")
        lines += [f"{wing:<13} {first}", *(f"{'':<13} {line}" for line in more)]
    return "\n".join(lines)


if __name__ == "__main__":
    print(page())
