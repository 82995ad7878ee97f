"""Everybody who is measured: under which name, with which Python, and what of it is worth naming with its version."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
TRANSPORTS = ("direct", "default", "boto3")
LIBRARIES = ("marshmallow", "schematics", "pydantic")
CLIENT = "boto3_client"
FLOOR = "floor"
FASTEST_PEER = "pydynox_mapper"
SAME_SHAPE = "boto3_client:marshmallow"


class Entry(NamedTuple):
    """Somebody who is measured.

    ``name`` is a module of ``bench.contenders`` with what it is told after a colon, ``peer`` the environment of those
    that are no part of this project.
    """

    name: str
    title: str
    peer: str = ""
    distributions: tuple[str, ...] = ()

    @property
    def python(self) -> Path:
        return ROOT / ".venvs" / f"bench-{self.peer}" / "bin" / "python" if self.peer else Path(sys.executable)

    @property
    def is_ours(self) -> bool:
        return self.name.startswith(("dynamorm_models:", "connection:"))


def of_ours(transport: str, library: str) -> str:
    return f"dynamorm_models:{transport}:{library}"


def awaited_of_ours(library: str) -> str:
    return f"dynamorm_awaited:direct:{library}"


ENTRIES = (
    *(
        Entry(
            of_ours(transport, library),
            f"DynamORM, {library}, {transport}",
            "",
            (library, "boto3", "orjson", "msgspec"),
        )
        for library in LIBRARIES
        for transport in TRANSPORTS
    ),
    *(Entry(f"connection:{transport}", f"DynamORM, wire dicts, {transport}") for transport in TRANSPORTS),
    Entry(FLOOR, "floor: a bare socket"),
    Entry(CLIENT, "boto3 client, wire dicts", "", ("boto3",)),
    Entry("boto3_resource", "boto3 resource, dicts"),
    Entry(FASTEST_PEER, "pydynox", "pydynox", ("pydynox",)),
    Entry("dyntastic_mapper", "dyntastic", "dyntastic", ("dyntastic", "pydantic")),
    Entry("pynamo", "PynamoDB", "pynamodb", ("pynamodb",)),
    Entry("bloop_mapper", "bloop", "bloop", ("bloop", "boto3")),
    Entry("dynamorm_0_11", "DynamORM 0.11", "dynamorm-0.11", ("dynamorm", "marshmallow")),
)
AWAITED = (
    *(Entry(awaited_of_ours(library), f"DynamORM, {library}, awaited") for library in LIBRARIES),
    Entry("aiobotocore_client", "aiobotocore client, wire dicts", "aiobotocore", ("aiobotocore", "botocore")),
    Entry("pydynox_awaited", "pydynox, awaited", "pydynox", ("pydynox",)),
)
TITLES = {entry.name: entry.title for entry in ENTRIES + AWAITED} | {SAME_SHAPE: "boto3 client, marshmallow imported"}

# With the four other kinds of items: those whose figures say whether the first kind was favoured.
IN_ALL_KINDS = tuple(
    entry
    for entry in ENTRIES
    if entry.name in (CLIENT, FLOOR, FASTEST_PEER)
    or entry.name in [of_ours(transport, library) for transport in ("direct", "default") for library in LIBRARIES]
)
# What is awaited, and whom that is compared with: those who block, one call after the other or in threads.
WITH_AWAITED = (
    *(entry for entry in ENTRIES if entry.name in [CLIENT, *(of_ours("direct", library) for library in LIBRARIES)]),
    *AWAITED,
)
COLD = (
    *(entry for entry in ENTRIES if not entry.name.startswith("connection:") and ":boto3:" not in entry.name),
    Entry(SAME_SHAPE, TITLES[SAME_SHAPE]),
)
