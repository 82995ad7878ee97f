"""Sign, send, read, judge, and again: what all transports but botocore's own have in common."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

from botocore.awsrequest import AWSPreparedRequest
from botocore.hooks import first_non_none_response

from ..exceptions import DynamoException
from .answers import LeanResponse
from .botocore_private import credentials_of, may_have_to_be_fetched, prepare_errors
from .destinations import Destination, Destinations
from .http_reader import Answer
from .http_requests import Route, prepared_request, request_bytes, shown_request_bytes
from .judging import Response, Setback, judge, judge_by_shapes
from .pool import SendingOptions
from .retries import RetryPolicy
from .signer import FrozenCredentials, Signer
from .steps import Ask, Flow, Send, Wait

__all__ = ["LARGEST_AT_ONCE", "Exchange"]

log = logging.getLogger("dynamorm.connection")

# Reading a longer answer takes more time than an event loop has for one callback.
LARGEST_AT_ONCE = 256 * 1024


class AnyGuard(Protocol):
    """What an exchange has to know of those who listen to the client's events."""

    most_attempts: int | None
    asked_before_send: frozenset[str]


class Exchange:
    """Carries requests of one client to their answers, without botocore's own sending.

    ``client`` gives the client, and is asked when a request takes more than one good answer.
    """

    def __init__(self, client: Callable[[], Any], guard: AnyGuard, options: SendingOptions) -> None:
        self.policy = RetryPolicy(client)
        self.client = client
        self.destinations = Destinations(options)
        self._guard = guard
        # the client is at hand, with what it reads errors by
        self._is_warm = False
        self._signers: dict[str, Signer] = {}

    def signer(self, region: str, service: str) -> Signer:
        """Return the signer for a region, which keeps its signing key."""
        name = f"{service} {region}"
        known = self._signers.get(name)
        if known is None:
            known = self._signers[name] = Signer(region, service)
        return known

    def perform(
        self,
        route: Route,
        body: bytes,
        credentials: FrozenCredentials,
        context: dict[str, Any],
        texts: bool = False,
        first: Response | Setback | LeanResponse | None = None,
    ) -> Flow[Response]:
        """Send a request until it is answered or the client's retry policy gives up.

        ``credentials`` are those of this moment; a later attempt asks for the ones of its own.  ``first`` is what came
        of a first attempt, if that was made already.

        Returns what botocore's ``Endpoint.make_request`` would, for errors of DynamoDB's too.  With ``texts`` the items
        in it may be such.

        :raises botocore.exceptions.BotoCoreError: when there was no answer to be had.
        """
        operation, attempt, outcome, is_certain = route.operation, 1, first, True
        while True:
            if outcome is None:
                outcome = yield from self._attempt(route, body, credentials, attempt, context, texts)
            if type(outcome) is LeanResponse:
                reading = partial(self._judged_by_shapes, operation, outcome, attempt)
                outcome = yield Ask(reading, blocks=not self._is_warm)
            if type(outcome) is not Setback:
                response: Any = outcome
                if attempt > 1 or self._guard.most_attempts == 1:
                    telling = partial(self.policy.tell_of_answer, operation, attempt, response, context)
                    yield Ask(telling, blocks=not self._is_warm)
                return response  # type: ignore[no-any-return]
            asking = partial(self.policy.pause_before_next_attempt, operation, attempt, outcome, context)
            pause = yield Ask(asking, blocks=not self._is_warm)
            if pause is None:
                return outcome.final(only_refused=attempt > 1 and is_certain)
            is_certain = is_certain and outcome.is_certain
            yield Wait(pause)
            attempt, outcome = attempt + 1, None
            log.info("%s is tried again (attempt %d)", operation, attempt)
            held = credentials_of(self.client())  # which the policy has been asked of
            credentials = yield Ask(held.get_frozen_credentials, blocks=may_have_to_be_fetched(held))

    def first_request(
        self, route: Route, body: bytes, credentials: FrozenCredentials, context: dict[str, Any]
    ) -> bytes | None:
        """Return the request of a first attempt, ``None`` where more has to be done than to send it."""
        guard = self._guard
        if not route.is_usual or guard.most_attempts == 1 or route.operation in guard.asked_before_send:
            return None
        return request_bytes(route, body, credentials, 1, context, guard.most_attempts)

    def _attempt(
        self,
        route: Route,
        body: bytes,
        credentials: FrozenCredentials,
        attempt: int,
        context: dict[str, Any],
        texts: bool,
    ) -> Flow[Response | Setback | LeanResponse]:
        """Send a request once; what comes of it may still have to be judged by the shapes of botocore's."""
        operation, destination, most = route.operation, route.destination, self._guard.most_attempts
        url = destination.url
        request: bytes | AWSPreparedRequest
        if operation in self._guard.asked_before_send or not route.is_usual:
            request = prepared_request(route, body, credentials, attempt, context, most)
        else:
            request = request_bytes(route, body, credentials, attempt, context, most)
        try:
            if isinstance(request, bytes):
                answer = yield Send(destination, request)
            else:
                answer, url = yield from self._show_and_send(operation, destination, request)
        except DynamoException:
            raise  # nothing was sent, and nothing else would be
        except Exception as error:
            # botocore asks its retry policy about whatever went wrong here, and so do we
            return Setback(None, error)
        http = LeanResponse(url, answer.status, answer.headers, answer.body)
        if len(answer.body) <= LARGEST_AT_ONCE:
            return judge(operation, http, attempt, texts)
        judged: Response | Setback | LeanResponse = yield Ask(partial(judge, operation, http, attempt, texts))
        return judged

    def _show_and_send(
        self, operation: str, destination: Destination, request: AWSPreparedRequest
    ) -> Flow[tuple[Answer, str]]:
        """Send a request, or take the answer of one who listens; also return the URL that it came from."""
        given = yield Ask(partial(self._show, operation, request))
        if given is not None:
            headers = {name.lower(): str(value) for name, value in given.headers.items()}
            return Answer(given.status_code, headers, given.content), given.url
        if request.url != destination.url:
            destination = yield Ask(partial(self.destinations.get, request.url))
        answer = yield Send(destination, shown_request_bytes(destination, request))
        return answer, destination.url

    def _show(self, operation: str, request: AWSPreparedRequest) -> Any:
        """Return what listeners answer in the place of DynamoDB, if they do."""
        responses = self.client().meta.events.emit(f"before-send.dynamodb.{operation}", request=request)
        return first_non_none_response(responses)

    def _judged_by_shapes(self, operation: str, http: LeanResponse, attempt: int) -> Response | Setback:
        client = self.client()
        judged = judge_by_shapes(client, operation, http, attempt)
        if not self._is_warm:
            prepare_errors(client)
            self._is_warm = True
        return judged
