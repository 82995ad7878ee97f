"""An item whose key another writer formatted otherwise is written where it is, not beside it."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest

from ..libraries import integer, moment, text, unique

# schematics calls its own deprecated functions
pytestmark = pytest.mark.filterwarnings("ignore:Call to deprecated function:DeprecationWarning")

ID = uuid.UUID("12345678-1234-5678-1234-56781234567a")
MOMENT = dt.datetime(2024, 1, 2, 3, 4, 5, tzinfo=dt.timezone.utc)
FORMS = {
    "moment": (moment(required=True), "2024-01-02T03:04:05Z", MOMENT),
    "unique": (unique(required=True), str(ID).upper(), ID),
}


@pytest.fixture(params=FORMS)
def found(request: Any, library: Any, dynamo_tables: Any) -> Any:
    """An instance that was read from an item with a key in another form than ours."""
    declared, form, value = FORMS[request.param]
    table = {"name": "events", "hash_key": "id", "range_key": "at"}
    fields = {"id": text(required=True), "at": declared, "n": integer()}
    (model,) = dynamo_tables(library.model("Event", table, fields))
    model.Table.table.put_item(Item={"id": "1", "at": form, "n": 1})
    (instance,) = model.query(id="1")
    assert instance.at == value and not instance.is_dirty and not instance.key_changed
    return instance


def keys(model: Any) -> list[str]:
    return [item["at"] for item in model.Table.table.scan()["Items"]]


def test_every_verb_goes_to_the_item_that_was_read(found: Any) -> None:
    model, (form,) = type(found), keys(type(found))
    found.n = 2
    found.save()
    assert keys(model) == [form]
    found.n = 3
    found.save(partial=True)
    found.update(n__plus=1)
    found.refresh()
    assert found.n == 4 and keys(model) == [form]
    assert [one.n for one in model.get_batch([found])] == [4]
    found.delete()
    assert keys(model) == []


def test_a_changed_key_is_stored_in_our_form(found: Any) -> None:
    model = type(found)
    found.at = MOMENT + dt.timedelta(1) if isinstance(found.at, dt.datetime) else uuid.UUID(int=5)
    found.save()
    assert len(keys(model)) == 2 and found.to_item()["at"]["S"] in keys(model)
