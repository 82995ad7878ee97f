"""Migrates a model, and kills itself at a moment that it is told; run as a program, again and again.

    python -m tests.races.migration URL PREFIX LIBRARY CHECKPOINT PAGE MOMENT NUMBER

MOMENT is ``sending``, ``sent``, ``writing`` (a checkpoint), ``renaming`` (it) or ``never``, and NUMBER the how manieth
of these it is.  What the migration came to is printed as JSON.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from itertools import count
from typing import Any

import dynamorm
from dynamorm import downgrade, upgrade
from dynamorm.signals import post_request, pre_request
from dynamorm.tending import checkpoints, migrating

from ..libraries import collection, integer, library_named, text

TABLE = {"name": "people", "hash_key": "id"}
SHARED = {"id": text(required=True), "n": integer(), "marks": collection(text())}
SEGMENTS = 4


def split(item: dict[str, Any]) -> None:
    item["first"], _, item["last"] = item.pop("name").partition(" ")


def join(item: dict[str, Any]) -> None:
    item["name"] = f"{item.pop('first')} {item.pop('last')}"


def models(library: Any) -> tuple[Any, Any, Any]:
    """Return the model as three programs have it: the old one, one that knows both forms, and the new one."""
    old = library.model("Person", {**TABLE, "schema_version": 1}, {**SHARED, "name": text()})
    fields = {**SHARED, "first": text(), "last": text()}
    steps = {"split": upgrade(2)(split), "join": downgrade(2)(join)}
    both = library.model("Person", {**TABLE, "schema_version": 2, "write_version": 1}, fields, **steps)
    return old, both, library.model("Person", {**TABLE, "schema_version": 2}, fields, **steps)


def die_at(moment: str, number: int) -> None:
    """Have the process be killed when it gets to a moment for the so manieth time."""
    turns = count(1)

    def note(*arguments: Any, **more: Any) -> None:
        if next(turns) == number:
            os.kill(os.getpid(), signal.SIGKILL)

    def note_update(sender: Any, request: Any, **more: Any) -> None:
        if request.operation == "UpdateItem":
            note()

    if moment == "writing":
        checkpoints.json.dump = note_after(note, json.dump)
    elif moment == "renaming":
        checkpoints.os.fsync = note_after(note, os.fsync)
    elif moment != "never":
        kept = {"sending": pre_request, "sent": post_request}[moment]
        kept.connect(note_update, weak=False)


def note_after(note: Any, function: Any) -> Any:
    def call(*arguments: Any) -> None:
        function(*arguments)
        note()

    return call


def main(url: str, prefix: str, library: str, checkpoint: str, page: str, moment: str, number: str) -> None:
    settings = {"region_name": "us-east-1", "aws_access_key_id": "local", "aws_secret_access_key": "local"}
    dynamorm.configure(endpoint_url=url, table_prefix=prefix, **settings)
    migrating.PAGE = int(page)
    _, _, new = models(library_named(library))
    die_at(moment, int(number))
    print(json.dumps(new.migrate(segments=SEGMENTS, checkpoint=checkpoint)))


if __name__ == "__main__":
    main(*sys.argv[1:])
