"""Accounts: a model with unique fields, several versions and items that expire, in programs of several releases."""

from __future__ import annotations

from typing import Any, NamedTuple

from dynamorm import Composite, GlobalIndex, ProjectAll, ProjectInclude, downgrade, upgrade

from ..libraries import Library, integer, listing, mapping, text
from .plain_accounts import CURRENT, DOWNGRADES, UPGRADES

FIELDS = {
    "home": text(required=True),
    "id": text(required=True),
    "plan": text(required=True),
    "email": text(),
    "tenant": text(),
    "slug": text(),
    "until": integer(),
    "first": text(),
    "last": text(),
    "points": integer(),
    "visits": integer(),
    "meta": mapping(),
    "info": mapping(),
    "tags": listing(text()),
    "memo": text(),
}
TABLE = {
    "hash_key": "home",
    "range_key": "id",
    "unique": ["email", ("tenant", "slug")],
    "ttl": "until",
    "hide_expired": True,
    "schema_version": CURRENT,
}


def town_of(meta: dict[str, Any]) -> str | None:
    return f"TOWN#{meta['town']}" if "town" in meta else None


class Program(NamedTuple):
    """A program that knows all versions, and the one that it stores."""

    model: Any
    written: int


def account_model(library: Library, written: int = CURRENT, name: str = "accounts", **words: Any) -> Any:
    """Return the model of the current release, or of one that still stores an earlier version."""

    class ByName(GlobalIndex):
        name = "by-name"
        hash_key = "gsi1pk"
        range_key = "gsi1sk"
        projection = ProjectAll()

    class ByTown(GlobalIndex):
        name = "by-town"
        hash_key = "gsi2pk"
        range_key = "gsi2sk"
        projection = ProjectInclude("until", "memo")

    body: dict[str, Any] = {
        "ByName": ByName,
        "ByTown": ByTown,
        "gsi1pk": Composite("NAME#{last}"),
        "gsi1sk": Composite("{first}#{points:05d}"),
        "gsi2pk": Composite("meta", merge=town_of),
        "gsi2sk": Composite("{email}"),
    }
    body |= {f"to_{version}": upgrade(version)(step) for version, step in UPGRADES.items()}
    if written < CURRENT:
        body |= {f"back_from_{version}": downgrade(version)(step) for version, step in DOWNGRADES.items()}
        words["write_version"] = written
    return library.model("Account", {"name": name, **TABLE, **words}, FIELDS, **body)
