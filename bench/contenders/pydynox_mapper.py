"""pydynox: its core is written in Rust; values are not validated."""

from __future__ import annotations

from pydynox import DynamoDBClient, Model, ModelConfig
from pydynox.attributes import ListAttribute, MapAttribute, NumberAttribute, StringAttribute

from ..item import KEYS, PLAIN, REGION, TABLE


def prepare(endpoint):
    client = DynamoDBClient(
        region=REGION,
        access_key=KEYS["aws_access_key_id"],
        secret_key=KEYS["aws_secret_access_key"],
        endpoint_url=endpoint,
    )

    class Book(Model):
        model_config = ModelConfig(table=TABLE, client=client)
        isbn = StringAttribute(partition_key=True)
        title = StringAttribute()
        author = StringAttribute()
        publisher = StringAttribute()
        language = StringAttribute()
        summary = StringAttribute()
        created = StringAttribute()
        year = NumberAttribute()
        pages = NumberAttribute()
        stock = NumberAttribute()
        tags = ListAttribute()
        meta = MapAttribute()

    book = Book(**PLAIN)
    return {
        "get": lambda: Book.sync_get(isbn=PLAIN["isbn"]),
        "save": book.sync_save,
        "update": lambda: Book.sync_update_by_key(isbn=PLAIN["isbn"], pages=673, stock=11),
    }
