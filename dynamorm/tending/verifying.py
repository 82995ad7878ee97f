"""Comparing the unique values of all items of a model with their guards, while others read and write them.

A scan brings items and guards, and batches bring what belongs to them.  What does not agree by these may have been
changed between the two reads, so that it is looked at closely.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..exceptions import DynamoTableException, InvalidExpression
from ..expressions import Comparison, Condition, Either, joined, shortened
from ..flows import Call, Flow, Place
from ..keyed_mapper import KeyedMapper
from ..many.batches import read_in_order
from ..many.typed_items import TypedItems
from ..requests import build_scan
from ..store import Store
from ..unique import FIELDS, PREFIX, Taken, Unique, holder_of
from ..upkeep import present_second
from ..wire.codec import WireItem, decode_item
from ..wire.texts import item_of
from .judging import Finding, Judge, is_timed_like, name_of
from .members import is_guard_of_any, members_of, of_these_kinds
from .seen import Seen, at_once, is_key, is_same_key


def verify_unique(store: Store, repair: Any) -> Flow[list[Finding]]:
    """Return everything in which guards and items do not agree, repaired where that is wanted and possible.

    :raises DynamoTableException: if no fields of the model are unique
    """
    name = store.mapper.model_name
    if not isinstance(repair, bool):
        raise InvalidExpression(f"{name}.verify_unique(repair={shortened(repair)}): True or False is meant")
    members = [member for member in members_of(store) if _unique_of(member) is not None]
    if not members:
        raise DynamoTableException(
            f'{name}.verify_unique(): no fields of {name} are unique; name some in its Table: unique = ["email"]'
        )
    return (yield from _Comparison(store, store.here, members, repair).carry_out())


def _unique_of(store: Store) -> Unique | None:
    return None if store.mapper.upkeep is None else store.mapper.upkeep.unique


class _Comparison:
    def __init__(self, store: Store, place: Place, members: Sequence[Store], repair: bool) -> None:
        several = [unique for member in members if (unique := _unique_of(member)) is not None]
        self._store = store
        self._place = place
        self._unique = several[0]
        self._labels = {label: fields for unique in several for label, fields in unique.labels.items()}
        self._scopes = {scope for unique in several for scope in unique.scopes.values()}
        mappers = [member.mapper for member in members if isinstance(member.mapper, KeyedMapper)]
        # of these scopes all items that may hold a guard are seen here
        self._own_scopes = {mapper.own_kind for mapper in mappers} - {None}
        self._judge = Judge(store, place, self._unique, repair)
        self._stored = TypedItems(store, place, consistent=True)
        self._findings: list[Finding] = []
        # who has a value that no guard keeps, by the name that the guard would have
        self._unguarded: dict[str, WireItem] = {}

    def carry_out(self) -> Flow[list[Finding]]:
        """Go through the table, and return what was found."""
        request = build_scan(self._place.table, filters=self._filters())
        while True:
            answer = yield Call(self._place.connection, request, self._store.model)
            items: list[WireItem] = []
            guards: list[WireItem] = []
            for item in map(item_of, answer.get("Items", ())):
                (guards if is_guard_of_any(self._store, item) else items).append(item)
            yield from self._compare_items(items)
            yield from self._compare_guards(guards)
            after = answer.get("LastEvaluatedKey")
            if not after:
                return self._findings
            request = request.after(after)

    def _filters(self) -> Sequence[Condition]:
        kinds = of_these_kinds(self._store)
        if not kinds:
            return ()
        is_guard = Comparison((str(self._store.mapper.kind_name),), "eq", ({"S": PREFIX},))
        return (joined(Either, (*kinds, is_guard)),)

    # Items.

    def _compare_items(self, items: Sequence[WireItem]) -> Flow[None]:
        now = present_second()
        wanted: list[tuple[Seen, Taken]] = []
        for item in items:
            seen = Seen(self._store, self._key_of(item), item)
            if seen.is_unreadable:
                self._findings.append(Finding("unreadable", (), decode_item(seen.key)))
            elif not seen.is_past(now):
                wanted += [(seen, taken) for taken in seen.taken]
        guards = yield from read_in_order(self._stored, [self._unique.key_of(taken.name) for _, taken in wanted])
        for (seen, taken), stored in zip(wanted, guards, strict=True):
            guard = None if stored is None else item_of(stored)
            is_kept = guard is not None and is_same_key(holder_of(guard), seen.key)
            if not (is_kept and is_timed_like(guard, seen)):
                yield from self._note_value(seen.key, taken)

    def _note_value(self, key: WireItem, taken: Taken) -> Flow[None]:
        finding = yield from self._judge.of_value(key, taken)
        if finding is None:
            return
        if finding.kind == "missing" and not finding.repaired:
            earlier = self._unguarded.setdefault(taken.name, key)
            if not is_same_key(earlier, key) and (yield from self._has(earlier, taken)):
                finding = finding._replace(kind="taken", other=decode_item(earlier))
        self._findings.append(finding)

    def _has(self, key: WireItem, taken: Taken) -> Flow[bool]:
        (item,) = yield from at_once(self._store, self._place, [key])
        return Seen(self._store, key, item).has(taken)

    # Guards.

    def _compare_guards(self, guards: Sequence[WireItem]) -> Flow[None]:
        known = []
        for guard in guards:
            label = guard.get(FIELDS, {}).get("S", "")
            if label in self._labels:
                known.append((guard, label))
            elif self._is_unused(label):
                fields = tuple(label.rpartition(": ")[2].split(", "))
                holder = holder_of(guard)
                plain = None if holder is None else decode_item(holder)
                self._findings.append(Finding("unused", fields, plain, None, decode_item(self._key_of(guard))))
        holders = [holder for guard, _ in known if is_key(holder := holder_of(guard), self._store.mapper.key)]
        found = yield from read_in_order(self._stored, holders)
        items = {self._stored.identity(stored): item_of(stored) for stored in found if stored is not None}
        for guard, label in known:
            holder = holder_of(guard)
            item = items.get(self._stored.identity(holder)) if is_key(holder, self._store.mapper.key) else None
            if item is None or name_of(guard, self._unique) not in Seen(self._store, holder or {}, item).names:
                yield from self._note_guard(guard, label)

    def _note_guard(self, guard: WireItem, label: str) -> Flow[None]:
        is_shared = label.rpartition(": ")[0] not in self._own_scopes
        finding = yield from self._judge.of_guard(self._key_of(guard), self._labels[label], is_shared=is_shared)
        if finding is not None:
            self._findings.append(finding)

    def _is_unused(self, label: str) -> bool:
        scope = label.rpartition(": ")[0]
        # without kinds, models that share a table have no scopes that tell their guards apart
        is_told = bool(scope) or not self._store.mapper.has_neighbours
        return bool(label) and scope in self._scopes and is_told

    def _key_of(self, item: WireItem) -> WireItem:
        return {name: item[name] for name in self._store.mapper.key.names}
