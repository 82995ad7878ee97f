"""What messages say of names and values that come from other libraries, from other verbs, or from a slip."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..arguments import BOTO3_ARGUMENTS
from ..nearest import did_you_mean

# what reads have methods for, and other libraries keywords
_METHODS = {
    "limit": ".limit(3)",
    "page_size": ".page_size(100)",
    "consistent": ".consistent()",
    "consistent_read": ".consistent()",
    "reverse": ".reverse()",
    "scan_index_forward": ".reverse()",
    "order_by": ".reverse(), since a query comes in the order of its range key",
    "attrs": '.only("name", ...)',
    "only": '.only("name", ...)',
    "fields": '.only("name", ...)',
    "projection": '.only("name", ...)',
    "attributes_to_get": '.only("name", ...)',
    "specific_attributes": '.specific_attributes(["name", ...])',
    "start": ".start(cursor)",
    "start_key": ".start(cursor)",
    "exclusive_start_key": ".start(cursor)",
    "last_evaluated_key": ".start(cursor)",
    "cursor": ".page(20, cursor) or .start(cursor)",
    "offset": ".page(20, cursor), since DynamoDB counts from no beginning",
    "partial": ".partial()",
    "recursive": ".recursive()",
    "index": '.on("index-name")',
    "index_name": '.on("index-name")',
    "on": '.on("index-name")',
    "hydrate": ".hydrate()",
    "on_invalid": '.on_invalid("skip")',
    "with_hidden": ".with_hidden()",
    "rate_limit": ".rate_limit(25)",
    "read_ahead": ".read_ahead()",
    "prefetch": ".read_ahead()",
    "segment": ".segment(0, 4)",
    "segments": ".parallel(4)",
    "parallel": ".parallel(4)",
}
_OTHERS = {
    "condition": "conditions of writes are called conditions=...",
    "conditions": "conditions of reads are given by position or as keywords, as in Model.query(Q(...), name=...)",
    "filter_condition": "conditions of reads are given by position or as keywords, as in Model.query(Q(...), name=...)",
    "range_key_condition": "conditions on the range key are given like all others, as in name__gt=...",
    "hash_key": "a key is given by the name of its field, as in name=...",
    "range_key": "a key is given by the name of its field, as in name=...",
    "query_kwargs": "query() and find() take query_kwargs, and nothing else does",
    "scan_kwargs": "scan() takes scan_kwargs, and nothing else does",
}

# operators of other libraries
_WRITTEN = {
    "exact": "eq",
    "equals": "eq",
    "is": "eq",
    "neq": "ne",
    "not": "ne",
    "le": "lte",
    "ge": "gte",
    "less_than": "lt",
    "greater_than": "gt",
    "startswith": "begins_with",
    "starts_with": "begins_with",
    "prefix": "begins_with",
    "beginswith": "begins_with",
    "has": "contains",
    "range": "between",
    "any": "in",
    "one_of": "in",
    "len": "size",
    "length": "size",
    "not_null": "exists",
    "does_not_exist": "not_exists",
    "inc": "plus",
    "incr": "plus",
    "increment": "plus",
    "dec": "minus",
    "decr": "minus",
    "decrement": "minus",
    "push": "append",
    "extend": "append",
    "list_append": "append",
    "pull": "delete",
    "discard": "delete",
    "unset": "remove",
    "default": "if_not_exists",
}
_CASE = "DynamoDB compares text as it is, in capitals and small letters; store a second attribute in small letters"
_PATTERN = "DynamoDB knows no patterns; begins_with and contains look for text"
_PARTS_OF_DATES = "DynamoDB knows no parts of dates; use between, or begins_with where dates are stored as text"
_NULLS = ("isnull", "is_null", "null")
_IMPOSSIBLE = {
    "istartswith": _CASE,
    "icontains": _CASE,
    "iendswith": _CASE,
    "iexact": _CASE,
    "iregex": _PATTERN,
    "regex": _PATTERN,
    "like": _PATTERN,
    "ilike": _PATTERN,
    "match": _PATTERN,
    "search": _PATTERN,
    "endswith": "DynamoDB finds no ends of text; contains looks anywhere, or store a second attribute in reverse",
    "ends_with": "DynamoDB finds no ends of text; contains looks anywhere, or store a second attribute in reverse",
    "date": _PARTS_OF_DATES,
    "year": _PARTS_OF_DATES,
    "month": _PARTS_OF_DATES,
    "day": _PARTS_OF_DATES,
    **dict.fromkeys(_NULLS, "{name}=None asks for what is absent or NULL, {name}__ne=None for what is not"),
    "is_not": "{name}__ne=... is the opposite of {name}=...",
    "not_in": "write ~Q({name}__in=[...])",
    "nin": "write ~Q({name}__in=[...])",
    "set": "write {name}=...",
}
# words that conditions have and updates have not, and the other way round
_CONDITIONS_ONLY = frozenset(
    {"eq", "ne", "lt", "lte", "gt", "gte", "between", "in", "is_in", "exists", "not_exists", "begins_with", "contains"}
)
_UPDATES_ONLY = frozenset({"plus", "minus", "add", "delete", "append", "prepend", "if_not_exists", "remove"})


def of_unknown_name(name: str, known: Iterable[str]) -> str:
    """Return what to write in place of a name that is no field."""
    if name in _METHODS:
        return f"reads have a method for it, {_METHODS[name]}"
    if name in _OTHERS:
        return _OTHERS[name]
    if name in BOTO3_ARGUMENTS:
        return "arguments in boto3's form go into query_kwargs={...}, scan_kwargs={...} and the like"
    return f"{nearest(name, known)} (F({shortened(name)}) reaches what is not declared)"


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the nearest of the names that there are, or all of them."""
    return did_you_mean(name, known) or f"there are: {', '.join(known)}"


def shortened(given: Any) -> str:
    """Return what was given as text that fits into a message."""
    text = repr(given)
    return text if len(text) <= 100 else f"{text[:80]}..."


def of_unknown_part(name: str, part: str, fields: Sequence[str], words: frozenset[str]) -> str:
    """Return what to write in place of what is neither a field inside another nor an operator.

    ``name`` leads to the part, and ``words`` are the operators or functions that there are.
    """
    if part in _WRITTEN and _WRITTEN[part] in words:
        return f"write {name}__{_WRITTEN[part]}=..."
    if part in _IMPOSSIBLE and (part == "set") != ("in" in words):
        return _IMPOSSIBLE[part].format(name=name)
    if part in _CONDITIONS_ONLY - words:
        return f"that is an operator of conditions, which writes take as conditions={{'{name}__{part}': ...}}"
    if part in _UPDATES_ONLY - words:
        return "that is a function of updates"
    question = did_you_mean(part, [*fields, *sorted(words)])
    if question:
        return question
    what = "operators" if "in" in words else "functions"
    inside = f"the fields are {', '.join(fields)}; " if fields else ""
    return f"{inside}the {what} {', '.join(sorted(words))}"


_METHODS_OF_REFERENCES = frozenset(
    {"in", "between", "begins_with", "contains", "exists", "not_exists", "plus", "minus", "append", "remove"}
)


def of_unknown_method(shown: str, name: str) -> str:
    """Return what to write in place of what is no method of a reference."""
    word = _WRITTEN.get(name, name.strip("_"))
    if word in _METHODS_OF_REFERENCES:
        return f"write {shown}.{'is_in' if word == 'in' else word}(...)"
    if name in _NULLS:
        return f"{shown} == None asks for what is absent or NULL, {shown} != None for what is not"
    if name in ("not_in", "nin"):
        return f"write ~{shown}.is_in([...])"
    if name in _IMPOSSIBLE and "{" not in _IMPOSSIBLE[name]:
        return _IMPOSSIBLE[name]
    return f"what is inside the attribute is {shown}[{name!r}]"


def what_is_no_condition(given: Any) -> str:
    """Say why something is no condition, and what to write."""
    kind = type(given)
    said = f"{shortened(given)} is no condition: "
    if hasattr(kind, "_claim"):
        return f"{said}compare it, as in {given!r} == value, each comparison in parentheses"
    if kind.__name__ == "Change":
        return f"{said}it is an action of updates"
    if isinstance(given, bool):
        return f"{said}compare the attribute of the class, as in Book.year == 1999, not that of an instance"
    if isinstance(given, str):
        return f"{said}give a Q or keyword arguments; expressions as text go into query_kwargs={{...}} and the like"
    if isinstance(given, Mapping):
        return f"{said}write it as Q(**{given!r})"
    return f"{said}give a Q, a dict, or keyword arguments"
