"""A shop whose customers, orders and lines share a table and its indexes."""

from __future__ import annotations

from typing import Any, NamedTuple

from dynamorm import Composite, DynaModel, GlobalIndex, ProjectAll, ProjectInclude, Q

from ..libraries import Library, integer, listing, mapping, moment, text
from .plain_shop import OPEN

CUSTOMER_FIELDS = {
    "email": text(required=True),
    "name": text(),
    "city": text(),
    "alias": text(),
    "visits": integer(),
    "meta": mapping(),
    "memo": text(),
}
ORDER_FIELDS = {
    "email": text(required=True),
    "placed": moment(required=True),
    "id": text(required=True),
    "status": text(),
    "total": integer(),
    "note": text(),
    "memo": text(),
}
LINE_FIELDS = {
    "email": text(required=True),
    "label": text(required=True),
    "no": integer(required=True),
    "sku": text(required=True),
    "spare": text(),
    "qty": integer(),
    "tags": listing(text()),
    "meta": mapping(),
    "memo": text(),
}


def first_of(tags: list[str]) -> str | None:
    return f"TOP#{tags[0]}" if tags else None


def rank_of(meta: dict[str, Any]) -> str | None:
    return str(meta["rank"]) if "rank" in meta else None


class ShopModels(NamedTuple):
    """The abstract base and its models."""

    base: Any
    customer: Any
    order: Any
    line: Any


def shop_models(library: Library) -> ShopModels:

    class Shop(DynaModel):
        class Table:
            name = f"shop-{library.name}"
            hash_key = "pk"
            range_key = "sk"
            discriminator = "kind"
            billing_mode = "PAY_PER_REQUEST"
            abstract = True

        class First(GlobalIndex):
            name = "gsi1"
            hash_key = "gsi1pk"
            range_key = "gsi1sk"
            projection = ProjectAll()

        class Second(GlobalIndex):
            name = "gsi2"
            hash_key = "gsi2pk"
            range_key = "gsi2sk"
            projection = ProjectInclude("kind")

    class Customer(Shop):
        pk = Composite("CUSTOMER#{email}")
        sk = Composite("LINE#/000")  # which is the key of the line without a label and number, too
        Schema = library.schema(CUSTOMER_FIELDS)

        class ByCity(Shop.First):
            hash_key = Composite("CITY#{city}")
            range_key = Composite("{name}")

        class ByVisits(Shop.Second):
            hash_key = Composite("VISITS#{visits:d}")
            range_key = Composite("{alias!u}#{city}")

    class Order(Shop):
        pk = Composite("CUSTOMER#{email}")
        sk = Composite("ORDER#{placed:%Y-%m-%dT%H:%M:%S}#{id}")
        Schema = library.schema(ORDER_FIELDS)

        class Table(Shop.Table):
            discriminator_value = "order"

        class ByStatus(Shop.First):
            hash_key = Composite("STATUS#{status}", when=Q(status__in=list(OPEN)))
            range_key = Composite("{total:08d}")

        class ByNote(Shop.Second):
            hash_key = Composite("NOTE#{note}")
            range_key = Composite("{placed:%Y%m}{status}")

    class Line(Shop):
        pk = Composite("CUSTOMER#{email}")
        sk = Composite("LINE#{label}/{no:03d}")
        Schema = library.schema(LINE_FIELDS)

        class ByTag(Shop.First):
            hash_key = Composite("tags", merge=first_of)
            range_key = Composite("meta", merge=rank_of)

        class BySku(Shop.Second):
            hash_key = Composite("SKU#{sku}|{spare}", when=Q(meta__hidden__not_exists=True))
            range_key = Composite("{qty:05d}")

    return ShopModels(Shop, Customer, Order, Line)
