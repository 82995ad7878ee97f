"""What comes from other libraries or from a slip is refused by a message that says what to write."""

from __future__ import annotations

import copy
import pickle

import pytest

from dynamorm import DynamoException, F, InvalidExpression, InvalidSchemaField, MisusedExpression, Q

from ..libraries import integer, text

METHODS = [
    ("limit", r"\.limit\(3\)"),
    ("page_size", r"\.page_size\("),
    ("consistent", r"\.consistent\(\)"),
    ("consistent_read", r"\.consistent\(\)"),
    ("reverse", r"\.reverse\(\)"),
    ("scan_index_forward", r"\.reverse\(\)"),
    ("order_by", r"\.reverse\(\), since a query comes in the order of its range key"),
    ("attrs", r"\.only\("),
    ("attributes_to_get", r"\.only\("),
    ("start", r"\.start\(cursor\)"),
    ("cursor", r"\.page\(20, cursor\)"),
    ("index_name", r"\.on\("),
    ("partial", r"\.partial\(\)"),
    ("conditions", "by position or as keywords"),
    ("filter_condition", "by position or as keywords"),
    ("range_key_condition", "name__gt"),
    ("hash_key", "by the name of its field"),
    ("query_kwargs", "nothing else does"),
    ("FilterExpression", "query_kwargs="),
    ("Limit", "query_kwargs="),
    ("titel", "did you mean 'title'"),
    ("xyzzy", "there are: isbn, title"),
]


@pytest.mark.parametrize(("name", "message"), METHODS)
def test_options_given_as_keywords_name_the_method(shelf, sent, name, message):
    for read in (
        lambda: shelf.query(isbn="A").filter(**{name: 3}),
        lambda: shelf.scan().filter(**{f"{name}__gt": 3}),
        lambda: shelf.scan(Q(**{name: 3})),
        lambda: shelf.scan({}, {name: 3}),  # a first dict may be boto3's arguments
        lambda: shelf.find(isbn="A").key(**{name: 3}),
    ):
        with pytest.raises(InvalidSchemaField, match=message) as caught:
            read().all()
        assert f"Book has no field {name!r}" in str(caught.value)
    assert sent == []


def test_a_field_of_such_a_name_is_the_field(library, dynamo_tables):
    fields = {"id": text(required=True), "limit": integer(), "start": integer(), "condition": integer()}
    (model,) = dynamo_tables(library.model("Named", {"name": "named", "hash_key": "id"}, fields))
    model.put({"id": "1", "limit": 3, "start": 4, "condition": 5})
    model.put({"id": "2", "limit": 2, "start": 4, "condition": 5})
    assert [found.id for found in model.scan(limit=3, start__gte=1, condition=5)] == ["1"]
    assert model.query(id="1", limit=3).limit(1).count() == 1
    model.update_item(id="1", condition=6, conditions={"limit": 3})
    assert model.get(id="1").condition == 6


def test_conditions_of_writes_are_in_the_plural(shelf, sent):
    for write in (
        lambda: shelf.put({"isbn": "A", "title": "x"}, condition={"year": 1}),
        lambda: shelf.put_unique({"isbn": "A", "title": "x"}, condition={"year": 1}),
        lambda: shelf(isbn="A", title="x").save(condition={"year": 1}),
        lambda: shelf(isbn="A", title="x").update(title="y", condition={"year": 1}),
        lambda: shelf(isbn="A", title="x").delete(condition={"year": 1}),
        lambda: shelf.update_item(isbn="A", title="y", condition={"year": 1}),
        lambda: shelf.delete_item(isbn="A", condition={"year": 1}),
        lambda: shelf.upsert(isbn="A", title="y", condition={"year": 1}),
        lambda: shelf.patch(isbn="A", title="y", condition={"year": 1}),
    ):
        with pytest.raises(DynamoException, match=r"conditions=\.\.\."):
            write()
    with pytest.raises(InvalidExpression, match="capitals, such as ReturnValues"):
        shelf.put({"isbn": "A", "title": "x"}, return_values="ALL_OLD")
    with pytest.raises(InvalidExpression, match="such as get_item_kwargs takes a dict"):
        shelf.query(isbn="A", query_kwargs=["Limit"])
    assert sent == []


def test_conditions_in_a_list_that_contains_itself_are_refused(shelf, sent):
    endless = [Q(year=1)]
    endless.append(endless)
    with pytest.raises(InvalidExpression, match="a list that contains itself"):
        shelf.put({"isbn": "A", "title": "x"}, conditions=endless)
    with pytest.raises(InvalidExpression, match="a list that contains itself"):
        shelf.scan().filter(endless)
    assert sent == []


OPERATORS = [
    ("title__startswith", "write title__begins_with="),
    ("title__istartswith", "small letters"),
    ("title__icontains", "small letters"),
    ("title__iexact", "small letters"),
    ("title__exact", "write title__eq="),
    ("title__endswith", "no ends of text"),
    ("title__regex", "no patterns"),
    ("title__like", "no patterns"),
    ("title__isnull", "title=None asks for what is absent or NULL, title__ne=None"),
    ("year__range", "write year__between="),
    ("year__ge", "write year__gte="),
    ("year__neq", "write year__ne="),
    ("year__not_in", r"write ~Q\(year__in=\[\.\.\.\]\)"),
    ("published__year", "no parts of dates"),
    ("publisher__name__startswith", "write publisher__name__begins_with="),
    ("publisher__nam", "did you mean 'name'"),
    ("title__begin_with", "did you mean 'begins_with'"),
    ("title__contain", "did you mean 'contains'"),
    ("year__plus", "function of updates"),
    ("year__xyzzy", "the operators attribute_type, begins_with, between"),
]


@pytest.mark.parametrize(("name", "message"), OPERATORS)
def test_lookups_of_other_libraries_name_ours_or_say_that_there_is_none(shelf, sent, name, message):
    with pytest.raises(InvalidSchemaField, match=message) as caught:
        list(shelf.scan(**{name: True}))
    part = name.rpartition("__")[2]
    assert f"{name!r}: {part!r} is nothing of" in str(caught.value)
    assert sent == []


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("year__increment", "write year__plus="),
        ("tags__push", "write tags__append="),
        ("year__set", r"write year=\.\.\."),
        ("year__unset", "write year__remove="),
        ("year__gt", "operator of conditions, which writes take as conditions="),
        ("year__xyzzy", "the functions add, append"),
    ],
)
def test_functions_of_other_libraries_name_ours(shelf, sent, name, message):
    with pytest.raises(InvalidSchemaField, match=message):
        shelf.update_item(isbn="A", **{name: 1})
    assert sent == []


def test_comparisons_without_parentheses_say_that_they_need_some(shelf):
    year = shelf.year
    for wrong in (
        lambda: year == 1 | year == 2,
        lambda: year == 1 & year == 2,
        lambda: year > 1 | shelf.title == "x",
        lambda: (year == 1) | year == 2,
        lambda: year | (year == 2),
        lambda: F("year") == 1 | F("year") == 2,
        lambda: year.size() == 1 | year.size() == 2,
        lambda: Q(year=1) & year,
    ):
        with pytest.raises(MisusedExpression, match="parentheses"):
            wrong()
    with pytest.raises(MisusedExpression, match=r"Book\.in_print == False"):
        _ = ~shelf.in_print


def test_pythons_words_name_the_operators_to_use(shelf):
    year = shelf.year
    for wrong, message in (
        (lambda: year in [1, 2], r"Book\.year\.is_in\("),
        (lambda: 1 < year < 5, r"Book\.year\.between\(low, high\)"),
        (lambda: 1 <= F("a") <= 5, r"F\('a'\)\.between\(low, high\)"),
        (lambda: bool(year == 1), "& | ~"),
        (lambda: (year == 1) and (year == 2), "& | ~"),
        (lambda: (year == 1) or (year == 2), "& | ~"),
        (lambda: not Q(year=1), "& | ~"),
        (lambda: not year, "compare it"),
        (lambda: "sea" in shelf.tags, r"Book\.tags\.contains\('sea'\)"),
    ):
        with pytest.raises(MisusedExpression, match=message):
            wrong()
    assert issubclass(MisusedExpression, TypeError) and issubclass(MisusedExpression, InvalidExpression)


def test_what_is_no_condition_says_why_and_what_to_give(shelf, sent):
    own = shelf(isbn="A", title="x", year=1)
    for wrong, message in (
        (shelf.year, r"compare it, as in Book\.year == value"),
        (shelf.year.size(), "compare it"),
        (shelf.year.add(1), "an action of updates"),
        (own.year == 1, "not that of an instance"),
        ("year > 1", "expressions as text go into query_kwargs"),
        (5, "give a Q"),
        (own, "give a Q"),
    ):
        for verb in (
            lambda: shelf.query(wrong, isbn="A").all(),  # noqa: B023
            lambda: shelf.scan([wrong]).all(),  # noqa: B023
            lambda: shelf.scan().filter(wrong).all(),  # noqa: B023
            lambda: shelf.put({"isbn": "A", "title": "x"}, conditions=[wrong]),  # noqa: B023
        ):
            with pytest.raises(InvalidExpression, match=message):
                verb()
        for compose in (lambda: Q(year=1) & wrong, lambda: wrong | Q(year=1)):  # noqa: B023
            with pytest.raises(TypeError) as caught:
                compose()
            assert isinstance(caught.value, DynamoException)
    with pytest.raises(MisusedExpression, match="keyword arguments"):
        Q({"year": 1})
    with pytest.raises(MisusedExpression, match=r"Q\(\*\*"):
        _ = Q(year=1) & {"title": "x"}
    assert sent == []


def test_subscripts_that_are_no_positions_say_what_is_meant(shelf, sent):
    query = shelf.scan()
    for wrong, kind, message in (
        (lambda: query[-2:], InvalidExpression, r"reverse\(\) it"),
        (lambda: query[:-1], InvalidExpression, "no end to count from"),
        (lambda: query[-1], InvalidExpression, r"query\.all\(\)"),
        (lambda: query[::-1], InvalidExpression, "no end to count from"),
        (lambda: query[::0], InvalidExpression, "no length"),
        (lambda: query["x"], MisusedExpression, "query\\[0\\]"),
        (lambda: query["a":"b"], MisusedExpression, "query\\[0\\]"),
        (lambda: query[1.5], MisusedExpression, "query\\[0\\]"),
        (lambda: query[True], MisusedExpression, "query\\[0\\]"),
        (lambda: query[None], MisusedExpression, "query\\[0\\]"),
        (lambda: query[0, 1], MisusedExpression, "query\\[0\\]"),
    ):
        with pytest.raises(kind, match=message):
            wrong()
    assert query[3:3] == query[5:2] == query[:0] == []
    assert sent == []
    assert [len(query[1:]), len(query[::2]), len(query[1:9:2])] == [3, 2, 2]
    with pytest.raises(IndexError, match="only 4 items") as caught:
        query[4]
    assert isinstance(caught.value, DynamoException)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_methods_of_other_libraries_name_ours(shelf):
    for reference, name, message in (
        (shelf.title, "startswith", r"write Book\.title\.begins_with\("),
        (shelf.title, "icontains", "small letters"),
        (shelf.title, "in_", r"write Book\.title\.is_in\("),
        (shelf.title, "not_in", r"write ~Book\.title\.is_in\("),
        (shelf.title, "isnull", r"Book\.title == None asks"),
        (shelf.title, "endswith", "no ends of text"),
        (shelf.year, "range", r"write Book\.year\.between\("),
        (shelf.views, "incr", r"write Book\.views\.plus\("),
        (shelf.meta, "lang", r"Book\.meta\['lang'\]"),
        (F("meta").size(), "lang", "has no method 'lang'"),
    ):
        with pytest.raises(AttributeError, match=message):
            getattr(reference, name)
        assert not hasattr(reference, name)
        assert repr(copy.deepcopy(reference)) == repr(pickle.loads(pickle.dumps(reference))) == repr(reference)


def test_arguments_that_are_nothing_of_the_kind_are_refused(shelf, sent):
    for wrong in (
        lambda: shelf.get(isbn="A", attrs=5),
        lambda: list(shelf.get_batch(["A"], attrs=5)),
        lambda: list(shelf.get_batch(5)),
        lambda: shelf.get(isbn="A", get_item_kwargs=[1]),
        lambda: shelf.scan(scan_kwargs={"ExpressionAttributeNames": 5}).all(),
        lambda: shelf.scan(scan_kwargs={"ExpressionAttributeValues": [5]}).all(),
        lambda: shelf.scan(scan_kwargs={"ProjectionExpression": 5}).all(),
        lambda: shelf.scan(scan_kwargs={"FilterExpression": 5}).all(),
        lambda: shelf.scan(scan_kwargs={"ExclusiveStartKey": 5}).all(),
        lambda: shelf.scan(scan_kwargs={"IndexName": []}).all(),
        lambda: shelf.scan(scan_kwargs={5: 5}).all(),
        lambda: shelf.scan().on([]),
        lambda: shelf.scan().specific_attributes(None),
        lambda: shelf.scan().specific_attributes("title"),
        lambda: shelf.scan().rate_limit("fast"),
        lambda: shelf.scan().rate_limit(float("inf")),
        lambda: shelf.scan().rate_limit(True),
        lambda: shelf.scan().segment("a", 2),
        lambda: shelf.scan().segment(True, 2),
        lambda: shelf.scan().segment(0, 1_000_001),
        lambda: shelf.scan().parallel(1_000_001),
        lambda: shelf.scan().page_size(2**31),
        lambda: shelf.scan().update(5),
        lambda: shelf.scan().update(Q(year=1), title="x"),
        lambda: Q(year=1).to_boto3(5),
        lambda: shelf.query(isbn="").all(),
    ):
        with pytest.raises(DynamoException):
            wrong()
    assert sent == []
    assert shelf.scan().limit(10**12).count() == len(shelf.scan().limit(10**12).all()) == 4


def test_errors_of_misuse_travel(shelf):
    with pytest.raises(MisusedExpression) as caught:
        bool(shelf.year == 1)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(copy.copy(caught.value)) == str(caught.value)


def test_existence_and_removal_that_are_not_true_are_errors_of_ours(shelf, sent):
    for wrong in (
        lambda: list(shelf.scan(year__exists=False)),
        lambda: shelf.update_item(isbn="A", year__remove=False),
    ):
        with pytest.raises(MisusedExpression, match="takes True"):
            wrong()
    assert sent == []


@pytest.mark.parametrize("wrong", [[1], {"S"}, {"S": 1}, 5, b"S", ("S",), object()])
def test_a_type_is_text_whatever_else_is_given(shelf, wrong):
    with pytest.raises(InvalidExpression, match="the types are"):
        list(shelf.scan(year__type=wrong))


@pytest.mark.parametrize("value", [5, "text", b"b", {"a": 1}, object(), F("a")])
def test_several_values_are_a_list_and_nothing_else(shelf, value):
    for operator in ("in", "between"):
        with pytest.raises(InvalidExpression, match="takes a list of values"):
            list(shelf.scan(**{f"year__{operator}": value}))
