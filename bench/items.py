"""What is read and written: five kinds of items, each described once for every contender.

The first is the one that all are compared by; the other four are there so that nothing is tuned to one row.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any, NamedTuple

REGION = "us-east-1"
ACCESS_KEY = "bench"
SECRET_KEY = "bench-secret"


class Field(NamedTuple):
    """An attribute: its name, its type in one word, of what a list or record is made, and what is checked of it."""

    name: str
    type: str
    of: Any = None
    checks: tuple[tuple[Any, ...], ...] = ()


class Sizes(NamedTuple):
    """How many items are stored, queried at once, queried when few are meant, and in one batch."""

    stored: int = 10_000
    page: int = 1_000
    few: int = 100
    read_batch: int = 100
    write_batch: int = 25


class Kind(NamedTuple):
    """One kind of items.

    All items have the hash key in common, and are in the order of their numbers by the range key.  ``values`` gives
    an item of a number, ``changed`` what an update sends.
    """

    name: str
    title: str
    fields: tuple[Field, ...]
    hash_key: str
    range_key: str
    values: Callable[[int], dict[str, Any]]
    changed: dict[str, Any]

    @property
    def table(self) -> str:
        """The table that is filled before, and only read."""
        return f"bench-{self.name}"

    @property
    def written(self) -> str:
        """The table that contenders write to, so that nobody reads what another one has written."""
        return f"bench-{self.name}-written"

    def key(self, number: int) -> dict[str, Any]:
        values = self.values(number)
        return {self.hash_key: values[self.hash_key], self.range_key: values[self.range_key]}

    def wire(self, number: int) -> dict[str, Any]:
        return {name: wire(value) for name, value in self.values(number).items()}

    def wire_key(self, number: int) -> dict[str, Any]:
        return {name: wire(value) for name, value in self.key(number).items()}


def wire(value: Any) -> dict[str, Any]:
    """The form of a value on the wire."""
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, (int, float)):
        return {"N": str(value)}
    if isinstance(value, datetime):
        return {"S": value.isoformat()}
    if isinstance(value, list):
        return {"L": [wire(one) for one in value]}
    return {"M": {name: wire(one) for name, one in value.items()}}


def of_type(type: str, names: str) -> tuple[Field, ...]:
    return tuple(Field(name, type) for name in names.split())


EPOCH = datetime(2024, 5, 17, 12, 34, 56, 789000, timezone.utc)

BOOK = (
    *of_type("string", "publisher isbn title author language summary"),
    Field("created", "datetime"),
    *of_type("integer", "year pages stock"),
    Field("lent", "boolean"),
    Field("tags", "list", Field("", "string")),
    Field("meta", "map"),
)


def book(number: int) -> dict[str, Any]:
    return {
        "publisher": "Addison-Wesley",
        "isbn": f"978-0-306-{number:05}-7",
        "title": f"The Art of Computer Programming, volume {number}",
        "author": "Donald E. Knuth",
        "language": "en",
        "summary": f"Fundamental algorithms, volume {number} of many, third edition, with exercises.",
        "created": EPOCH + timedelta(seconds=number),
        "year": 1968 + number % 50,
        "pages": 672 + number % 100,
        "stock": 12 + number,
        "lent": number % 2 == 0,
        "tags": ["computing", "mathematics", f"volume {number}"],
        "meta": {"shelf": f"C-{number}", "room": "reading room"},
    }


STRINGS = of_type("string", " ".join(f"s{number:02}" for number in range(40)))


def strings(number: int) -> dict[str, Any]:
    own = {"s00": "all of them", "s01": f"{number:06}"}
    return {
        field.name: own.get(field.name, f"text {number} of {field.name}, neither long nor short") for field in STRINGS
    }


NUMBERS = (*of_type("integer", "device moment count"), *of_type("float", "temperature pressure"))


def numbers(number: int) -> dict[str, Any]:
    return {
        "device": 7,
        "moment": 1_700_000_000 + number,
        "count": number % 977,
        "temperature": 20.5 + number % 64 / 8,
        "pressure": 1013.25 + number % 32 / 4,
    }


OPTION = of_type("string", "name value")
LINE = (
    Field("sku", "string"),
    Field("quantity", "integer"),
    Field("price", "float"),
    Field("options", "list", Field("option", "record", OPTION)),
)
POINT = of_type("float", "latitude longitude")
ADDRESS = (*of_type("string", "street city country"), Field("point", "record", POINT))
CUSTOMER = (*of_type("string", "name email"), Field("address", "record", ADDRESS))
ORDER = (
    *of_type("string", "shop number note status"),
    Field("customer", "record", CUSTOMER),
    Field("lines", "list", Field("line", "record", LINE)),
)


def order(number: int) -> dict[str, Any]:
    return {
        "shop": "Main Street",
        "number": f"{number:08}",
        "note": f"leave it at the door of house {number}",
        "status": "paid",
        "customer": {
            "name": f"customer {number}",
            "email": f"customer.{number}@example.com",
            "address": {
                "street": f"{number} Main Street",
                "city": "Springfield",
                "country": "US",
                "point": {"latitude": 39.75 + number % 64 / 64, "longitude": -89.5 - number % 64 / 64},
            },
        },
        "lines": [
            {
                "sku": f"{number}-{line}",
                "quantity": line + 1,
                "price": 9.75 + line,
                "options": [{"name": "colour", "value": "blue"}, {"name": "size", "value": str(line)}],
            }
            for line in range(3)
        ],
    }


COUNTRIES = ("AT", "CH", "DE", "FR", "IT", "US")
CHECKED = (
    Field("region", "string", checks=(("length", 1, 20),)),
    Field("user", "string", checks=(("pattern", r"u-[0-9]{6}$"),)),
    Field("name", "string", checks=(("length", 1, 100),)),
    Field("country", "string", checks=(("one_of", COUNTRIES),)),
    Field("phone", "string", checks=(("pattern", r"\+[0-9]{6,15}$"), ("length", 7, 16))),
    Field("age", "integer", checks=(("range", 0, 150),)),
    Field("points", "integer", checks=(("range", 0, 1_000_000),)),
    Field("level", "integer", checks=(("one_of", (1, 2, 3, 4, 5)),)),
    Field("ratio", "float", checks=(("range", 0.0, 1.0),)),
    Field("interests", "list", Field("", "string", checks=(("length", 1, 30),)), (("length", 1, 10),)),
)


def checked(number: int) -> dict[str, Any]:
    return {
        "region": "west",
        "user": f"u-{number:06}",
        "name": f"user number {number}",
        "country": COUNTRIES[number % 6],
        "phone": f"+4930{number:06}",
        "age": number % 100,
        "points": number * 7,
        "level": 1 + number % 5,
        "ratio": number % 64 / 64,
        "interests": ["reading", "walking", f"topic {number}"],
    }


KINDS = {
    kind.name: kind
    for kind in (
        Kind("book", "a book", BOOK, "publisher", "isbn", book, {"pages": 673, "stock": 11}),
        Kind("strings", "40 strings", STRINGS, "s00", "s01", strings, {"s20": "another text", "s30": "yet another"}),
        Kind("numbers", "5 numbers", NUMBERS, "device", "moment", numbers, {"count": 12, "pressure": 1015.5}),
        Kind("nested", "nested", ORDER, "shop", "number", order, {"note": "ring twice", "status": "sent"}),
        Kind("checked", "all validated", CHECKED, "region", "user", checked, {"age": 31, "points": 12}),
    )
}
MAIN = "book"
