"""Whole keys: which templates there are, what keys they make, and what is read from these."""

from __future__ import annotations

import datetime as dt
import itertools
import pickle
import random
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynamorm.exceptions import InvalidSchemaField
from dynamorm.keys.formats import Cased, Moment, Number, Stored, Unfit
from dynamorm.keys.templates import Part, Template

from ..profiles import examples
from .templates import TEMPLATES, pools, rendered
from .texts import in_utf_8

UTC = dt.timezone.utc
PLACED = dt.datetime(2024, 2, 29, 12, 5, 7, tzinfo=UTC)
ORDER = Template.of("ORDER#{placed:%Y-%m-%dT%H:%M:%S}#{id}")


def test_a_template_tells_its_parts_and_the_text_around():
    assert ORDER.fields == ("placed", "id")
    assert ORDER.literals == ("ORDER#", "#", "") and ORDER.literal == "ORDER#"
    assert [type(part.format) for part in ORDER.parts] == [Moment, Stored]
    assert str(ORDER) == "ORDER#{placed:%Y-%m-%dT%H:%M:%S}#{id}"
    assert Template.of("{a!u}/{b:d}").parts == (Part("a", Cased(is_upper=True)), Part("b", Number()))


def test_a_key_is_written_and_read():
    key = ORDER.render({"placed": PLACED, "id": "a#1", "status": "open"})
    assert key == "ORDER#2024-02-29T12:05:07#a#1"
    assert ORDER.read(key) == {"placed": PLACED, "id": "a#1"}


def test_a_part_without_a_value_makes_no_key():
    assert ORDER.render({"placed": None, "id": "1"}) is ORDER.render({"placed": PLACED}) is None
    assert Template.of("{a}").render({"a": ""}) is None
    assert Template.of("A{a}").render({"a": ""}) == "A"
    assert Template.of("{a}#{b}").render({"a": "", "b": ""}) == "#"
    assert Template.of("{a}#{b:d}#{c}").render({"a": False, "b": 0, "c": 0}) == "false#0#0"


def test_a_value_that_does_not_fit_is_refused_with_its_field():
    with pytest.raises(Unfit, match=r"^str is no date, datetime or time$") as caught:
        ORDER.render({"placed": "today", "id": "1"})
    assert caught.value.field == "placed"
    assert pickle.loads(pickle.dumps(caught.value)).field == "placed"


def test_a_template_without_parts_is_a_constant():
    constant = Template.of("PROFILE{{}}")
    assert constant.parts == constant.fields == ()
    assert constant.literal == constant.render({}) == "PROFILE{}"
    assert constant.read("PROFILE{}") == {} and constant.read("PROFILE{}x") is constant.read("PROFILE") is None


@pytest.mark.parametrize(
    ("source", "text"),
    [("{{", "{"), ("}}", "}"), ("{{a}}", "{a}"), ("{{{a}}}", "{1}"), ("{a}}}", "1}"), ("\n{a}", "\n1")],
)
def test_braces_are_doubled(source, text):
    assert Template.of(source).render({"a": 1}) == text


def test_fields_are_joined():
    assert Template.joined(["author", "year"], ":") == Template.of("{author}:{year}")
    assert Template.joined(["a", "b", "c"], "{}") == Template.of("{a}{{}}{b}{{}}{c}")
    assert Template.joined(["a"], "") == Template.of("{a}")
    assert Template.joined(["a", "b:04d"], "/", escape=False) == Template.of("{a}/{b:04d}", escape=False)
    assert Template.of("{a}/{b}", escape=False) != Template.of("{a}/{b}")


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("", "the template '' is empty: write text, fields, or both, such as 'ORDER#{id}'"),
        (5, "the template 5 has to be text, such as 'ORDER#{id}'"),
        ("a{", "the template 'a{' has a '{' alone: write '{{' for the character itself"),
        ("a}b", "the template 'a}b' has a '}' alone: write '}}' for the character itself"),
        ("{a", "has a '{' alone"),
        ("{a:%Y}}", "has a '}' alone"),
        ("{a:{b}}", "has a '{' alone"),
        ("{}", "the template '{}': {} names no field: write '{{' and '}}' for the characters themselves"),
        ("{0}", "{0} names no field"),
        ("{a.b}", "{a.b} names no field"),
        ("{a }", "{a } names no field"),
        ("{:d}", "{:d} names no field"),
        ("{a:x}", "the template '{a:x}': {a:x} has a format that keys cannot have; what works is {field}, "),
        ("{a:%b}", "the template '{a:%b}': {a:%b} has %b, and keys take"),
        (
            "{a}{b}",
            "the template '{a}{b}' does not tell where 'a' ends and 'b' begins: write text between them, such as",
        ),
        ("{a:d}{b:04d}", "does not tell where 'a' ends and 'b' begins"),
        ("{a:04d}{b!l}{c}", "does not tell where 'b' ends and 'c' begins"),
        ("{a}#{a:04d}", "the template '{a}#{a:04d}' has the field 'a' twice: name it once"),
        ("{a}#\ud800", "has text that is not valid Unicode"),
        ("{a}x{b}", "the template '{a}x{b}' separates parts by 'x', for which there is no escape"),
    ],
)
def test_a_template_that_makes_no_keys_is_refused(source, reason):
    with pytest.raises(InvalidSchemaField) as caught:
        Template.of(source)
    assert str(caught.value).startswith("the template ") and reason in str(caught.value)


@pytest.mark.parametrize(
    ("source", "delimiters", "escapes"),
    [
        ("{a}", "", ""),
        ("A#{a}", "", ""),
        ("A#{a:04d}#{b}", "", ""),
        ("{a:04d}{b}", "", ""),
        ("{a}#", "#", "$"),
        ("{a}#:{b}", "#", "$"),
        ("{a}#{b}#{c}:", "#:", "$;"),
        ("{a!l}-{b:d}/{c}", "-/", ",."),
    ],
)
def test_what_follows_a_part_of_free_length_delimits_it(source, delimiters, escapes):
    escaping = Template.of(source).escaping
    assert (escaping.delimiters, escaping.escapes) == (delimiters, escapes)
    escaping = Template.of(source, escape=False).escaping
    assert (escaping.delimiters, escaping.escapes) == (delimiters, "")


def test_every_part_of_free_length_is_escaped_and_no_other():
    template = Template.of("{a}-{b:%Y-%m-%d}-{c}")
    key = template.render({"a": "x-y,z", "b": PLACED, "c": "-1"})
    assert key == "x,1y,0z-2024-02-29-,11"
    assert template.read(key) == {"a": "x-y,z", "b": PLACED.date(), "c": "-1"}


def test_without_escapes_a_part_must_not_hold_what_ends_it():
    template = Template.of("{a}x{b}", escape=False)
    assert template.render({"a": "1$", "b": "2"}) == "1$x2"
    with pytest.raises(Unfit, match=r"^text with 'x' in it, which ends this part of the key$") as caught:
        template.render({"a": "1", "b": "2x"})
    assert caught.value.field == "b"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ORDER#",
        "order#2024-02-29T12:05:07#1",
        "ORDER#2024-02-30T12:05:07#1",
        "ORDER#2024-02-29T12:05:07",
        "ORDER#2024-02-29T12:05:0",
        "ORDER#2024-02-29T12:05:07:1",
        "xORDER#2024-02-29T12:05:07#1",
    ],
)
def test_another_text_is_none_of_a_template(text):
    assert ORDER.read(text) is None


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{a}#{b}", "x"),
        ("{a}#{b}", "x#y#z"),
        ("{a}#{b}", "x$#y"),
        ("{a}##{b}", "x#y"),
        ("{a}#", "x#y"),
        ("{a}#", "x"),
        ("{a:02d}#", "01#x"),
        ("{a:02d}{b:02d}", "010"),
        ("{a:02d}{b:02d}", "01002"),
        ("{a:02d}#{b}", "1"),
    ],
)
def test_a_text_that_no_values_have_is_not_read(source, text):
    assert Template.of(source).read(text) is None


def test_a_text_without_the_end_of_a_part_is_not_read_from_its_start_again():
    assert Template.of("01{a}1{b:02d}", escape=False).read("01") is None


def test_what_a_key_does_not_tell_is_left_out():
    assert Template.of("{a!l}#{b:%Y}#{c}").read("x#2024#") == {"c": ""}


@pytest.mark.parametrize(
    ("one", "other", "may"),
    [
        ("ORDER#{a}", "ORDER#{b}", True),
        ("ORDER#{a}", "ORDER#ITEM#{b}", True),
        ("ORDER#{a}", "ITEM#{a}", False),
        ("ORDER#{a}", "{b}", True),
        ("PROFILE", "PROFILE", True),
        ("PROFILE", "PROFILES", False),
        ("PROFILE", "PRO{a}", True),
        ("PROFILE", "{a}", True),
        ("PROFILE", "PROFILE#{a}", False),
        ("A#1", "A#{a:04d}", False),
        ("A#0001", "A#{a:04d}", True),
        ("A#1", "{a}#{b}#{c}", False),
    ],
)
def test_templates_meet_where_a_text_may_be_of_both(one, other, may):
    first, second = Template.of(one), Template.of(other)
    assert first.may_meet(second) is second.may_meet(first) is may


def test_templates_are_values():
    for template in TEMPLATES:
        twin = pickle.loads(pickle.dumps(template))
        assert twin == template and hash(twin) == hash(template)
    assert Template.of("{a:02d}") != Template.of("{a:03d}") != Template.of("{a}")


def identity(part, value):
    """Return what two values of a part have in common if they make the same key, and only then."""
    if isinstance(part.format, Stored) or part.format.loses_of(type(value)):
        return part.format.text(value)
    return Decimal(str(value)) if isinstance(part.format, Number) else value


def some_values(template, chance):
    """Return values of the parts of keys, in which few values come again and again."""
    few = {field: chance.sample(pool, 3) for field, pool in pools(template, chance).items()}
    drawn = [{field: chance.choice(pool) for field, pool in few.items()} for _ in range(12)]
    return [values for values in drawn if rendered(template, values) is not None]


# the long form compares more than 100,000 pairs
@settings(max_examples=examples(quick=200, long=4_000))
@given(st.sampled_from(TEMPLATES), st.integers(0, 2**64))
def test_keys_are_equal_only_where_their_parts_are(template, seed):
    several = some_values(template, random.Random(seed))
    keys = [template.render(values) for values in several]
    parts = [[identity(part, values[part.field]) for part in template.parts] for values in several]
    for (key, own), (other_key, other) in itertools.combinations(zip(keys, parts, strict=True), 2):
        assert (key == other_key) == (own == other)


@settings(max_examples=examples(quick=200, long=4_000))
@given(st.sampled_from(TEMPLATES), st.integers(0, 2**64))
def test_a_key_gives_back_what_is_not_lost(template, seed):
    for values in some_values(template, random.Random(seed)):
        key = template.render(values)
        read = template.read(key)
        assert read is not None and template.render({**values, **read}) == key
        for part in template.parts:
            value = values[part.field]
            if part.format.loses_of(type(value)):
                continue
            if isinstance(value, dt.time):
                assert part.field not in read  # without a date
            elif isinstance(value, dt.datetime):
                assert read[part.field] == (value if value.tzinfo else value.replace(tzinfo=UTC))
            else:
                assert read[part.field] == identity(part, value)


@settings(max_examples=examples(quick=100, long=2_000))
@given(st.sampled_from(["{a:02d}{b}", "{a:%Y-%m-%d}#{b:04.1f}#{c}", "P#{a:%H%M%S%f}{b}", "{a:02d}{b:02d}"]), st.data())
def test_keys_of_fixed_widths_sort_as_their_parts_do(source, data):
    template = Template.of(source)
    several = some_values(template, random.Random(data.draw(st.integers(0, 2**64))))
    by_key = sorted(several, key=lambda values: in_utf_8(template.render(values)))
    order = [[part.format.text(values[part.field]) for part in template.parts] for values in by_key]
    assert order == sorted(order)
    if not any(part.format.loses_of(type(values[part.field])) for values in by_key for part in template.parts):
        naturally = [[values[field] for field in template.fields] for values in by_key]
        assert naturally == sorted(naturally)
