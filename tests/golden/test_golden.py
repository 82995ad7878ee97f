"""Every field type is stored as DynamORM 0.11 stored it, and what 0.11 stored is read.

The files are described in README.rst. ``DIFFERS`` is the whole list of what is different on purpose; the rule
in ``is_validated_now`` adds to it only what 0.11 stored and could not read again.
"""

import base64
import json
import math
import pathlib
import runpy
from dataclasses import dataclass
from decimal import Decimal
from importlib.metadata import version
from numbers import Number

import pytest

from dynamorm.exceptions import ValidationError
from dynamorm.schema import adapter_for
from dynamorm.wire.codec import decode_item, encode_item

# some fields that 0.11 knew are deprecated in marshmallow 3, which says so when they are declared
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

HERE = pathlib.Path(__file__).parent
SCOPE = runpy.run_path(str(HERE / "scope.py"))
LIBRARIES = ("marshmallow", "schematics")
KEEP = object()


@dataclass(frozen=True)
class Differs:
    """What is expected instead of what 0.11 did; ``read`` is an expression, ``None`` means no value."""

    reason: str
    refused: bool = False
    stored: object = KEEP
    read: object = KEEP


@dataclass(frozen=True)
class Case:
    library: str
    field: str
    options: str
    given: str | None
    key_type: str
    by: str | None = None
    attribute: str = "f"
    stored: object = None
    read: object = KEEP
    unread: str | None = None
    modern: str | None = None
    members: str = "{}"
    until: int | None = None
    differently: object = None
    refused: object = None

    @property
    def name(self):
        return f"{self.library}: {self.options} <- {self.given or 'nothing'}"

    @property
    def key(self):
        return self.library, self.options, self.given


ONE_PIPELINE = "a value is loaded before it is stored; 0.11 only dumped what was assigned or put"
CONTAINERS = "containers are no text; 0.11 stored the repr of what was assigned or put"
NOT_GIVEN = "f=None means not given, so the default applies"
STORAGE = "load_only and dump_only fields are both stored and read"
COMPUTED = "a computed value is recomputed on reading; 0.11 left the attribute out"
STORED_NAME = "values are under their Python name; 0.11 put them under their stored one"
STRINGS_NONE = "an element that may not be None is refused; 0.11 dropped it from what was assigned or put"
UNKNOWN = "a nested schema without a policy refuses unknown names, like 0.11's constructor; its put did not"

NAIVE = "datetime(2020, 1, 2, 3, 4, 5)"
MICRO = "datetime(2020, 1, 2, 3, 4, 5, 678900)"
UTC = "datetime(2020, 1, 2, 3, 4, 5, tzinfo=timezone.utc)"
EAST = "datetime(2020, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=2)))"
AWARE = "fields.AwareDateTime(default_timezone=timezone.utc)"
AWARE_RFC = 'fields.AwareDateTime(format="rfc", default_timezone=timezone.utc)'
TO_NAIVE = "fields.NaiveDateTime(timezone=timezone.utc)"
FUNCTION = 'fields.Function(lambda obj: "for " + obj["id"])'
LOAD_FUNCTION = "fields.Function(deserialize=lambda value: int(value))"
NAMED = 'types.StringType(serialized_name="stored-name")'
NAMED_COMPUTED = 'serializable(type=types.StringType(serialized_name="Title"))(lambda self: "t")'
HOME = '{"street": "Main", "zip": 5}'
ODD_HOME = '{"street": "Main", "unknown": 1}'

DIFFERS = {
    ("marshmallow", "fields.String()", "[1]"): Differs(CONTAINERS, refused=True),
    ("marshmallow", "fields.String()", '{"a": 1}'): Differs(CONTAINERS, refused=True),
    ("marshmallow", "fields.Integer()", "True"): Differs(ONE_PIPELINE, refused=True),
    ("marshmallow", AWARE, NAIVE): Differs(ONE_PIPELINE, stored={"S": "2020-01-02T03:04:05+00:00"}),
    ("marshmallow", AWARE, MICRO): Differs(ONE_PIPELINE, stored={"S": "2020-01-02T03:04:05.678900+00:00"}),
    ("marshmallow", AWARE_RFC, NAIVE): Differs(ONE_PIPELINE, stored={"S": "Thu, 02 Jan 2020 03:04:05 +0000"}),
    ("marshmallow", AWARE_RFC, MICRO): Differs(ONE_PIPELINE, stored={"S": "Thu, 02 Jan 2020 03:04:05 +0000"}),
    ("marshmallow", TO_NAIVE, UTC): Differs(ONE_PIPELINE, stored={"S": "2020-01-02T03:04:05"}),
    ("marshmallow", TO_NAIVE, EAST): Differs(ONE_PIPELINE, stored={"S": "2020-01-02T01:04:05"}),
    ("marshmallow", "fields.Dict(keys=fields.String(), values=fields.Integer())", '{"a": None}'): Differs(
        STRINGS_NONE, refused=True
    ),
    ("marshmallow", "fields.Nested(Address)", ODD_HOME): Differs(UNKNOWN, refused=True),
    ("marshmallow", 'fields.Nested(Address, only=("street",))', HOME): Differs(UNKNOWN, refused=True),
    ("marshmallow", 'fields.String(missing="m")', "None"): Differs(NOT_GIVEN, stored={"S": "m"}),
    ("marshmallow", 'fields.String(default="d")', "None"): Differs(NOT_GIVEN, stored={"S": "d"}, read='"d"'),
    ("marshmallow", 'fields.String(missing="m", default="d")', "None"): Differs(NOT_GIVEN, stored={"S": "m"}),
    ("marshmallow", "fields.String(load_only=True)", '"x"'): Differs(STORAGE, stored={"S": "x"}, read='"x"'),
    ("marshmallow", "fields.String(dump_only=True)", '"x"'): Differs(STORAGE, read='"x"'),
    ("marshmallow", 'fields.Method("dump_f")', None): Differs(COMPUTED, read='"for 1"'),
    ("marshmallow", 'fields.Method("dump_f")', '"x"'): Differs(COMPUTED, read='"for 1"'),
    ("marshmallow", FUNCTION, None): Differs(COMPUTED, read='"for 1"'),
    ("marshmallow", FUNCTION, '"x"'): Differs(COMPUTED, read='"for 1"'),
    ("schematics", 'types.StringType(default="d")', "None"): Differs(NOT_GIVEN, stored={"S": "d"}),
    ("schematics", "types.DictType(types.StringType())", '{"a": None}'): Differs(STRINGS_NONE, refused=True),
    ("schematics", NAMED, '"x"'): Differs(STORED_NAME, read='"x"'),
    ("schematics", NAMED, '""'): Differs(STORED_NAME, read='""'),
    ("schematics", 'types.IntType(serialized_name="Count", default=3)', "7"): Differs(STORED_NAME, read="7"),
    ("schematics", 'types.IntType(serialized_name="Count", default=3)', None): Differs(STORED_NAME, read="3"),
    ("schematics", NAMED_COMPUTED, None): Differs(STORED_NAME, read='"t"'),
}

OPEN = {
    ("marshmallow", 'fields.Method(deserialize="load_f")', '"7"'): "load_only, but the field cannot dump",
    ("marshmallow", LOAD_FUNCTION, '"7"'): "load_only, but the field cannot dump",
}
"""Cases on which the contract is silent: nothing is asserted."""

FRACTIONS = "0.11 truncated the fraction, marshmallow 3.18 rounds it down, marshmallow 4 keeps it"
VARIES = {
    ("marshmallow", "fields.TimeDelta()", "timedelta(seconds=1.5)"): FRACTIONS,
    ("marshmallow", "fields.TimeDelta()", "timedelta(seconds=-1.5)"): FRACTIONS,
    ("marshmallow", 'fields.TimeDelta("days")', "timedelta(days=1, hours=23)"): FRACTIONS,
    ("marshmallow", "fields.Time()", "time(3, 4, 5, tzinfo=timezone.utc)"): "marshmallow 3 drops the time zone",
}
"""Values that the library itself turns into something else with each major version: only that they are read."""

READ_NOW = {
    ("marshmallow", "fields.Integer(strict=True)", "7"): "7",
    ("marshmallow", "fields.Decimal()", 'Decimal("9E+125")'): 'Decimal("9E+125")',
    ("marshmallow", "fields.String(required=True, allow_none=True)", "None"): "None",
    ("schematics", "types.IntType(strict=True)", "7"): "7",
    ("schematics", "types.GeoPointType()", "[1, 2]"): "[1, 2]",
    ("schematics", "types.GeoPointType()", "(1, 2)"): "[1, 2]",
    ("schematics", "types.GeoPointType()", '{"lat": 1, "lon": 2}'): '{"lat": 1, "lon": 2}',
}
"""What 0.11 stored and could not read again, because it read every number as ``Decimal``; we do."""


def cases_of(library):
    entries = json.loads((HERE / f"{library}.json").read_text(encoding="utf-8"))
    return [Case(library, **entry) for entry in entries]


CASES = [case for library in LIBRARIES for case in cases_of(library)]
STORED = [case for case in CASES if case.by and case.key not in OPEN]


def is_validated_now(case):
    """Whether 0.11 stored, unvalidated, what its constructor refuses and what it could not read again.

    Such items are refused before they are stored: ``put`` and ``save`` validate in full, required fields
    included.
    """
    return case.unread is not None and "save" in (case.refused or {})


def is_refused(case):
    return is_validated_now(case) or (case.key in DIFFERS and DIFFERS[case.key].refused)


def named(cases):
    return pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in cases])


def value_of(expression):
    return eval(expression, SCOPE["values"]())


def skip_if_gone(case):
    pytest.importorskip(case.library)
    if case.until and int(version(case.library).split(".")[0]) >= case.until:
        pytest.skip(f"{case.library} {case.until} has no such field")


def declared(case):
    """The members of the inner ``Schema`` of a case, declared with today's version of the library."""
    skip_if_gone(case)
    names = SCOPE[case.library]()
    text = names["fields"].String if case.library == "marshmallow" else names["types"].StringType
    members = dict(eval(case.members, dict(names)))
    return members | {"f": eval(case.modern or case.options, dict(names)), "id": text(required=True)}


def adapter_of(case):
    """The adapter of the one-field schema of a case, made as a model makes it."""
    inner = type("Schema", (), declared(case))
    kind = adapter_for("M", inner)
    return kind(kind.adopt("MSchema", inner))


def stored_by(adapter, values):
    """The wire item of what a program constructs and saves."""
    return encode_item(
        adapter.checked_dump(adapter.natives_of_assigned(adapter.natives_of_given({"id": "1", **values})))
    )


def thawed(stored):
    """A golden AttributeValue as a wire item holds it: bytes instead of base64 text."""
    ((tag, content),) = stored.items()
    if tag == "B":
        content = base64.b64decode(content)
    elif tag == "BS":
        content = [base64.b64decode(each) for each in content]
    elif tag == "L":
        content = [thawed(each) for each in content]
    elif tag == "M":
        content = {name: thawed(each) for name, each in content.items()}
    return {tag: content}


def comparable(wire):
    """An AttributeValue in a form that is equal where DynamoDB sees no difference."""
    ((tag, content),) = wire.items()
    if tag == "N":
        return tag, Decimal(content)
    if tag == "NS":
        return tag, frozenset(map(Decimal, content))
    if tag in ("SS", "BS"):
        return tag, frozenset(map(bytes, content) if tag == "BS" else content)
    if tag == "L":
        return tag, [comparable(each) for each in content]
    if tag == "M":
        return tag, {name: comparable(each) for name, each in content.items()}
    return tag, content


def same(ours, theirs):
    """Equality of values read, for which numbers are numbers, but truth values are not."""
    if isinstance(ours, bool) or isinstance(theirs, bool):
        return ours is theirs
    if isinstance(ours, Number) and isinstance(theirs, Number):
        return ours == theirs or (math.isnan(ours) and math.isnan(theirs))
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return ours.keys() == theirs.keys() and all(same(ours[key], theirs[key]) for key in ours)
    if isinstance(ours, (list, tuple)) and type(ours) is type(theirs):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    return ours == theirs


def expected_item(case):
    stored = case.stored
    if case.key in DIFFERS and DIFFERS[case.key].stored is not KEEP:
        stored = DIFFERS[case.key].stored
    return {} if stored is None else {case.attribute: comparable(thawed(stored))}


def expected_value(case):
    """What reading the golden item gives, or ``KEEP`` where 0.11 itself could not read it."""
    expression = READ_NOW.get(case.key, case.read)
    if case.key in DIFFERS and DIFFERS[case.key].read is not KEEP:
        expression = DIFFERS[case.key].read
    return expression if expression in (KEEP, None) else value_of(expression)


def given_to(case):
    return {} if case.given is None else {"f": value_of(case.given)}


@named(case for case in STORED if not is_refused(case) and case.key not in VARIES)
def test_is_stored_as_0_11_stored_it(case):
    item = stored_by(adapter_of(case), given_to(case))
    assert item.pop("id") == {"S": "1"}
    assert {name: comparable(value) for name, value in item.items()} == expected_item(case)


@named(case for case in STORED if not is_refused(case) and case.given is not None)
def test_is_put_as_it_is_saved(case):
    adapter = adapter_of(case)
    put = encode_item(adapter.dump(adapter.natives_of_whole({"id": "1", **given_to(case)})))
    assert put == stored_by(adapter, given_to(case))


@named(case for case in STORED if is_refused(case))
def test_is_refused_where_0_11_stored_it_unvalidated(case):
    adapter = adapter_of(case)
    with pytest.raises(ValidationError):
        stored_by(adapter, given_to(case))


@named(case for case in STORED if expected_value(case) is not KEEP)
def test_what_0_11_stored_is_read(case):
    item = {"id": {"S": "1"}}
    if case.stored is not None:
        item[case.attribute] = thawed(case.stored)
    elif DIFFERS.get(case.key, Differs("")).stored not in (KEEP, None):
        item[case.attribute] = thawed(DIFFERS[case.key].stored)
    adapter = adapter_of(case)
    natives = adapter.natives_of_stored(decode_item(item))
    spec = adapter.fields["f"]
    value = adapter.computed_value(spec, natives) if spec.computed else natives.get("f")
    if case.key in VARIES and case.field == "Time":
        value = value.replace(tzinfo=None)
    assert same(value, expected_value(case)), (value, expected_value(case))


@named(case for case in STORED if case.stored and case.key_type in case.stored and not is_refused(case))
def test_has_the_key_type_that_0_11_gave_it(case):
    # 0.11 made S of whatever it did not know
    assert (adapter_of(case).fields["f"].key_type or "S") == case.key_type


@named(CASES)
def test_can_be_declared_with_todays_library(case):
    assert "f" in declared(case)


def test_exceptions_name_cases_that_exist():
    known = {case.key for case in CASES}
    assert not (DIFFERS.keys() | OPEN.keys() | VARIES.keys() | READ_NOW.keys()) - known


@pytest.mark.parametrize("library", LIBRARIES)
def test_there_is_one_case_for_each_field_option_and_value(library):
    keys = [case.key for case in cases_of(library)]
    assert len(keys) == len(set(keys))
    order = [(case.field, case.options, case.given or "") for case in cases_of(library)]
    assert order == sorted(order)


def test_the_golden_files_hold_what_cases_py_declares():
    tables = runpy.run_path(str(HERE / "cases.py"))["TABLES"]
    for library in LIBRARIES:
        declared_keys = {(library, case["options"], case["given"]) for case in tables[library]}
        assert declared_keys == {case.key for case in cases_of(library)}
