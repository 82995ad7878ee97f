"""From what a model declares and what is described of its live table to the ordered steps in between; pure functions.

DynamoDB does one thing at a time, so each step is one request.  The order is such that every step is possible when the
ones before it are done: indexes are removed before any is added, and a table becomes provisioned while the indexes that
it still has are the ones whose throughput is declared.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..requests.tables import (
    build_add_index,
    build_encryption,
    build_index_throughput,
    build_on_demand,
    build_pitr,
    build_protection,
    build_provisioned,
    build_remove_index,
    build_stream,
    build_table_class,
    build_tags,
    build_throughput,
    build_ttl,
)
from ..spec import IndexSpec, KeySpec, TableSpec
from .live import LiveIndex, LiveTable
from .plan import Plan, Step

ANOTHER_TABLE = (
    "DynamoDB cannot change it on a table that exists. Declare it as it is, or declare another name for the table, "
    "create it, and copy the items"
)


def plan_changes(
    declared: TableSpec,
    live: LiveTable,
    *,
    allow_rebuild: bool = False,
    allow_removal: bool = False,
    elsewhere: Mapping[str, str] | None = None,
) -> Plan:
    """Return the steps from the live table to the declared one.

    ``allow_rebuild`` lets an index be removed and added again.  ``elsewhere`` names, for indexes that other models
    declare on the same table, where that is; ``allow_removal`` lets them be removed all the same.
    """
    comparison = compare(declared, live, allow_rebuild=allow_rebuild, allow_removal=allow_removal, elsewhere=elsewhere)
    return Plan(step for step in comparison if step.request is not None or step.refused)


def compare(
    declared: TableSpec,
    live: LiveTable,
    *,
    allow_rebuild: bool = False,
    allow_removal: bool = False,
    elsewhere: Mapping[str, str] | None = None,
) -> tuple[Step, ...]:
    """Return every difference, those included about which nothing can or need be done."""
    indexes = _Indexes(declared, live, allow_rebuild, {} if allow_removal else elsewhere or {})
    return tuple(
        step
        for part in (
            _protection(declared, live, True),
            _key(declared, live),
            _local_indexes(declared, live),
            indexes.removals(),
            _billing(declared, live, indexes.staying),
            _throughput(declared, live),
            indexes.throughputs(),
            indexes.additions(),
            _stream(declared, live),
            _ttl(declared, live),
            _pitr(declared, live),
            _encryption(declared, live),
            _table_class(declared, live),
            _tags(declared, live),
            _protection(declared, live, False),
        )
        for step in part
    )


def _key(declared: TableSpec, live: LiveTable) -> Iterator[Step]:
    wanted = declared.key
    if wanted == live.key:
        return
    what = "type of the table's key" if wanted.schema == live.key.schema else "key of the table"
    yield Step(what, _key_text(live.key), _key_text(wanted), refused=ANOTHER_TABLE)


def _local_indexes(declared: TableSpec, live: LiveTable) -> Iterator[Step]:
    wanted = {index.name: index for index in declared.indexes if not index.is_global}
    there = {index.name: index for index in live.indexes if not index.is_global}
    for name, index in wanted.items():
        found = there.get(name)
        what = f"local index {name}"
        if found is None:
            yield Step(
                what,
                None,
                _index_text(index),
                refused="DynamoDB adds local indexes to no table that exists. Declare a GlobalIndex with the same "
                "keys, or declare another name for the table, create it, and copy the items",
            )
        elif index.key != found.key or _narrower(found, index):
            yield Step(what, _index_text(found), _index_text(index), refused=ANOTHER_TABLE)
        elif _projected(index) != found.included:
            yield Step(what, _index_text(found), _index_text(index), harmless=True)
    for name, found in there.items():
        if name not in wanted:
            yield Step(f"local index {name}", _index_text(found), None, harmless=True)


class _Indexes:
    """The global indexes: which of them go, which stay, and which come."""

    def __init__(self, declared: TableSpec, live: LiveTable, allow_rebuild: bool, elsewhere: Mapping[str, str]) -> None:
        self.declared = declared
        self.live = live
        self.allow_rebuild = allow_rebuild
        self.elsewhere = elsewhere
        self.wanted = {index.name: index for index in declared.indexes if index.is_global}
        self.there = {index.name: index for index in live.indexes if index.is_global and index.status != "DELETING"}
        self.staying = [
            (found, self.wanted[name])
            for name, found in self.there.items()
            if name in self.wanted and not _is_changed(found, self.wanted[name])
        ]
        self.provisioned = not (live.on_demand if declared.on_demand is None else declared.on_demand)

    def removals(self) -> Iterator[Step]:
        for name, found in self.there.items():
            index = self.wanted.get(name)
            if index is None:
                yield self._removal(found)
            elif _is_changed(found, index):
                yield self._rebuild(found, index)

    def _removal(self, found: LiveIndex) -> Step:
        owner = self.elsewhere.get(found.name)
        refused = (
            f"{owner} declares it on the same table. Declare it here too, or let both models have the same Table. If "
            "that model is out of use, allow it with allow_removal=True, or delete the class: one that was collected "
            "does not count"
            if owner
            else ""
        )
        return Step(
            f"index {found.name}",
            _index_text(found),
            None,
            danger="removed, because it is not declared: queries on it fail, and having it again takes a backfill",
            refused=refused,
            harmless=True,
            request=build_remove_index(self.live.name, found.name),
        )

    def _rebuild(self, found: LiveIndex, index: IndexSpec) -> Step:
        changed = "key" if index.key != found.key else "projection"
        refused = (
            f"a changed {changed} takes removing and adding the index again. Allow it with allow_rebuild=True, or "
            "declare the changed index under another name, beside this one, and let this one go later"
        )
        return Step(
            f"index {found.name}",
            _index_text(found),
            None,
            danger=f"removed to be added again with another {changed}: queries on it fail until the backfill is done",
            refused="" if self.allow_rebuild else refused,
            harmless=changed == "projection" and not _narrower(found, index),
            request=build_remove_index(self.live.name, found.name),
        )

    def additions(self) -> Iterator[Step]:
        types = dict(self.live.key.types)
        holders = dict.fromkeys(types, "the table")
        staying = [*(found for found, _ in self.staying), *(one for one in self.live.indexes if not one.is_global)]
        for found in staying:
            types.update(found.key.types)
            holders.update(dict.fromkeys(found.key.names, f"index {found.name}"))
        kept = {found.name for found, _ in self.staying}
        for name, index in self.wanted.items():
            if name not in kept:
                found_before = self.there.get(name)
                yield self._addition(index, types, holders, found_before)
                types.update(index.key.types)
                holders.update(dict.fromkeys(index.key.names, f"index {name}"))

    def _addition(
        self, index: IndexSpec, types: Mapping[str, str], holders: Mapping[str, str], found: LiveIndex | None
    ) -> Step:
        refused = ""
        for attribute, letter in index.key.types.items():
            if types.get(attribute, letter) != letter:
                refused = (
                    f"{attribute} would be a key of type {letter}, and is one of type {types[attribute]} in "
                    f"{holders[attribute]}; DynamoDB wants one type for an attribute. Declare a field of that type"
                )
        if not refused and self.provisioned:
            refused = _lacks_throughput(f"index {index.name}", index.read, index.write)
        return Step(
            f"index {index.name}",
            None,
            _index_text(index) + (_throughput_suffix(index.read, index.write) if self.provisioned else ""),
            cost=f"a backfill from {self.live.items:,} items ({_size_text(self.live.size)}), in minutes or hours, "
            "and then a write to the index for each write to the table",
            refused=refused,
            harmless=found is not None and index.key == found.key and not _narrower(found, index),
            request=build_add_index(self.live.name, index, {**types, **index.key.types}, provisioned=self.provisioned),
        )

    def throughputs(self) -> Iterator[Step]:
        if not self.provisioned or self.live.on_demand:
            return
        for found, index in self.staying:
            read, write = _merged(index.read, found.read), _merged(index.write, found.write)
            if read is None or write is None or found.read is None or (read, write) == (found.read, found.write):
                continue
            yield Step(
                f"throughput of index {found.name}",
                _throughput_text(found.read, found.write),
                _throughput_text(read, write),
                cost=_throughput_cost((found.read, found.write), (read, write)),
                request=build_index_throughput(self.live.name, found.name, read, write),
            )


def _billing(declared: TableSpec, live: LiveTable, staying: Iterable[tuple[LiveIndex, IndexSpec]]) -> Iterator[Step]:
    if declared.on_demand is None or declared.on_demand == live.on_demand:
        return
    if declared.on_demand:
        yield Step(
            "billing mode",
            "PROVISIONED" + _throughput_suffix(live.read, live.write),
            "PAY_PER_REQUEST",
            cost="every request is paid for by itself; possible a few times in 24 hours",
            request=build_on_demand(live.name),
        )
        return
    indexes = [(index.name, index.read or 0, index.write or 0) for _, index in staying]
    lacking = [
        _lacks_throughput("the table", declared.read, declared.write),
        *(_lacks_throughput(f"index {index.name}", index.read, index.write) for _, index in staying),
    ]
    yield Step(
        "billing mode",
        "PAY_PER_REQUEST",
        "PROVISIONED" + _throughput_suffix(declared.read, declared.write),
        cost="what is provisioned is paid for, used or not",
        danger="requests beyond what is provisioned are throttled",
        refused="; ".join(filter(None, lacking)),
        request=build_provisioned(live.name, declared.read or 0, declared.write or 0, indexes),
    )


def _lacks_throughput(what: str, read: int | None, write: int | None) -> str:
    lacking = " and ".join(name for name, value in (("read", read), ("write", write)) if value is None)
    if not lacking:
        return ""
    return (
        f"{what} declares no {lacking}, which it needs while the table is provisioned: declare it, or make the "
        'table on demand with billing_mode = "PAY_PER_REQUEST"'
    )


def _throughput(declared: TableSpec, live: LiveTable) -> Iterator[Step]:
    if live.on_demand or declared.on_demand:
        return
    read, write = _merged(declared.read, live.read), _merged(declared.write, live.write)
    if read is None or write is None or live.read is None or (read, write) == (live.read, live.write):
        return
    yield Step(
        "throughput",
        _throughput_text(live.read, live.write),
        _throughput_text(read, write),
        cost=_throughput_cost((live.read, live.write), (read, write)),
        request=build_throughput(live.name, read, write),
    )


def _stream(declared: TableSpec, live: LiveTable) -> Iterator[Step]:
    if declared.stream == live.stream:
        return
    if live.stream:
        # DynamoDB changes no stream: it ends, and another begins
        because = "its kind changes" if declared.stream else "it is not declared"
        yield Step(
            "stream",
            live.stream,
            None,
            danger=f"switched off, because {because}: it gets no more records, and those it has are gone in 24 hours",
            harmless=not declared.stream,
            request=build_stream(live.name, None),
        )
    if declared.stream:
        yield Step(
            "stream",
            None,
            declared.stream,
            cost="reads of the stream are paid for; readers have to ask for its new ARN",
            request=build_stream(live.name, declared.stream),
        )


def _ttl(declared: TableSpec, live: LiveTable) -> Iterator[Step]:
    wanted = declared.ttl or None
    if declared.ttl is None or wanted == live.ttl:
        return
    if live.ttl:
        yield Step(
            "ttl",
            live.ttl,
            None,
            cost="up to an hour, in which time to live cannot be changed again",
            danger=f"items no longer expire by {live.ttl}",
            request=build_ttl(live.name, live.ttl, False),
        )
    if wanted:
        yield Step(
            "ttl",
            None,
            str(wanted),
            cost="up to an hour, in which time to live cannot be changed again",
            danger=f"items whose {wanted} lies in the past are deleted",
            request=build_ttl(live.name, str(wanted), True),
        )


def _pitr(declared: TableSpec, live: LiveTable) -> Iterator[Step]:
    if declared.pitr is None or declared.pitr == live.pitr:
        return
    yield Step(
        "pitr",
        _switch(live.pitr),
        _switch(declared.pitr),
        cost="paid for by the size of the table" if declared.pitr else "",
        danger="" if declared.pitr else "the table can no longer be restored to any moment of the past",
        request=build_pitr(live.name, declared.pitr),
    )


def _encryption(declared: TableSpec, live: LiveTable) -> Iterator[Step]:
    if declared.sse is None:
        return
    other_key = declared.kms_key is not None and not _is_key(declared.kms_key, live.kms_key)
    if declared.sse == live.sse and not (declared.sse and other_key):
        return
    before = f"KMS key {live.kms_key}" if live.sse and live.kms_key else _sse_text(live.sse, None)
    yield Step(
        "sse",
        before,
        _sse_text(declared.sse, declared.kms_key),
        cost="requests to KMS are paid for" if declared.sse else "",
        danger="who may not use that key can no longer read the table" if declared.kms_key else "",
        request=build_encryption(live.name, declared.sse, declared.kms_key),
    )


def _table_class(declared: TableSpec, live: LiveTable) -> Iterator[Step]:
    if declared.table_class is None or declared.table_class == live.table_class:
        return
    yield Step(
        "table class",
        live.table_class,
        declared.table_class,
        cost="other prices for storage and requests; possible twice in 30 days",
        request=build_table_class(live.name, declared.table_class),
    )


def _tags(declared: TableSpec, live: LiveTable) -> Iterator[Step]:
    wanted = tuple((key, value) for key, value in declared.tags if live.tags.get(key) != value)
    if not wanted:
        return
    there = tuple((key, live.tags[key]) for key, _ in wanted if key in live.tags)
    yield Step("tags", _tag_text(there), _tag_text(wanted), request=build_tags(live.arn, wanted))


def _protection(declared: TableSpec, live: LiveTable, protected: bool) -> Iterator[Step]:
    if declared.deletion_protection is not protected or live.deletion_protection == protected:
        return
    yield Step(
        "deletion protection",
        _switch(not protected),
        _switch(protected),
        danger="" if protected else "from then on the table can be deleted",
        request=build_protection(live.name, protected),
    )


def _is_changed(found: LiveIndex, index: IndexSpec) -> bool:
    return index.key != found.key or _projected(index) != found.included


def _projected(index: IndexSpec) -> tuple[str, ...] | None:
    return None if index.included is None else tuple(sorted(set(index.included)))


def _narrower(found: LiveIndex, index: IndexSpec) -> bool:
    """Whether the live index lacks attributes that the declared one has."""
    if found.included is None:
        return False
    return index.included is None or not set(index.included) <= set(found.included)


def _is_key(declared: str, live: str | None) -> bool:
    return live is not None and (live == declared or live.endswith(f"/{declared}"))


def _merged(declared: int | None, live: int | None) -> int | None:
    return live if declared is None else declared


def _key_text(key: KeySpec) -> str:
    return ", ".join(
        " + ".join(f"{name} {letter}" for name, letter in attributes)
        for attributes in (key.hashes, key.ranges)
        if attributes
    )


def _index_text(index: IndexSpec | LiveIndex) -> str:
    if index.included is None:
        projected = "all attributes"
    elif index.included:
        projected = f"keys and {', '.join(sorted(index.included))}"
    else:
        projected = "keys only"
    return f"({_key_text(index.key)}; {projected})"


def _throughput_text(read: Any, write: Any) -> str:
    return f"{read} read, {write} write"


def _throughput_suffix(read: int | None, write: int | None) -> str:
    return f" with {_throughput_text(read, write)}" if read is not None and write is not None else ""


def _throughput_cost(before: tuple[Any, Any], after: tuple[Any, Any]) -> str:
    costs = []
    if any(new > (old or 0) for old, new in zip(before, after, strict=True)):
        costs.append("more is paid for")
    if any(new < (old or 0) for old, new in zip(before, after, strict=True)):
        costs.append("one of the few decreases that a day allows")
    return ", ".join(costs)


def _sse_text(enabled: bool, key: str | None) -> str:
    if not enabled:
        return "key of DynamoDB"
    return f"KMS key {key}" if key else "KMS key of the account"


def _tag_text(tags: Iterable[tuple[str, str]]) -> str | None:
    return ", ".join(f"{key}={value}" for key, value in tags) or None


def _switch(on: bool) -> str:
    return "on" if on else "off"


def _size_text(size: float) -> str:
    units = ["bytes", "KB", "MB", "GB", "TB"]
    while size >= 1000 and len(units) > 1:
        size /= 1000
        del units[0]
    return f"{size:,.0f} {units[0]}"
