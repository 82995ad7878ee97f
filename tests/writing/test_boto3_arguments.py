"""Arguments that writes pass through to boto3, and what they return."""

from __future__ import annotations

import pytest
from boto3.dynamodb.conditions import Attr

from dynamorm import ConditionFailed, DynamoException

from ..books import book_values
from ..libraries import natives
from ..traffic import sent_by


def test_writes_return_boto3s_response_with_plain_attributes(book, stored):
    response = book.put({"isbn": stored, "title": "x"}, ReturnValues="ALL_OLD", ReturnConsumedCapacity="TOTAL")
    assert response["Attributes"]["year"] == 1999
    assert response["Attributes"]["meta"] == book_values()["meta"]
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 200
    found = book.get(isbn=stored)
    assert found.save(ReturnValues="ALL_OLD")["Attributes"]["title"] == "x"
    assert found.update(title="y")["Attributes"]["title"] == "y"
    assert found.update(title="z", return_all=True)["Attributes"] == {"isbn": stored, "title": "z", "copies": 1}
    response = book.update_item(isbn=stored, title="u", update_item_kwargs={"ReturnValues": "UPDATED_OLD"})
    assert response["Attributes"] == {"title": "z"}
    assert "Attributes" not in book.update_item(isbn=stored, title="v")
    assert "Attributes" in found.delete(ReturnValues="ALL_OLD")


def test_where_no_request_was_made_nothing_is_returned(book, stored):
    found = book.get(isbn=stored)
    with sent_by(book) as requests:
        assert found.update() is None
        assert found.save(partial=True) is None
        assert book.update_item(isbn=stored) is None
    assert requests == []


def test_put_item_kwargs_are_in_the_form_of_boto3s_resource(book, stored):
    options = {
        "ConditionExpression": "#y = :y AND begins_with(#c0, :c0)",
        "ExpressionAttributeNames": {"#y": "year", "#c0": "title"},
        "ExpressionAttributeValues": {":y": 1999, ":c0": "The"},
    }
    book.put(book_values(author="a"), conditions={"copies": 3, "title": "The Depths"}, **options)
    assert book.get(isbn=stored).author == "a"
    for conditions in ({"copies": 4}, {"title": "x"}):
        with pytest.raises(ConditionFailed):
            book.put(book_values(author="b"), conditions=conditions, **options)
    book.put(book_values(author="b"), ConditionExpression=Attr("year").eq(1999))
    with pytest.raises(ConditionFailed):
        book.get(isbn=stored).save(ConditionExpression=Attr("year").eq(1))
    assert book.get(isbn=stored).author == "b"


def test_update_item_kwargs_are_in_the_form_of_boto3s_resource(book, stored):
    options = {
        "UpdateExpression": "SET #x = :x REMOVE subtitle_, #r",
        "ConditionExpression": Attr("year").eq(1999),
        "ExpressionAttributeNames": {"#x": "author", "#r": "sub"},
        "ExpressionAttributeValues": {":x": "theirs"},
    }
    given = dict(options)
    response = book.update_item(isbn=stored, title="ours", conditions={"copies": 3}, update_item_kwargs=given)
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert given == options
    assert natives(book.get(isbn=stored)) == book_values(title="ours", author="theirs", subtitle=None)
    book.get(isbn=stored).update(
        update_item_kwargs={
            "UpdateExpression": "SET author = :a, meta.lang = :l",
            "ExpressionAttributeValues": {":a": "again", ":l": "fi"},
        }
    )
    assert (book.get(isbn=stored).author, book.get(isbn=stored).meta["lang"]) == ("again", "fi")


def test_what_an_expression_of_ones_own_changes_is_taken_over_and_nothing_else_is_lost(book, stored):
    found = book.get(isbn=stored)
    found.title = "unsaved"
    found.update(
        copies=7,
        update_item_kwargs={
            "UpdateExpression": "SET author = :a, meta.lang = :l REMOVE #r",
            "ExpressionAttributeNames": {"#r": "rank"},
            "ExpressionAttributeValues": {":a": "again", ":l": "fi"},
        },
    )
    meta = {**book_values()["meta"], "lang": "fi"}
    assert natives(found) == book_values(title="unsaved", copies=7, author="again", meta=meta, rank=None)
    assert list(found.changes) == ["title"]


def test_what_the_verb_supplies_itself_cannot_be_passed_through(book, stored):
    for name in ("TableName", "Key", "Item"):
        with pytest.raises(DynamoException):
            book.put(book_values(), **{name: "x"})
