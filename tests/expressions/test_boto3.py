"""boto3's conditions and ours compose, and either serves where the other does."""

from __future__ import annotations

import pytest
from boto3.dynamodb.conditions import Attr, ConditionBase, Key

from dynamorm import ConditionFailed, InvalidExpression, Q
from dynamorm.expressions import Condition

from .shelf import KEPT, matching


def test_boto3_conditions_compose_on_either_side(shelf):
    theirs, ours = Attr("year").gte(1999), Q(title__contains="k")
    assert matching(shelf, theirs & ours) == {"B"}
    assert matching(shelf, ours & theirs) == {"B"}
    assert matching(shelf, theirs | ours) == {"A", "B"}
    assert matching(shelf, ours | theirs) == {"A", "B"}
    assert matching(shelf, ~(theirs & ours)) == set("ACD")
    assert matching(shelf, ~theirs & ours) == set()
    assert matching(shelf, ~(ours & theirs)) == set("ACD")
    assert matching(shelf, theirs & (shelf.title == "Sky")) == {"B"}
    assert matching(shelf, (shelf.title == "Sky") & theirs) == {"B"}
    assert matching(shelf, (theirs & ours) | Attr("isbn").eq("A")) == {"A", "B"}
    assert matching(shelf, Attr("views").gt(Attr("rank"))) == {"A"}
    assert matching(shelf, Attr("title").size().gt(Attr("rank"))) == {"A"}
    assert matching(shelf, Attr("rank").lt(Attr("title").size())) == {"A"}


def test_boto3_conditions_are_accepted_wherever_a_q_is(shelf):
    assert [found.isbn for found in shelf.query(Key("isbn").eq("A"))] == ["A"]
    assert [found.isbn for found in shelf.query(Key("isbn").eq("A") & Attr("year").gt(2000))] == []
    found = shelf.ByAuthor.query(Key("author").eq("Mr. Bar") & Key("year").between(1990, 2000))
    assert [item.isbn for item in found] == ["A"]
    assert [item.isbn for item in shelf.query(isbn="A").filter(Attr("year").eq(1999))] == ["A"]
    assert [item.isbn for item in shelf.find(Key("author").eq("Mr. Bar"))] == ["A"]
    with pytest.raises(ConditionFailed):
        shelf.put({"isbn": "A", "title": "x"}, conditions=Attr("isbn").not_exists())
    with pytest.raises(ConditionFailed):
        shelf.get(isbn="A").update(Attr("views").lt(5), views=1)
    with pytest.raises(ConditionFailed):
        shelf.delete_item(isbn="A", conditions=Attr("views").lt(5))
    with pytest.raises(ConditionFailed):
        shelf.get(isbn="A").save(conditions=[Attr("views").lt(5), Q(title="x")])
    assert shelf.get(isbn="A").views == 10


def test_ours_are_instances_of_boto3s_base_class_and_of_our_own(shelf):
    for condition in (Q(year=1), Q(), Q(year=1) & Q(title="x"), Q(year=1) | Q(), ~Q(year=1), shelf.year == 1):
        assert isinstance(condition, ConditionBase)
        assert isinstance(condition, Condition)
        assert issubclass(type(condition), Condition)
    assert isinstance(Q(), Q)


def test_to_boto3_serves_boto3s_own_table(own_shelf):
    table = own_shelf.Table.table
    for condition in (
        Q(publisher__name="House"),
        Q(published=KEPT),
        own_shelf.tags[1] == "deep",
        Q(subtitle__ne=None) & ~Q(year__lt=1000),
        Q(tags__size__gte=2) & Q(tags__contains="sea") & ~Q(tags__not_contains="sea"),
        Q(views__gt=own_shelf.rank, year__between=[1, 3000]) & Q(year__in=[1999, 2000]),
        Attr("year").lt(2000) & Q(title__type="S", title__begins_with="The"),
        own_shelf.title.size() > own_shelf.rank,
        Q(tags__size__in=[3, 7], title__size__ne=4) & Q(year__ne=2005),
    ):
        theirs = (Q() & condition).to_boto3(own_shelf)
        assert type(theirs).__module__ == "boto3.dynamodb.conditions"
        assert [item["isbn"] for item in table.scan(FilterExpression=theirs)["Items"]] == ["A"]
    key = Q(isbn="A").to_boto3(own_shelf)
    assert table.scan(FilterExpression=key & Attr("year").eq(1999))["Count"] == 1
    filtered = {"KeyConditionExpression": Key("isbn").eq("A"), "FilterExpression": Q(year=1999).to_boto3(own_shelf)}
    assert table.query(**filtered)["Count"] == 1
    table.delete_item(Key={"isbn": "A"}, ConditionExpression=Q(views=10).to_boto3(own_shelf))
    assert own_shelf.get(isbn="A") is None


def test_an_empty_condition_has_no_form_in_boto3(shelf):
    with pytest.raises(InvalidExpression, match="empty"):
        Q().to_boto3(shelf)


def test_boto3_is_told_to_ask_for_its_own_form(shelf):
    with pytest.raises(InvalidExpression, match="to_boto3"):
        shelf.Table.table.scan(FilterExpression=Q(year=1))
    with pytest.raises(InvalidExpression, match="to_boto3"):
        shelf.Table.table.scan(FilterExpression=Attr("x").eq(1) & Q(year=1))
