"""All expressions of one request, or of one action in it, with the placeholders that they share."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from .conditions import judge_leaf, leaves_of, read_condition
from .nodes import Path, Step, holders_in, paths_in, resolved
from .refusals import Refusal, Refuse, Report, short
from .tokens import Reader, WrongSyntax
from .updates import Action, judge_action, judge_paths, read_projection, read_update
from .values import name_size, text_size, value_size

LONGEST = 4096
MOST_OPERATORS = 300
LARGEST_PLACEHOLDERS = 2 * 1024 * 1024
LONGEST_PLACEHOLDER = 255

_READERS: dict[str, Any] = {
    "ConditionExpression": read_condition,
    "FilterExpression": read_condition,
    "KeyConditionExpression": read_condition,
    "UpdateExpression": read_update,
    "ProjectionExpression": read_projection,
}
_NAMES, _VALUES = "ExpressionAttributeNames", "ExpressionAttributeValues"
_PLACEHOLDER = {_NAMES: re.compile(r"#[A-Za-z0-9_]+"), _VALUES: re.compile(r":[A-Za-z0-9_]+")}
_LEGACY = frozenset(
    {
        "AttributesToGet",
        "AttributeUpdates",
        "ConditionalOperator",
        "Expected",
        "KeyConditions",
        "QueryFilter",
        "ScanFilter",
    }
)


class Read(NamedTuple):
    """What an expression's text alone says; ``root`` is missing where it follows no grammar."""

    root: Any
    leaves: tuple[Any, ...] = ()
    paths: tuple[Path, ...] = ()
    holders: frozenset[str] = frozenset()
    refusals: tuple[Refusal, ...] = ()


@functools.lru_cache(maxsize=4_000)
def read(kind: str, text: str) -> Read:
    """Return what an expression's text alone says; each text is read once."""
    report = Report()
    size = text_size(text, kind, report)
    if size > LONGEST:
        report("expression-length", f"{kind} has {size:,} bytes")
    try:
        reader = Reader(text, report)
        root = _READERS[kind](reader)
    except WrongSyntax as wrong:
        report("syntax", f"{kind} {short(text)}: {wrong}")
        return Read(None, refusals=tuple(report))
    if reader.operators > MOST_OPERATORS:
        report("operators", f"{kind} has {reader.operators} operators and functions")
    if kind == "UpdateExpression":
        leaves, paths = tuple(root), tuple(action.path for action in root)
    elif kind == "ProjectionExpression":
        leaves, paths = (), tuple(root)
    else:
        leaves = tuple(leaves_of(root))
        paths = tuple(paths_in(leaves))
    return Read(root, leaves, paths, frozenset(holders_in(root)), tuple(report))


class Expressions:
    """The expressions in a part of a request; those that follow no grammar are left out."""

    def __init__(self, part: Mapping[str, Any], refuse: Refuse) -> None:
        self.refuse = refuse
        self.names: Mapping[str, Any] = _placeholders(part, _NAMES, refuse)
        self.values: Mapping[str, Any] = _placeholders(part, _VALUES, refuse)
        self.read: dict[str, Read] = {}
        used: set[str] = set()
        complete = True
        for kind in _READERS:
            text = part.get(kind)
            if text is None:
                continue
            found = read(kind, text)
            for refusal in found.refusals:
                refuse(*refusal)
            used |= found.holders
            if found.root is None:
                complete = False
            else:
                self.read[kind] = found
        defined = {*self.names, *self.values}
        if not used <= defined:
            refuse("undefined", f"{', '.join(sorted(used - defined))}: used and not defined")
        if complete and used != defined and not defined <= used:
            refuse("unused", f"{', '.join(sorted(defined - used))}: defined and not used")
        if self.read and not _LEGACY.isdisjoint(part):
            refuse("legacy", f"{', '.join(sorted(_LEGACY & part.keys()))} beside expressions")
        self._judge()

    def _judge(self) -> None:
        for kind, found in self.read.items():
            for leaf in found.leaves:
                if isinstance(leaf, Action):
                    judge_action(leaf, self.values, self.refuse)
                else:
                    judge_leaf(leaf, self.names, self.values, self.refuse)
            if kind in ("UpdateExpression", "ProjectionExpression"):
                judge_paths(self.paths(kind), self.refuse)

    def paths(self, kind: str) -> list[tuple[Step, ...]]:
        """Return the paths of an expression with the names in their places."""
        found = self.read.get(kind)
        return [resolved(path, self.names) for path in found.paths] if found else []

    def heads(self, kind: str) -> set[Step]:
        """Return the attributes that an expression speaks of."""
        return {path[0] for path in self.paths(kind)}

    def leaves(self, kind: str) -> Iterable[Any]:
        found = self.read.get(kind)
        return found.leaves if found else ()


def _placeholders(part: Mapping[str, Any], kind: str, refuse: Refuse) -> Mapping[str, Any]:
    given = part.get(kind)
    if given is None:
        return {}
    if not isinstance(given, dict) or not given:
        refuse("form", f"{kind} is {short(given)}")
        return {}
    size, known = 0, {}
    for holder, meant in given.items():
        if not isinstance(holder, str) or not _PLACEHOLDER[kind].fullmatch(holder):
            refuse("placeholder-form", f"{short(holder)} in {kind}")
            continue
        if len(holder) > LONGEST_PLACEHOLDER:
            refuse("placeholder-form", f"a placeholder of {len(holder)} bytes in {kind}")
        known[holder] = meant
        size += len(holder)
        size += name_size(meant, refuse) if kind == _NAMES else value_size(meant, holder, refuse)
    if size > LARGEST_PLACEHOLDERS:
        refuse("placeholder-size", f"{kind} has {size:,} bytes")
    return known
