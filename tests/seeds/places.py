"""Shops in cities, states and countries: one key from the largest to the smallest, read down to any level."""

from __future__ import annotations

from marshmallow import fields

import dynamorm
from dynamorm import Composite, DynaModel, GlobalIndex, InvalidKey, ProjectAll, local


class Shop(DynaModel):
    place = Composite("{state}#{city}#{zip}#{id}")

    class Table:
        name = "shops"
        hash_key = "id"
        billing_mode = "PAY_PER_REQUEST"

    class ByPlace(GlobalIndex):
        name = "by-place"
        hash_key = "country"
        range_key = "place"
        projection = ProjectAll()

    class Schema:
        id = fields.String(required=True)
        country = fields.String(required=True)
        state = fields.String()
        city = fields.String()
        zip = fields.String()
        sells = fields.String()


SHOPS = (
    ("1", "US", "New York", "Albany", "12203", "tea"),
    ("2", "US", "New York", "New York", "10001", "coffee"),
    ("3", "US", "New York", "New York", "10036", "tea"),
    ("4", "US", "New Jersey", "Newark", "07102", "tea"),
    ("5", "US", "New", "York", "00000", "coffee"),
    ("6", "FR", "Grand Est", "Metz", "57000", "tea"),
    ("7", "US", "New York#", "Odd", "1#2", "tea"),
)


def ids(shops) -> str:
    return " ".join(shop.id for shop in shops)


def main() -> None:
    Shop.Table.create_table()
    Shop.put_batch(*(dict(zip(("id", "country", "state", "city", "zip", "sells"), one, strict=True)) for one in SHOPS))
    Shop(id="8", country="US", sells="only online").save()

    by_place = Shop.ByPlace
    us = by_place.query(country="US")
    print("country:", ids(us))
    print("state:", ids(us.filter(state="New York")))
    print("city:", ids(us.filter(state="New York", city="New York")))
    print("zip:", ids(us.filter(state="New York", city="New York", zip="10036")))
    print("states with New:", ids(us.filter(state__begins_with="New")))
    print("cities with A:", ids(us.filter(state="New York", city__begins_with="A")))
    print("zips from 10010 on:", ids(us.filter(state="New York", city="New York", zip__gte="10010")))
    print("states from New J to New York:", ids(us.filter(state__between=("New J", "New York"))))
    for line in str(us.filter(state="New York", zip="10036").explain()).split("\n"):
        print(line.strip())
    print("with a gap:", ids(us.filter(state="New York", zip="10036")), ids(us.filter(city="Newark")))
    print("odd ones:", [shop.place for shop in us.filter(state="New York#")])
    try:
        by_place.query(state="New York").all()
    except InvalidKey:
        print("a country has to be given")

    moving = Shop.require(id="1")
    print("without a place:", Shop.require(id="8").place, "and moved:", end=" ")
    moving.update(city="Buffalo", zip="14201")
    print(moving.place, ids(us.filter(state="New York", city="Buffalo")))
    moving.update(city=None)
    print("not in any city:", moving.place, ids(us.filter(state="New York")))
    print("tea in a state:", us.filter(state="New York", sells="tea").update(sells="all kinds of tea"))
    print("closed in a city:", us.filter(state="New York", city="New York").delete())
    print("left:", ids(us), "and abroad", ids(by_place.query(country="FR")))


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
