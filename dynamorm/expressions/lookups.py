"""What names, references and values mean for a model: document paths, operators, operands in wire form.

The grammar is ``field__sub__operator=value``.  A part of a name is an operator only in last place (or before the
comparison of ``size``), and only if the schema has no field of that name there.  Values are converted by the field's
own serialisation and never validated.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias, cast

from ..bounded import Bounded
from ..exceptions import InvalidExpression, InvalidSchemaField, MisusedExpression, UnstorableValue, ValidationError
from ..schema.base import Adapter
from ..spec import FieldSpec
from ..wire.codec import encode_stored, encode_value
from ..wire.paths import Path
from .comparisons import Comparison, PathOperand, is_in_order
from .conditions import (
    All,
    Claim,
    Condition,
    Either,
    Lookup,
    Not,
    Q,
    Stored,
    conjunction,
    folded,
    in_postfix,
    joined,
    made_of,
)
from .hints import nearest, of_unknown_name, of_unknown_part, shortened
from .references import Reference, Size, parsed, position, refusal_of_step
from .updates import FUNCTIONS
from .usual import (
    BEGINNING,
    MOST_VALUES,
    REFERRING,
    Compare,
    Convert,
    comparing,
    comparing_several,
    encoded,
    encoded_in_list,
    in_parts,
    is_in_list,
    nothing_usual,
    of_none,
    only,
    size_of,
    tags_for,
)

ALIASES = {"is_in": "in", "attribute_type": "type"}
COMPARISONS = ("eq", "ne", "lt", "lte", "gt", "gte", "between", "in", "is_in")
OPERATORS = (
    frozenset(COMPARISONS)
    | frozenset({"exists", "not_exists", "type", "begins_with", "contains", "not_contains", "size"})
    | frozenset(ALIASES)
)
TYPE_CODES = frozenset({"S", "SS", "N", "NS", "B", "BS", "BOOL", "NULL", "L", "M"})
# operators to which text means something even where it is not a whole value of its field
_TEXTUAL = frozenset({"begins_with", "contains", "not_contains", "lt", "lte", "gt", "gte", "between"})
# words that are younger than the data: below a map of any keys they stay keys
_YOUNG = frozenset({"in", "type", "not_contains", "add", "delete", "prepend", "remove"})
_NULL = {"NULL": True}
# tags of values that are the same inside lists, where maps keep their NULLs
_PLAIN = frozenset({"S", "N", "B", "BOOL"})
# names come from programs, which have so many of them; but keys below untyped data may come from anywhere

# conditions that :func:`conjunction` would leave as they are, or make lookups of
_USUAL = frozenset({type(None), Comparison, Lookup, Claim, Either, Not, Q, dict})

Split: TypeAlias = tuple[Path, FieldSpec | None, tuple[str, ...]]
# of the paths to the places inside an item
_DEEPEST = 32


class Resolver:
    """Turns names into document paths, and values into wire form, for one model.

    Without an adapter every name is taken as it is, and every value by its Python type; so are the names of stored
    ``attributes`` that are no fields.
    """

    def __init__(self, model_name: str, adapter: Adapter | None, attributes: frozenset[str] = frozenset()) -> None:
        self.model_name = model_name
        self.adapter = adapter
        self._attributes = attributes
        self._fields: Mapping[str, FieldSpec] = adapter.fields if adapter is not None else {}
        self._by_stored: Mapping[str, FieldSpec] = adapter.by_stored if adapter is not None else {}
        self._splits: Bounded[tuple[str, frozenset[str]], Split] = Bounded(2_000)
        # what compares usual values, by the names of lookups and by what claims say besides their values
        self._compares: Bounded[Any, Compare] = Bounded(2_000)

    def condition(self, condition: Condition) -> Condition:
        """Resolve every lookup and claim in a condition."""
        resolved: Condition = folded(in_postfix(condition), self.comparison, made_of)
        return resolved

    def comparison(self, leaf: Condition) -> Condition:
        """Resolve one lookup or claim, or all those of a ``Q``."""
        # not by isinstance: what is no instance of a class would be asked for its __class__ too, which is computed
        kind = type(leaf)
        if kind is Lookup:
            return self.lookup(leaf.name, leaf.value)  # type: ignore[attr-defined]
        if kind is not Claim:
            if issubclass(kind, Q):
                return joined(All, [self.lookup(name, value) for name, value in leaf.named.items()])  # type: ignore[attr-defined]
            return leaf
        assert isinstance(leaf, Claim)
        if isinstance(leaf.target, Stored):
            path, spec = self.walk(leaf.target)
            return self._comparison(leaf.target.name, path, spec, leaf.operator, leaf.size, leaf.value, True)
        question = (leaf.target._model, leaf.target._steps, leaf.operator, leaf.size)
        compare = self._compares.get(question)
        if compare is None:
            operator = ALIASES.get(leaf.operator, leaf.operator)
            compare = self._learned(question, *self.walk(leaf.target), operator, leaf.size)
        found: Condition | None = compare(leaf.value)
        if found is None:
            path, spec = self.walk(leaf.target)
            operator = ALIASES.get(leaf.operator, leaf.operator)
            found = self._comparison(repr(leaf.target), path, spec, operator, leaf.size, leaf.value)
        return found

    def conditions(self, conditions: Iterable[Any], lookups: Mapping[str, Any] | None = None) -> list[Condition]:
        """Resolve conditions in every form that :func:`conjunction` takes: all of them have to hold."""
        conditions = tuple(conditions)
        if not _USUAL.issuperset(map(type, conditions)):
            # all of them are seen to be conditions before any is looked at closely
            return [self.condition(part) for part in conjunction(conditions, lookups)]
        found: list[Condition] = []
        for condition in conditions:
            kind = type(condition)
            if kind is Lookup:
                found.append(self.lookup(condition.name, condition.value))
            elif kind is Q or kind is dict:
                named = condition.named if kind is Q else condition
                found += [self.lookup(name, value) for name, value in named.items()]
            elif condition is not None:
                found.append(self.condition(condition))
        if lookups:
            found += [self.lookup(name, value) for name, value in lookups.items()]
        return found

    def lookup(self, name: str, value: Any) -> Condition:
        """Resolve a name with a value."""
        compare = self._compares.get(name)
        if compare is None:
            compare = self._learned(name, *self._split_lookup(name))
        found = compare(value)
        return self._comparison(name, *self._split_lookup(name), value) if found is None else found

    def _split_lookup(self, name: str) -> tuple[Path, FieldSpec | None, str, bool]:
        """Return the path, the field, the operator, and whether the size is compared."""
        path, spec, words = self.split(name, OPERATORS)
        size = bool(words) and words[0] == "size"
        if size:
            words = words[1:]
        return path, spec, ALIASES.get(words[0], words[0]) if words else "eq", size

    def _learned(self, question: Any, path: Path, spec: FieldSpec | None, operator: str, size: bool) -> Compare:
        """Remember what compares usual values, so that only what depends on these is done each time.

        It gives ``None`` for unusual ones, which :meth:`_comparison` has to see to.
        """
        if operator in ("exists", "not_exists"):
            constant = Comparison(path, operator)
            compare: Compare = lambda value: constant if value is True else None  # noqa: E731
        elif operator == "type":
            compare = nothing_usual
        else:
            is_inside = operator in ("contains", "not_contains")
            convert = size_of if size else self.converter(spec, path, within=is_inside)
            tags = None if size else tags_for(operator)
            if tags is not None and (spec is None or spec.key_type not in tags):
                convert = only(tags, convert)
            if operator in ("between", "in"):
                compare = comparing_several(path, operator, size, convert)
            else:
                compare = comparing(path, operator, size, convert)
        return self._compares.remember(question, compare)

    def converter(self, spec: FieldSpec | None, path: Path, *, check: bool = False, within: bool = False) -> Convert:
        """Return what makes the wire form of usual values of what is at a path, ``None`` of others.

        With ``check`` of valid values only; ``within`` says that what is inside is meant, where the field says what
        that is.
        """
        in_list = within or is_in_list(path)
        if spec is None or self.adapter is None:
            return encoded_in_list if in_list else encoded
        compiled = self.adapter.compiled
        if within and spec.element is not None:
            return compiled.inner_part(path, check, element=True)
        if len(path) > 1:
            return compiled.inner_part(path, check)
        if spec.computed or self._fields.get(spec.name) is not spec:
            return nothing_usual
        convert = compiled.parts[spec.name, check]
        return only(_PLAIN, convert) if in_list else convert

    def _comparison(
        self,
        label: str,
        path: Path,
        spec: FieldSpec | None,
        operator: str,
        size: bool,
        value: Any,
        exactly_null: bool = False,
    ) -> Condition:
        if operator in ("exists", "not_exists"):
            if value is not True:
                raise MisusedExpression(
                    f"{label}={shortened(value)}: {operator} takes True; use its opposite instead of False"
                )
            return Comparison(path, operator)
        if value is None and not size:
            if operator in ("eq", "ne"):
                if exactly_null:
                    return Comparison(path, operator, (_NULL,))
                return of_none(path, operator)
            raise InvalidExpression(f"{label}=None: only eq and ne compare with None")
        values = self._several(label, spec, value, operator) if operator in ("between", "in") else [value]
        if operator == "type":
            if not isinstance(value, str) or value not in TYPE_CODES:
                raise InvalidExpression(f"{label}={shortened(value)}: the types are {', '.join(sorted(TYPE_CODES))}")
            return Comparison(path, operator, ({"S": value},))
        inside = spec.element if spec is not None and operator in ("contains", "not_contains") else None
        in_list = operator in ("contains", "not_contains") or is_in_list(path)
        operands: list[dict[str, Any] | PathOperand] = []
        for one in values:
            other = self.path_operand(one)
            if other is not None:
                operands.append(other)
            elif size:
                operands.append(_size(label, one))
            else:
                operands.append(self.operand(inside or spec, one, operator, label, in_list=in_list))
        self._check_operands(label, value, path, operator, size, operands)
        if operator != "in" or len(operands) <= MOST_VALUES:
            return Comparison(path, operator, tuple(operands), size)
        return joined(Either, [Comparison(path, operator, tuple(part), size) for part in in_parts(operands)])

    @staticmethod
    def _check_operands(
        label: str, value: Any, path: Path, operator: str, size: bool, operands: list[dict[str, Any] | PathOperand]
    ) -> None:
        """Refuse operands that DynamoDB does not take: what has no order, bounds in disorder, the attribute itself."""
        if PathOperand(path, size) in operands:
            raise InvalidExpression(f"{label}={shortened(value)}: DynamoDB compares no attribute with itself")
        tags, wires = tags_for(operator), [operand for operand in operands if isinstance(operand, dict)]
        if tags is None:
            return
        for wire in wires:
            if tags.isdisjoint(wire):
                wanted = "text or bytes" if tags is BEGINNING else "text, numbers or bytes"
                stored = next(iter(wire))
                raise InvalidExpression(
                    f"{label}={shortened(value)}: {operator} compares {wanted}, and this is stored as {stored}"
                )
        if operator == "between" and len(wires) == 2 and not is_in_order(*wires):
            raise InvalidExpression(
                f"{label}={shortened(value)}: between takes two values of one type, the lower one first"
            )

    def path_operand(self, value: Any) -> PathOperand | None:
        """Return the attribute that a value refers to, ``None`` for a value that is meant as such."""
        if not isinstance(value, REFERRING):
            return None
        if isinstance(value, Size):
            return PathOperand(self.walk(value._target)[0], size=True)
        return PathOperand(self.walk(value)[0], isinstance(value, Stored) and value.size)

    def _several(self, label: str, spec: FieldSpec | None, value: Any, operator: str) -> list[Any]:
        shown = shortened if self.adapter is None else functools.partial(self.adapter.shown, spec)
        if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
            raise InvalidExpression(f"{label}={shown(value)}: {operator} takes a list of values")
        values = list(value)
        if operator == "between" and len(values) != 2:
            raise InvalidExpression(f"{label}={shown(values)}: between takes two values, the lower one first")
        if any(value is None for value in values):
            raise InvalidExpression(f"{label}={shown(values)}: None cannot be compared in {operator}")
        return values

    def operand(
        self, spec: FieldSpec | None, value: Any, operator: str = "eq", name: str = "", *, in_list: bool = False
    ) -> dict[str, Any]:
        """Return the wire form of a value that is compared with a field, or with something inside a list."""
        name = name or (spec.name if spec else "")
        schema_name = self.adapter.schema_name if self.adapter is not None else self.model_name
        try:
            if spec is None or self.adapter is None:
                return encode_stored(value, in_list=in_list)
            if self._fields.get(spec.name) is spec:
                quick = self.adapter.compiled.parts[spec.name, False](value)
                if quick is not None and not (in_list and _PLAIN.isdisjoint(quick)):
                    return quick
            try:
                return encode_stored(self.adapter.stored_form(spec, value), in_list=in_list)
            except UnstorableValue:
                raise
            except Exception:
                if isinstance(value, str) and spec.key_type == "S" and operator in _TEXTUAL:
                    return encode_value(value)
                raise
        except Exception as error:
            reason, cause = str(error), cast("Exception | None", error)
            if spec is not None and self.adapter is not None:
                cause = self.adapter.cause(spec, error)
                if cause is None or not isinstance(error, UnstorableValue):
                    reason = self.adapter.complaint(spec, value, "converted", error)
            raise ValidationError({name: value}, schema_name, {name: [reason]}) from cause

    # Names.

    def find(self, name: str) -> FieldSpec | None:
        """Return a field by its Python name or its stored name."""
        return self._fields.get(name) or self._by_stored.get(name)

    def field(self, name: str) -> FieldSpec:
        """Like :meth:`find`, for a name that has to be that of a field."""
        spec = self.find(name)
        if spec is None:
            raise InvalidSchemaField(
                f"{self.model_name} has no field {shortened(name)}; {of_unknown_name(name, self._fields)}"
            )
        return spec

    def walk(self, reference: Reference | Stored) -> tuple[Path, FieldSpec | None]:
        """Return the document path of a reference and the field found there, if there is one."""
        stored = isinstance(reference, Stored)
        steps = parsed(reference.name) if isinstance(reference, Stored) else reference._steps
        strict = isinstance(reference, Reference) and reference._model is not None
        first, *rest = steps
        name = str(first)
        if strict and name not in self._attributes:
            spec: FieldSpec | None = self.field(name)
        elif stored:
            spec = self._by_stored.get(name) or self._fields.get(name)
        else:
            spec = self.find(name)
        path: list[str | int] = [spec.stored if spec is not None else name]
        for step in rest:
            step, spec = self._inside(reference, spec, step, strict)
            path.append(step)
        return _checked(reference, path), spec

    def _inside(
        self, reference: Reference | Stored, spec: FieldSpec | None, step: str | int, strict: bool
    ) -> tuple[str | int, FieldSpec | None]:
        if spec is None:
            return step, None
        if isinstance(step, int):
            if strict and spec.kind in ("map", "nested", "text", "leaf", "set"):
                raise InvalidSchemaField(f"{reference!r}: {spec.name!r} is no list, and has no position {step}")
            return step, spec.element if spec.kind == "list" else None
        inner = _inner_named(spec, step)
        if inner is not None:
            return inner
        if strict and spec.kind not in ("map", "any"):
            hint = nearest(step, _names_in(spec)) if spec.fields else f"{spec.name!r} is no map"
            raise InvalidSchemaField(f"{reference!r}: {step!r} is nothing of {spec.name!r}; {hint}")
        return step, spec.element if spec.kind == "map" else None

    def split(self, text: str, words: frozenset[str]) -> Split:
        """Split a name into its document path, the field found there, and the operators at its end.

        Below untyped data there is no field, and every name is taken as a key.
        """
        known = self._splits.get((text, words))
        if known is None:
            known = self._splits.remember((text, words), self._split(text, words))
        return known

    def _split(self, text: str, words: frozenset[str]) -> Split:
        if not isinstance(text, str):
            raise InvalidExpression(f"{text!r}={{...}}: attributes have names, which are text")
        first, *rest = self._first(text)
        is_free = self.adapter is None or first in self._attributes
        spec = self.find(first) if is_free else self.field(first)
        path: list[str | int] = [spec.stored if spec is not None else first]
        step: str | int
        below_free = False
        while rest:
            part = rest[0]
            inner = _inner_named(spec, part) if spec is not None else None
            if inner is not None:
                (step, spec), below_free = inner, False
            elif self._is_operator(rest, spec, words, below_free):
                return _checked(text, path), spec, tuple(rest)
            else:
                below_free = spec is None or spec.kind in ("map", "any")
                step, spec = self._below(text, spec, part, words)
            path.append(step)
            rest = rest[1:]
        return _checked(text, path), spec, ()

    @staticmethod
    def _is_operator(rest: list[str], spec: FieldSpec | None, words: frozenset[str], below_free: bool) -> bool:
        part = rest[0]
        if part not in words:
            return False
        if part == "size" and len(rest) == 2:
            return rest[1] in COMPARISONS
        if len(rest) > 1:
            return False
        is_free = (spec is not None and spec.kind == "map") or (below_free and (spec is None or spec.kind == "any"))
        return not (is_free and part in _YOUNG)

    def _first(self, text: str) -> list[str]:
        """Split off the field, whose own name may hold double underscores; the longest name that fits wins."""
        parts = text.split("__")
        for length in range(len(parts), 1, -1):
            name = "__".join(parts[:length])
            if name in self._fields or name in self._by_stored:
                return [name, *parts[length:]]
        return parts

    def _below(
        self, text: str, spec: FieldSpec | None, part: str, words: frozenset[str]
    ) -> tuple[str | int, FieldSpec | None]:
        if spec is None or spec.kind == "any":
            if part.isdecimal():
                raise InvalidExpression(
                    f"{text!r}: {part} may be the position in a list or the key of a map; say which with "
                    f'F("...[{part}]") or F("....{part}")'
                )
            return part, None
        if spec.kind == "list" and part.isdecimal():
            return position(part), spec.element
        if spec.kind == "map":
            return part, spec.element
        before = text[: text.rindex(f"__{part}")]
        raise InvalidSchemaField(
            f"{self.model_name}: {text!r}: {part!r} is nothing of {spec.name!r}; "
            f"{of_unknown_part(before, part, _names_in(spec), words)}"
        )


def _size(label: str, value: Any) -> dict[str, Any]:
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidExpression(f"{label}={shortened(value)}: a size is an integer")
    return encode_value(value)


def _checked(shown: Any, path: list[str | int]) -> Path:
    """Refuse a path that no item has."""
    for step in path:
        wrong = refusal_of_step(step)
        if wrong:
            raise InvalidExpression(f"{shortened(shown)}: {wrong}")
    if len(path) > _DEEPEST:
        raise InvalidExpression(f"{shortened(shown)}: DynamoDB's items are {_DEEPEST} levels deep at most")
    return tuple(path)


def _names_in(spec: FieldSpec) -> list[str]:
    """Return the Python names of the fields inside another."""
    return [inner.name for inner in (spec.fields or {}).values()]


def _inner_named(spec: FieldSpec, name: str) -> tuple[str, FieldSpec] | None:
    if spec.fields is None:
        return None
    for inner in spec.fields.values():
        if name in (inner.name, inner.stored):
            return inner.stored, inner
    return None


__all__ = ["COMPARISONS", "FUNCTIONS", "OPERATORS", "Resolver"]
