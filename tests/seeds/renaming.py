"""A field is split in two, in two releases, while programs of three ages write to the table at the same time."""

from __future__ import annotations

import contextvars
import random
import threading
from collections.abc import Callable
from typing import Any

from marshmallow import fields

import dynamorm
from dynamorm import DynaModel, downgrade, local, upgrade

PEOPLE = 12
ROUNDS = 25


class Old(DynaModel):
    """The program before the change."""

    class Table:
        name = "renamed-people"
        hash_key = "id"
        billing_mode = "PAY_PER_REQUEST"

    class Schema:
        id = fields.String(required=True)
        name = fields.String(required=True)
        visits = fields.Integer(load_default=0)


class SecondRelease(DynaModel):
    """Writes the new form."""

    class Table:
        name = "renamed-people"
        hash_key = "id"
        billing_mode = "PAY_PER_REQUEST"
        schema_version = 2

    class Schema:
        id = fields.String(required=True)
        first = fields.String(required=True)
        last = fields.String(required=True)
        visits = fields.Integer(load_default=0)

    @upgrade(2)
    def split_name(item):
        item["first"], _, item["last"] = item.pop("name").partition(" ")


class FirstRelease(SecondRelease):
    """Knows the new form, and writes the old one."""

    class Table(SecondRelease.Table):
        write_version = 1

    @downgrade(2)
    def join_name(item):
        item["name"] = f"{item.pop('first')} {item.pop('last')}"


def work(model: Any, rename: Callable[[Any, int], None], seed: int) -> None:
    """Count visits of anybody, and give them other names."""
    chance = random.Random(seed)
    for number in range(ROUNDS):
        person = model.get(id=str(chance.randrange(PEOPLE)), consistent=True)
        if number % 3 == 0:
            rename(person, number)
        person.update(visits__plus=1)
        model.update_item(id=person.id, visits__plus=1)


def rename_old(person: Any, number: int) -> None:
    person.name = f"Old Name{number}"
    person.save(partial=True)


def rename_new(person: Any, number: int) -> None:
    person.first, person.last = type(person).__name__, f"Name{number}"
    person.save(partial=True)


def at_once(*programs: tuple[Any, Callable[[Any, int], None]]) -> None:
    """Run programs side by side."""
    threads = [
        threading.Thread(target=contextvars.copy_context().run, args=(work, *program, seed))
        for seed, program in enumerate(programs)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def forms() -> str:
    """Return how many items there are of each form, and whether any has attributes of both."""
    items = Old.Table.table.scan(ConsistentRead=True)["Items"]
    old, new = sum("name" in item for item in items), sum("first" in item for item in items)
    mixed = [item for item in items if ("name" in item) == ("first" in item) or ("_v" in item) != ("first" in item)]
    return f"{old} old, {new} new, {len(mixed)} mixed"


def visits() -> int:
    return sum(int(item["visits"]) for item in Old.Table.table.scan(ConsistentRead=True)["Items"])


def main() -> None:
    Old.Table.create_table()
    Old.put_batch({"id": str(number), "name": f"Ann Number{number}"} for number in range(PEOPLE))

    at_once((Old, rename_old), (FirstRelease, rename_new), (FirstRelease, rename_new))
    print("old programs and the first release:", forms(), "visits", visits() == 3 * 2 * ROUNDS)
    print("old programs read all:", all(" " in person.name for person in Old.scan()))

    at_once((FirstRelease, rename_new), (FirstRelease, rename_new), (SecondRelease, rename_new))
    print("both releases: 0 mixed", forms().endswith("0 mixed"), "visits", visits() == 6 * 2 * ROUNDS)

    at_once((SecondRelease, rename_new), (SecondRelease, rename_new))
    Old.Table.table.put_item(Item={"id": "late", "name": "Late Comer", "visits": 0})
    SecondRelease.migrate()
    print("migrated:", forms(), "visits", visits() == 8 * 2 * ROUNDS)
    print("the last one:", SecondRelease.get(id="late").last)


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
