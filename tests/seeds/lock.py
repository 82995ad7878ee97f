"""A lock that lives in a table: whoever holds it is the only one, however many ask at the same moment."""

from __future__ import annotations

import contextlib
import time

from marshmallow import fields

import dynamorm
from dynamorm import ConditionFailed, DynaModel, HashKeyExists, local


class Lock(DynaModel):
    """One item for each thing that can be locked.

    ``updated`` alone would not do as a condition: two changes within one tick of the clock look alike, and a contender
    that read the lock before the first of them would take it from its holder.  That the lock is free, or held with
    this very key, is a condition of its own; the nanoseconds tell a lock that was taken and given back from one that
    nobody touched.
    """

    class Table:
        name = "locks"
        hash_key = "name"
        read = 1
        write = 1

    class Schema:
        name = fields.String(required=True)
        updated = fields.Integer(load_default=0)
        key = fields.String()
        is_locked = fields.Boolean(load_default=False)

    @classmethod
    def named(cls, name: str) -> Lock:
        """Read a lock; one that nobody has asked for before is made, free."""
        found = cls.get(name=name, consistent=True)
        if found is not None:
            return found
        with contextlib.suppress(HashKeyExists):
            cls.put_unique({"name": name})  # a plain save could erase a lock that was taken in between
        return cls.require(name=name, consistent=True)

    @classmethod
    def lock(cls, name: str, key: str) -> Lock:
        """Try once to take a lock; ``key`` of what comes back says whose it is."""
        found = cls.named(name)
        return found if found.is_locked else found.take(key)

    @classmethod
    def unlock(cls, name: str, key: str) -> Lock:
        """Return a lock back; nothing happens to one that is held by another key."""
        found = cls.named(name)
        return found.give_back(key) if found.is_locked and found.key == key else found

    def take(self, key: str) -> Lock:
        """Take a lock that was free when it was read; returns it as it is then, whoever was first."""
        return self._change({"is_locked": False, "updated": self.updated}, is_locked=True, key=key)

    def give_back(self, key: str) -> Lock:
        return self._change({"is_locked": True, "key": key}, is_locked=False, key=None)

    def _change(self, conditions: dict, **changes: object) -> Lock:
        try:
            self.update(updated=time.time_ns(), conditions=conditions, **changes)
        except ConditionFailed as refused:
            return refused.current
        return self


def main() -> None:
    Lock.Table.create_table()
    mine = Lock.lock("printer", "mine")
    print("mine:", mine.key == "mine")
    theirs = Lock.lock("printer", "theirs")
    print("theirs:", theirs.key == "theirs")
    Lock.unlock("printer", "theirs")
    print("still mine:", Lock.require(name="printer", consistent=True).key == "mine")
    Lock.unlock("printer", "mine")
    print("theirs now:", Lock.lock("printer", "theirs").key == "theirs")


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
