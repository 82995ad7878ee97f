"""A shop in one table: customers, their orders, and what was ordered, each found by the way that it is asked for."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from marshmallow import fields, validate

import dynamorm
from dynamorm import (
    Composite,
    DynaModel,
    GlobalIndex,
    InvalidKey,
    OneToMany,
    ProjectAll,
    Q,
    Transaction,
    local,
)

OPEN = ("placed", "paid")


class Shop(DynaModel):
    class Table:
        name = "shop"
        hash_key = "pk"
        range_key = "sk"
        discriminator = "kind"
        billing_mode = "PAY_PER_REQUEST"
        abstract = True

    class GSI1(GlobalIndex):
        name = "gsi1"
        hash_key = "gsi1pk"
        range_key = "gsi1sk"
        projection = ProjectAll()

    class GSI2(GlobalIndex):
        name = "gsi2"
        hash_key = "gsi2pk"
        range_key = "gsi2sk"
        projection = ProjectAll()


class Customer(Shop):
    pk = Composite("CUSTOMER#{email}")
    sk = Composite("PROFILE")

    class Schema:
        email = fields.Email(required=True)
        name = fields.String(required=True)
        city = fields.String()

    class ByCity(Shop.GSI1):
        hash_key = Composite("CITY#{city!l}")
        range_key = Composite("{name}")

    orders = OneToMany("Order", on="email")


class Order(Shop):
    pk = Composite("CUSTOMER#{email}")
    sk = Composite("ORDER#{placed:%Y-%m-%dT%H:%M:%SZ}#{id}")

    class Schema:
        email = fields.Email(required=True)
        placed = fields.AwareDateTime(required=True)
        id = fields.String(required=True)
        status = fields.String(required=True, validate=validate.OneOf([*OPEN, "sent", "canceled"]))
        total = fields.Decimal(required=True)

    class OpenByTotal(Shop.GSI1):
        hash_key = Composite("STATUS#{status}", when=Q(status__in=OPEN))
        range_key = Composite("{total:012.2f}")

    class ById(Shop.GSI2):
        hash_key = Composite("ORDER#{id}")
        range_key = Composite("HEAD")

    lines = OneToMany("Line", query=lambda order: {"order": order.id}, index="OfOrder")


class Line(Shop):
    pk = Composite("CUSTOMER#{email}")
    sk = Composite("LINE#{order}#{number:04d}")

    class Schema:
        email = fields.Email(required=True)
        order = fields.String(required=True)
        number = fields.Integer(required=True)
        product = fields.String(required=True)
        copies = fields.Integer(load_default=1)
        price = fields.Decimal(required=True)

    class OfOrder(Shop.GSI2):
        hash_key = Composite("ORDER#{order}")
        range_key = Composite("LINE#{number:04d}")


def at(day: int, hour: int = 12) -> dt.datetime:
    return dt.datetime(2026, 5, day, hour, tzinfo=dt.timezone.utc)


def place(customer: Customer, id: str, placed: dt.datetime, status: str, *products: tuple[str, int, str]) -> None:
    """Store an order and its lines, all of them or none."""
    total = sum(Decimal(price) * copies for _, copies, price in products)
    with Transaction() as tx:
        tx.save(Order(email=customer.email, id=id, placed=placed, status=status, total=total), unique=True)
        for number, (product, copies, price) in enumerate(products, 1):
            line = Line(
                email=customer.email, order=id, number=number, product=product, copies=copies, price=Decimal(price)
            )
            tx.save(line)


def ids(orders) -> list[str]:
    return [order.id for order in orders]


def open_a_shop() -> None:
    for name, city in (("Ann", "Oslo"), ("Bob", "Bergen"), ("Cy", "oslo")):
        Customer(email=f"{name.lower()}@example.com", name=name, city=city).save()
    ann, bob = (Customer.require(email=f"{name}@example.com") for name in ("ann", "bob"))
    place(ann, "a1", at(1), "sent", ("Sand", 2, "10.50"), ("Wind", 1, "8"))
    place(ann, "a2", at(3), "paid", ("Stars", 1, "120"))
    place(ann, "a3", at(3, 18), "placed", ("Wind", 1, "8"))
    place(ann, "a4", at(9), "placed", ("Sand", 1, "10.50"))
    place(bob, "b1", at(4), "placed", ("Stars", 2, "120"), ("Rain#2", 1, "9.90"))


def read() -> None:
    mine = Shop.query(email="ann@example.com").by_model()
    print("in one query:", [customer.name for customer in mine[Customer]], ids(mine[Order]), len(mine[Line]), "lines")
    orders = Order.query(email="ann@example.com")
    print("newest first:", ids(orders.reverse()))
    some = orders.filter(placed__gte=at(2), placed__lt=at(9))
    print("of a week:", ids(some))
    print("of a day:", ids(orders.filter(placed__between=(at(3, 0), at(3, 23)))))
    explained = some.explain()
    for part in (*explained.keys, *explained.filters[:2]):  # and a filter on the kind
        print(part)

    print("open, dearest first:", ids(Order.OpenByTotal.query(status="placed").reverse()))
    print("for more than 10:", ids(Order.OpenByTotal.query(status="placed", total__gt=10)))
    try:
        Order.OpenByTotal.query(status="sent").all()
    except InvalidKey:
        print("what was sent is not in that index:", ids(orders.filter(status="sent")))

    b1 = Order.ById.query(id="b1").one()
    print("by its number:", b1.email, b1.total, [line.product for line in b1.lines])
    both = Shop.GSI2.query(gsi2pk="ORDER#b1").by_model()
    print("order and lines at once:", ids(both[Order]), [line.copies for line in both[Line]])
    oslo = Customer.ByCity.query(city="Oslo")
    print("in Oslo:", [customer.name for customer in oslo], [customer.name for customer in oslo.filter(name__gte="B")])


def turn_pages() -> None:
    orders = Order.query(email="ann@example.com")
    first = orders.page(2)
    second = orders.page(2, first.next_cursor)
    back = orders.page(2, second.previous_cursor)
    print("pages:", ids(first.items), ids(second.items), second.next_cursor, "and back", ids(back.items))
    everything = Shop.query(email="ann@example.com")
    page, kinds = everything.page(4), []
    while True:
        kinds.append("".join(type(item).__name__[0] for item in page.items))
        if page.next_cursor is None:
            break
        page = everything.page(4, page.next_cursor)
    print("pages of all kinds:", kinds)


def change() -> None:
    a4 = Customer.require(email="ann@example.com").orders.first(reverse=True)
    print("to be paid:", ids(Order.OpenByTotal.query(status="placed")))
    a4.update(status="paid", conditions={"status": "placed"})
    print("paid:", ids(Order.OpenByTotal.query(status="paid")), a4.gsi1pk)
    Order.patch(email="ann@example.com", placed=at(9), id="a4", status="sent")
    print("sent:", Order.require(email="ann@example.com", placed=at(9), id="a4").gsi1pk)
    Order.patch(email="ann@example.com", placed=at(3, 18), id="a3", status="paid", given={"total": 8})
    print("paid:", ids(Order.OpenByTotal.query(status="paid")))

    move("ann@example.com", "ann@example.org")
    left = Shop.query(email="ann@example.com")
    moved = Shop.query(email="ann@example.org").by_model()
    print("moved:", bool(left), [customer.name for customer in moved[Customer]], ids(moved[Order]), len(moved[Line]))
    a2 = Order.ById.query(id="a2").one()
    print("found by its number:", a2.email, [line.email for line in a2.lines])


def move(email: str, new: str) -> None:
    """Give a customer another address; everything that belongs to them is under it afterwards."""
    for item in Shop.query(email=email).all():
        item.change_key(email=new)


def main() -> None:
    dynamorm.create_tables(Customer, Order, Line)
    open_a_shop()
    read()
    turn_pages()
    change()
    print("removed:", Shop.query(email="ann@example.org").delete(), "left:", Shop.scan().count())


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
        main()
