"""What the arguments of an update ask for: which action at which document path, with which value.

Values are converted through their fields.  Whole values that are written (set, ``if_not_exists``, appended elements)
are validated as well, those of whole fields all together, so that the schema's hooks run once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from functools import partial
from typing import Any, NamedTuple

from ..exceptions import (
    DynamoException,
    InvalidExpression,
    InvalidKey,
    MisusedExpression,
    UnstorableValue,
    ValidationError,
)
from ..expressions import (
    FUNCTIONS,
    REFERRING,
    Action,
    Change,
    Convert,
    Path,
    Reference,
    Sum,
    SumOperand,
    action_of,
    is_condition,
    is_in_list,
)
from ..mapper import Mapper, is_exact
from ..schema.base import prepare
from ..schema.copies import UNCHANGING
from ..schema.iterators import settled
from ..schema.losses import loses_entries
from ..spec import FieldSpec
from ..wire.codec import AttributeValue, decode_value, encode_stored, is_nothing

_WHOLE = frozenset({"set", "if_not_exists"})
_NUMERIC = frozenset({"plus", "minus"})
_SETS = frozenset({"SS", "NS", "BS"})
# the forms in which what an action takes may be stored
_TAGS = {"plus": frozenset({"N"}), "minus": frozenset({"N"}), "add": _SETS | {"N"}, "delete": _SETS}


class AskedAction(NamedTuple):
    """One action of an update as it was asked for: ``kind`` is ``remove`` where the value says so.

    ``convert`` gives the wire form of usual values, and ``None`` of those that have to be looked at more closely.
    """

    label: str
    kind: str
    path: Path
    spec: FieldSpec | None
    value: Any
    convert: Convert | None = None

    @property
    def is_whole_field(self) -> bool:
        return self.spec is not None and len(self.path) == 1 and self.kind in _WHOLE and not _is_computed(self.value)

    @property
    def is_in_list(self) -> bool:
        return self.kind in ("append", "prepend") or is_in_list(self.path)


# Without the function that the class has for it, since there are some of these for every update.
_asked_of: Callable[[tuple[Any, ...]], AskedAction] = partial(tuple.__new__, AskedAction)

# values that DynamoDB is to find: other attributes, and sums
_COMPUTED = (*REFERRING, Sum)


def _is_computed(value: Any) -> bool:
    return isinstance(value, (Reference, Sum))


def split_actions_and_conditions(arguments: Sequence[Any], conditions: Any) -> tuple[list[Change], Any]:
    """Return the actions among positional arguments, and the conditions, which may be given so too."""
    if not arguments:
        return [], conditions
    changes = [argument for argument in arguments if isinstance(argument, Change)]
    others = [argument for argument in arguments if not isinstance(argument, Change) and argument is not None]
    for other in others:
        if not (is_condition(other) or isinstance(other, (Mapping, list, tuple))):
            raise InvalidExpression(
                f"{other!r} is neither an action such as Book.views.add(1) nor a condition; give keys and values by "
                "keyword: title=..."
            )
    if not others:
        return changes, conditions
    return changes, [*others, conditions]


def asked_actions(mapper: Mapper, changes: Iterable[Change], updates: Mapping[str, Any]) -> list[AskedAction]:
    """Return what is to be done where, without looking closely at the values."""
    asked = []
    known = mapper.writings
    for change in changes:
        question = (change.target._model, change.target._steps, change.kind)
        writing = known.get(question)
        if writing is None:
            path, spec = mapper.resolver.walk(change.target)
            writing = known.remember(question, _writing(mapper, repr(change.target), path, spec, change.kind))
        asked.append(_asked(mapper, writing, change.value))
    for name, value in updates.items():
        writing = known.get(name)
        if writing is None:
            path, spec, words = mapper.resolver.split(name, FUNCTIONS)
            writing = known.remember(name, _writing(mapper, name, path, spec, words[0] if words else "set"))
        asked.append(_asked(mapper, writing, value))
    return asked


def _writing(mapper: Mapper, label: str, path: Path, spec: FieldSpec | None, kind: str) -> AskedAction:
    """Return an action without a value, as far as it can be known from its name."""
    if path[0] in mapper.key_fields:
        raise InvalidKey(
            f"{label}: {mapper.model_name}.{mapper.named(path[0])} is part of the key, which DynamoDB cannot update; "
            "change_key() of a loaded instance moves the item"
        )
    if path[0] in mapper.attributes:
        fields = ", ".join(mapper.fields_of(str(path[0])))
        raise InvalidExpression(
            f"{label}: {mapper.model_name}.{path[0]} is computed from {fields or 'nothing'}; change "
            f"{'these, and it follows' if fields else 'nothing of it'}"
        )
    if spec is not None and spec.computed:
        raise InvalidExpression(f"{label}: {mapper.model_name}.{spec.name} is computed, and takes no value")
    return AskedAction(label, kind, path, spec, None, _converter(mapper, path, spec, kind))


def _converter(mapper: Mapper, path: Path, spec: FieldSpec | None, kind: str) -> Convert | None:
    """Return what makes the wire form of usual values that an action takes."""
    converter = mapper.resolver.converter
    if kind == "remove":
        return None
    if kind in ("append", "prepend"):
        if spec is not None and spec.kind not in ("list", "any"):
            return None
        is_declared = spec is not None and spec.element is not None
        return _listed(converter(spec if is_declared else None, path, check=True, within=True))
    if kind in _WHOLE:
        return converter(spec, path, check=True)
    convert = _tagged(converter(spec, path), _TAGS[kind])
    return _of_sets(convert) if spec is not None and spec.kind == "set" else convert


def _of_sets(convert: Convert) -> Convert:
    return lambda value: convert(value) if isinstance(value, Set) else None


def _listed(convert: Convert) -> Convert:
    def convert_elements(value: Any) -> AttributeValue | None:
        wires = []
        for element in value if isinstance(value, (list, tuple)) else (value,):
            wire = None if isinstance(element, REFERRING) else convert(element)
            if wire is None:
                return None
            wires.append(wire)
        return {"L": wires}

    return convert_elements


def _tagged(convert: Convert, tags: frozenset[str]) -> Convert:
    """Return a conversion of values that are stored in certain forms only, and of numbers that stay what they are."""

    def convert_tagged(value: Any) -> AttributeValue | None:
        wire = convert(value)
        return None if wire is None or tags.isdisjoint(wire) or not is_exact(value, wire) else wire

    return convert_tagged


def _asked(mapper: Mapper, writing: AskedAction, value: Any) -> AskedAction:
    label, kind, path, spec, _, convert = writing
    if type(value) in UNCHANGING:
        if value is not None and kind != "remove":
            return _asked_of((label, kind, path, spec, value, convert))
    else:
        value = settled(value, spec)
        if spec is not None and loses_entries(value, spec):
            convert = None  # what is stored of it has to be looked at
    if kind == "remove" and value is not True:
        raise MisusedExpression(f"{label}={value!r}: remove takes True")
    if kind == "set" and (value is None or _is_empty_set(spec, value)):
        kind = "remove"
    if kind == "remove":
        _check_removable(mapper, label, spec)
        return AskedAction(label, kind, path, spec, None)
    if value is None:
        raise InvalidExpression(f"{label}=None: {kind} takes a value; set a field to None to remove it")
    return AskedAction(label, kind, path, spec, value, None if isinstance(value, _COMPUTED) else convert)


def _is_empty_set(spec: FieldSpec | None, value: Any) -> bool:
    """Return whether a value is an empty set, which cannot be stored; for a list it is an empty list."""
    return isinstance(value, (set, frozenset)) and not value and (spec is None or spec.kind != "list")


def _check_removable(mapper: Mapper, label: str, spec: FieldSpec | None) -> None:
    if spec is not None and spec.required and not spec.nullable and spec.kind != "set":
        raise ValidationError(
            {spec.name: None}, mapper.adapter.schema_name, {spec.name: ["required, and cannot be removed"]}, label
        )


def resolved_actions(mapper: Mapper, asked: Sequence[AskedAction]) -> list[Action]:
    """Return the actions with their values converted and validated, in wire form."""
    wires: list[AttributeValue | None] = []
    found: list[Action] = []
    for _label, kind, path, _spec, value, convert in asked:
        wire = None if convert is None else convert(value)
        wires.append(wire)
        if wire is not None:
            found.append(action_of((kind, path, wire)))
    return found if len(found) == len(asked) else _with_unusual(mapper, asked, wires)


def _with_unusual(mapper: Mapper, asked: Sequence[AskedAction], wires: Sequence[AttributeValue | None]) -> list[Action]:
    """Return the actions where some have no wire form yet, because there is more to be seen to."""
    unusual = [part for part, wire in zip(asked, wires, strict=True) if wire is None]
    written = _written(mapper, [part for part in unusual if part.is_whole_field])
    found = [
        action
        for part, wire in zip(asked, wires, strict=True)
        if (action := _action(mapper, part, written) if wire is None else Action(part.kind, part.path, wire))
        is not None
    ]
    if not any(action.kind == "remove" for action in found):
        return found
    # what is read under a former name, where there is nothing under the field's own, would come back
    tops = {action.path[0] for action in found}
    former = {
        alias
        for action in found
        if action.kind == "remove" and len(action.path) == 1
        if (spec := mapper.adapter.by_stored.get(str(action.path[0]))) is not None
        for alias in spec.aliases
        if alias not in mapper.adapter.by_stored and alias not in tops
    }
    return [*found, *(Action("remove", (alias,)) for alias in sorted(former))]


def _written(mapper: Mapper, parts: Sequence[AskedAction]) -> dict[str, AttributeValue | None]:
    """Validate whole values of fields; returns what is stored of each, ``None`` for nothing, by stored name."""
    written: dict[str, AttributeValue | None] = {}
    others = {part.spec.name: part for part in parts if part.spec is not None}
    if others:
        natives = mapper.given({name: part.value for name, part in others.items()}, defaults=False)
        dumped = mapper.adapter.dump({name: natives[name] for name in others if name in natives})
        for part in others.values():
            assert part.spec is not None
            if part.spec.stored in dumped:
                value = dumped[part.spec.stored]
                wire = None if is_nothing(value) else _encoded(mapper, part, value)
                if wire is not None:
                    mapper.require_readable(part.spec, part.value, wire)
                written[part.spec.stored] = wire
    return written


def _action(mapper: Mapper, part: AskedAction, written: Mapping[str, AttributeValue | None]) -> Action | None:
    if part.kind == "remove":
        return Action("remove", part.path)
    other = mapper.resolver.path_operand(part.value)
    if other is not None:
        if part.kind not in ("set", "if_not_exists", "plus", "minus", "append", "prepend"):
            raise InvalidExpression(f"{part.label}: DynamoDB's {part.kind} takes a value, not another attribute")
        return Action(part.kind, part.path, other)
    if isinstance(part.value, Sum):
        if part.kind != "set":
            raise InvalidExpression(f"{part.label}: a sum can be set, and nothing else")
        left, right = (_summand(mapper, part, value) for value in (part.value.left, part.value.right))
        return Action("set", part.path, SumOperand(left, part.value.sign, right))
    if part.is_whole_field:
        assert part.spec is not None
        if part.spec.stored in written:
            value = written[part.spec.stored]
            if value is not None:
                return Action(part.kind, part.path, value)
            return Action("remove", part.path) if part.kind == "set" else None
    if part.kind in _WHOLE:
        return Action(part.kind, part.path, _validated(mapper, part, part.spec, part.value))
    if part.kind in _NUMERIC:
        return Action(part.kind, part.path, _number(mapper, part, part.value))
    if part.kind in ("append", "prepend"):
        return Action(part.kind, part.path, _elements(mapper, part))
    return _added_or_deleted(mapper, part)


def _summand(mapper: Mapper, part: AskedAction, value: Any) -> Any:
    other = mapper.resolver.path_operand(value)
    return _number(mapper, part, value) if other is None else other


def _number(mapper: Mapper, part: AskedAction, value: Any) -> dict[str, Any]:
    wire = mapper.amount(part.spec, value, part.label)
    if "N" not in wire:
        shown = mapper.adapter.shown(part.spec, value)
        raise InvalidExpression(f"{part.label}={shown}: {part.kind} adds numbers, and this is stored as {_tag(wire)}")
    return wire


def _elements(mapper: Mapper, part: AskedAction) -> dict[str, Any]:
    if part.spec is not None and part.spec.kind not in ("list", "any"):
        raise InvalidExpression(f"{part.label}: {part.kind} is for lists, and {part.spec.name!r} is none")
    values = part.value if isinstance(part.value, (list, tuple)) else [part.value]
    element = part.spec.element if part.spec is not None else None
    return {"L": [_validated(mapper, part, element, value) for value in values]}


def _added_or_deleted(mapper: Mapper, part: AskedAction) -> Action:
    is_set = part.spec is not None and part.spec.kind == "set"
    value = part.value
    if is_set and not isinstance(value, (list, tuple, Set)):
        value = [value]
    wire = mapper.amount(part.spec, value, part.label)
    tag = _tag(wire)
    if tag not in ("SS", "NS", "BS") and (part.kind == "delete" or tag != "N"):
        wanted = "a set" if part.kind == "delete" else "a number or a set"
        shown = mapper.adapter.shown(part.spec, part.value)
        raise InvalidExpression(f"{part.label}={shown}: {part.kind} takes {wanted}")
    return Action(part.kind, part.path, wire)


def _validated(mapper: Mapper, part: AskedAction, spec: FieldSpec | None, value: Any) -> dict[str, Any]:
    """Return the wire form of a value inside a field, checked by the schema where it declares one there."""
    if spec is None:
        return mapper.resolver.operand(None, value, name=part.label, in_list=part.is_in_list)
    adapter = mapper.adapter
    try:
        native = adapter.validated(spec, value)
        wire = _encoded(mapper, part, adapter.serialise(spec, native))
        if loses_entries(value, spec):
            adapter.validated(spec, prepare(spec, decode_value(wire)))
        return wire
    except adapter.library_errors as error:
        found = {part.label: adapter.messages(error)}
        raise ValidationError({part.label: value}, adapter.schema_name, found) from adapter.cause(spec, error)
    except DynamoException:
        raise
    except Exception as error:
        found = {part.label: [adapter.complaint(spec, value, "converted", error)]}
        raise ValidationError({part.label: value}, adapter.schema_name, found) from adapter.cause(spec, error)


def _encoded(mapper: Mapper, part: AskedAction, value: Any) -> dict[str, Any]:
    try:
        return encode_stored(value, in_list=part.is_in_list)
    except UnstorableValue as error:
        adapter = mapper.adapter
        found = {part.label: [f"{part.label}: {adapter.told(part.spec, error)}"]}
        raise ValidationError({part.label: value}, adapter.schema_name, found) from adapter.cause(part.spec, error)


def _tag(wire: Mapping[str, Any]) -> str:
    return next(iter(wire))
