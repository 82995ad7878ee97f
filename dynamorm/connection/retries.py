"""Whether and when to try again.

botocore registers its retry policy as a handler of the client's ``needs-retry`` event: mode, number of
attempts, quota, backoff and DynamoDB's own settings are all in there.  So the lanes ask that handler, with
the arguments that botocore's endpoint would give it, and mean by construction what the client was configured
to mean.  Only failures are asked about; about a good answer both of the modes that are served here say
nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from botocore.hooks import first_non_none_response

from .botocore_private import endpoint_of

__all__ = ["RetryPolicy"]


class RetryPolicy:
    """The client's own retry policy, asked without the rest of botocore's sending."""

    def __init__(self, client: Callable[[], Any], sleep: Callable[[float], None] | None = None) -> None:
        self._client = client
        self._sleep = sleep
        self._owed_successes = 0

    def wait_for_next_attempt(
        self,
        operation: str,
        attempt: int,
        response: tuple[Any, dict[str, Any]] | None,
        failure: BaseException | None,
        context: dict[str, Any],
    ) -> bool:
        """Sleep and return true when there is to be another attempt after the one that went wrong.

        ``context`` lives as long as the request; botocore's handlers keep what they know about it there.

        :raises Exception: ``failure``, or a checksum error, where the policy wants that raised rather than
            retried.
        """
        context.setdefault("retries", {})["attempt"] = attempt
        if response is not None:
            failure = None  # an answer whose checksum differs: the policy compares the checksum itself
        client = self._client()
        answers = client.meta.events.emit(
            f"needs-retry.dynamodb.{operation}",
            response=response,
            endpoint=endpoint_of(client),
            operation=client.meta.service_model.operation_model(operation),
            attempts=attempt,
            caught_exception=failure,
            request_dict={"context": context},
        )
        pause = first_non_none_response(answers)
        if pause is None or pause is False:
            return False
        # The standard mode's quota of 500 is paid back by at most as many calls that succeed.
        self._owed_successes = 500
        (self._sleep or time.sleep)(pause)
        return True

    def note_success(self, operation: str, http: Any, parsed: dict[str, Any], context: dict[str, Any]) -> None:
        """Pay back retry quota, for callers on whose behalf the client does not announce ``after-call``."""
        if self._owed_successes <= 0:
            return
        self._owed_successes -= 1
        client = self._client()
        client.meta.events.emit(
            f"after-call.dynamodb.{operation}",
            http_response=http,
            parsed=parsed,
            model=client.meta.service_model.operation_model(operation),
            context=context,
        )
