"""Writes ``ours_<library>.json``: the form in which this DynamORM stores every field type of a schema library.

    python tests/golden/write_ours.py LIBRARY ...

Run it when a field type is added. A form that changes is data that can no longer be read: the test that compares
these files is there to prevent it.
"""

import base64
import enum
import json
import pathlib
import runpy
import sys

from dynamorm.schema import adapter_for
from dynamorm.wire.codec import encode_item

HERE = pathlib.Path(__file__).resolve().parent
SCOPE = runpy.run_path(str(HERE / "scope.py"))
LIBRARIES = ("marshmallow", "schematics", "pydantic")

UTC = "datetime(2020, 1, 2, 3, 4, 5, 678900, tzinfo=timezone.utc)"
NAIVE = "datetime(2020, 1, 2, 3, 4, 5)"
ID = 'UUID("12345678-1234-5678-1234-567812345678")'
HOME = '{"street": "Main", "zip": 5}'

MARSHMALLOW = {
    "fields.String()": '"text"',
    "fields.Integer()": "10**37",
    "fields.Integer(as_string=True)": "7",
    "fields.Float()": "19.99",
    "fields.Decimal()": 'Decimal("1.10")',
    "fields.Decimal(as_string=True)": 'Decimal("1.10")',
    "fields.Boolean()": "True",
    "fields.UUID()": ID,
    "fields.DateTime()": NAIVE,
    'fields.DateTime(format="rfc")': NAIVE,
    "fields.AwareDateTime()": UTC,
    "fields.NaiveDateTime()": NAIVE,
    "fields.Date()": "date(2020, 1, 2)",
    "fields.Time()": "time(3, 4, 5)",
    "fields.TimeDelta()": "timedelta(seconds=90)",
    "fields.Url()": '"https://example.com/"',
    "fields.Email()": '"a@example.com"',
    "fields.IP()": 'ip_address("192.0.2.1")',
    "fields.IPInterface()": 'ip_interface("192.0.2.1/24")',
    "fields.Raw()": '{"list": [1, "x", None], "float": 1.5, "bytes": b"x"}',
    "fields.Dict()": '{"a": {"b": [1, 2.5]}}',
    "fields.Dict(keys=fields.Date(), values=fields.UUID())": "{date(2020, 1, 2): " + ID + "}",
    "fields.List(fields.Date())": "[date(2020, 1, 2)]",
    "fields.Tuple((fields.Date(), fields.Integer()))": "(date(2020, 1, 2), 3)",
    "fields.Nested(Address)": HOME,
    "fields.Nested(Address, many=True)": "[" + HOME + "]",
    'fields.Pluck(Address, "street")': '{"street": "Main"}',
    'fields.Constant("c")': '"c"',
    'fields.Function(lambda obj: str(obj["f"]), deserialize=lambda value: int(value))': "7",
    "fields.Enum(Colour)": "Colour.RED",
    "fields.Enum(Colour, by_value=True)": "Colour.RED",
    "fields.Enum(Colour, by_value=fields.Integer())": "Colour.RED",
    "Set(fields.String())": '{"b", "a"}',
    "Set(fields.Integer())": "{10, 9}",
    "Set(fields.Float())": "{1.5}",
    "Set(Binary())": '{b"b", b"a"}',
    "Set(fields.UUID())": "{" + ID + "}",
    "Binary()": 'b"\\x00\\xff"',
    "Timestamp()": "datetime(2020, 1, 2, 3, 4, 5, tzinfo=timezone.utc)",
    "Timestamp() ": UTC,
    "UTCDateTime()": UTC,
}
SCHEMATICS = {
    "types.BaseType()": '{"a": [1, 1.5]}',
    "types.StringType()": '"text"',
    "types.IntType()": "10**37",
    "types.FloatType()": "19.99",
    "types.DecimalType()": 'Decimal("1.10")',
    "types.BooleanType()": "True",
    "types.UUIDType()": ID,
    "types.DateTimeType()": NAIVE,
    'types.DateTimeType(tzd="require")': UTC,
    "types.UTCDateTimeType()": UTC,
    "types.TimestampType()": UTC,
    "types.DateType()": "date(2020, 1, 2)",
    "types.TimedeltaType()": "timedelta(seconds=90)",
    "types.URLType()": '"https://example.com/"',
    "types.EmailType()": '"a@example.com"',
    "types.IPAddressType()": '"192.0.2.1"',
    "types.GeoPointType()": "[1.5, 2.5]",
    "types.ListType(types.DateType())": "[date(2020, 1, 2)]",
    "types.DictType(types.UUIDType())": '{"a": ' + ID + "}",
    "types.ModelType(Address)": HOME,
    "types.ListType(types.ModelType(Address))": "[" + HOME + "]",
    "types.PolyModelType([Address])": HOME,
    "types.UnionType((types.IntType, types.StringType))": "7",
    "Set(types.StringType())": '{"b", "a"}',
    "Set(types.IntType())": "{10, 9}",
    "Set(types.FloatType())": "{1.5}",
    "Set(Binary())": '{b"b", b"a"}',
    "Set(types.UUIDType())": "{" + ID + "}",
    "Binary()": 'b"\\x00\\xff"',
    "Timestamp()": "datetime(2020, 1, 2, 3, 4, 5, tzinfo=timezone.utc)",
    "Timestamp() ": UTC,
    "UTCDateTime()": UTC,
}
PYDANTIC = {
    "str": '"text"',
    "int": "10**37",
    "float": "19.99",
    "Decimal": 'Decimal("1.10")',
    "bool": "True",
    "bytes": 'b"\\x00\\xff"',
    "UUID": ID,
    "datetime": NAIVE,
    "AwareDatetime": UTC,
    "datetime | None": UTC,
    "UTCDateTime": UTC,
    "Timestamp": UTC,
    "date": "date(2020, 1, 2)",
    "time": "time(3, 4, 5)",
    "timedelta": "timedelta(seconds=90)",
    "Colour": "Colour.RED",
    "Word": "Word.YES",
    'Literal["a", 7]': "7",
    "SecretStr": 'SecretStr("secret")',
    "SecretBytes": 'SecretBytes(b"secret")',
    "AnyUrl": '"https://example.com/a"',
    "IPv4Address": 'ip_address("192.0.2.1")',
    "Path": 'Path("a/b")',
    "list[date]": "[date(2020, 1, 2)]",
    "tuple[date, int]": "(date(2020, 1, 2), 3)",
    "dict[str, UUID]": '{"a": ' + ID + "}",
    "set[str]": '{"b", "a"}',
    "frozenset[int]": "frozenset({10, 9})",
    "set[bytes]": '{b"b", b"a"}',
    "set[UUID]": "{" + ID + "}",
    "Any": '{"a": [1, 1.5], "b": {"c"}}',
    "int | str": "7",
    "Address": HOME,
    "list[Address]": "[" + HOME + "]",
    "dict[str, Address]": '{"home": ' + HOME + "}",
}
DECLARATIONS = {"marshmallow": MARSHMALLOW, "schematics": SCHEMATICS, "pydantic": PYDANTIC}


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


class Word(str, enum.Enum):
    YES = "yes"


def names_for(library):
    """What the expressions of a library may name."""
    own = {"Colour": Colour, "Word": Word}
    if library == "pydantic":
        import ipaddress
        import typing

        import pydantic

        own["Address"] = pydantic.create_model("Address", street=(str, ...), zip=(int | None, None))
        own.update(IPv4Address=ipaddress.IPv4Address, Path=pathlib.Path, Any=typing.Any, Literal=typing.Literal)
        own.update((name, getattr(pydantic, name)) for name in ("AnyUrl", "AwareDatetime", "SecretBytes", "SecretStr"))
        module = __import__("dynamorm.schema.pydantic", fromlist=["Timestamp"])
        return {**SCOPE["values"](), **own, "Timestamp": module.Timestamp, "UTCDateTime": module.UTCDateTime}
    module = __import__(f"dynamorm.schema.{library}", fromlist=["Set"])
    own.update((name, getattr(module, name)) for name in ("Set", "Binary", "Timestamp", "UTCDateTime"))
    return {**SCOPE[library](), **own}


def adapter_with(library, declaration):
    """The adapter of a schema with the one field ``f``."""
    names = names_for(library)
    declared = eval(declaration, dict(names))
    members = {"__annotations__": {"f": declared}} if library == "pydantic" else {"f": declared}
    inner = type("Schema", (), members)
    kind = adapter_for("Ours", inner)
    return kind(kind.adopt("OursSchema", inner)), names


def as_json(wire):
    """An AttributeValue as JSON can hold it."""
    ((tag, content),) = wire.items()
    if tag in ("B", "BS"):
        content = [base64.b64encode(one).decode() for one in ([content] if tag == "B" else sorted(content))]
        content = content[0] if tag == "B" else content
    elif tag == "L":
        content = [as_json(one) for one in content]
    elif tag == "M":
        content = {name: as_json(one) for name, one in content.items()}
    return {tag: content}


def stored(library, declaration):
    """What is stored for the value of a declaration, and under which key type it could be a key."""
    adapter, names = adapter_with(library, declaration)
    given = {"f": eval(DECLARATIONS[library][declaration], dict(names))}
    wire = encode_item(adapter.checked_dump(adapter.natives_of_assigned(adapter.natives_of_given(given))))
    return {"key_type": adapter.fields["f"].key_type, "stored": as_json(wire["f"])}


def main(libraries):
    for library in libraries or LIBRARIES:
        content = {declaration: stored(library, declaration) for declaration in DECLARATIONS[library]}
        text = json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False)
        (HERE / f"ours_{library}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
