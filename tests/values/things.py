"""A thing with a field of each plain kind, and the ways in which its values are written."""

from __future__ import annotations

import datetime as dt

from ..libraries import binary, boolean, collection, exact, integer, listing, mapping, nested, real, text

UTC = dt.timezone.utc

THING = {
    "id": text(required=True),
    "n": integer(),
    "x": real(),
    "d": exact(),
    "s": text(),
    "blob": binary(),
    "flag": boolean(),
    "words": listing(text()),
    "tags": collection(text()),
    "marks": collection(integer()),
    "blobs": collection(binary()),
    "free": mapping(),
    "box": nested({"a": integer(stored="A"), "b": text(), "free": mapping(), "tags": collection(text())}),
    "boxes": listing(nested({"a": integer(), "b": text()})),
}


def stored(model, key="1"):
    """Return an item as it is stored, in wire form."""
    return model.Table.client.get_item(TableName=model.Table.full_name, Key={"id": {"S": key}})["Item"]


def store(model, **attributes):
    """Store an item as another program would, in wire form."""
    item = {"id": {"S": "1"}, **attributes}
    model.Table.client.put_item(TableName=model.Table.full_name, Item=item)


def write(model, way, **values):
    """Write values in one of the ways in which they can be written."""
    if way == "put":
        model.put({"id": "1", **values})
    elif way == "constructor":
        model(id="1", **values).save()
    elif way == "assigned":
        instance = model(id="1")
        for name, value in values.items():
            setattr(instance, name, value)
        instance.save()
    elif way == "partial":
        model(id="1").save()
        instance = model.get(id="1")
        for name, value in values.items():
            setattr(instance, name, value)
        instance.save(partial=True)
    else:
        model.update_item(id="1", **values)


WAYS = ["put", "constructor", "assigned", "partial", "update"]
