"""``in`` with no element, and with more than DynamoDB takes in one."""

from __future__ import annotations

import pytest
from boto3.dynamodb.conditions import Attr

from dynamorm import ConditionFailed, ExpressionTooLong, F, InvalidKey, NotProjected, Q, ValidationError

from .shelf import found, matching


def nothing(shelf):
    return [
        Q(year__in=[]),
        Q(year__is_in=()),
        Q(year__in=iter(())),
        Q(tags__size__in=set()),
        Q(meta__lang__is_in=[]),
        shelf.year.is_in([]),
        shelf.year.size().is_in([]),
        F("never").is_in([]),
        Q(year__in=[]) & Q(title="x"),
        Q(year__in=[]) | Q(views__in=[]),
        ~(~Q(year__in=[]) | Q(title="x")),
        ~~Q(year__in=[]),
        Attr("year").is_in([]),
        Attr("publisher.city").is_in(()) & Q(title="x"),
        ~(~Attr("year").is_in([]) | Attr("title").eq("x")),
    ]


def test_reads_of_nothing_find_nothing_and_ask_for_nothing(shelf, sent):
    for condition in nothing(shelf):
        for query in (shelf.scan(condition), shelf.query(condition, isbn="A"), shelf.find(condition, isbn="A")):
            assert list(query) == query.all() == list(query.pages()) == query[:5] == []
            assert query.count() == 0 and not query.exists() and not query
            assert query.first() is None
            assert tuple(query.page(3)) == ([], None)
            assert (query.last, query.resp, query.scanned, query.capacity) == (None, None, 0, 0.0)
            assert list(query.read_ahead()) == list(query.consistent().limit(3)) == []
            assert query.delete() == query.update(year=1) == 0
        assert list(shelf.scan(condition).parallel(3)) == list(shelf.scan(condition).segment(0, 2)) == []
    assert list(shelf.ByAuthor.query(author="Mr. Bar", views__in=[]).hydrate()) == []
    assert sent == []


def test_what_is_joined_with_nothing_means_what_it_says(shelf, sent):
    assert found(shelf, Q(year__in=[]) | Q(year=1999)) == {"A"}
    assert found(shelf, ~Q(year__in=[])) == set("ABCD")
    assert found(shelf, ~Q(year__in=[]) & Q(year=1999)) == {"A"}
    assert found(shelf, (Q(year__in=[]) & Q(year=1999)) | Q(year=2005)) == {"B"}
    sent.clear()
    assert found(shelf, Q(year=1999, views__in=[]) | ~Q(tags__in=[], year=1)) == set("ABCD")
    assert len(sent) == 1


def test_a_write_on_such_a_condition_is_refused_and_shows_the_item(own_shelf):
    for condition in nothing(own_shelf):
        for write in (
            lambda: own_shelf.put({"isbn": "A", "title": "x"}, conditions=condition),  # noqa: B023
            lambda: own_shelf.update_item(isbn="A", year=1, conditions=condition),  # noqa: B023
            lambda: own_shelf.delete_item(isbn="A", conditions=condition),  # noqa: B023
            lambda: own_shelf.get(isbn="A").save(conditions=condition),  # noqa: B023
            lambda: own_shelf.get(isbn="A").delete(conditions=condition),  # noqa: B023
        ):
            with pytest.raises(ConditionFailed) as caught:
                write()
            assert caught.value.current.title == "The Depths"
        with pytest.raises(ConditionFailed) as caught:
            own_shelf.put({"isbn": "Z", "title": "x"}, conditions=condition)
        assert caught.value.current is None
    own_shelf.put({"isbn": "Z", "title": "x"}, conditions=~Q(year__in=[]))
    assert own_shelf.exists(isbn="Z")


def test_what_is_wrong_beside_it_is_still_wrong(shelf, sent):
    with pytest.raises(InvalidKey, match="needs isbn"):
        list(shelf.query(year__in=[]))
    with pytest.raises(InvalidKey, match="not with in"):
        list(shelf.query(isbn__in=[]))
    with pytest.raises(ValidationError):
        list(shelf.scan(year__in=[], views="many"))
    assert sent == []


def test_filters_on_what_an_index_does_not_hold_are_refused_with_nothing_too(score):
    with pytest.raises(NotProjected):
        list(score.ByGame.query(game="g1", losses__in=[]))


def test_boto3s_form_of_it_finds_nothing(shelf):
    condition = Q(year__in=[]).to_boto3(shelf)
    assert shelf.Table.table.scan(FilterExpression=condition)["Items"] == []


def test_more_than_a_hundred_values_are_split(shelf, sent):
    for many in (
        range(1900, 2004),
        [*range(1900, 2000), *range(300)],
        tuple(range(1800, 2000)),
        set(range(1999, 1888, -1)),
    ):
        assert found(shelf, Q(year__in=many)) == {"A"}
        assert found(shelf, shelf.year.is_in(many)) == {"A"}
        assert found(shelf, Attr("year").is_in(list(many))) == {"A"}
        assert found(shelf, F("year").is_in(many)) == {"A"}
        assert found(shelf, ~Q(year__in=many)) == set("BCD")
        assert found(shelf, Q(year__in=many) & Q(views=10)) == {"A"}
        assert found(shelf, Q(year__in=many) | Q(year=2005)) == {"A", "B"}
    sent.clear()
    assert matching(shelf, year__in=range(1850, 2050)) == {"A", "B"}
    assert sent[-1].payload["FilterExpression"].count(" IN ") == 2
    assert matching(shelf, year__in=range(2005, 2105)) == {"B"}
    assert sent[-1].payload["FilterExpression"].count(" IN ") == 1
    assert matching(shelf, tags__size__in=range(150)) == {"A", "B"}
    assert matching(shelf, title__in=["Sky", *map(str, range(400))]) == {"B"}
    assert matching(shelf, rank__in=[shelf.views, *range(400, 600)]) == set()


def test_more_values_than_fit_into_an_expression_are_refused(shelf, sent):
    for many in (range(1_000), map(str, range(5_000))):
        with pytest.raises(ExpressionTooLong, match="4,096"):
            list(shelf.scan(title__in=[str(one) for one in many]))
    with pytest.raises(ExpressionTooLong):
        shelf.update_item(isbn="A", year=1, conditions=Q(year__in=range(2_000)))
    assert sent == []


HUNDREDS = [(1, [1]), (100, [100]), (101, [100, 1]), (200, [100, 100]), (250, [100, 100, 50])]


@pytest.mark.parametrize(("count", "sizes"), HUNDREDS)
@pytest.mark.parametrize("kind", ["keyword", "reference", "boto3", "undeclared"])
def test_the_text_has_a_hundred_values_at_most_in_each_in(shelf, sent, kind, count, sizes):
    values = [1900 + number for number in range(count)]
    condition = {
        "keyword": lambda: Q(year__in=values),
        "reference": lambda: shelf.year.is_in(values),
        "boto3": lambda: Attr("year").is_in(values),
        "undeclared": lambda: F("year").is_in(values),
    }[kind]()
    list(shelf.scan(condition))
    with pytest.raises(ConditionFailed):
        shelf.delete_item(isbn="none", conditions=condition)
    for request, name, prefix in zip(sent, ("FilterExpression", "ConditionExpression"), "fc", strict=True):
        text, given = request.payload[name], request.payload["ExpressionAttributeValues"]
        lists = [part.partition("(")[2].rstrip(")").split(", ") for part in text.split(" OR ")]
        assert [len(one) for one in lists] == sizes
        assert text.count(f"#{prefix}0 IN (") == len(sizes)
        assert [given[holder] for one in lists for holder in one] == [{"N": str(value)} for value in values]


def test_the_text_of_nothing_is_false_of_every_item(shelf, sent):
    for condition in (Q(year__in=[]), shelf.year.is_in([]), Attr("year").is_in([])):
        with pytest.raises(ConditionFailed):
            shelf.delete_item(isbn="A", conditions=condition)
        payload = sent.pop().payload
        assert payload["ConditionExpression"] == "attribute_exists(#c0) AND attribute_not_exists(#c0)"
        assert payload["ReturnValuesOnConditionCheckFailure"] == "ALL_OLD"
        assert "ExpressionAttributeValues" not in payload
