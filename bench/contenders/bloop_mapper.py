"""bloop."""

from __future__ import annotations

import boto3
from bloop import BaseModel, Column, Engine, Integer, List, Map, String

from ..item import KEYS, PLAIN, REGION, TABLE


def prepare(endpoint):
    class Book(BaseModel):
        class Meta:
            table_name = TABLE

        isbn = Column(String, hash_key=True)
        title = Column(String)
        author = Column(String)
        publisher = Column(String)
        language = Column(String)
        summary = Column(String)
        created = Column(String)
        year = Column(Integer)
        pages = Column(Integer)
        stock = Column(Integer)
        tags = Column(List(String))
        meta = Column(Map(shelf=String, room=String))

    options = {"endpoint_url": endpoint, "region_name": REGION, **KEYS}
    engine = Engine(
        dynamodb=boto3.client("dynamodb", **options),
        dynamodbstreams=boto3.client("dynamodbstreams", **options),
    )
    engine.bind(Book, skip_table_setup=True)

    def get():
        book = Book(isbn=PLAIN["isbn"])
        engine.load(book)
        return book

    def save():
        engine.save(Book(**PLAIN))

    def update():
        engine.save(Book(isbn=PLAIN["isbn"], pages=673, stock=11))

    return {"get": get, "save": save, "update": update}
