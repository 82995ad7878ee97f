"""Changes that AWS Lambda hands over, as instances; the records are those of the engine's own stream."""

from __future__ import annotations

import copy
import datetime
from types import SimpleNamespace

import pytest

from dynamorm import DynaModel, DynamoTableException, InvalidExpression, ValidationError, upgrade
from dynamorm.streams import records

from ..composites.shops import day, shop
from ..libraries import binary, integer, text
from .lambda_events import records_of

VIEWS = ["NEW_AND_OLD_IMAGES", "NEW_IMAGE", "OLD_IMAGE", "KEYS_ONLY"]


def page_of(library, view):
    table = SimpleNamespace(name="changed-pages", hash_key="url", range_key="number", stream=view, read=5, write=5)
    body = {
        "__module__": __name__,
        "Table": type("Table", (), vars(table)),
        "Schema": library.schema(
            {
                "url": text(required=True),
                "number": integer(required=True),
                "title": text(),
                "seal": binary(),
            }
        ),
    }
    return type(DynaModel)("Page", (DynaModel,), body)


@pytest.fixture(params=VIEWS)
def page(request, library, dynamo_tables):
    (model,) = dynamo_tables(page_of(library, request.param))
    return model


@pytest.fixture
def seen(library, dynamo_tables):
    (model,) = dynamo_tables(page_of(library, "NEW_AND_OLD_IMAGES"))
    return model


def event_of(model):
    return {"Records": records_of(model.Table)}


def changed(model):
    model(url="/", number=1, title="old", seal=b"\x00\xff").save()
    model.update_item(url="/", number=1, title="new")
    model.delete_item(url="/", number=1)
    return event_of(model)


def test_each_kind_of_stream_gives_instances(page):
    view = page.Table.stream
    inserted, modified, removed = records(changed(page), page)
    assert [one.kind for one in (inserted, modified, removed)] == ["insert", "modify", "remove"]
    assert (inserted.old, removed.new) == (None, None)
    has_old, has_new = "OLD" in view, "NEW" in view
    for change, side, title, has in (
        (inserted, "new", "old", has_new),
        (modified, "old", "old", has_old),
        (modified, "new", "new", has_new),
        (removed, "old", "new", has_old),
    ):
        instance = getattr(change, side)
        assert type(instance) is page and change.model is page
        assert (instance.url, instance.number) == ("/", 1)
        assert instance.is_partial is not has
        if has:
            assert (instance.title, instance.seal) == (title, b"\x00\xff")
        assert not instance.is_dirty


def test_a_change_says_what_else_is_known(seen):
    inserted, modified, removed = records(changed(seen))
    assert inserted.keys == {"url": "/", "number": 1}
    assert inserted.instance is inserted.new and removed.instance is removed.old
    assert not any(one.by_ttl for one in (inserted, modified, removed))
    assert sorted({inserted.sequence, modified.sequence, removed.sequence}, key=int) == [
        inserted.sequence,
        modified.sequence,
        removed.sequence,
    ]
    assert abs(inserted.at - datetime.datetime.now(datetime.timezone.utc)) < datetime.timedelta(minutes=5)


@pytest.mark.parametrize("name", ["principalId", "PrincipalId"])
def test_what_dynamodb_deletes_as_expired_is_known(seen, name):
    event = changed(seen)
    event["Records"][-1]["userIdentity"] = {"type": "Service", name: "dynamodb.amazonaws.com"}
    assert [change.by_ttl for change in records(event)] == [False, False, True]


def test_images_that_the_schema_refuses(seen):
    event = changed(seen)
    event["Records"][1]["dynamodb"]["NewImage"]["title"] = {"L": []}
    read = records(event)
    assert next(read).kind == "insert"
    with pytest.raises(ValidationError):
        next(read)
    assert next(read).kind == "remove"
    assert [change.kind for change in records(event, on_invalid="skip")] == ["insert", "remove"]
    told = []
    assert [change.kind for change in records(event, on_invalid=told.append)] == ["insert", "remove"]
    assert [type(error) for error in told] == [ValidationError]


def test_what_is_no_event_is_refused(seen):
    for wrong in (None, [], {}, {"Records": {}}, {"Records": [{}]}, {"Records": [{"eventName": "INSERT"}]}):
        with pytest.raises(InvalidExpression):
            list(records(wrong, seen))
    with pytest.raises(InvalidExpression, match="on_invalid"):
        records({"Records": []}, on_invalid="ignore")
    with pytest.raises(InvalidExpression, match="classes of models"):
        records({"Records": []}, "Page")


def test_a_table_of_no_model_is_named(seen):
    event = copy.deepcopy(changed(seen))
    for record in event["Records"]:
        record["eventSourceARN"] = "arn:aws:dynamodb:us-east-1:1:table/nobodys/stream/2025"
    with pytest.raises(DynamoTableException, match="'nobodys'"):
        list(records(event, seen))


# Several models in one table.


@pytest.fixture
def shared(library, dynamo_tables):
    return shop(library)


def placed(models):
    return [
        models.Customer(email="ann@example.com", name="Ann"),
        models.Order(email="ann@example.com", placed=day(2), id="1", total=3),
        models.Note(email="ann@example.com", number=1, body="hello"),
    ]


def event_of_items(models, view):
    """Return an event as a stream of some kind would give it, of items as they are stored."""
    found = []
    for number, instance in enumerate(placed(models)):
        item = instance.to_item()
        told = {"Keys": {name: item[name] for name in ("pk", "sk")}, "SequenceNumber": str(number)}
        told["ApproximateCreationDateTime"] = 1_700_000_000.0
        if "NEW" in view:
            told["NewImage"] = item
        source = f"arn:aws:dynamodb:us-east-1:1:table/{models.Shop.Table.full_name}/stream/2025"
        found.append({"eventName": "INSERT", "dynamodb": told, "eventSourceARN": source})
    return {"Records": found}


@pytest.mark.parametrize("view", ["NEW_IMAGE", "KEYS_ONLY"])
def test_items_of_a_shared_table_are_of_their_classes(shared, view):
    found = list(records(event_of_items(shared, view), shared.Shop))
    assert [change.model for change in found] == [shared.Customer, shared.Order, shared.Note]
    if view == "NEW_IMAGE":
        assert [change.new.email for change in found] == ["ann@example.com"] * 3
        assert found[1].new.total == 3
    assert [change.new.is_partial for change in found] == [view == "KEYS_ONLY"] * 3


def test_models_see_their_own_items(shared):
    found = list(records(event_of_items(shared, "NEW_IMAGE"), shared.Order, shared.Note))
    assert [change.model for change in found] == [shared.Order, shared.Note]


# What else there is in a table.


@pytest.fixture
def account(library, dynamo_tables):
    fields = {"id": text(required=True), "email": text(), "name": text()}
    words = {
        "name": "changed-accounts",
        "hash_key": "id",
        "billing_mode": "PAY_PER_REQUEST",
        "stream": "NEW_AND_OLD_IMAGES",
        "unique": ["email"],
        "schema_version": 2,
    }

    def to_2(item):
        item["name"] = item.pop("called", None)
        return item

    body = {
        "__module__": __name__,
        "Table": type("Table", (), words),
        "Schema": library.schema(fields),
        "to_2": upgrade(2)(to_2),
    }
    (model,) = dynamo_tables(type(DynaModel)("Account", (DynaModel,), body))
    return model


def test_guards_are_passed_over_and_old_items_are_upgraded(account):
    account.Table.put({"id": "1", "called": "Ann"})  # as an earlier release did
    account(id="2", email="bob@example.com", name="Bob").save()
    account.delete_item(id="2")
    event = event_of(account)
    found = list(records(event, account))
    assert [(change.kind, change.instance.id, change.instance.name) for change in found] == [
        ("insert", "1", "Ann"),
        ("insert", "2", "Bob"),
        ("remove", "2", "Bob"),
    ]
    assert len(event["Records"]) > len(found)
    for record in event["Records"]:
        record["dynamodb"].pop("NewImage", None)
        record["dynamodb"].pop("OldImage", None)
    assert [change.instance.id for change in records(event, account)] == ["1", "2", "2"]
