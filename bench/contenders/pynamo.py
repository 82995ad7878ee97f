"""PynamoDB."""

from __future__ import annotations

from pynamodb.attributes import ListAttribute, MapAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.models import Model

from ..item import KEYS, PLAIN, REGION, TABLE


def prepare(endpoint):
    class Book(Model):
        class Meta:
            table_name = TABLE
            host = endpoint
            region = REGION
            aws_access_key_id = KEYS["aws_access_key_id"]
            aws_secret_access_key = KEYS["aws_secret_access_key"]

        isbn = UnicodeAttribute(hash_key=True)
        title = UnicodeAttribute()
        author = UnicodeAttribute()
        publisher = UnicodeAttribute()
        language = UnicodeAttribute()
        summary = UnicodeAttribute()
        created = UnicodeAttribute()
        year = NumberAttribute()
        pages = NumberAttribute()
        stock = NumberAttribute()
        tags = ListAttribute(of=UnicodeAttribute)
        meta = MapAttribute()

    book = Book(**PLAIN)
    return {
        "get": lambda: Book.get(PLAIN["isbn"]),
        "save": book.save,
        "update": lambda: book.update(actions=[Book.pages.set(673), Book.stock.set(11)]),
    }
