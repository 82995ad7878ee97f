"""marshmallow, 3.12 included."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

PLAIN = {
    "string": fields.String,
    "integer": fields.Integer,
    "float": fields.Float,
    "boolean": fields.Boolean,
    "datetime": fields.DateTime,
}
CHECKS = {
    "length": lambda least, most: validate.Length(min=least, max=most),
    "range": lambda least, most: validate.Range(min=least, max=most),
    "one_of": validate.OneOf,
    "pattern": validate.Regexp,
}


def schema(described):
    return type("Schema", (), attributes(described))


def attributes(described):
    return {one.name: field(one) for one in described}


def field(one):
    options = {"required": True}
    if one.checks:
        options["validate"] = [CHECKS[name](*arguments) for name, *arguments in one.checks]
    if one.type == "list":
        return fields.List(field(one.of), **options)
    if one.type == "map":
        return fields.Dict(keys=fields.String(), values=fields.String(), **options)
    if one.type == "record":
        return fields.Nested(Schema.from_dict(attributes(one.of), name=one.name.title()), **options)
    return PLAIN[one.type](**options)
