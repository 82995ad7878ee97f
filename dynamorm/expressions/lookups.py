"""The double-underscore grammar: ``field__sub__operator=value`` resolved against the fields of a model.

A part of a name is an operator only in last place (or before the comparison of ``size``), and only if the schema has
no field of that name there.  Values are converted by the field's own serialisation and never validated.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from ..codec import encode_value
from ..exceptions import InvalidExpression, InvalidSchemaField, UnstorableValue, ValidationError
from ..schema.base import Adapter
from ..spec import FieldSpec
from .conditions import Comparison, Condition, Lookup, resolve
from .placeholders import Path

ALIASES = {"is_in": "in", "attribute_type": "type"}
COMPARISONS = ("eq", "ne", "lt", "lte", "gt", "gte", "between", "in")
OPERATORS = (
    frozenset(COMPARISONS)
    | frozenset({"exists", "not_exists", "type", "begins_with", "contains", "not_contains", "size"})
    | frozenset(ALIASES)
)
FUNCTIONS = frozenset({"plus", "minus", "add", "delete", "append", "prepend", "if_not_exists", "remove"})
TYPE_CODES = frozenset({"S", "SS", "N", "NS", "B", "BS", "BOOL", "NULL", "L", "M"})
# operators to which text means something even where it is not a whole value of its field
_TEXTUAL = frozenset({"begins_with", "contains", "not_contains", "lt", "lte", "gt", "gte", "between"})


class Resolver:
    """Turns names into document paths, and values into wire form, for one model."""

    def __init__(self, model_name: str, adapter: Adapter) -> None:
        self.model_name = model_name
        self.adapter = adapter

    def condition(self, condition: Condition) -> Condition:
        """Resolve every lookup in a condition."""
        return resolve(condition, self.comparison)

    def comparison(self, lookup: Lookup) -> Condition:
        """Resolve one lookup."""
        path, spec, words = self.split(lookup.name, OPERATORS)
        words = [ALIASES.get(word, word) for word in words]
        size = bool(words) and words[0] == "size"
        if size:
            words = words[1:]
        operator = words[0] if words else "eq"
        if len(words) > 1 or (size and operator not in COMPARISONS):
            raise InvalidExpression(f"{lookup.name!r}: {'__'.join(words)} is not one comparison")
        return self._comparison(lookup, path, spec, operator, size)

    def _comparison(self, lookup: Lookup, path: Path, spec: FieldSpec | None, operator: str, size: bool) -> Comparison:
        value = lookup.value
        if operator in ("exists", "not_exists"):
            if value is not True:
                raise TypeError(f"{lookup.name}={value!r}: {operator} takes True; use its opposite instead of False")
            return Comparison(path, operator)
        if value is None and not size:
            if operator in ("eq", "ne"):
                return Comparison(path, "absent" if operator == "eq" else "present")
            raise InvalidExpression(f"{lookup.name}=None: only eq and ne compare with None")
        if operator in ("between", "in"):
            values = self._several(lookup, operator)
        else:
            values = [value]
        if size:
            operands = [self._size(lookup, one) for one in values]
        elif operator == "type":
            if value not in TYPE_CODES:
                raise InvalidExpression(f"{lookup.name}={value!r}: the types are {', '.join(sorted(TYPE_CODES))}")
            operands = [{"S": value}]
        else:
            inside = spec.element if spec is not None and operator in ("contains", "not_contains") else None
            operands = [self.operand(inside or spec, one, operator, lookup.name) for one in values]
        return Comparison(path, operator, tuple(operands), size)

    @staticmethod
    def _several(lookup: Lookup, operator: str) -> list[Any]:
        if isinstance(lookup.value, (str, bytes, Mapping)) or not hasattr(lookup.value, "__iter__"):
            raise InvalidExpression(f"{lookup.name}={lookup.value!r}: {operator} takes a list of values")
        values = list(lookup.value)
        if operator == "between" and len(values) != 2:
            raise InvalidExpression(f"{lookup.name}={values!r}: between takes two values, the lower one first")
        if operator == "in" and not 1 <= len(values) <= 100:
            raise InvalidExpression(f"{lookup.name}: in takes 1 to 100 values, not {len(values)}")
        if any(value is None for value in values):
            raise InvalidExpression(f"{lookup.name}={values!r}: None cannot be compared in {operator}")
        return values

    @staticmethod
    def _size(lookup: Lookup, value: Any) -> dict[str, Any]:
        if isinstance(value, bool) or not isinstance(value, int):
            raise InvalidExpression(f"{lookup.name}={value!r}: a size is an integer")
        return encode_value(value)

    def operand(self, spec: FieldSpec | None, value: Any, operator: str = "eq", name: str = "") -> dict[str, Any]:
        """Give the wire form of a value that is compared with a field."""
        name = name or (spec.name if spec else "")
        try:
            if spec is None:
                return encode_value(value)
            try:
                native = self.adapter.as_native(spec, value)
                return encode_value(self.adapter.serialise(spec, native))
            except UnstorableValue:
                raise
            except Exception:
                if isinstance(value, str) and spec.key_type == "S" and operator in _TEXTUAL:
                    return encode_value(value)
                raise
        except UnstorableValue as error:
            raise ValidationError({name: value}, self.adapter.schema_name, {name: [str(error)]}) from error
        except Exception as error:
            reason = f"{value!r} cannot be converted: {error}"
            raise ValidationError({name: value}, self.adapter.schema_name, {name: [reason]}) from error

    def field(self, name: str) -> FieldSpec:
        """Give a field by its Python name or its stored name."""
        spec = self.adapter.fields.get(name) or self.adapter.by_stored.get(name)
        if spec is None:
            near = difflib.get_close_matches(name, self.adapter.fields, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; there are: {', '.join(self.adapter.fields)}"
            raise InvalidSchemaField(f"{self.model_name} has no field {name!r}{hint}")
        return spec

    def split(self, text: str, words: frozenset[str]) -> tuple[Path, FieldSpec | None, list[str]]:
        """Split a name into its document path, the field found there, and the operators at its end.

        Below untyped data there is no field, and every name is taken as a key.
        """
        first, *rest = self._first(text)
        spec: FieldSpec | None = self.field(first)
        assert spec is not None
        path: list[str | int] = [spec.stored]
        step: str | int
        while rest:
            part = rest[0]
            inner = _inner_named(spec, part)
            if inner is not None:
                step, spec = inner
            elif (part in words and len(rest) == 1) or (part == "size" and "size" in words and len(rest) == 2):
                return tuple(path), spec, rest
            else:
                step, spec = self._below(text, spec, part, words)
            path.append(step)
            rest = rest[1:]
        return tuple(path), spec, []

    def _first(self, text: str) -> list[str]:
        """Split off the field, whose own name may hold double underscores; the longest name that fits wins."""
        parts = text.split("__")
        for length in range(len(parts), 1, -1):
            name = "__".join(parts[:length])
            if name in self.adapter.fields or name in self.adapter.by_stored:
                return [name, *parts[length:]]
        return parts

    def _below(
        self, text: str, spec: FieldSpec | None, part: str, words: frozenset[str]
    ) -> tuple[str | int, FieldSpec | None]:
        if spec is None:
            return part, None
        if spec.kind == "list" and part.isdecimal():
            return int(part), spec.element
        if spec.kind == "map":
            return part, spec.element
        if spec.kind == "any":
            if part.isdecimal():
                raise InvalidExpression(
                    f"{text!r}: {part} may be a list position or a key of {spec.name!r}; declare the field's type"
                )
            return part, None
        known = list(spec.fields or ()) + sorted(words)
        near = difflib.get_close_matches(part, known, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise InvalidSchemaField(f"{self.model_name}: {text!r}: {part!r} is nothing of {spec.name!r}{hint}")


def _inner_named(spec: FieldSpec | None, name: str) -> tuple[str, FieldSpec] | None:
    if spec is None or spec.fields is None:
        return None
    for inner in spec.fields.values():
        if name in (inner.name, inner.stored):
            return inner.stored, inner
    return None
