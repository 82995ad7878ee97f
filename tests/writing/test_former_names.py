"""Attributes that are stored under former names of their fields, which schematics knows as ``deserialize_from``."""

from __future__ import annotations

import pytest

from dynamorm import DynaModel

types = pytest.importorskip("schematics.types")


@pytest.fixture
def renamed(dynamo_tables):
    """A model whose ``at`` was once stored as ``when``, with such an item."""

    class Renamed(DynaModel):
        class Table:
            name = "renamed"
            hash_key = "id"
            billing_mode = "PAY_PER_REQUEST"

        class Schema:
            id = types.StringType(required=True)
            at = types.StringType(deserialize_from=["when"])

    dynamo_tables(Renamed)
    Renamed.Table.table.put_item(Item={"id": "1", "when": "noon", "other": 1})
    return Renamed


def stored(model):
    return model.Table.table.get_item(Key={"id": "1"})["Item"]


@pytest.mark.parametrize("verb", ["save", "partial save", "update", "class update"])
def test_what_is_removed_is_gone_under_its_former_names_too(renamed, verb):
    instance = renamed.get(id="1")
    assert instance.at == "noon" and not instance.is_dirty
    if verb.endswith("save"):
        instance.at = None
        instance.save(partial=verb != "save")
    elif verb == "update":
        instance.update(at=None)
    else:
        renamed.update_item(id="1", at__remove=True)
    assert renamed.get(id="1").at is None
    assert stored(renamed) == {"id": "1", "other": 1}


def test_what_is_set_is_read_under_its_own_name(renamed):
    instance = renamed.get(id="1")
    instance.at = "night"
    instance.save(partial=True)
    assert renamed.get(id="1").at == "night"
    instance.at = "dawn"
    instance.save()
    assert stored(renamed) == {"id": "1", "at": "dawn", "other": 1}
