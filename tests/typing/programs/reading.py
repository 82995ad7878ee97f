"""What reads give: each line that reveals a type says which one in its comment."""

from __future__ import annotations

from typing import Any

from marshmallow import fields
from typing_extensions import reveal_type

from dynamorm import DynaModel, GlobalIndex, ProjectAll


class Book(DynaModel):
    class Table:
        name = "books"
        hash_key = "isbn"

    class ByAuthor(GlobalIndex):
        name = "by-author"
        hash_key = "author"
        projection = ProjectAll()

    class Schema:
        isbn = fields.String()
        author = fields.String()


class Novel(Book):
    def shout(self) -> str:
        return str(self.title).upper()


reveal_type(Book.get(isbn="1"))  # Book | None
reveal_type(Novel.get(isbn="1", consistent=True))  # Novel | None
reveal_type(Book.require(isbn="1"))  # Book
reveal_type(Novel.require(isbn="1").shout())  # str
reveal_type(Book.exists(isbn="1"))  # bool
reveal_type(Book.get_batch(["1", "2"]))  # Iterator[Book]
reveal_type(Book.get_batch(["1", "2"], ordered=True))  # list[Book | None]

for found in Book.query(isbn="1"):
    reveal_type(found)  # Book
for found in Book.scan():
    reveal_type(found)  # Book
for found in Book.find(isbn="1"):
    reveal_type(found)  # Book
for segment in Novel.scan().parallel(4):
    reveal_type(segment)  # Novel

query = Book.query(isbn="1").filter(Book.year > 1990).key(isbn="2").limit(3).page_size(10).start(None).consistent()
query = query.specific_attributes(["title"]).only("title").partial().recursive().again().hydrate().on_invalid("skip")
reveal_type(query.reverse())  # QueryIterator[Book]
reveal_type(Book.scan().limit(3).segment(0, 4).rate_limit(10))  # ScanIterator[Book]
reveal_type(next(query))  # Book
reveal_type(query.first())  # Book | None
reveal_type(query.first(reverse=True))  # Book | None
reveal_type(Book.scan().first())  # Book | None
reveal_type(query.one())  # Book
reveal_type(query.all())  # list[Book]
reveal_type(query[0])  # Book
reveal_type(query[:10])  # list[Book]
reveal_type(query.count())  # int
reveal_type(query.exists())  # bool
reveal_type(query.page(10).items)  # list[Book]
reveal_type(query.page(10).next_cursor)  # str | None
reveal_type(query.page(10, query.page(10).previous_cursor).previous_cursor)  # str | None
items, cursor = Novel.scan().page(10, "cursor")
reveal_type(items)  # list[Novel]
reveal_type(cursor)  # str | None
for page in Book.scan().pages():
    reveal_type(page.items)  # list[Book]
reveal_type(query.last)  # dict[str, Any] | None
reveal_type(query.capacity)  # float
reveal_type(query.delete())  # int
reveal_type(query.update(title="New"))  # int
reveal_type(query.explain().index_name)  # str | None

indexed: Any = Book.ByAuthor.query(author="Mr. Bar").first()
