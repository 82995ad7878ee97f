"""Arguments in the form of boto3's resource (``put_item_kwargs`` and the like), merged into a request of ours.

Values are plain Python values; conditions and expression strings come on top of ours, which use placeholders that the
given ones do not use.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from typing import Any

from ..arguments import check_mapping
from ..exceptions import ExpressionTooLong, InvalidExpression
from ..expressions import LONGEST
from ..wire.codec import encode_item, encode_value
from . import Request

# What the verbs themselves supply.
_OURS = frozenset({"TableName", "Key", "Item", "Keys", "RequestItems"})
_MAPPINGS = frozenset({"ExpressionAttributeNames", "ExpressionAttributeValues", "ExclusiveStartKey"})
_CONDITIONS = frozenset({"ConditionExpression", "FilterExpression", "KeyConditionExpression"})
_CLAUSE = re.compile(r"(?<![#:\w])(SET|REMOVE|ADD|DELETE)\s", re.IGNORECASE)
_NAMES = "ExpressionAttributeNames"
_PLACEHOLDER = re.compile(r"[#:][A-Za-z0-9_]+")


def merged(request: Request, given: Mapping[str, Any] | None) -> Request:
    """Return the request with what was given on top."""
    if not given:
        return request
    _check(request, given)
    payload = _out_of_the_way(request.payload, given)
    for name, value in given.items():
        if name == "ExpressionAttributeNames":
            payload[name] = {**payload.get(name, {}), **value}
        elif name == "ExpressionAttributeValues":
            payload[name] = {**payload.get(name, {}), **{key: encode_value(inner) for key, inner in value.items()}}
        elif name == "ExclusiveStartKey":
            if value is not None:
                payload[name] = encode_item(value)
        elif name in _CONDITIONS and isinstance(value, str):
            ours = payload.get(name)
            payload[name] = value if ours is None else _both(name, ours, value)
        elif name in _CONDITIONS:
            raise InvalidExpression(f"{name}={value!r}: a condition or an expression string is meant")
        elif name == "ProjectionExpression" and name in payload:
            names = {**payload.get(_NAMES, {}), **given.get(_NAMES, {})}
            payload[name] = _projections(payload[name], value, names)
        elif name == "UpdateExpression" and name in payload:
            payload[name] = _clauses(payload[name], value)
        else:
            payload[name] = value
    if "ProjectionExpression" in request.payload and "ProjectionExpression" in given:
        _without_unused_names(payload)
    for name, value in payload.items():
        if name.endswith("Expression") and isinstance(value, str) and len(value) > LONGEST:
            raise ExpressionTooLong(f"{name} has more than the {LONGEST:,} bytes that DynamoDB takes")
    return Request(request.operation, payload, well_formed=False)


def _check(request: Request, given: Mapping[str, Any]) -> None:
    """Refuse arguments that cannot be merged."""
    check_mapping("an argument such as get_item_kwargs", given, InvalidExpression)
    refused = sorted(name for name in _OURS if name in given)
    if refused:
        raise InvalidExpression(f"{', '.join(refused)}: given by the verb itself, and cannot be passed through")
    for name, value in given.items():
        if not isinstance(name, str) or not name[:1].isupper():
            raise InvalidExpression(f"{name!r} is no argument of {request.operation}; {_instead_of(name)}")
        if name in _MAPPINGS and not (isinstance(value, Mapping) or (value is None and name == "ExclusiveStartKey")):
            raise InvalidExpression(f"{name}={value!r}: a dict is meant")
        if name in ("ProjectionExpression", "UpdateExpression") and not isinstance(value, str):
            raise InvalidExpression(f"{name}={value!r}: an expression string is meant")


def _instead_of(name: Any) -> str:
    if name in ("condition", "conditions"):
        return "conditions of writes are called conditions=..."
    return "boto3 writes arguments in capitals, such as ReturnValues"


def _both(name: str, ours: str, theirs: str) -> str:
    if name == "KeyConditionExpression":
        return f"{ours} AND {theirs}"
    return f"{_enclosed(ours)} AND {_enclosed(theirs)}"


def _enclosed(text: str) -> str:
    """Put an expression into parentheses, which DynamoDB refuses around others."""
    text = text.strip()
    depths = itertools.accumulate((letter == "(") - (letter == ")") for letter in text)
    closed = next((position for position, depth in enumerate(depths) if not depth), None)
    return text if text[:1] == "(" and closed == len(text) - 1 else f"({text})"


def _projections(ours: str, theirs: str, names: Mapping[str, str]) -> str:
    """Join two projections; of two paths of which one leads to the other, which DynamoDB refuses, the wider stays."""
    wanted: dict[tuple[str, ...], str] = {}
    texts = [text.strip() for text in (*theirs.split(","), *ours.split(","))]
    for path, text in sorted(((_steps(text, names), text) for text in texts), key=lambda pair: len(pair[0])):
        if not any(path[: len(wider)] == wider for wider in wanted):
            wanted[path] = text
    return ", ".join(wanted.values())


def _steps(text: str, names: Mapping[str, str]) -> tuple[str, ...]:
    """Return the steps of a path that is written with placeholders or without."""
    return tuple(names.get(step, step) for step in text.replace("[", ".[").split("."))


def names_in(arguments: Mapping[str, Any]) -> frozenset[str]:
    """Return the attributes that a projection is about."""
    names = arguments.get(_NAMES) or {}
    return frozenset(_steps(text.strip(), names)[0] for text in arguments["ProjectionExpression"].split(","))


def unprojected(request: Request) -> Request:
    """Return a request for whole items."""
    payload = {name: value for name, value in request.payload.items() if name != "ProjectionExpression"}
    _without_unused_names(payload)
    return request._replace(payload=payload)


def _without_unused_names(payload: dict[str, Any]) -> None:
    """Drop the names that a joined projection left over: DynamoDB refuses what no expression uses."""
    used = {
        holder for key, text in payload.items() if key.endswith("Expression") for holder in _PLACEHOLDER.findall(text)
    }
    names = {holder: name for holder, name in payload.pop(_NAMES, {}).items() if holder in used}
    if names:
        payload[_NAMES] = names


def _clauses(ours: str, theirs: str) -> str:
    """Join two update expressions clause by clause: each keyword may stand in one only once."""
    clauses: dict[str, list[str]] = {}
    for text in (ours, theirs):
        pieces = _CLAUSE.split(text)
        if pieces[0].strip():
            raise InvalidExpression(f"UpdateExpression={text!r} does not begin with SET, REMOVE, ADD or DELETE")
        for keyword, actions in zip(pieces[1::2], pieces[2::2], strict=True):
            clauses.setdefault(keyword.upper(), []).append(actions.strip().rstrip(","))
    return " ".join(f"{keyword} {', '.join(actions)}" for keyword, actions in clauses.items())


def _out_of_the_way(payload: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return our payload with other placeholders where the given ones are called the same."""
    theirs = {*given.get("ExpressionAttributeNames", ()), *given.get("ExpressionAttributeValues", ())}
    ours = {*payload.get("ExpressionAttributeNames", ()), *payload.get("ExpressionAttributeValues", ())}
    if not theirs & ours:
        return dict(payload)
    extra = "_"
    while any(f"{holder[0]}{extra}{holder[1:]}" in theirs for holder in ours):
        extra += "_"

    def renamed(holder: str) -> str:
        return f"{holder[0]}{extra}{holder[1:]}"

    moved: dict[str, Any] = {}
    for name, value in payload.items():
        if name in ("ExpressionAttributeNames", "ExpressionAttributeValues"):
            moved[name] = {renamed(holder): meant for holder, meant in value.items()}
        elif name.endswith("Expression"):
            moved[name] = _PLACEHOLDER.sub(lambda found: renamed(found[0]), value)
        else:
            moved[name] = value
    return moved


def without_conditions(given: Mapping[str, Any] | None) -> tuple[dict[str, Any], list[Any]]:
    """Return everything else, and the condition objects that were given as expressions."""
    if not given:
        return {}, []
    check_mapping("an argument such as get_item_kwargs", given, InvalidExpression)
    rest = dict(given)
    found = [rest.pop(name) for name in _CONDITIONS & rest.keys() if not isinstance(rest[name], str)]
    return rest, found
