"""Blocks that record what is to be done, and do it at their end."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import TYPE_CHECKING

from ..drivers import arun, run
from ..exceptions import InvalidExpression
from ..flows import Connection, Flow
from ..writing.recorded import MOST_ACTIONS

if TYPE_CHECKING:
    from typing_extensions import Self


class AtTheEnd(ABC):
    """A ``with`` block in which a transaction is recorded; on an exception in it nothing is sent."""

    def __init__(self) -> None:
        self._is_over = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._is_over = True
        if kind is None:
            run(self._carry_out())
        else:
            self._give_up()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._is_over = True
        if kind is None:
            await arun(self._carry_out())
        else:
            self._give_up()

    @abstractmethod
    def _carry_out(self) -> Flow[None]:
        """Send what was recorded."""

    @abstractmethod
    def _give_up(self) -> None:
        """Let go of what was recorded."""

    def _require_room(self, what: str, recorded: int, connection: Connection, first: Connection | None) -> None:
        """Refuse one more action where DynamoDB would.

        :param first: the connection of the actions before
        """
        if self._is_over:
            raise InvalidExpression(f"{what}: this transaction is over; begin another one")
        if recorded == MOST_ACTIONS:
            raise InvalidExpression(f"{what}: this is one more than the {MOST_ACTIONS} actions of a transaction")
        if first is not None and first is not connection:
            raise InvalidExpression(
                f"{what}: what was recorded before goes by other settings, and a transaction is in one account and "
                "region; let the models have the same"
            )
