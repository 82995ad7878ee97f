"""Whether and when to try again.

botocore registers its retry policy as a handler of the client's ``needs-retry`` event: mode, number of attempts,
quota, backoff and DynamoDB's own settings are all in there.  So that handler is asked here, with the arguments that
botocore's endpoint would give it, and what it says is by construction what the client was configured to mean.  It is
asked about failures, and told of a good answer where that may have been the last attempt: about all others both of the
modes that are served here say nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.hooks import first_non_none_response

from .botocore_private import endpoint_of
from .judging import Setback

__all__ = ["RetryPolicy"]


class RetryPolicy:
    """The client's own retry policy, asked without the rest of botocore's sending."""

    def __init__(self, client: Callable[[], Any]) -> None:
        self._client = client
        # how many successes the policy has not been told of that it should know of
        self.owed_successes = 0

    def pause_before_next_attempt(
        self, operation: str, attempt: int, setback: Setback, context: dict[str, Any]
    ) -> float | None:
        """Return for how many seconds to wait before trying again, or ``None`` when that was the last attempt.

        ``context`` lives as long as the request; botocore's handlers keep what they know about it there.

        :raises Exception: the failure, or a checksum error, where the policy wants that raised rather than
            retried.
        """
        response, failure = setback
        if response is not None:
            failure = None  # an answer whose checksum differs: the policy compares the checksum itself
        pause = self._ask(operation, attempt, response, failure, context)
        if pause is None or pause is False:
            return None
        # The standard mode's quota of 500 is paid back by at most as many calls that succeed.
        self.owed_successes = 500
        return float(pause)

    def tell_of_answer(self, operation: str, attempt: int, response: Any, context: dict[str, Any]) -> None:
        """Tell the policy of a good answer, to which it may add that there would have been no other attempt."""
        self._ask(operation, attempt, response, None, context)

    def _ask(
        self, operation: str, attempt: int, response: Any, failure: Exception | None, context: dict[str, Any]
    ) -> Any:
        context.setdefault("retries", {})["attempt"] = attempt
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
        return first_non_none_response(answers)

    def note_success(self, operation: str, http: Any, parsed: dict[str, Any], context: dict[str, Any]) -> None:
        """Pay back retry quota, for callers on whose behalf the client does not announce ``after-call``."""
        self.owed_successes = max(0, self.owed_successes - 1)
        client = self._client()
        client.meta.events.emit(
            f"after-call.dynamodb.{operation}",
            http_response=http,
            parsed=parsed,
            model=client.meta.service_model.operation_model(operation),
            context=context,
        )
