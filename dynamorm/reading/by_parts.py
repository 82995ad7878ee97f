"""Conditions on the fields that keys are made of, said of the keys themselves."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import Any

from ..composites import KeyAttribute
from ..exceptions import DynamoException, InvalidKey
from ..expressions import Comparison, Condition, fixed_by, verdict
from ..keyed_mapper import KeyedMapper
from ..spec import KeySpec
from ..wire.codec import AttributeValue, decode_value


def by_parts(mapper: KeyedMapper, key: KeySpec, conditions: Sequence[Condition]) -> list[Condition]:
    """Return conditions with what those on fields say of a key; what the key does not say completely stays a filter.

    Keys that conditions name themselves are left to these.
    """
    named = {part.path[0] for part in conditions if isinstance(part, Comparison)}
    said: list[Comparison] = []
    used: list[Comparison] = []
    for stored in key.names:
        attribute = mapper.shared_key(stored)
        if attribute is None or stored in named:
            continue
        found = _said_of(attribute, conditions)
        if found is None or (stored in key.hash_names and found[0].operator != "eq"):
            continue
        said.append(found[0])
        used += [part for part in found[1] if part.path[0] not in key.names]
    settled = {id(part) for part in used}
    return [*said, *(part for part in conditions if id(part) not in settled)]


def _said_of(attribute: KeyAttribute, conditions: Sequence[Condition]) -> tuple[Comparison, list[Comparison]] | None:
    """Return what conditions say of a key, and those of them that it says completely; ``None`` for nothing."""
    compared: dict[tuple[str, str], tuple[Comparison, tuple[Any, ...]]] = {}
    for name, spec in attribute.specs.items():
        for part in conditions:
            if isinstance(part, Comparison) and part.path == (spec.stored,) and not part.size:
                values = _values(attribute, name, part)
                if values is not None:
                    compared.setdefault((name, part.operator), (part, values))
    equal = {name: values[0] for (name, operator), (_, values) in compared.items() if operator == "eq"}
    if attribute.template is None:
        return _merged(attribute, compared, equal)
    others: dict[str, list[tuple[str, tuple[Any, ...]]]] = {}
    for (name, operator), (_, values) in compared.items():
        if operator != "eq":
            others.setdefault(name, []).append((operator, values))
    narrowed = attribute.narrowed(equal, others)
    if narrowed.operator is None:
        return None
    said = Comparison((attribute.name,), narrowed.operator, tuple({"S": value} for value in narrowed.values))
    return said, [compared[question][0] for question in narrowed.settled if question in compared]


def _merged(
    attribute: KeyAttribute, compared: Mapping[tuple[str, str], Any], equal: Mapping[str, Any]
) -> tuple[Comparison, list[Comparison]] | None:
    """Return what a key that a function makes is, where all that it is made of is known; nothing else can be told."""
    if equal.keys() != attribute.specs.keys():
        return None
    value = attribute.merged({name: equal[name] for name in attribute.specs})
    return None if value is None else (Comparison((attribute.name,), "eq", (value,)), [])


def _values(attribute: KeyAttribute, name: str, part: Comparison) -> tuple[Any, ...] | None:
    """Return what a field is compared with, as the format of its part takes it; ``None`` where it does not."""
    try:
        values = [attribute.value_of(name, operand) for operand in part.operands if isinstance(operand, dict)]
    except DynamoException:
        raise
    except Exception:  # whatever a library raises: this is no value of the field, and nothing is said of the key
        return None
    return tuple(values) if len(values) == len(part.operands) and None not in values and values else None


def with_kind(mapper: KeyedMapper, key: KeySpec, conditions: Sequence[Condition]) -> list[Condition]:
    """Return conditions with that on the kind of items, where the kind is part of a key and there is but one."""
    name, kinds = mapper.kind_name, list(mapper.members)
    if name is None or name not in key.names or mapper.own_kind is None or len(kinds) != 1:
        return list(conditions)
    if any(isinstance(part, Comparison) and part.path == (name,) for part in conditions):
        return list(conditions)
    return [*conditions, Comparison((name,), "eq", ({"S": kinds[0]},))]


class _AllBut(Container[str]):
    def __init__(self, names: Container[str]) -> None:
        self._names = names

    def __contains__(self, name: object) -> bool:
        return name not in self._names


def implied(attribute: KeyAttribute, conditions: Sequence[Condition]) -> bool | None:
    """Return whether items that match conditions have a key attribute, as far as its own conditions tell."""
    if not attribute.when:
        return True
    known: Mapping[str, AttributeValue] = fixed_by(conditions)
    found = [verdict(part, known, _AllBut(known)) for part in attribute.when]
    return False if False in found else None if None in found else True


def refuse_contradiction(where: str, mapper: KeyedMapper, key: KeySpec, conditions: Sequence[Condition]) -> None:
    """Refuse a query of an index that no matching item is in."""
    for stored in key.names:
        attribute = mapper.computed_keys.get(stored)
        if attribute is not None and implied(attribute, conditions) is False:
            known = {mapper.named(name): decode_value(value) for name, value in fixed_by(conditions).items()}
            raise InvalidKey(
                f"{where}: items with {known!r} are not in the index, since {attribute.label} is left out unless "
                f"{attribute.declared.when!r}; query the table, or another index"
            )
