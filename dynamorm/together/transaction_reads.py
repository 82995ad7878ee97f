"""Reads of several items as they are at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..attempts import sent_until_settled
from ..exceptions import InvalidExpression
from ..flows import Call, Flow, Place
from ..instances.loading import Part, loaded
from ..requests import Request, build_get
from ..store import Store, is_complete_model
from .at_the_end import AtTheEnd


class Got:
    """What a :class:`TransactionGet` reads: ``instance`` is ``None`` where there is no item."""

    def __init__(self, store: Store, place: Place, request: Request, part: Part) -> None:
        self._store = store
        self._place = place
        self._request = request
        self._part = part
        self._instance: Any = None
        self._is_read = False

    @property
    def instance(self) -> Any:
        """The instance as it was at the moment of the transaction.

        :raises InvalidExpression: before the transaction is over
        """
        if not self._is_read:
            raise InvalidExpression("this is read at the end of the transaction's with; ask for it after that")
        return self._instance

    def _take(self, answer: Mapping[str, Any]) -> None:
        item = answer.get("Item")
        if item:
            self._instance = loaded(self._store, item, self._part, self._place)
        self._is_read = True


class TransactionGet(AtTheEnd):
    """Read up to 100 items of any models and tables as they are at one moment, at the end of a ``with``.

    Example::

        with TransactionGet() as tx:
            mine, yours = tx.get(Account, id="1"), tx.get(Account, id="2")
        total = mine.instance.balance + yours.instance.balance
    """

    def __init__(self) -> None:
        super().__init__()
        self._asked: list[Got] = []

    def get(self, model: Any, *, attrs: Any = None, **keys: Any) -> Got:
        """Ask for the item with a primary key; the handle that is returned holds the instance afterwards.

        :param attrs: the attributes that are wanted, by name; the instance is partial then
        """
        definition = getattr(model, "_dynamorm", None)
        if definition is None or is_complete_model(type(model)):
            raise InvalidExpression(f"get({model!r}): give a model")
        store: Store = definition.store
        place = store.here
        first = self._asked[0]._place.connection if self._asked else None
        self._require_room(f"get of {store.mapper.model_name}", len(self._asked), place.connection, first)
        paths = None if attrs is None else store.mapper.paths(attrs)
        part: Part = paths is not None
        if paths is not None and store.mapper.has_forms:  # which are upgraded as wholes, and these cost the same
            part, paths = frozenset([str(path[0]) for path in paths]), None
        got = Got(store, place, build_get(place.table, store.wire_key(keys), paths=paths), part)
        self._asked.append(got)
        return got

    def _give_up(self) -> None:
        self._asked.clear()

    def _carry_out(self) -> Flow[None]:
        asked = self._asked
        if not asked:
            return
        request = Request("TransactGetItems", {"TransactItems": [{"Get": got._request.payload} for got in asked]})
        answer = yield from sent_until_settled(Call(asked[0]._place.connection, request))
        for got, one in zip(asked, answer.get("Responses", ()), strict=True):
            got._take(one)
