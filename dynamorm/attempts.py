"""Sending again what others that write at the same time were in the way of."""

from __future__ import annotations

from typing import Any

from .backoff import jitter
from .exceptions import ServiceError, TransactionCanceled, TransactionConflict
from .flows import Flow, Pause

# what a transaction is canceled with because of others at the same time, or of too many of them
_PASSING = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})
_IN_PROGRESS = "TransactionInProgressException"
MOST = 10


def sent_until_settled(call: Any, earlier: ServiceError | None = None) -> Flow[dict[str, Any]]:
    """Carry out the step that sends a request, again as long as others that are under way are all that hinders it.

    :param earlier: the error of having sent it once
    """
    for attempt in range(MOST):
        try:
            answer: dict[str, Any] = yield call
        except ServiceError as error:
            if earlier is not None:
                error.follow(earlier)
            earlier = error
            if attempt == MOST - 1 or not _is_passing(error):
                raise
        else:
            return answer
        yield Pause(jitter(attempt))
    raise AssertionError("the last attempt returns or raises")


def _is_passing(error: ServiceError) -> bool:
    if isinstance(error, TransactionCanceled):
        codes = {reason.code for reason in error.reasons} - {"None"}
        return bool(codes) and codes <= _PASSING
    return isinstance(error, TransactionConflict) or error.code == _IN_PROGRESS
