"""The rules by name, and the note that a request breaks one."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

RULES = {
    # the text of expressions
    "syntax": "an expression follows the grammar, and is not empty",
    "expression-length": "an expression has at most 4,096 bytes",
    "operators": "an expression has at most 300 operators and functions",
    "parentheses": "no parentheses stand directly around others",
    "function": "a function exists, and stands where it may",
    "operand-count": "a function has its number of operands, and IN has at most 100",
    "operand-type": "an operand is of a type that the operator or function takes",
    "same-operand": "no path is compared with itself",
    "between": "the bounds of BETWEEN are of one type, the lower one first",
    "reserved-word": "a reserved word, or what is no plain name, stands for an attribute as a placeholder only",
    "sections": "an update has each of SET, REMOVE, ADD and DELETE at most once",
    "overlap": "no path of an update or a projection leads to another one or is the same",
    "conflict": "no two paths of an update or a projection take one value for a list and for a map",
    "path-depth": "a path has at most 32 steps",
    # placeholders
    "placeholder-form": "a placeholder is # or : with letters, digits and underscores, of at most 255 bytes",
    "undefined": "each placeholder that is used is defined",
    "unused": "each placeholder that is defined is used",
    "placeholder-size": "names and values of all placeholders have at most 2 MB together",
    # values
    "value": "a value has one type and content of this type",
    "number": "a number is written as one, has at most 38 digits, and lies between 1E-130 and 9.99E+125",
    "set": "a set is not empty, and has no element twice",
    "nesting": "values are nested at most 32 levels deep",
    "text": "text can be written as UTF-8",
    "name": "an attribute's name has 1 to 65,535 bytes, and a key attribute's at most 255",
    "item-size": "an item has at most 400 KB",
    "request-size": "a request has at most 16 MB, and a transaction at most 4 MB",
    # keys
    "key-attributes": "a key has the key attributes and no others; an item has the key attributes",
    "key-type": "a key attribute is of the declared type, in the table's and in each index's key",
    "key-value": "a key attribute is not empty, has at most 2,048 bytes as hash key and 1,024 as range key",
    "key-update": "an update changes no attribute of the key",
    "key-condition": "a key condition has = for the hash key and at most one comparison for the range key",
    "key-filter": "a filter of a query uses no attribute of the key that is queried",
    "start-key": "a start key has the attributes of the table's and of the index's key, and lies in what is read",
    "index": "an index is there, and projects what is asked of it",
    # requests
    "form": "a request is in the form of the API",
    "table-name": "names of tables and indexes have 3 to 255 letters, digits, underscores, dots and hyphens",
    "enumeration": "an option has one of the values that it may have",
    "consistent-read": "no consistent read goes to a global index",
    "limit": "a limit is at least 1, and a segment is less than the number of segments",
    "select": "Select fits the projection and the index",
    "batch": "a batch has 1 to 100 keys or 1 to 25 writes, and no key twice",
    "transaction": "a transaction has 1 to 100 actions, and no two on one item",
    "token": "a token of a transaction has 1 to 36 characters",
    "legacy": "expressions do not come together with the parameters that they replaced",
    "table": "a table is declared as DynamoDB takes it",
}


class Refusal(NamedTuple):
    """A request breaks a rule."""

    rule: str
    text: str

    def __str__(self) -> str:
        return f"[{self.rule}] {self.text} ({RULES[self.rule]})"


# Called with the name of a rule and what breaks it.
Refuse = Callable[[str, str], None]


class Report(list[Refusal]):
    """What is wrong with a request; called, it takes down one more thing."""

    def __call__(self, rule: str, text: str) -> None:
        assert rule in RULES, rule
        self.append(Refusal(rule, text))


def short(value: object) -> str:
    """Return a value as messages show it."""
    shown = repr(value)
    return shown if len(shown) <= 200 else f"{shown[:200]}..."
