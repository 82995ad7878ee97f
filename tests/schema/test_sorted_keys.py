"""Keys sort as their values do, or a warning says that they do not."""

from __future__ import annotations

import datetime as dt
import itertools
import warnings
from decimal import Decimal
from typing import Any

import pytest

from dynamorm import DynaModel, GlobalIndex, ProjectAll
from dynamorm.exceptions import UnsortableKey
from dynamorm.schema import TRUSTED, WHOLE

from ..libraries import moment, text

# schematics calls its own deprecated functions
pytestmark = pytest.mark.filterwarnings("ignore:Call to deprecated function:DeprecationWarning")

UTC = dt.timezone.utc
EAST = dt.timezone(dt.timedelta(hours=5, minutes=30))
WEST = dt.timezone(-dt.timedelta(hours=8))
DAY = dt.datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
MOMENTS = [
    DAY - dt.timedelta(seconds=1),
    DAY.astimezone(EAST),
    (DAY + dt.timedelta(microseconds=1)).astimezone(WEST),
    DAY + dt.timedelta(microseconds=500_000),
    (DAY + dt.timedelta(seconds=1)).astimezone(EAST),
    dt.datetime(9999, 1, 1, tzinfo=UTC),
]
"""Moments in their order, in several zones."""


def model_of(at: Any, library: str, **table: Any) -> Any:
    """Return a model with a range key of some field."""
    if library == "pydantic":
        schema = type("Schema", (), {"__annotations__": {"id": str, "at": at}})
    elif library == "marshmallow":
        from marshmallow import fields

        schema = type("Schema", (), {"id": fields.String(), "at": at})
    else:
        from schematics import types

        schema = type("Schema", (), {"id": types.StringType(), "at": at})
    table = {"name": "events", "hash_key": "id", "range_key": "at", "billing_mode": "PAY_PER_REQUEST", **table}
    return declared_as("Event", table, schema)


def declared_as(name: str, table: dict[str, Any], schema: type) -> Any:
    body = {"__module__": __name__, "Table": type("Table", (), table), "Schema": schema}
    return type(DynaModel)(name, (DynaModel,), body)


def utc_datetime(library: str) -> Any:
    pytest.importorskip(library)
    module = __import__(f"dynamorm.schema.{library}", fromlist=["UTCDateTime"])
    return module.UTCDateTime if library == "pydantic" else module.UTCDateTime()


def timestamp(library: str) -> Any:
    pytest.importorskip(library)
    module = __import__(f"dynamorm.schema.{library}", fromlist=["Timestamp"])
    return module.Timestamp if library == "pydantic" else module.Timestamp()


def stored(model: Any, value: Any) -> Any:
    """Return the form in which a key is stored, which is the same whatever way it goes."""
    mapper = model._dynamorm.store.mapper
    adapter = mapper.adapter
    ways = [
        model(id="1", at=value).to_item()["at"],
        mapper.wire_of_new({"id": "1", "at": value})["at"],
        mapper.wire_key({"id": "1", "at": value})["at"],
        mapper.resolver.lookup("at__gte", value).operands[0],
        mapper.encoded(adapter.checked_dump(adapter.natives_of_assigned({"id": "1", "at": value})))["at"],
        mapper.encoded({"at": adapter.stored_form(adapter.fields["at"], value)})["at"],
    ]
    assert all(way == ways[0] for way in ways), ways
    return ways[0]


class TestMomentsOfPydantic:
    def test_are_stored_in_utc_and_in_one_width(self) -> None:
        pytest.importorskip("pydantic")
        model = model_of(dt.datetime, "pydantic")
        assert stored(model, DAY) == stored(model, DAY.astimezone(EAST)) == {"S": "2024-01-02T03:04:05.000000Z"}
        assert stored(model, DAY.replace(tzinfo=None)) == {"S": "2024-01-02T03:04:05.000000"}
        assert stored(model, "2024-01-02T03:04:05.5-01:00") == {"S": "2024-01-02T04:04:05.500000Z"}
        texts = [stored(model, one)["S"] for one in MOMENTS]
        assert texts == sorted(texts)

    def test_are_so_wherever_they_are(self) -> None:
        pydantic = pytest.importorskip("pydantic")

        class Inner(pydantic.BaseModel):
            at: dt.datetime

        fields = {
            "inner": (Inner, {"at": DAY}),
            "many": (list[dt.datetime], [DAY]),
            "several": (set[dt.datetime], {DAY}),
            "by_name": (dict[str, dt.datetime], {"a": DAY}),
            "by_moment": (dict[dt.datetime, int], {DAY: 1}),
            "anything": (Any, {"list": [DAY]}),
            "either": (int | dt.datetime, DAY),
        }
        annotations = {"id": str, **{name: kind for name, (kind, _) in fields.items()}}
        schema = type("Schema", (), {"__annotations__": annotations})
        model = declared_as("Places", {"name": "places", "hash_key": "id"}, schema)
        given = {"id": "1", **{name: value for name, (_, value) in fields.items()}}
        mapper = model._dynamorm.store.mapper
        form = "2024-01-02T03:04:05.000000Z"
        wire = mapper.wire_of_new(given)
        assert wire == model(**given).to_item()
        assert wire == {
            "id": {"S": "1"},
            "inner": {"M": {"at": {"S": form}}},
            "many": {"L": [{"S": form}]},
            "several": {"SS": [form]},
            "by_name": {"M": {"a": {"S": form}}},
            "by_moment": {"M": {form: {"N": "1"}}},
            "anything": {"M": {"list": {"L": [{"S": form}]}}},
            "either": {"S": form},
        }
        for name, operand in (("inner__at", DAY), ("many__0", DAY), ("by_name__a", DAY), ("several__contains", DAY)):
            assert mapper.resolver.lookup(name, operand).operands == ({"S": form},)

    @pytest.mark.parametrize(
        "form", ["2024-01-02T03:04:05Z", "2024-01-02T03:04:05.5+00:00", "2024-01-02T08:34:05+05:30"]
    )
    @pytest.mark.parametrize("mode", [WHOLE, TRUSTED])
    def test_are_read_from_other_forms_and_are_no_changes(self, form: str, mode: str) -> None:
        pytest.importorskip("pydantic")
        model = model_of(dt.datetime, "pydantic")
        read = model.from_item({"id": {"S": "1"}, "at": {"S": form}})
        assert read.at == dt.datetime.fromisoformat(form.replace("Z", "+00:00").replace(".5+", ".500000+"))
        assert not read.is_dirty and not read.key_changed
        natives = model._dynamorm.store.mapper.load({"id": {"S": "1"}, "at": {"S": form}}, mode)
        assert natives["at"] == read.at

    def test_of_enums_are_read_from_other_forms(self) -> None:
        pytest.importorskip("pydantic")
        import enum

        epoch = enum.Enum("Epoch", {"START": DAY})
        model = model_of(epoch, "pydantic")
        assert stored(model, epoch.START) == {"S": "2024-01-02T03:04:05.000000Z"}
        for form in ("2024-01-02T03:04:05.000000Z", "2024-01-02T03:04:05Z"):
            assert model.from_item({"id": {"S": "1"}, "at": {"S": form}}).at is epoch.START


@pytest.mark.parametrize("library", ["marshmallow", "schematics", "pydantic"])
class TestOwnFields:
    def test_utc_datetimes_sort_without_a_warning(self, library: str) -> None:
        model = model_of(utc_datetime(library), library)
        texts = [stored(model, one)["S"] for one in MOMENTS]
        assert texts == sorted(texts)
        assert texts[1] == stored(model, DAY.replace(tzinfo=None))["S"] == "2024-01-02T03:04:05.000000Z"
        assert stored(model, "2024-01-02T03:04:05.25+01:00") == {"S": "2024-01-02T02:04:05.250000Z"}
        for one in MOMENTS:
            read = model.from_item(model(id="1", at=one).to_item())
            assert read.at == one and read.at.utcoffset() == dt.timedelta(0)

    def test_utc_datetimes_are_read_from_other_forms(self, library: str) -> None:
        model = model_of(utc_datetime(library), library)
        for form in ("2024-01-02T03:04:05Z", "2024-01-02T03:04:05+00:00", "2024-01-02T08:34:05.000+05:30"):
            read = model.from_item({"id": {"S": "1"}, "at": {"S": form}})
            assert read.at == DAY and not read.is_dirty and not read.key_changed

    def test_timestamps_are_numbers(self, library: str) -> None:
        model = model_of(timestamp(library), library)
        assert stored(model, DAY.astimezone(EAST)) == {"N": "1704164645"}
        assert stored(model, DAY.replace(tzinfo=None)) == {"N": "1704164645"}
        late = dt.datetime(9999, 12, 31, 23, 59, 59, 999_999, UTC)
        for one in (DAY, late, dt.datetime(1969, 12, 31, 23, 59, 59, 500_000, UTC)):
            read = model.from_item(model(id="1", at=one).to_item())
            assert read.at == one and read.at.utcoffset() == dt.timedelta(0)
        model.Table.ttl = "at"
        assert model.Table.key.ranges == (("at", "N"),)


@pytest.mark.parametrize("library", ["marshmallow", "schematics"])
class TestMomentsInOtherZones:
    """Those of libraries that store a datetime as it is."""

    def moments(self, library: str) -> Any:
        pytest.importorskip(library)
        if library == "marshmallow":
            from marshmallow import fields

            return fields.DateTime()
        from schematics import types

        return types.DateTimeType()

    def test_are_warned_of_in_a_key(self, library: str) -> None:
        model = model_of(self.moments(library), library)
        mapper = model._dynamorm.store.mapper
        adapter = mapper.adapter
        east = DAY.astimezone(EAST)
        ways = {
            "save": lambda: model(id="1", at=east).to_item(),
            "put": lambda: mapper.wire_of_new({"id": "1", "at": east}),
            "key": lambda: mapper.wire_key({"id": "1", "at": east}),
            "operand": lambda: mapper.resolver.lookup("at__gte", east),
            "between": lambda: mapper.resolver.lookup("at__between", [DAY, east]),
            "interpreted": lambda: adapter.dump(adapter.natives_of_whole({"id": "1", "at": east})),
            "text": lambda: mapper.wire_of_new({"id": "1", "at": "2024-01-02T03:04:05.000000+0530"}),
        }
        for name, way in ways.items():
            with pytest.warns(
                UnsortableKey, match=r"Event\.at .* 5:30:00 from UTC.*UTCDateTime or Timestamp"
            ) as caught:
                way()
            assert {warning.filename for warning in caught} == {__file__}, name

    def test_are_not_warned_of_in_utc_or_naive(self, library: str) -> None:
        model = model_of(self.moments(library), library)
        texts = [stored(model, one.astimezone(UTC))["S"] for one in MOMENTS]
        assert texts == sorted(texts)
        stored(model, DAY.replace(tzinfo=None))

    def test_are_not_warned_of_where_they_are_no_key(self, library: str) -> None:
        pytest.importorskip(library)
        from ..libraries import library_named

        model = library_named(library).model("Log", {"name": "log", "hash_key": "id"}, {"id": text(), "at": moment()})
        model(id="1", at=DAY.astimezone(EAST)).to_item()

    def test_are_warned_of_where_a_child_makes_them_a_key(self, library: str) -> None:
        pytest.importorskip(library)
        from ..libraries import library_named

        table = {"name": "log", "hash_key": "id", "billing_mode": "PAY_PER_REQUEST"}
        parent = library_named(library).model("Log", table, {"id": text(), "at": moment()})
        parent(id="1", at=DAY.astimezone(EAST)).to_item()
        index = type("ByAt", (GlobalIndex,), {"name": "by-at", "hash_key": "at", "projection": ProjectAll()})
        child = type(DynaModel)("Child", (parent,), {"__module__": __name__, "ByAt": index})
        with pytest.warns(UnsortableKey, match=r"Child\.at"):
            child(id="1", at=DAY.astimezone(EAST)).to_item()


def never_sorted() -> list[Any]:
    found = []
    for library, declared in (
        ("marshmallow", "fields.DateTime(format='rfc')"),
        ("marshmallow", "fields.DateTime(format='%d.%m.%Y %H:%M')"),
        ("marshmallow", "fields.Date(format='%d/%m/%Y')"),
        ("marshmallow", "fields.Time(format='%I:%M %p')"),
        ("marshmallow", "fields.Integer(as_string=True)"),
        ("marshmallow", "fields.Float(as_string=True)"),
        ("marshmallow", "fields.Decimal(as_string=True)"),
        ("schematics", "types.DecimalType()"),
        ("schematics", "types.DateTimeType(serialized_format='%d/%m/%Y', tzd='require')"),
        ("pydantic", "dt.timedelta"),
        ("pydantic", "Annotated[Decimal, PlainSerializer(str, return_type=str)]"),
        ("pydantic", "Annotated[dt.date, PlainSerializer(lambda day: format(day, '%d/%m/%Y'), return_type=str)]"),
    ):
        found.append(pytest.param(library, declared, id=f"{library}-{declared}"))
    return found


def always_sorted() -> list[Any]:
    found = []
    for library, declared in (
        ("marshmallow", "fields.String()"),
        ("marshmallow", "fields.DateTime()"),
        ("marshmallow", "fields.DateTime(format='%Y%m%d%H%M%S')"),
        ("marshmallow", "fields.Date()"),
        ("marshmallow", "fields.Time()"),
        ("marshmallow", "fields.TimeDelta()"),
        ("marshmallow", "fields.Decimal()"),
        ("marshmallow", "fields.UUID()"),
        ("schematics", "types.DateTimeType()"),
        ("schematics", "types.DateTimeType(tzd='require')"),
        ("schematics", "types.UTCDateTimeType()"),
        ("schematics", "types.DateType()"),
        ("schematics", "types.TimedeltaType()"),
        ("schematics", "types.FloatType()"),
        ("pydantic", "dt.datetime"),
        ("pydantic", "dt.date"),
        ("pydantic", "dt.time"),
        ("pydantic", "Decimal"),
        ("pydantic", "float"),
    ):
        found.append(pytest.param(library, declared, id=f"{library}-{declared}"))
    return found


def declared_field(library: str, declared: str) -> Any:
    pytest.importorskip(library)
    names: dict[str, Any] = {"dt": dt, "Decimal": Decimal}
    if library == "marshmallow":
        from marshmallow import fields

        names["fields"] = fields
    elif library == "schematics":
        from schematics import types

        names["types"] = types
    else:
        from typing import Annotated

        from pydantic import PlainSerializer

        names.update(Annotated=Annotated, PlainSerializer=PlainSerializer)
    return eval(declared, names)


@pytest.mark.parametrize(("library", "declared"), never_sorted())
def test_a_range_key_whose_form_never_sorts_is_warned_of_at_its_definition(library: str, declared: str) -> None:
    field = declared_field(library, declared)
    with pytest.warns(UnsortableKey, match=r"Event\.Table: the range key 'at' .*UTCDateTime or Timestamp"):
        model_of(field, library)


@pytest.mark.parametrize(("library", "declared"), never_sorted())
def test_a_hash_key_need_not_sort(library: str, declared: str) -> None:
    field = declared_field(library, declared)
    members = {"__annotations__": {"at": field}} if library == "pydantic" else {"at": field}
    declared_as("Event", {"name": "events", "hash_key": "at"}, type("Schema", (), members))


@pytest.mark.parametrize(("library", "declared"), always_sorted())
def test_other_range_keys_are_not_warned_of(library: str, declared: str) -> None:
    model_of(declared_field(library, declared), library)


def test_an_aware_time_of_pydantic_is_warned_of_in_a_key() -> None:
    pytest.importorskip("pydantic")
    model = model_of(dt.time, "pydantic")
    mapper = model._dynamorm.store.mapper
    for way in (
        lambda value: model(id="1", at=value).to_item(),
        lambda value: mapper.wire_of_new({"id": "1", "at": value}),
        lambda value: mapper.wire_key({"id": "1", "at": value}),
        lambda value: mapper.encoded(mapper.adapter.dump({"id": "1", "at": value})),
    ):
        way(dt.time(3, 4))
        with pytest.warns(UnsortableKey, match=r"Event\.at"):
            way(dt.time(3, 4, tzinfo=UTC))


def test_what_sorts_is_found_in_its_order(dynamo_tables: Any) -> None:
    for library in ("marshmallow", "schematics", "pydantic"):
        for make in (utc_datetime, timestamp):
            try:
                field = make(library)
            except pytest.skip.Exception:
                continue
            (model,) = dynamo_tables(model_of(field, library, name=f"{library}-{make.__name__}"))
            for one in MOMENTS[::-1]:
                model(id="1", at=one).save()
            assert [found.at for found in model.query(id="1")] == MOMENTS
            for low, high in itertools.combinations(MOMENTS, 2):
                found = [one.at for one in model.query(id="1", at__between=(low, high))]
                assert found == [one for one in MOMENTS if low <= one <= high]
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                assert model.get(id="1", at=DAY.astimezone(WEST)).at == DAY
