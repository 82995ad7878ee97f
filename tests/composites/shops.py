"""A shop: customers, their orders and notes in one table, and gifts, which are orders."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any

from dynamorm import Composite, DynaModel, GlobalIndex, ProjectAll, ProjectInclude, ProjectKeys, Q

from ..libraries import Library, integer, moment, text

UTC = dt.timezone.utc

CUSTOMER = {"email": text(required=True), "name": text(), "city": text()}
ORDER = {
    "email": text(required=True),
    "placed": moment(required=True),
    "id": text(required=True),
    "status": text(),
    "total": integer(),
    "place": text(),
}
NOTE = {"email": text(required=True), "number": integer(required=True), "body": text()}


def table(**words: Any) -> type:
    """Return the inner class of the base."""
    own = {"name": "shop", "hash_key": "pk", "range_key": "sk", "discriminator": "kind", "abstract": True}
    return type("Table", (), {"billing_mode": "PAY_PER_REQUEST", **own, **words})


def index(name: str, projection: Any = None, base: type = GlobalIndex, **words: Any) -> type:
    """Return an index class whose keys are called after it."""
    keys = {"hash_key": f"{name}pk", "range_key": f"{name}sk"}
    return type(name, (base,), {"name": name, "projection": projection or ProjectAll(), **keys, **words})


def base(name: str = "Shop", declared: type | None = None, **body: Any) -> Any:
    """Return an abstract base of models."""
    return type(DynaModel)(name, (DynaModel,), {"__module__": __name__, "Table": declared or table(), **body})


def model(library: Library, name: str, parent: Any, fields: Any, declared: Any = None, **body: Any) -> Any:
    """Return a model that shares the table of its base, whose words it may add to."""
    made = {"__module__": __name__, "Schema": library.schema(fields), **body}
    if declared is not None:
        made["Table"] = type("Table", (type(parent.Table),), declared)
    return type(DynaModel)(name, (parent,), made)


def shop(library: Library) -> Any:
    """Return the models: ``Shop`` and its ``Customer``, ``Order``, ``Gift`` (an order) and ``Note``.

    Of its indexes the first holds everything, the second keys alone, and the third is by kind.
    """
    shop = base(
        GSI1=index("gsi1"),
        Keys=index("keys", ProjectKeys()),
        ByKind=type(
            "ByKind",
            (GlobalIndex,),
            {"name": "by-kind", "hash_key": "kind", "range_key": "place", "projection": ProjectAll()},
        ),
    )
    by_email = {"pk": Composite("CUSTOMER#{email}")}

    class ByCity(shop.GSI1):
        hash_key = Composite("CITY#{city}")
        range_key = Composite("{name}")

    class ByName(shop.Keys):
        hash_key = Composite("PLACE#{city}")
        range_key = Composite("{name}")

    customer = model(
        library, "Customer", shop, CUSTOMER, **by_email, sk=Composite("PROFILE"), ByCity=ByCity, ByName=ByName
    )

    class ByStatus(shop.GSI1):
        hash_key = Composite("STATUS#{status}", when=Q(status__in=["open", "late"]))
        range_key = Composite("{total:012d}")

    class ByPlace(shop.Keys):
        hash_key = Composite("PLACE#{place}")
        range_key = Composite("{placed:%Y-%m-%d}")

    order = model(
        library,
        "Order",
        shop,
        ORDER,
        {"discriminator_value": "order"},
        **by_email,
        sk=Composite("ORDER#{placed:%Y-%m-%dT%H:%M:%S}#{id}"),
        ByStatus=ByStatus,
        ByPlace=ByPlace,
    )
    note = model(library, "Note", shop, NOTE, **by_email, sk=Composite("NOTE#{number:06d}"))
    return SimpleNamespace(Shop=shop, Customer=customer, Order=order, Note=note)


def day(number: int) -> dt.datetime:
    """Return a moment in a month, the day of which tells them apart."""
    return dt.datetime(2024, 5, number, 12, 30, 15, tzinfo=UTC)


def order_key(number: int, email: str = "ann@x") -> dict[str, Any]:
    return {"email": email, "placed": day(number), "id": f"o{number}"}


INCLUDE_KIND = ProjectInclude("kind")
