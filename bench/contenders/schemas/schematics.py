"""schematics."""

from __future__ import annotations

from schematics import Model
from schematics.types import (
    BooleanType,
    DateTimeType,
    DictType,
    FloatType,
    IntType,
    ListType,
    ModelType,
    StringType,
)

PLAIN = {
    "string": StringType,
    "integer": IntType,
    "float": FloatType,
    "boolean": BooleanType,
    "datetime": DateTimeType,
}


def schema(described):
    return type("Schema", (), attributes(described))


def attributes(described):
    return {one.name: field(one) for one in described}


def field(one):
    options = {"required": True}
    for name, *arguments in one.checks:
        options.update(check(one, name, *arguments))
    if one.type == "list":
        return ListType(field(one.of), **options)
    if one.type == "map":
        return DictType(StringType, **options)
    if one.type == "record":
        return ModelType(type(one.name.title(), (Model,), attributes(one.of)), **options)
    return PLAIN[one.type](**options)


def check(one, name, *arguments):
    if name == "one_of":
        return {"choices": list(arguments[0])}
    if name == "pattern":
        return {"regex": arguments[0]}
    unit = "value" if name == "range" else "size" if one.type == "list" else "length"
    return {f"min_{unit}": arguments[0], f"max_{unit}": arguments[1]}
