"""Every type of schematics goes into storage and comes back."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal, localcontext

import pytest

pytest.importorskip("schematics")

from schematics import types
from schematics.models import Model

from dynamorm.exceptions import UnstorableValue
from dynamorm.schema.base import TRUSTED
from dynamorm.schema.schematics import Set
from dynamorm.wire.codec import encode_item

from .declared import MOMENT, adapter_with, errors_of, round_trip

# schematics calls its own deprecated functions
pytestmark = pytest.mark.filterwarnings("ignore:Call to deprecated function:DeprecationWarning")


class TestSets:
    def test_sets_are_validated(self):
        adapter = adapter_with(f=Set(types.IntType(max_value=5), max_size=2))
        assert errors_of(adapter.natives_of_given, {"f": {1, 2, 3}}) == {"f": ["Please provide no more than 2 items."]}
        assert errors_of(adapter.natives_of_given, {"f": [6]}) == {
            "f": {0: ["Int value should be less than or equal to 5."]}
        }
        assert set(errors_of(adapter.natives_of_given, {"f": "text"})) == {"f"}

    def test_an_empty_set_that_a_nested_model_requires_is_read_as_empty(self):
        inner = type("Inner", (Model,), {"s": Set(types.StringType(), required=True)})
        assert round_trip(types.ModelType(inner), {"s": []})[1] == {"s": set()}


class TestTypesOfSchematics:
    """What the golden files do not ask: that values come back as they went."""

    @pytest.mark.parametrize(
        ("field", "value", "wire"),
        [
            (types.FloatType(), 19.99, {"N": "19.99"}),
            (types.DecimalType(), Decimal("0.1"), {"S": "0.1"}),
            (types.IntType(), 10**37, {"N": str(10**37)}),
            (types.IntType(strict=True), 7, {"N": "7"}),
            (types.TimestampType(), MOMENT.replace(microsecond=678901), {"N": "1714979289.678901"}),
            (types.TimedeltaType(), dt.timedelta(seconds=-90), {"N": "-90"}),
            (types.GeoPointType(), [1.5, -2.5], {"L": [{"N": "1.5"}, {"N": "-2.5"}]}),
            (types.GeoPointType(), {"lat": 1.5, "lon": 2}, {"M": {"lat": {"N": "1.5"}, "lon": {"N": "2"}}}),
            (types.MultilingualStringType(default_locale="en"), {"en": "hello"}, {"S": "hello"}),
            (types.MultilingualStringType(default_locale=["de", "en"]), {"de": "hallo"}, {"S": "hallo"}),
            (types.DateType(formats=["%d/%m/%Y"]), dt.date(2024, 5, 6), {"S": "2024-05-06"}),
            (types.DateTimeType(formats=["%d/%m/%Y"]), MOMENT, {"S": "2024-05-06T07:08:09.000000+0000"}),
            (types.DateTimeType(formats="%Y"), MOMENT.replace(tzinfo=None), {"S": "2024-05-06T07:08:09.000000"}),
            (types.TimestampType(formats=["%d/%m/%Y"]), MOMENT, {"N": "1714979289"}),
            (types.DictType(types.StringType(), coerce_key=int), {1: "a"}, {"M": {"1": {"S": "a"}}}),
            (
                types.ListType(types.DictType(Set(types.IntType()))),
                [{"a": {1}}],
                {"L": [{"M": {"a": {"NS": ["1"]}}}]},
            ),
        ],
        ids=repr,
    )
    def test_round_trip(self, field, value, wire):
        with localcontext() as context:
            context.prec = 5
            assert round_trip(field, value) == (wire, value)
            assert round_trip(field, value, TRUSTED)[1] == value

    def test_a_type_of_ones_own(self):
        class Point:
            def __init__(self, x, y):
                self.x, self.y = x, y

        class PointType(types.BaseType):
            native_type = Point

            def to_native(self, value, context=None):
                return value if isinstance(value, Point) else Point(*map(int, value.split(",")))

            def to_primitive(self, value, context=None):
                return f"{value.x},{value.y}"

        adapter = adapter_with(f=PointType(), g=types.ListType(PointType()))
        for given in (Point(1, 2), "1,2"):
            natives = adapter.natives_of_whole({"f": given, "g": [given]})
            assert (natives["f"].x, natives["g"][0].y) == (1, 2)
            assert adapter.dump(natives) == {"f": "1,2", "g": ["1,2"]}

    def test_what_has_no_form_in_dynamodb_is_refused_with_its_path(self):
        adapter = adapter_with(f=types.DictType(types.BaseType()))
        dumped = adapter.dump(adapter.natives_of_whole({"f": {"a": [MOMENT]}}))
        with pytest.raises(UnstorableValue, match=r"f\.a\[0\]"):
            encode_item(dumped)
