"""Updates: what is to be done at which path, and the text of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .placeholders import Path, Placeholders


@dataclass(frozen=True)
class Action:
    """One change: ``kind`` is ``set`` or one of the functions of the grammar; ``value`` is in wire form."""

    kind: str
    path: Path
    value: dict[str, Any] | None = None


def render_update(actions: Iterable[Action], placeholders: Placeholders) -> str:
    """Give the text of an update expression."""
    clauses: dict[str, list[str]] = {}
    for action in actions:
        clause, text = _render(action, placeholders)
        clauses.setdefault(clause, []).append(text)
    return " ".join(f"{clause} {', '.join(texts)}" for clause, texts in clauses.items())


def _render(action: Action, placeholders: Placeholders) -> tuple[str, str]:
    path = placeholders.path(action.path)
    if action.kind == "remove":
        return "REMOVE", path
    assert action.value is not None
    value = placeholders.value(action.value)
    if action.kind in ("add", "delete"):
        return action.kind.upper(), f"{path} {value}"
    if action.kind == "if_not_exists":
        return "SET", f"{path} = if_not_exists({path}, {value})"
    if action.kind in ("plus", "minus"):
        zero = placeholders.value({"N": "0"})
        sign = "+" if action.kind == "plus" else "-"
        return "SET", f"{path} = if_not_exists({path}, {zero}) {sign} {value}"
    if action.kind in ("append", "prepend"):
        empty = placeholders.value({"L": []})
        present = f"if_not_exists({path}, {empty})"
        first, second = (present, value) if action.kind == "append" else (value, present)
        return "SET", f"{path} = list_append({first}, {second})"
    return "SET", f"{path} = {value}"
