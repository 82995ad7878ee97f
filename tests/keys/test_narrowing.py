"""What parts say of keys finds all that is right and, with filters for what it does not settle, nothing else."""

from __future__ import annotations

import datetime as dt
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynamorm.keys.formats import Cased, Number, Stored, Unfit
from dynamorm.keys.narrowing import after_all_of
from dynamorm.keys.templates import Narrowed, Template

from ..profiles import examples
from .templates import BEYOND, TEMPLATES, pools, rendered
from .texts import in_utf_8, texts

ORDER = {
    "eq": lambda value, one: value == one,
    "lt": lambda value, one: value < one,
    "lte": lambda value, one: value <= one,
    "gt": lambda value, one: value > one,
    "gte": lambda value, one: value >= one,
    "between": lambda value, one, other: one <= value <= other,
    "begins_with": lambda value, one: value.startswith(one),
    "contains": lambda value, one: one in value,
}


def finds(narrowed, key):
    """Return whether DynamoDB finds a key."""
    if narrowed.operator is None:
        return True
    return ORDER[narrowed.operator](in_utf_8(key), *map(in_utf_8, narrowed.values))


def holds(values, field, operator, operands):
    return ORDER[operator](values[field], *operands)


def near(pool, chance):
    """Return some values that stand side by side in their order, and perhaps the least."""
    pool = sorted(pool)
    start = chance.randrange(len(pool))
    return [*pool[start : start + 5], *pool[: chance.randrange(2)]]


class Question:
    """A template, items with such keys, and comparisons of parts that are drawn by chance."""

    def __init__(self, chance):
        self.template = chance.choice(TEMPLATES)
        values = {field: near(pool, chance) for field, pool in pools(self.template, chance).items()}
        items = [{field: chance.choice(pool) for field, pool in values.items()} for _ in range(16)]
        self.items = [item for item in items if rendered(self.template, item) is not None]
        model = chance.choice(self.items or items)
        known = chance.randrange(len(self.template.parts) + 1)
        self.equal = {}
        self.others = {}
        for place, part in enumerate(self.template.parts):
            field, pool = part.field, values[part.field]
            if place < known or chance.random() < 0.1:
                self.equal[field] = model[field] if chance.random() < 0.9 else chance.choice(pool)
            if isinstance(part.format, Number) and chance.random() < 0.3:
                pool = [*pool, *BEYOND]
            operators = ["lt", "lte", "gt", "gte", "between"]
            if isinstance(part.format, (Stored, Cased)) and chance.random() < 0.3:
                operators = ["begins_with", "begins_with", "contains", "gte"]
            count = chance.choice((0, 1, 1, 2, 3)) if place == known else chance.choice((0, 0, 0, 1))
            self.others[field] = [
                (operator, tuple(chance.choice(pool) for _ in range(1 + (operator == "between"))))
                for operator in chance.choices(operators, k=count)
            ]

    @property
    def comparisons(self):
        equal = [(field, "eq", (value,)) for field, value in self.equal.items()]
        return equal + [(field, *one) for field, several in self.others.items() for one in several]


# the long form asks 100,000
@settings(max_examples=examples(quick=60, long=2_000))
@given(st.integers(0, 2**64))
def test_keys_and_filters_find_exactly_what_is_right(seed):
    chance = random.Random(seed)
    for _ in range(50):
        question = Question(chance)
        try:
            narrowed = question.template.narrowed(question.equal, question.others)
        except Unfit as error:
            assert error.field in question.equal
            continue
        filters = [one for one in question.comparisons if one[:2] not in narrowed.settled]
        right = [item for item in question.items if all(holds(item, *one) for one in question.comparisons)]
        found = [item for item in question.items if finds(narrowed, question.template.render(item))]
        assert [item for item in found if all(holds(item, *one) for one in filters)] == right, (
            vars(question),
            narrowed,
        )
        assert narrowed.settled <= {one[:2] for one in question.comparisons}
        assert all(narrowed.values)
        assert len(narrowed.values) == {None: 0, "between": 2}.get(narrowed.operator, 1)


DAY = dt.date(2024, 1, 31)
MOMENT = dt.datetime(2024, 1, 31, 12, 30, 15, 7)


@pytest.mark.parametrize(
    ("source", "equal", "others", "expected"),
    [
        ("PROFILE", {}, {}, ("eq", ["PROFILE"], [])),
        ("A#{a}", {}, {}, ("begins_with", ["A#"], [])),
        ("{a}", {}, {}, (None, [], [])),
        ("{a}#{b}", {"b": "x"}, {"b": [("gt", ("x",))]}, (None, [], [])),
        ("{a}#{b}", {"a": "x#", "b": "#y"}, {}, ("eq", ["x$0#$0y"], ["a eq", "b eq"])),
        ("{a}#{b}", {"a": "x"}, {}, ("begins_with", ["x#"], ["a eq"])),
        ("{a}#{b}", {"a": "x", "b": None}, {}, ("begins_with", ["x#"], ["a eq"])),
        ("{a}#{b}", {"a": None}, {}, (None, [], [])),
        ("{a!l}#{b}", {"a": "X"}, {}, ("begins_with", ["x#"], [])),
        ("{a}#{b}#{c}", {"a": "x"}, {"c": [("gt", ("z",))]}, ("begins_with", ["x#"], ["a eq"])),
        # texts that the next part begins with
        ("{a}#{b}", {}, {"a": [("begins_with", ("x",))]}, ("begins_with", ["x"], ["a begins_with"])),
        ("{a}#", {}, {"a": [("begins_with", ("x#",))]}, ("begins_with", ["x$0"], ["a begins_with"])),
        ("{a}", {}, {"a": [("begins_with", ("",))]}, (None, [], [])),
        ("A#{a}", {}, {"a": [("begins_with", ("",))]}, ("begins_with", ["A#"], ["a begins_with"])),
        (
            "{a}",
            {},
            {"a": [("begins_with", ("x",)), ("begins_with", ("xy",))]},
            ("begins_with", ["xy"], ["a begins_with"]),
        ),
        ("{a}", {}, {"a": [("begins_with", ("x",)), ("begins_with", ("y",))]}, ("begins_with", ["x"], [])),
        ("{a}", {}, {"a": [("begins_with", ("x",)), ("begins_with", ("\ud800",))]}, ("begins_with", ["x"], [])),
        ("{a}", {}, {"a": [("begins_with", ("x",)), ("begins_with", (5,))]}, ("begins_with", ["x"], [])),
        ("{a}", {}, {"a": [("begins_with", ("x",)), ("gt", ("xa",))]}, ("begins_with", ["x"], ["a begins_with"])),
        ("{a!l}", {}, {"a": [("begins_with", ("x",))]}, (None, [], [])),
        ("{a:04d}", {}, {"a": [("begins_with", ("0",))]}, (None, [], [])),
        # the order of the last part
        ("{a}", {}, {"a": [("gt", ("x",))]}, ("gt", ["x"], ["a gt"])),
        ("{a}", {}, {"a": [("lt", ("x",))]}, ("lt", ["x"], ["a lt"])),
        ("{a}", {}, {"a": [("lt", ("x",)), ("lte", ("x",))]}, ("lt", ["x"], ["a lt", "a lte"])),
        ("{a}", {}, {"a": [("gt", ("x",)), ("lte", ("y",))]}, ("between", ["x\0", "y"], ["a gt", "a lte"])),
        ("{a}", {}, {"a": [("gte", ("x",)), ("lt", ("y",))]}, ("between", ["x", "y"], ["a gte"])),
        ("{a}", {}, {"a": [("between", ("y", "x"))]}, ("between", ["y", "x"], ["a between"])),
        ("{a}", {}, {"a": [("gt", ("",))]}, (None, [], [])),
        ("{a}#", {}, {"a": [("gt", ("x",))]}, (None, [], [])),
        ("A#{a}", {}, {"a": [("gt", ("x",))]}, ("between", ["A#x\0", "A$"], ["a gt"])),
        ("A#{a}", {}, {"a": [("gte", ("x",))]}, ("between", ["A#x", "A$"], ["a gte"])),
        ("A#{a}", {}, {"a": [("lte", ("x",))]}, ("between", ["A#", "A#x"], ["a lte"])),
        ("A#{a}", {}, {"a": [("lt", ("x",))]}, ("between", ["A#", "A#x"], [])),
        ("A#{a}", {}, {"a": [("lt", ("x",)), ("lt", ("w",))]}, ("between", ["A#", "A#w"], [])),
        ("A#{a}", {}, {"a": [("lt", ("x",)), ("lte", ("w",))]}, ("between", ["A#", "A#w"], ["a lt", "a lte"])),
        ("A#{a}", {}, {"a": [("gt", (5,)), ("contains", ("x",))]}, ("begins_with", ["A#"], [])),
        ("\U0010ffff{a}", {}, {"a": [("gt", ("x",))]}, ("gt", ["\U0010ffffx"], ["a gt"])),
        ("A\U0010ffff{a}", {}, {"a": [("gt", ("x",))]}, ("between", ["A\U0010ffffx\0", "B"], ["a gt"])),
        ("\ud7ff{a}", {}, {"a": [("gt", ("x",))]}, ("between", ["\ud7ffx\0", "\ue000"], ["a gt"])),
        # the order of a last part of fixed width
        ("{a:03d}", {}, {"a": [("gt", (7,))]}, ("gt", ["007"], ["a gt"])),
        ("A#{a:03d}", {}, {"a": [("lt", (17,))]}, ("between", ["A#", "A#016"], ["a lt"])),
        ("A#{a:03d}", {}, {"a": [("lt", (10,))]}, ("between", ["A#", "A#01/"], ["a lt"])),
        ("{a:03d}", {}, {"a": [("gt", (-1,)), ("lt", (10_000,))]}, (None, [], [])),
        ("{a:03d}", {}, {"a": [("between", (-1, 5))]}, ("lte", ["005"], [])),
        ("{a:03d}", {}, {"a": [("between", (5, 6)), ("between", (1, 1000))]}, ("between", ["005", "006"], [])),
        ("{a:d}", {}, {"a": [("gt", (7,))]}, (None, [], [])),
        ("{a}", {}, {"a": [("gt", (7,))]}, (None, [], [])),
        ("{a:%Y-%m-%d}", {}, {"a": [("gt", (DAY,))]}, ("gt", ["2024-01-31"], ["a gt"])),
        ("{a:%Y-%m-%d}", {}, {"a": [("gt", (MOMENT,))]}, ("gte", ["2024-01-31"], [])),
        ("{a:%Y-%m-%d}", {}, {"a": [("lt", (MOMENT,))]}, ("lte", ["2024-01-31"], [])),
        ("{a:%d.%m.%Y}", {}, {"a": [("gt", (DAY,))]}, (None, [], [])),
        ("{a:%H%M%S%f\x00}", {}, {"a": [("lt", (MOMENT.time(),))]}, ("lt", ["123015000007\x00"], ["a lt"])),
        ("{a:%H%M%S%f\ue000}", {}, {"a": [("lt", (MOMENT.time(),))]}, ("lte", ["123015000007\ud7ff"], ["a lt"])),
        # of a part of fixed width that is followed
        ("{a:03d}#{b}", {}, {"a": [("gt", (9,))]}, ("gte", ["00:"], ["a gt"])),
        ("{a:03d}#{b}", {}, {"a": [("gte", (9,))]}, ("gte", ["009"], ["a gte"])),
        ("{a:03d}#{b}", {}, {"a": [("lt", (9,))]}, ("lt", ["009"], ["a lt"])),
        ("{a:03d}#{b}", {}, {"a": [("lte", (9,))]}, ("lt", ["00:"], ["a lte"])),
        ("A#{a:03d}#{b}", {}, {"a": [("lt", (9,))]}, ("between", ["A#", "A#009"], ["a lt"])),
        ("A#{a:03d}#{b}", {}, {"a": [("between", (5, 9))]}, ("between", ["A#005", "A#00:"], ["a between"])),
        ("A#{a:03d}#{b}", {}, {"a": [("gt", (5,)), ("lt", (9,))]}, ("between", ["A#006", "A#009"], ["a gt", "a lt"])),
        ("{a:03d}{b}", {}, {"a": [("lt", (9,))]}, ("lt", ["009"], ["a lt"])),
        ("A#{a:03d}{b}", {}, {"a": [("lt", (9,))]}, ("between", ["A#", "A#009"], [])),
        ("A#{a:03d}{b}", {}, {"a": [("lte", (9,))]}, ("between", ["A#", "A#00:"], [])),
        ("A#{a:03d}{b:02d}", {}, {"a": [("lte", (9,))]}, ("between", ["A#", "A#00:"], ["a lte"])),
        ("A#{a:03d}{b}#", {}, {"a": [("lte", (9,))]}, ("between", ["A#", "A#00:"], ["a lte"])),
        # 010 and an empty text is where the range behind 009 ends
        ("{a:03d}{b}", {"a": 9}, {"b": [("gt", ("x",))]}, ("between", ["009x\0", "00:"], ["b gt"])),
        ("{a:03d}{b}", {"a": 9}, {"b": [("lte", ("x",))]}, ("between", ["009", "009x"], ["a eq", "b lte"])),
        ("{a:03d}{b}", {"a": 9}, {}, ("begins_with", ["009"], ["a eq"])),
        ("{a:03d}{b:02d}", {"a": 9}, {"b": [("gt", (3,))]}, ("between", ["00903\0", "00:"], ["a eq", "b gt"])),
    ],
)
def test_what_is_known_of_keys(source, equal, others, expected):
    operator, values, settled = expected
    assert Template.of(source).narrowed(equal, others) == Narrowed(
        operator, tuple(values), frozenset(tuple(one.split()) for one in settled)
    )


def test_without_escapes_what_holds_a_delimiter_is_left_to_filters():
    template = Template.of("{a}#{b}", escape=False)
    both = {"a": [("begins_with", ("x",)), ("begins_with", ("x#",))]}
    assert template.narrowed({}, both) == ("begins_with", ("x",), frozenset())
    assert template.narrowed({}, {"a": [("begins_with", ("x#",))]}) == (None, (), frozenset())


def test_a_value_that_no_key_has_is_refused_with_its_field():
    for source, equal, field, reason in [
        ("{a:02d}", {"a": 100}, "a", "wider than 2"),
        ("{a}#{b:%Y}", {"a": "x", "b": 2024}, "b", "no date"),
        ("{a}", {"a": ""}, "a", "no key is empty"),
    ]:
        with pytest.raises(Unfit, match=reason) as caught:
            Template.of(source).narrowed(equal, {})
        assert caught.value.field == field


@settings(max_examples=examples(quick=200, long=5_000))
@given(texts, texts)
def test_a_text_follows_all_that_begin_with_a_prefix(prefix, text):
    after = after_all_of(prefix)
    assert in_utf_8(f"{prefix}{text}") < in_utf_8(after) if after else prefix == "\U0010ffff" * len(prefix)
    if after and in_utf_8(prefix) <= in_utf_8(text) < in_utf_8(after):
        assert text.startswith(prefix)
