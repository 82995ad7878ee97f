"""Callers use the Python names of fields, requests carry the stored ones."""

from __future__ import annotations

from dynamorm import GlobalIndex, ProjectInclude

from ..libraries import integer, text


def test_keys_projections_conditions_and_updates_take_python_names_and_send_stored_ones(library, dynamo_tables):
    class ByWriter(GlobalIndex):
        name = "by-writer"
        hash_key = "writer"
        range_key = "born"
        projection = ProjectInclude("motto")

    fields = {
        "code": text(stored="Code", required=True),
        "part": integer(stored="Part", required=True),
        "writer": text(stored="Writer"),
        "born": integer(stored="Born"),
        "motto": text(stored="Motto"),
        "plain": text(),
    }
    model = library.model("Book", {"name": "named", "hash_key": "code", "range_key": "part"}, fields, ByWriter=ByWriter)
    dynamo_tables(model)
    assert model.Table.key_schema == [
        {"AttributeName": "Code", "KeyType": "HASH"},
        {"AttributeName": "Part", "KeyType": "RANGE"},
    ]
    model.put({"code": "c", "part": 1, "writer": "w", "born": 1900, "motto": "m", "plain": "p"})
    raw = model.Table.table.get_item(Key={"Code": "c", "Part": 1})["Item"]
    assert raw == {"Code": "c", "Part": 1, "Writer": "w", "Born": 1900, "Motto": "m", "plain": "p"}
    assert model.get(code="c", part=1).motto == "m"
    (found,) = model.ByWriter.query(writer="w", born__gt=1800)
    assert (found.motto, found.plain) == ("m", None)
    assert [one.part for one in model.scan(motto__begins_with="m")] == [1]
    model.update_item(code="c", part=1, motto="n", conditions={"writer": "w"})
    assert model.get(code="c", part=1, attrs=["motto"]).to_item() == {
        "Code": {"S": "c"},
        "Part": {"N": "1"},
        "Motto": {"S": "n"},
    }
    assert model.query(code="c").only("motto").first().motto == "n"
    assert model.get(code="c", part=1).to_dict(native=True) == {
        "code": "c",
        "part": 1,
        "writer": "w",
        "born": 1900,
        "motto": "n",
        "plain": "p",
    }
