"""As little as can be: one keep-alive socket, a signature by hand, a typed decoder written for each kind of item.

No pool, no threads, no retries, no errors, no checks: what is to be paid for anything at all.
"""

from __future__ import annotations

import hashlib
import hmac
import socket
import time
from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec
import orjson

from ..items import ACCESS_KEY, REGION, SECRET_KEY
from .base import Wire

CONTENT = "application/x-amz-json-1.0"
NAMES = "content-type;host;x-amz-date;x-amz-target"
MOST = 65536


class Line:
    """One socket, and what of a signature stays the same for a day."""

    def __init__(self, endpoint):
        self.host = endpoint.rpartition("/")[2]
        name, _, port = self.host.partition(":")
        self.socket = socket.create_connection((name, int(port)))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        day = time.strftime("%Y%m%d", time.gmtime())
        self.scope = f"{day}/{REGION}/dynamodb/aws4_request"
        key = f"AWS4{SECRET_KEY}".encode()
        for part in (day, REGION, "dynamodb", "aws4_request"):
            key = hmac.digest(key, part.encode(), "sha256")
        self.key = key

    def post(self, operation, payload):
        body = orjson.dumps(payload)
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        target = f"DynamoDB_20120810.{operation}"
        canonical = (
            f"POST\n/\n\ncontent-type:{CONTENT}\nhost:{self.host}\nx-amz-date:{stamp}\nx-amz-target:{target}\n\n"
            f"{NAMES}\n{hashlib.sha256(body).hexdigest()}"
        )
        hashed = hashlib.sha256(canonical.encode()).hexdigest()
        text = f"AWS4-HMAC-SHA256\n{stamp}\n{self.scope}\n{hashed}"
        signature = hmac.digest(self.key, text.encode(), "sha256").hex()
        self.socket.sendall(
            f"POST / HTTP/1.1\r\nHost: {self.host}\r\nContent-Type: {CONTENT}\r\nX-Amz-Date: {stamp}\r\n"
            f"X-Amz-Target: {target}\r\nContent-Length: {len(body)}\r\nAuthorization: AWS4-HMAC-SHA256 "
            f"Credential={ACCESS_KEY}/{self.scope}, SignedHeaders={NAMES}, Signature={signature}\r\n\r\n".encode()
            + body
        )
        return self.content()

    def content(self):
        head, _, content = self.socket.recv(MOST).partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        if len(content) == length:
            return content
        whole = bytearray(length)
        whole[: len(content)] = content
        rest = memoryview(whole)[len(content) :]
        while rest:
            rest = rest[self.socket.recv_into(rest) :]
        return whole


class Contender(Wire):
    @staticmethod
    def open(endpoint, variant):
        return Line(endpoint)

    def prepare(self):
        kind, self.decode = DECODERS[self.kind.name]
        self.read = msgspec.json.Decoder(Answer[kind]).decode

    def send(self, operation, payload):
        answer = self.read(self.shared.post(operation, payload))
        return {name: part for name in Answer.__struct_fields__ if (part := getattr(answer, name)) is not None}

    def taken(self, items):
        decode = self.decode
        return [decode(item) for item in items]


Kind = TypeVar("Kind")


class Answer(msgspec.Struct, Generic[Kind]):
    Item: Kind | None = None
    Items: list[Kind] | None = None
    Responses: dict[str, list[Kind]] | None = None
    LastEvaluatedKey: Any = None
    UnprocessedItems: Any = None


class Text(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    S: str


class Number(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    N: str


class Flag(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    BOOL: bool


class ListOf(msgspec.Struct, Generic[Kind], forbid_unknown_fields=True, gc=False):
    L: list[Kind]


class Map(msgspec.Struct, Generic[Kind], forbid_unknown_fields=True, gc=False):
    M: Kind


class Book(msgspec.Struct, gc=False):
    publisher: Text
    isbn: Text
    title: Text
    author: Text
    language: Text
    summary: Text
    created: Text
    year: Number
    pages: Number
    stock: Number
    lent: Flag
    tags: ListOf[Text]
    meta: Map[dict[str, Text]]


def book(item):
    return {
        "publisher": item.publisher.S,
        "isbn": item.isbn.S,
        "title": item.title.S,
        "author": item.author.S,
        "language": item.language.S,
        "summary": item.summary.S,
        "created": datetime.fromisoformat(item.created.S),
        "year": int(item.year.N),
        "pages": int(item.pages.N),
        "stock": int(item.stock.N),
        "lent": item.lent.BOOL,
        "tags": [tag.S for tag in item.tags.L],
        "meta": {name: value.S for name, value in item.meta.M.items()},
    }


def strings(item):
    return {name: value.S for name, value in item.items()}


class Numbers(msgspec.Struct, gc=False):
    device: Number
    moment: Number
    count: Number
    temperature: Number
    pressure: Number


def numbers(item):
    return {
        "device": int(item.device.N),
        "moment": int(item.moment.N),
        "count": int(item.count.N),
        "temperature": float(item.temperature.N),
        "pressure": float(item.pressure.N),
    }


class Point(msgspec.Struct, gc=False):
    latitude: Number
    longitude: Number


class Address(msgspec.Struct, gc=False):
    street: Text
    city: Text
    country: Text
    point: Map[Point]


class Customer(msgspec.Struct, gc=False):
    name: Text
    email: Text
    address: Map[Address]


class Option(msgspec.Struct, gc=False):
    name: Text
    value: Text


class OrderLine(msgspec.Struct, gc=False):
    sku: Text
    quantity: Number
    price: Number
    options: ListOf[Map[Option]]


class Order(msgspec.Struct, gc=False):
    shop: Text
    number: Text
    note: Text
    status: Text
    customer: Map[Customer]
    lines: ListOf[Map[OrderLine]]


def nested(item):
    customer = item.customer.M
    address = customer.address.M
    point = address.point.M
    return {
        "shop": item.shop.S,
        "number": item.number.S,
        "note": item.note.S,
        "status": item.status.S,
        "customer": {
            "name": customer.name.S,
            "email": customer.email.S,
            "address": {
                "street": address.street.S,
                "city": address.city.S,
                "country": address.country.S,
                "point": {"latitude": float(point.latitude.N), "longitude": float(point.longitude.N)},
            },
        },
        "lines": [line(one.M) for one in item.lines.L],
    }


def line(one):
    return {
        "sku": one.sku.S,
        "quantity": int(one.quantity.N),
        "price": float(one.price.N),
        "options": [{"name": option.M.name.S, "value": option.M.value.S} for option in one.options.L],
    }


class Checked(msgspec.Struct, gc=False):
    region: Text
    user: Text
    name: Text
    country: Text
    phone: Text
    age: Number
    points: Number
    level: Number
    ratio: Number
    interests: ListOf[Text]


def checked(item):
    return {
        "region": item.region.S,
        "user": item.user.S,
        "name": item.name.S,
        "country": item.country.S,
        "phone": item.phone.S,
        "age": int(item.age.N),
        "points": int(item.points.N),
        "level": int(item.level.N),
        "ratio": float(item.ratio.N),
        "interests": [one.S for one in item.interests.L],
    }


DECODERS = {
    "book": (Book, book),
    "strings": (dict[str, Text], strings),
    "numbers": (Numbers, numbers),
    "nested": (Order, nested),
    "checked": (Checked, checked),
}
