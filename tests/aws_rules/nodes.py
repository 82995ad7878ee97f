"""The nodes of an expression, and the operands that conditions and updates have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from .tokens import RESERVED, Reader, WrongSyntax

Step = str | int


class Path(NamedTuple):
    """An attribute or what is in it; steps with # are placeholders."""

    steps: tuple[Step, ...]


class Value(NamedTuple):
    holder: str


class Call(NamedTuple):
    name: str
    arguments: tuple[Any, ...]


class Comparison(NamedTuple):
    """Two operands and a comparator, three and BETWEEN, more and IN; also what is asked of a function."""

    operator: str
    operands: tuple[Any, ...]


class Tree(NamedTuple):
    """AND, OR or NOT of conditions."""

    kind: str
    parts: tuple[Any, ...]


MOST_STEPS = 32


def read_path(reader: Reader) -> Path:
    """Read a path: names or placeholders with dots between them, and positions in brackets."""
    steps: list[Step] = [_read_name(reader)]
    while True:
        if reader.take("."):
            steps.append(_read_name(reader))
        elif reader.take("["):
            if reader.token.kind != "digits":
                raise WrongSyntax(f"{reader.token.text!r} is no position in a list")
            steps.append(int(reader.next().text))
            reader.need("]")
        else:
            break
    if len(steps) > MOST_STEPS:
        reader.refuse("path-depth", f"a path of {len(steps)} steps")
    return Path(tuple(steps))


def _read_name(reader: Reader) -> str:
    token = reader.next()
    if token.kind == "name":
        return token.text
    if token.kind != "word":
        raise WrongSyntax(f"{token.text!r} is no name")
    if token.text.upper() in RESERVED or token.text.startswith("_"):
        reader.refuse("reserved-word", f"{token.text!r} stands in an expression as it is")
    return token.text


def read_operand(reader: Reader) -> Any:
    """Read a value, a path or a function with its arguments, perhaps in parentheses."""
    if reader.take("("):
        operand = read_operand(reader)
        reader.need(")")
        return operand
    if reader.token.kind == "value":
        return Value(reader.next().text)
    if reader.token.kind == "word" and reader.following == ("sign", "("):
        name = reader.next().text
        reader.operators += 1
        return Call(name, read_list(reader))
    return read_path(reader)


def read_list(reader: Reader) -> tuple[Any, ...]:
    """Read operands in parentheses, with commas between them."""
    reader.need("(")
    operands = [read_operand(reader)]
    while reader.take(","):
        operands.append(read_operand(reader))
    reader.need(")")
    return tuple(operands)


def resolved(path: Path, names: Mapping[str, Any]) -> tuple[Step, ...]:
    """Return the steps of a path with names for placeholders, as far as these are defined."""
    return tuple([names.get(step, step) if type(step) is str and step[0] == "#" else step for step in path.steps])


def holders_in(node: Any) -> set[str]:
    """Return all placeholders that are used in a node."""
    if isinstance(node, Value):
        return {node.holder}
    if isinstance(node, Path):
        return {step for step in node.steps if isinstance(step, str) and step.startswith("#")}
    if isinstance(node, (tuple, list)):
        return {holder for part in node for holder in holders_in(part)}
    return set()


def paths_in(node: Any) -> list[Path]:
    """Return all paths that are used in a node."""
    if isinstance(node, Path):
        return [node]
    if isinstance(node, Value) or not isinstance(node, (tuple, list)):
        return []
    return [path for part in node for path in paths_in(part)]
