"""How one part of a key is written and read: what fits, what sorts, what is lost, and what is refused."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import math
import pickle
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynamorm.exceptions import DynamoException, InvalidSchemaField
from dynamorm.keys.formats import Unfit, format_of

from ..profiles import examples
from ..wire.values import numbers

UTC = dt.timezone.utc
EAST = dt.timezone(dt.timedelta(hours=5, minutes=30))
NOON = dt.datetime(2024, 2, 29, 12, 5, 7, 42)
DAY = dt.date(2024, 2, 29)
TIME = dt.time(23, 5, 7, 42)


def made(placeholder):
    """Return the format of what stands behind a field's name: ``!l``, ``:08d``."""
    kind, spec = placeholder[:1], placeholder[1:]
    return format_of("part", spec if kind == "!" else None, spec if kind == ":" else None)


class Color(str, enum.Enum):
    RED = "red"


class Size(enum.IntEnum):
    BIG = 7


@pytest.mark.parametrize(
    ("placeholder", "value", "text"),
    [
        ("", "", ""),
        ("", "Ä#\U0001f600\x00", "Ä#\U0001f600\x00"),
        ("", Color.RED, "red"),
        ("", 1, "1"),
        ("", 1.0, "1"),
        ("", Decimal("1E0"), "1"),
        ("", Decimal("-1.50"), "-1.5"),
        ("", -0.0, "0"),
        ("", 10**38, "1E+38"),
        ("", True, "true"),
        ("", False, "false"),
        ("!l", "ÄBc#1", "äbc#1"),
        ("!u", "äbc#1", "ÄBC#1"),
        ("!u", "ß", "SS"),
        (":d", 0, "0"),
        (":d", -12, "-12"),
        (":d", Decimal("1E+3"), "1000"),
        (":d", 1e22, "1" + "0" * 22),
        (":d", Size.BIG, "7"),
        (":04d", 0, "0000"),
        (":04d", 42, "0042"),
        (":04d", 42.0, "0042"),
        (":04d", Decimal("42.00"), "0042"),
        (":04d", 9999, "9999"),
        (":04d", -0.0, "0000"),
        (":04d", Size.BIG, "0007"),
        (":01d", 9, "9"),
        (":012.2f", 1, "000000001.00"),
        (":012.2f", 0.5, "000000000.50"),
        (":012.2f", Decimal("19.99"), "000000019.99"),
        (":012.2f", Decimal("0.0100"), "000000000.01"),
        (":04.2f", Decimal("9.99"), "9.99"),
        (":04.2f", 0, "0.00"),
        (":%Y-%m-%dT%H:%M:%S", NOON, "2024-02-29T12:05:07"),
        (":%Y-%m-%dT%H:%M:%S.%f", NOON, "2024-02-29T12:05:07.000042"),
        (":%Y-%m-%dT%H:%M:%S", NOON.replace(tzinfo=EAST), "2024-02-29T06:35:07"),
        (":%Y%m%d", NOON.replace(hour=1, tzinfo=EAST), "20240228"),
        (":%Y%m%d", DAY, "20240229"),
        (":%Y-%j", DAY, "2024-060"),
        (":%y %I%%", dt.datetime(2005, 1, 1, 0, 30), "05 12%"),
        (":%y %I%%", dt.datetime(2005, 1, 1, 13, 30), "05 01%"),
        (":%Y", dt.date(999, 1, 1), "0999"),
        (":%Y", dt.datetime(1, 1, 1), "0001"),
        (":%H:%M", TIME, "23:05"),
        (":%H:%M", TIME.replace(tzinfo=EAST), "17:35"),
        (":%H:%M", dt.time(1, 0, tzinfo=EAST), "19:30"),
        (":Day %d\n", DAY, "Day 29\n"),
    ],
)
def test_a_value_is_written(placeholder, value, text):
    format = made(placeholder)
    assert format.text(value) == text
    assert format.width in (None, len(text))
    assert type(format.text(value)) is str


@pytest.mark.parametrize(
    ("placeholder", "value", "reason"),
    [
        ("", b"x", "bytes cannot be a part of a key; text, numbers and truth values can"),
        ("", ["x"], "list cannot be a part of a key"),
        ("", DAY, "date cannot be a part of a key"),
        ("", "a\ud800", "text that is not valid Unicode"),
        ("", math.nan, "DynamoDB has no number nan"),
        ("", 10**200, "outside DynamoDB's range"),
        ("!l", 5, "int has no case; text has"),
        ("!u", "a\udfff", "text that is not valid Unicode"),
        (":d", True, "bool is no number"),
        (":d", "5", "str is no number"),
        (":d", 0.5, "0.5 is not whole"),
        (":d", Decimal("Infinity"), "Infinity is no finite number"),
        (":d", Decimal("sNaN"), "sNaN is no finite number"),
        (":d", math.inf, "inf is no finite number"),
        (":d", 10**126, "a number of more than 126 digits"),
        pytest.param(":d", 10**5000, "a number of more than 126 digits", id="an endless number"),
        (":d", Decimal("1E+999999"), "a number of more than 126 digits"),
        (":d", Decimal("1E-999999"), "1E-999999 is not whole"),
        (":04d", 10_000, "10000 is wider than 4 characters"),
        (":04d", -1, "-1 is negative, which would not sort"),
        (":04d", Decimal("0.5"), "0.5 is not whole"),
        (":04d", False, "bool is no number"),
        (":05.2f", Decimal("0.125"), "0.125 has more than 2 decimals"),
        (":05.2f", 100, "100.00 is wider than 5 characters"),
        (":05.2f", -0.5, "-0.5 is negative"),
        (":%Y", "2024", "str is no date, datetime or time"),
        (":%Y", 2024, "int is no date, datetime or time"),
        (":%Y-%m-%dT%H", DAY, "2024-02-29 has no time, which is a part of the key"),
        (":%f", DAY, "2024-02-29 has no time"),
        (":%I", DAY, "2024-02-29 has no time"),
        (":%Y-%H", TIME, "23:05:07.000042 has no date"),
        (":%j", TIME, "23:05:07.000042 has no date"),
        (":%y", TIME, "23:05:07.000042 has no date"),
        (":%Y", dt.datetime(1, 1, 1, tzinfo=EAST), "outside the years 1 to 9999 in UTC"),
        (":%Y", dt.datetime(9999, 12, 31, 23, tzinfo=dt.timezone(-dt.timedelta(hours=5))), "outside the years"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(placeholder, value, reason):
    with pytest.raises(Unfit) as caught:
        made(placeholder).text(value)
    assert reason in str(caught.value) == caught.value.reason
    assert isinstance(caught.value, DynamoException) and isinstance(caught.value, ValueError)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


@pytest.mark.parametrize(
    ("placeholder", "text", "value"),
    [
        ("", "a1", "a1"),
        ("", "true", "true"),
        ("!l", "abc", None),
        ("!u", "ABC", None),
        (":d", "-120", -120),
        (":d", "0", 0),
        (":04d", "0042", 42),
        (":07.2f", "0019.90", Decimal("19.9")),
        (":%Y-%m-%d", "0999-01-02", dt.date(999, 1, 2)),
        (":%Y%j", "2024060", DAY),
        (":%Y-%m-%dT%H", "2024-02-29T23", dt.datetime(2024, 2, 29, 23, tzinfo=UTC)),
        (":%Y-%j %H%M%S%f %I%y", "2024-060 120507000042 1224", NOON.replace(tzinfo=UTC)),
        (":%f%S%M%H%d%m%Y", "00004207051229022024", NOON.replace(tzinfo=UTC)),
        (":%Y", "2024", None),
        (":%Y-%m", "2024-02", None),
        (":%y-%m-%d", "24-02-29", None),
        (":%H:%M", "23:05", None),
        (":%Y%m%d%M", "2024022905", None),
        (":%j", "060", None),
        (":%Y%m%d%I", "2024022912", None),
    ],
)
def test_a_text_is_read_where_it_tells_its_value(placeholder, text, value):
    read = made(placeholder).value(text)
    assert read == value and type(read) is type(value)


@pytest.mark.parametrize(
    ("placeholder", "text"),
    [
        (":d", ""),
        (":d", "-0"),
        (":d", "01"),
        (":d", "+1"),
        (":d", "1.0"),
        (":d", "1\n"),
        (":d", "\u0661"),
        (":d", "9" * 5000),
        (":04d", "042"),
        (":04d", "00042"),
        (":04d", "-042"),
        (":04d", "004\u0662"),
        (":05.2f", "12345"),
        (":05.2f", "1.234"),
        (":%Y-%m-%d", "2024-02-30"),
        (":%Y-%m-%d", "2024-13-01"),
        (":%Y-%m-%d", "0000-01-01"),
        (":%Y-%m-%d", "2024-2-029"),
        (":%Y-%m-%d", "2024-02-2"),
        (":%Y-%m-%d", "2024.02.29"),
        (":%Y-%m-%d", "2024-02-\u0662\u0662"),
        (":%Y%m%dT%H", "20240229T24"),
        (":%Y-%m", "2024.02"),
        (":%Y", "024"),
        (":%Y", "202\u0664"),
        (":%Y%m%d%H%M%S", "20240229235960"),
        (":%Y%j", "2023366"),
        (":%Y%j", "2023000"),
        (":%Y%j", "0001000"),
        (":%Y%j", "9999999"),
        (":%Y-%m-%d %j", "2024-02-29 061"),
        (":%Y-%m-%d %Y", "2024-02-29 2023"),
        (":%Y-%m-%d %y", "2024-02-29 23"),
        (":%d %d", "01 02"),
        (":%Y%m%d%H%I", "202402291311"),
    ],
)
def test_a_text_that_no_value_has_is_not_read(placeholder, text):
    with pytest.raises(Unfit):
        made(placeholder).value(text)


@pytest.mark.parametrize(
    ("placeholder", "named"),
    [
        (":", "{field:08d}"),
        ("!r", "{field!l}"),
        ("!", "{field!l}"),
        (":x", "{field:08d}"),
        (":4d", "{field:08d}"),
        (":0d", "{field:08d}"),
        (":000d", "{field:08d}"),
        (":0100d", "{field:08d}"),
        (":\u0660\u0664d", "{field:08d}"),
        (":f", "{field:08.2f}"),
        (":.2f", "{field:08.2f}"),
        (":03.2f", "{field:08.2f}"),
        (":04.0f", "{field:08.2f}"),
        (":>4", "{field:08.2f}"),
        (
            ":%Y-%b",
            "has %b, and keys take numbers of a fixed width alone: %Y, %m, %d, %j, %y, %H, %I, %M, %S, %f and %%",
        ),
        (":%-d", "has %-"),
        (":%s and %Y%", "has %s and %,"),
        (":%Y%\n", "has %\n,"),
        (":100%%", "says nothing of a date or time: write some of %Y"),
    ],
)
def test_a_format_that_does_not_work_is_refused_with_those_that_do(placeholder, named):
    with pytest.raises(InvalidSchemaField) as caught:
        made(placeholder)
    assert str(caught.value).startswith("part ") and named in str(caught.value)


def test_a_conversion_and_a_format_do_not_go_together():
    with pytest.raises(InvalidSchemaField, match=r"^part has a format that keys cannot have; what works is \{field\}"):
        format_of("part", "l", "d")


@pytest.mark.parametrize(
    ("placeholder", "sorting", "losing"),
    [
        ("", {str, Color}, set()),
        ("!l", set(), {str, Color, int}),
        (":d", set(), set()),
        (":04d", {int}, set()),
        (":05.1f", {int}, set()),
        (":%Y-%m-%d", {dt.datetime, dt.date}, {dt.datetime, dt.time}),
        (":%Y-%m-%dT%H:%M:%S", {dt.datetime, dt.date}, {dt.datetime, dt.time}),
        (":%Y-%m-%dT%H:%M:%S.%f", {dt.datetime, dt.date}, set()),
        (":%f%S%M%H %d%m%Y", set(), set()),
        (":%Y%j %Y", {dt.datetime, dt.date}, {dt.datetime, dt.time}),
        (":%Y%j%H%M%S%f", {dt.datetime, dt.date}, set()),
        (":%j%Y", set(), {dt.datetime, dt.time}),
        (":%j", set(), {dt.datetime, dt.date, dt.time}),
        (":%Y%m%j", set(), {dt.datetime, dt.time}),
        (":%Y%d", set(), {dt.datetime, dt.date, dt.time}),
        (":%y%m%d", set(), {dt.datetime, dt.date, dt.time}),
        (":%Y%m%d%I", set(), {dt.datetime, dt.time}),
        (":%Y%m%d%M", set(), {dt.datetime, dt.time}),
        (":%Y", {dt.datetime, dt.date}, {dt.datetime, dt.date, dt.time}),
        (":%H:%M", {dt.time}, {dt.datetime, dt.date, dt.time}),
        (":%H:%M:%S.%f", {dt.time}, {dt.datetime, dt.date}),
    ],
)
def test_what_sorts_and_what_is_lost_depends_on_the_type(placeholder, sorting, losing):
    format = made(placeholder)
    kinds = {dt.datetime, dt.date, dt.time} if "%" in placeholder else {int} if format.is_native else {str, Color, int}
    assert {kind for kind in kinds if format.sorts_of(kind)} == sorting
    assert {kind for kind in kinds if format.loses_of(kind)} == losing


datetimes = st.datetimes() | st.datetimes(
    min_value=dt.datetime(1, 1, 3), max_value=dt.datetime(9999, 12, 29), timezones=st.sampled_from([UTC, EAST])
)
whole_numbers = st.integers(0, 10**12 - 1)
MOMENTS = [
    ":%Y-%m-%dT%H:%M:%S.%f",
    ":%Y%j%H%M%S%f",
    ":%f%S%M%H%d%m%Y",
    ":%Y-%m-%d",
    ":%Y-%m-%dT%H:%M:%S",
    ":%Y-%m",
    ":%H%M%S%f",
    ":%y%I",
]


@settings(max_examples=examples(quick=150, long=10_000))
@given(st.sampled_from(MOMENTS), datetimes, datetimes)
def test_moments_sort_come_back_and_are_told_apart_where_it_is_said(placeholder, one, other):
    if (one.tzinfo is None) is not (other.tzinfo is None):
        other = other.replace(tzinfo=None if one.tzinfo is None else UTC)
    format = made(placeholder)
    text, other_text = format.text(one), format.text(other)
    assert len(text) == len(other_text) == format.width
    if not format.loses_of(dt.datetime):
        assert (text == other_text) == (one == other)
        assert format.value(text) == (one if one.tzinfo else one.replace(tzinfo=UTC))
    if format.sorts_of(dt.datetime):
        assert text <= other_text or one > other
        assert text >= other_text or one < other


@settings(max_examples=examples(quick=100, long=5_000))
@given(st.sampled_from([":%Y-%m-%d", ":%Y%j", ":%d%m%Y", ":%Y"]), st.dates(), st.dates())
def test_dates_sort_come_back_and_are_told_apart_where_it_is_said(placeholder, one, other):
    format = made(placeholder)
    text, other_text = format.text(one), format.text(other)
    if not format.loses_of(dt.date):
        assert (text == other_text) == (one == other)
        assert format.value(text) == one
    if format.sorts_of(dt.date):
        assert text <= other_text or one > other


@settings(max_examples=examples(quick=150, long=10_000))
@given(st.sampled_from([":012d", ":015.2f", ":d"]), st.data())
def test_numbers_sort_come_back_and_are_told_apart(placeholder, data):
    format = made(placeholder)
    kinds = whole_numbers | st.integers(0, 20)
    if format.places:
        kinds |= st.decimals(0, 10**12 - 1, places=2) | st.sampled_from([0.5, 2.25, 19.99])
    one, other = data.draw(kinds), data.draw(kinds)
    text, other_text = format.text(one), format.text(other)
    exactly = [Decimal(str(number)) for number in (one, other)]
    assert (text == other_text) == (exactly[0] == exactly[1])
    assert format.value(text) == exactly[0]
    if format.sorts_of(int):
        assert (text < other_text) == (exactly[0] < exactly[1])


@settings(max_examples=examples(quick=150, long=10_000))
@given(numbers, numbers)
def test_equal_numbers_have_one_stored_text(one, other):
    exactly = [Decimal(repr(number)) if isinstance(number, float) else Decimal(number) for number in (one, other)]
    texts = [made("").text(number) for number in (one, other)]
    assert (texts[0] == texts[1]) == (exactly[0] == exactly[1])
    assert Decimal(texts[0]) == exactly[0]


def test_no_number_passes_through_the_ambient_context():
    with decimal.localcontext() as context:
        context.prec = 3
        context.traps[decimal.Inexact] = context.traps[decimal.FloatOperation] = True
        assert made(":012d").text(Decimal("123456789")) == "000123456789"
        assert made(":012.2f").text(123456.75) == "000123456.75"
        assert made(":012.2f").value("000123456.75") == Decimal("123456.75")


def test_formats_are_values():
    for placeholder in ("", "!u", ":d", ":04d", ":05.2f", ":%Y-%m-%d"):
        format = made(placeholder)
        assert pickle.loads(pickle.dumps(format)) == format == made(placeholder)
        assert hash(format) == hash(made(placeholder))
    assert made("!l") != made("!u") and made(":04d") != made(":05d") and made("") != made(":d")
