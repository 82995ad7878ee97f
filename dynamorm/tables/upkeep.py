"""What of the words of a ``Table`` asks for upkeep of its items, held against the schema and the rest of the table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..exceptions import DynamoTableException, InvalidSchemaField
from ..expressions import Condition, conjoined, is_condition
from ..mapper import Mapper
from ..spec import FieldSpec
from ..unique import Unique
from ..upgrades import Step, Upgrades
from ..upkeep import Upkeep
from .declared import DeclaredTable

Steps = Mapping[tuple[int, bool], Step]


def upkeep_of(
    model_name: str,
    table: DeclaredTable,
    steps: Steps,
    taken: Iterable[str],
    scopes: Mapping[tuple[str, ...], str],
    is_shared: bool,
) -> Upkeep | None:
    """Return what the table of a model asks for, ``None`` for nothing.

    :param steps: the functions of the model that take items from one version to the next, or back
    :param taken: attributes of items that are computed
    :param scopes: what tells the unique values of a parent model from those of other models, by its unique fields
    :param is_shared: whether other models may have the table, too
    """
    if table.hide is not None and not is_condition(table.hide):
        raise DynamoTableException(
            f"{table._owner}: hide = {table.hide!r}: give a condition, such as Q(deleted_at__exists=True)"
        )
    upgrades = _upgrades(model_name, table, steps, taken)
    expiry = _expiry(table)
    unique = _unique(table, scopes, _scope(model_name, table, is_shared))
    if upgrades is None and expiry is None and unique is None:
        return None
    return Upkeep(table.key, expiry, upgrades, unique)


# Expiry.


def _expiry(table: DeclaredTable) -> str | None:
    if not isinstance(table.hide_expired, bool):
        raise DynamoTableException(f"{table._owner}: hide_expired = {table.hide_expired!r} has to be True or False")
    if not table.hide_expired:
        return None
    name = table._ttl_attribute
    if not isinstance(name, str):
        raise DynamoTableException(
            f'{table._owner}: hide_expired = True needs ttl = "...", the field that holds when an item expires'
        )
    for index in table.indexes.values():
        spec = index.spec
        if spec.included is not None and name not in (*spec.included, *spec.key.names, *table.key.names):
            raise InvalidSchemaField(
                f"{index._owner} does not hold {name!r}, by which expired items are hidden: add it to the projection, "
                f"as in ProjectInclude({name!r})"
            )
    return name


# What is hidden by default.


def hidden_by(table: DeclaredTable, mapper: Mapper, *, is_of_all: bool) -> Condition | None:
    """Return the condition under which queries and scans of a model leave an item out, ``None`` for none.

    :param is_of_all: whether the table of an abstract base says it, whose models need not have all of its fields
    """
    if table.hide is None:
        return None
    try:
        found = mapper.conditions([table.hide])
    except InvalidSchemaField as error:
        if is_of_all:
            return None
        raise InvalidSchemaField(f"{table._owner}: hide = {table.hide!r}: {error}") from error
    return conjoined(found) if found else None


# Versions.


def _upgrades(model_name: str, table: DeclaredTable, steps: Steps, taken: Iterable[str]) -> Upgrades | None:
    owner, current, written = table._owner, table.schema_version, table.write_version
    if current is None:
        if written is not None or steps:
            said = f"write_version = {written!r}" if written is not None else f"{next(iter(steps.values()))!r}"
            raise DynamoTableException(
                f"{owner}: {said} needs schema_version, the version of the items that the model knows"
            )
        return None
    _require_version(owner, "schema_version", current)
    if written is None:
        written = current
    _require_version(owner, "write_version", written)
    if written > current:
        raise DynamoTableException(
            f"{owner}: write_version = {written} is later than schema_version = {current}, the latest one that the "
            "model knows"
        )
    for version, is_upgrade in steps:
        if version > current:
            shown = steps[version, is_upgrade].decorator
            raise DynamoTableException(f"{owner}: schema_version = {current}, and there is an {shown} already")
    for version in range(2, current + 1):
        _require_step(model_name, owner, steps, version, current, True)
    for version in range(written + 1, current + 1):
        _require_step(model_name, owner, steps, version, current, False)
    attribute = table.schema_version_attribute
    _require_free_attribute(table, attribute, taken)
    return Upgrades(model_name, attribute, current, written, steps)


def _require_version(owner: str, word: str, version: Any) -> None:
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        raise DynamoTableException(f"{owner}: {word} = {version!r} has to be a whole number from 1 up")


def _require_step(model_name: str, owner: str, steps: Steps, version: int, current: int, is_upgrade: bool) -> None:
    if (version, is_upgrade) in steps:
        return
    if is_upgrade:
        why, what = f"schema_version = {current}", f"makes version {version} of an item of version {version - 1}"
    else:
        why, what = "write_version is earlier than that", f"makes version {version - 1} of an item of version {version}"
    name = "upgrade" if is_upgrade else "downgrade"
    raise DynamoTableException(
        f"{owner}: {why}, and nothing {what}: write a function of an item into the body of {model_name}, marked with "
        f"@{name}({version})"
    )


def _require_free_attribute(table: DeclaredTable, attribute: Any, taken: Iterable[str]) -> None:
    owner = table._owner
    if not isinstance(attribute, str) or not attribute:
        raise DynamoTableException(f"{owner}: schema_version_attribute = {attribute!r} has to be a text, and not empty")
    if attribute in table._adapter.by_any_name or attribute in {*taken, *table.key.names}:
        raise InvalidSchemaField(
            f"{owner}: the version of an item is stored as {attribute!r}, and that is an attribute of the items "
            'already; name another one: schema_version_attribute = "..."'
        )


# Unique fields.


def _unique(table: DeclaredTable, scopes: Mapping[tuple[str, ...], str], own_scope: str) -> Unique | None:
    owner, declared = table._owner, table.unique
    if declared is None or declared == () or declared == []:
        return None
    if isinstance(declared, str) or not isinstance(declared, Sequence):
        raise DynamoTableException(f'{owner}: unique = {declared!r}: give a list, as in unique = ["email"]')
    letters = set(table.key.types.values())
    if letters != {"S"}:
        raise InvalidSchemaField(
            f"{owner}: unique = {declared!r} needs a table whose keys are text, since guards of the values are stored "
            f"beside the items; {', '.join(name for name, one in table.key.types.items() if one != 'S')} is not"
        )
    several = [_unique_fields(table, one) for one in declared]
    scoped = [(scopes.get(tuple(spec.name for spec in specs), own_scope), specs) for specs in several]
    ttl = table._ttl_attribute
    return Unique(scoped, table.key, ttl if isinstance(ttl, str) else None, table.discriminator)


def _scope(model_name: str, table: DeclaredTable, is_shared: bool) -> str:
    """Return what tells a model's values from those of other models in the table."""
    if table.discriminator is None:
        return model_name if is_shared else ""
    return table.discriminator_value or model_name


def _unique_fields(table: DeclaredTable, declared: Any) -> tuple[FieldSpec, ...]:
    names = (declared,) if isinstance(declared, str) else declared
    if not isinstance(names, (tuple, list)) or not names:
        raise DynamoTableException(
            f"{table._owner}: unique = [{declared!r}]: give the name of a field, or several that are unique together "
            'in a tuple: ("tenant", "slug")'
        )
    specs = tuple(table._field("unique", name) for name in names)
    for spec in specs:
        if spec.computed or spec.kind in ("nested", "map", "list", "set", "any") or spec.key_type is None:
            what = "computed" if spec.computed else "no text, number or bytes"
            raise InvalidSchemaField(
                f"{table._owner}: unique = {declared!r}: {spec.name!r} is {what}; name a field whose values can be "
                "compared as wholes"
            )
    if set(table.key.names) <= {spec.stored for spec in specs}:
        raise InvalidSchemaField(
            f"{table._owner}: unique = {declared!r} holds the whole primary key, which no two items share anyway; "
            "leave it out"
        )
    return specs
