"""Notes that are put into a bin, taken out again, and gone after a month."""

from __future__ import annotations

import datetime as dt

from marshmallow import fields

import dynamorm
from dynamorm import DynaModel, Q, local

MONTH = 30 * 24 * 3600


class Clock:
    """Stands still until it is told otherwise, so that a month can pass."""

    now = dt.datetime(2030, 1, 1, tzinfo=dt.timezone.utc)

    def __call__(self) -> dt.datetime:
        return self.now

    @property
    def second(self) -> int:
        return int(self.now.timestamp())


clock = Clock()


class Note(DynaModel):
    class Table:
        name = "notes"
        hash_key = "owner"
        range_key = "id"
        billing_mode = "PAY_PER_REQUEST"
        ttl = "gone_at"
        hide_expired = True
        hide = Q(deleted_at__exists=True)

    class Schema:
        owner = fields.String(required=True)
        id = fields.String(required=True)
        text = fields.String()
        deleted_at = fields.Integer()
        gone_at = fields.Integer()

    def throw_away(self) -> None:
        self.update(deleted_at=clock.second, gone_at=clock.second + MONTH)

    def take_back(self) -> None:
        self.update(deleted_at=None, gone_at=None)


def ids(notes) -> str:
    return " ".join(note.id for note in notes) or "none"


def main() -> None:
    dynamorm.configure(clock=clock)
    Note.Table.create_table()
    Note.put_batch({"owner": "ann", "id": id, "text": f"note {id}"} for id in "abcd")

    for id in "bc":
        Note.get(owner="ann", id=id).throw_away()
    notes = Note.query(owner="ann")
    print("notes:", ids(notes), notes.count())
    print("in the bin:", ids(notes.with_hidden().filter(deleted_at__exists=True)))
    print("by its key:", Note.get(owner="ann", id="b").text)

    Note.get(owner="ann", id="b").take_back()
    print("taken back:", ids(notes))
    print("changed:", notes.update(text="read"), Note.get(owner="ann", id="c").text)

    clock.now += dt.timedelta(days=31)
    print("after a month:", ids(notes.with_hidden()), Note.get(owner="ann", id="c"))
    print("a new one:", Note.create(owner="ann", id="c", text="anew").deleted_at)
    print("all:", ids(notes), notes.count())
    dynamorm.configure(clock=None)


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
