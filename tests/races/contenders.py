"""Contends for values of which there is one each; run as a program, many times at once, until it is killed.

    python -m tests.races.contenders URL PREFIX LIBRARY SEED

prints a line for each write: whether it was carried out, or the value was another item's.
"""

from __future__ import annotations

import random
import sys
from typing import Any

import dynamorm
from dynamorm import Transaction, TransactionCanceled, UniqueViolation

from ..libraries import integer, library_named, text

FIELDS = {"id": text(required=True), "email": text(), "tenant": text(), "slug": text(), "visits": integer()}
TABLE = {"name": "users", "hash_key": "id", "unique": ["email", ("tenant", "slug")]}
IDS = tuple(map(str, range(8)))
EMAILS = tuple(f"{number}@x" for number in range(6))


def user_model(library: Any) -> Any:
    return library.model("User", TABLE, FIELDS)


def put(user: Any, id: str, **values: Any) -> None:
    user.put({"id": id, **values})


def save(user: Any, id: str, **values: Any) -> None:
    user(id=id, **values).save()


def update(user: Any, id: str, **values: Any) -> None:
    user.update_item(id=id, **values)


def transact(user: Any, id: str, **values: Any) -> None:
    with Transaction() as tx:
        tx.update(user, id=id, **values)


def delete(user: Any, id: str, **values: Any) -> None:
    user.delete_item(id=id)


TAKING = (put, save, update, transact)
WAYS = (*TAKING, delete)


def is_carried_out(way: Any, user: Any, id: str, **values: Any) -> bool:
    """Write; return whether that was carried out, ``False`` where a value is another item's."""
    try:
        way(user, id, **values)
    except UniqueViolation:
        return False
    except TransactionCanceled as canceled:
        assert isinstance(canceled.failed[0].error, UniqueViolation), canceled
        return False
    return True


def main(url: str, prefix: str, library: str, seed: str) -> None:
    settings = {"region_name": "us-east-1", "aws_access_key_id": "local", "aws_secret_access_key": "local"}
    dynamorm.configure(endpoint_url=url, table_prefix=prefix, **settings)
    user, drawn = user_model(library_named(library)), random.Random(seed)
    while True:
        values = {"email": drawn.choice(EMAILS), "tenant": drawn.choice("ab"), "slug": drawn.choice("xyz")}
        done = is_carried_out(drawn.choice(WAYS), user, drawn.choice(IDS), **values)
        print("done" if done else "taken", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
