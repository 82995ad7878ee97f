"""A shop: an order takes each of its books from stock or fails as a whole; two clerks never overwrite each other."""

from __future__ import annotations

import datetime as dt

from marshmallow import fields, validate

import dynamorm
from dynamorm import (
    DynaModel,
    HashKeyExists,
    Transaction,
    TransactionCanceled,
    TransactionGet,
    VersionConflict,
    create_tables,
    local,
)


class Book(DynaModel):
    class Table:
        name = "books"
        hash_key = "isbn"
        billing_mode = "PAY_PER_REQUEST"

    class Schema:
        isbn = fields.String(required=True)
        title = fields.String(required=True)
        price = fields.Decimal(required=True)
        stock = fields.Integer(load_default=0, validate=validate.Range(min=0))


class Order(DynaModel):
    class Table:
        name = "orders"
        hash_key = "customer"
        range_key = "number"
        billing_mode = "PAY_PER_REQUEST"
        version = "revision"
        created = "placed_at"
        updated = "changed_at"

    class Schema:
        customer = fields.String(required=True)
        number = fields.Integer(required=True)
        lines = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
        total = fields.Decimal(required=True)
        state = fields.String(load_default="placed", validate=validate.OneOf(["placed", "paid", "sent", "canceled"]))
        revision = fields.Integer(required=True)
        placed_at = fields.AwareDateTime(required=True)
        changed_at = fields.AwareDateTime(required=True)


class OutOfStock(Exception):
    """Books of an order that are not there in so many copies, by title, with what is left."""


class PlacedAlready(Exception):
    """The order is there: a button was pressed twice."""


def place_order(customer: str, number: int, lines: dict[str, int]) -> Order:
    """Take books from stock for an order, all of them or none."""
    prices = {book.isbn: book.price for book in Book.get_batch(list(lines))}
    total = sum(prices[isbn] * copies for isbn, copies in lines.items())
    order = Order(customer=customer, number=number, lines=lines, total=total)
    try:
        with Transaction() as tx:
            tx.save(order, unique=True)
            for isbn, copies in lines.items():
                tx.update(Book, isbn=isbn, stock__minus=copies, conditions={"stock__gte": copies})
    except TransactionCanceled as canceled:
        if any(isinstance(reason.error, HashKeyExists) for reason in canceled.failed):
            raise PlacedAlready from canceled
        lacking = {reason.current.title: reason.current.stock for reason in canceled.failed}
        raise OutOfStock(lacking) from canceled
    return order


def cancel_order(order: Order) -> None:
    """Put the books of an order back, unless somebody has done something else with it."""
    order.state = "canceled"
    with Transaction() as tx:
        tx.save(order)
        for isbn, copies in order.lines.items():
            tx.update(Book, isbn=isbn, stock__plus=copies)


def main() -> None:
    create_tables(Book, Order)
    Book.put_batch(
        {"isbn": "1", "title": "Sand", "price": "10.50", "stock": 3},
        {"isbn": "2", "title": "Wind", "price": "8", "stock": 5},
        {"isbn": "3", "title": "Stars", "price": "20", "stock": 1},
    )

    order = place_order("ann", 1, {"1": 2, "2": 1, "3": 1})
    print("ordered:", order.total, "revision", order.revision, order.placed_at.time())
    try:
        place_order("ann", 1, {"1": 2, "2": 1, "3": 1})
    except PlacedAlready:
        print("placed already")
    print("left:", {book.title: book.stock for book in sorted(Book.scan(), key=lambda book: book.isbn)})
    try:
        place_order("bob", 1, {"1": 2, "2": 1, "3": 1})
    except OutOfStock as lacking:
        print("out of stock:", lacking)
    print("bob's:", Order.query(customer="bob").count(), "and still", Book.require(isbn="2").stock, "of Wind")

    shown_to_one, shown_to_other = (Order.require(customer="ann", number=1) for _ in range(2))
    shown_to_one.update(state="paid")
    try:
        cancel_order(shown_to_other)
    except TransactionCanceled as canceled:
        (reason,) = canceled.failed
        assert isinstance(reason.error, VersionConflict)
        print("it was changed meanwhile, and is", reason.current.state, "since", reason.current.changed_at.time())
    cancel_order(Order.require(customer="ann", number=1))

    with TransactionGet() as tx:
        order_now = tx.get(Order, customer="ann", number=1)
        books_now = [tx.get(Book, isbn=isbn) for isbn in ("1", "2", "3")]
    order = order_now.instance
    print("at one moment:", order.state, order.revision, [book.instance.stock for book in books_now])


if __name__ == "__main__":
    with (
        local.start() as engine,
        dynamorm.using(
            endpoint_url=engine.endpoint_url,
            region_name="us-east-1",
            aws_access_key_id="local",
            aws_secret_access_key="local",
        ),
    ):
        minutes = iter(range(60))
        dynamorm.configure(clock=lambda: dt.datetime(2026, 5, 6, 12, next(minutes), tzinfo=dt.timezone.utc))
        try:
            main()
        finally:
            dynamorm.configure(clock=None)
