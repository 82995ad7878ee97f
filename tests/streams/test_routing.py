"""Functions that are called with the changes of their models."""

from __future__ import annotations

import asyncio
import logging
from types import SimpleNamespace

import pytest

from dynamorm import DynaModel, InvalidExpression, InvalidSchemaField, MustBeAwaited
from dynamorm.streams import StreamRouter, records

from ..composites.shops import shop
from ..libraries import integer, library_named, text
from .lambda_events import records_of
from .test_records import event_of_items


@pytest.fixture(scope="module")
def library():
    return library_named("marshmallow")


@pytest.fixture(params=["NEW_AND_OLD_IMAGES"])
def goods(request, library, dynamo_tables):
    body = {
        "__module__": __name__,
        "Table": type(
            "Table",
            (),
            {"name": "changed-goods", "hash_key": "id", "stream": request.param, "billing_mode": "PAY_PER_REQUEST"},
        ),
        "Schema": library.schema({"id": text(required=True), "price": integer(), "stock": integer()}),
    }
    (model,) = dynamo_tables(type(DynaModel)("Goods", (DynaModel,), body))
    return model


@pytest.fixture
def event(goods):
    goods.put({"id": "1", "price": 1, "stock": 1})
    goods.update_item(id="1", price=2)
    goods.update_item(id="1", stock=2)
    goods.delete_item(id="1")
    return {"Records": records_of(goods.Table)}


def test_functions_are_called_with_what_they_are_for(goods, event):
    router, called = StreamRouter(goods), []

    @router.on_insert(goods)
    def new(change):
        called.append(("new", change.new.id))

    @router.on_modify(goods)
    def anything(change):
        called.append(("modified", change.new.price, change.new.stock))

    @router.on_modify(goods, "price")
    def price(change):
        called.append(("price", change.old.price, change.new.price))

    @router.on_remove(goods)
    def gone(change):
        called.append(("gone", change.old.id))

    for change in records(event, goods):
        router(change)
    assert called == [
        ("new", "1"),
        ("modified", 2, 1),
        ("price", 1, 2),
        ("modified", 2, 2),
        ("gone", "1"),
    ]
    assert new.__name__ == "new"


def test_a_lambda_handler_answers_the_first_that_fails(goods, event, caplog):
    router, called = StreamRouter(goods), []

    @router.on_insert(goods)
    def new(change):
        called.append(change.kind)

    @router.on_modify(goods, "stock")
    def stock(change):
        raise ValueError("no")

    @router.on_remove(goods)
    def gone(change):
        called.append(change.kind)

    failed = event["Records"][2]["dynamodb"]["SequenceNumber"]
    with caplog.at_level(logging.ERROR):
        assert router.lambda_handler()(event, None) == {"batchItemFailures": [{"itemIdentifier": failed}]}
    assert called == ["insert"]
    assert failed in caplog.text
    rest = {"Records": event["Records"][3:]}
    assert router.lambda_handler()(rest, None) == {"batchItemFailures": []}
    assert called == ["insert", "remove"]
    with pytest.raises(ValueError, match="no"):
        router.lambda_handler(partial_batch=False)(event, None)
    assert router.lambda_handler(partial_batch=False)(rest, None) is None


def test_an_image_that_the_schema_refuses_is_a_failure_too(goods, event):
    event["Records"][1]["dynamodb"]["NewImage"]["price"] = {"S": "dear"}
    failed = event["Records"][1]["dynamodb"]["SequenceNumber"]
    assert StreamRouter(goods).lambda_handler()(event, None) == {"batchItemFailures": [{"itemIdentifier": failed}]}
    assert StreamRouter(goods, on_invalid="skip").lambda_handler()(event, None) == {"batchItemFailures": []}


def test_coroutine_functions_are_awaited(goods, event):
    router, called = StreamRouter(goods), []

    @router.on_insert(goods)
    async def new(change):
        await asyncio.sleep(0)
        called.append(change.new.id)

    async def route():
        for change in records(event, goods):
            await router.aroute(change)

    asyncio.run(route())
    assert called == ["1"]
    with pytest.raises(MustBeAwaited):
        router(next(iter(records(event, goods))))


@pytest.mark.parametrize("goods", ["NEW_IMAGE", "KEYS_ONLY"], indirect=True)
def test_a_field_that_changed_is_only_known_by_both_images(goods, event):
    router = StreamRouter(goods)
    router.on_modify(goods, "price")(print)
    with pytest.raises(InvalidExpression, match='"NEW_AND_OLD_IMAGES"'):
        for change in records(event, goods):
            router(change)


def test_a_base_stands_for_its_models(library, dynamo_tables):
    models = shop(library)
    router, called = StreamRouter(models.Shop), []
    router.on_insert(models.Shop)(lambda change: called.append(("any", change.model)))
    router.on_insert(models.Order)(lambda change: called.append(("order", change.new.total)))
    router.lambda_handler()(event_of_items(models, "NEW_IMAGE"), None)
    assert called == [("any", models.Customer), ("any", models.Order), ("order", 3), ("any", models.Note)]


def test_what_cannot_be_routed_is_refused_at_once(goods):
    router = StreamRouter(goods)
    with pytest.raises(InvalidExpression, match="give a model"):
        router.on_insert("Goods")
    with pytest.raises(InvalidSchemaField, match="'prize'"):
        router.on_modify(goods, "prize")
    with pytest.raises(InvalidExpression, match="on_invalid"):
        StreamRouter(goods, on_invalid="never")
    with pytest.raises(InvalidExpression, match="classes of models"):
        StreamRouter(SimpleNamespace())
