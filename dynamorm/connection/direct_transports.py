"""The ways in which requests are sent with no client in front: after one was made, and before there is any.

The client is left out as long as nobody listens to what it would do; in plain circumstances it is not even made, which
would take longer than most programs take to start.
"""

from __future__ import annotations

import logging
import os
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import quote

import orjson

from ..locks import Lock
from .answers import DATA_OPERATIONS, encode_payload
from .blocking import exchanged, run
from .botocore_private import (
    Guard,
    credentials_of,
    may_have_to_be_fetched,
    regional_endpoint,
    signing_defaults,
    user_agent_of,
)
from .botocore_session import ClientParts, GuardBeforeClient
from .destinations import Destination, LeftToBotocore
from .exchange import Exchange
from .http_requests import Route
from .judging import Response
from .signer import FrozenCredentials, Signer, UnsignableRequest
from .steps import Ask, Flow
from .transports import ClientTransport

__all__ = ["Direct", "DirectBeforeClient", "DirectTransport", "LazyClient", "Usual", "parsed"]

log = logging.getLogger("dynamorm.connection")


class Endpoint:
    """Where the requests of one account go, and what all of them carry."""

    def __init__(self, destination: Destination, signer: Signer, user_agent: str) -> None:
        self.destination = destination
        self.routes: dict[str, Route] = {}
        for operation in DATA_OPERATIONS:
            headers = {
                "X-Amz-Target": f"DynamoDB_20120810.{operation}",
                "Content-Type": "application/x-amz-json-1.0",
                "User-Agent": user_agent,
            }
            self.routes[operation] = Route(operation, destination, headers, signer, is_usual=True)


class Usual(NamedTuple):
    """What sends a request, the request, and the credentials of this moment."""

    exchange: Exchange
    route: Route
    body: bytes
    credentials: FrozenCredentials


class Direct(ABC):
    """What the two have in common: the flow of a request, which goes to the client when it cannot be sent directly."""

    def __init__(self, guard: Guard | GuardBeforeClient, exchange: Exchange | None = None) -> None:
        self._guard = guard
        self._exchange = exchange
        self._endpoints: dict[str | None, Endpoint] = {}
        self._is_lambda = "AWS_LAMBDA_FUNCTION_NAME" in os.environ

    def call(
        self, operation: str, payload: dict[str, Any], well_formed: bool = False, texts: bool = False
    ) -> dict[str, Any]:
        """Carry :meth:`flow` out, and what is usual about a request without its steps."""
        usual = self.usual(operation, payload)
        if usual is not None:
            context: dict[str, Any] = {}
            try:
                response = exchanged(*usual, context, texts)
            except (LeftToBotocore, UnsignableRequest):
                pass
            else:
                return parsed(usual.exchange, operation, response, context)
        return run(self.flow(operation, payload, well_formed, texts))

    def usual(self, operation: str, payload: dict[str, Any]) -> Usual | None:
        """Return all that it takes to send a request, ``None`` if it takes more than sending it."""
        if operation not in DATA_OPERATIONS or self._guard.objection_to_bypassing_client() is not None:
            return None
        held, exchange = self._credentials(), self._exchange
        if exchange is None or may_have_to_be_fetched(held):
            return None
        credentials: Any = held.get_frozen_credentials()
        endpoint = self._endpoints.get(getattr(credentials, "account_id", None))
        if endpoint is None:
            return None
        try:
            body, route = _body(operation, payload), endpoint.routes[operation]
        except LeftToBotocore:
            return None
        return Usual(exchange, _with_trace(route) if self._is_lambda else route, body, credentials)

    def flow(
        self, operation: str, payload: dict[str, Any], well_formed: bool = False, texts: bool = False
    ) -> Flow[dict[str, Any]]:
        """Send one request and return the answer as botocore gives it, with ``texts`` for items if that is wanted."""
        if operation in DATA_OPERATIONS:
            objection = self._guard.objection_to_bypassing_client()
            if objection is None:
                try:
                    body = _body(operation, payload)
                    exchange = self._exchange or self._new_exchange()
                    held = self._credentials()
                    credentials: Any
                    if may_have_to_be_fetched(held):
                        credentials = yield Ask(held.get_frozen_credentials)
                    else:
                        credentials = held.get_frozen_credentials()
                    account = getattr(credentials, "account_id", None)
                    endpoint = self._endpoints.get(account)
                    if endpoint is None:
                        endpoint = self._endpoints[account] = yield Ask(partial(self._endpoint, exchange, account))
                    route = endpoint.routes[operation]
                    if self._is_lambda:
                        route = _with_trace(route)
                    context: dict[str, Any] = {}
                    response = yield from exchange.perform(route, body, credentials, context, texts)
                    return parsed(exchange, operation, response, context)
                except (LeftToBotocore, UnsignableRequest) as reason:
                    objection = str(reason)
            self._note_objection(objection)
        answer: dict[str, Any] = yield Ask(partial(self._call_through_client, operation, payload, well_formed, texts))
        return answer

    @abstractmethod
    def _note_objection(self, objection: str) -> None:
        """Log why a request goes to the client."""

    @abstractmethod
    def _new_exchange(self) -> Exchange:
        """Make what sends, when there is no objection to it."""

    @abstractmethod
    def _credentials(self) -> Any:
        """Return botocore's credentials, from which those of this moment are taken."""

    @abstractmethod
    def _endpoint(self, exchange: Exchange, account: str | None) -> Endpoint:
        """Return where requests go, and how they are signed, for the account of the credentials.

        :raises LeftToBotocore: when that is not known here.
        """

    @abstractmethod
    def _call_through_client(
        self, operation: str, payload: dict[str, Any], well_formed: bool, texts: bool
    ) -> dict[str, Any]:
        """Send a request through the client, which is made if there is none."""


def _body(operation: str, payload: dict[str, Any]) -> bytes:
    """Return the JSON of a request.

    :raises LeftToBotocore: when there is something about the payload that is not known here.
    """
    if operation == "TransactWriteItems" and "ClientRequestToken" not in payload:
        # as botocore does: without a token a transaction that is sent again may happen twice
        payload = {**payload, "ClientRequestToken": str(uuid.uuid4())}
    try:
        table = payload.get("TableName")
        if _names_an_arn(payload) if table is None else table[:4] == "arn:":
            raise LeftToBotocore("a table is named by its ARN, whose account may have an endpoint of its own")
        return encode_payload(payload)
    except (TypeError, AttributeError, orjson.JSONEncodeError):
        # not what DynamoDB takes: botocore says what is wrong with it
        raise LeftToBotocore("the payload is an unusual one") from None


def _names_an_arn(payload: dict[str, Any]) -> bool:
    """Whether one of several tables is named by its ARN."""
    names = [*payload.get("RequestItems", ())]
    for action in payload.get("TransactItems", ()):
        names += [part.get("TableName") for part in action.values()]
    return any(str(name).startswith("arn:") for name in names)


def _with_trace(route: Route) -> Route:
    trace = os.environ.get("_X_AMZN_TRACE_ID")
    if not trace:
        return route
    headers = {**route.headers, "X-Amzn-Trace-Id": quote(trace, safe="-=;:+&[]{}\"',")}
    return route._replace(headers=headers, is_usual=False)


def parsed(exchange: Exchange, operation: str, response: Response, context: dict[str, Any]) -> dict[str, Any]:
    """Return the answer in a response as a client would, or raise the error in it."""
    http, parsed = response
    if http.status_code >= 300:
        error = exchange.client().exceptions.from_code(parsed.get("Error", {}).get("Code"))
        raise error(parsed, operation)
    if exchange.policy.owed_successes:
        exchange.policy.note_success(operation, http, parsed, context)
    return parsed


class DirectTransport(Direct):
    """Sends without the client, which has been made, and checks nothing that DynamoDB checks itself."""

    def __init__(self, client: Any, through_client: ClientTransport | None = None) -> None:
        self._client = client
        self._through_client = through_client or ClientTransport(client)
        super().__init__(self._through_client.guard)

    def inherit(self, exchange: Exchange) -> None:
        """Go on with connections that were opened before there was a client."""
        if self._through_client.guard.objection_to_sending() is None:
            self._through_client.exchange.destinations.inherit(exchange.destinations)

    def close(self) -> None:
        self._through_client.close()

    @property
    def most_connections(self) -> int:
        return self._through_client.most_connections

    @property
    def endpoint_url(self) -> str:
        return self._through_client.endpoint_url

    @property
    def shown_endpoint(self) -> str:
        return self._through_client.shown_endpoint

    def _note_objection(self, objection: str) -> None:
        self._through_client.note_objection(objection)

    def _new_exchange(self) -> Exchange:
        self._exchange = self._through_client.exchange
        return self._exchange

    def _credentials(self) -> Any:
        return credentials_of(self._client)

    def _endpoint(self, exchange: Exchange, account: str | None) -> Endpoint:
        """Ask the client where its requests go, and how they are signed, for the account of this moment."""
        try:
            url, signing = regional_endpoint(self._client)
        except Exception as error:
            raise LeftToBotocore(f"the endpoint is not a simple one ({error})") from None
        region, name = signing_defaults(self._client)
        region = signing.get("region") or region
        if not region:
            raise LeftToBotocore("there is no region")
        name = signing.get("signing_name") or name
        return Endpoint(exchange.destinations.get(url), exchange.signer(region, name), user_agent_of(self._client))

    def _call_through_client(
        self, operation: str, payload: dict[str, Any], well_formed: bool, texts: bool
    ) -> dict[str, Any]:
        return self._through_client.call(operation, payload, well_formed, texts)


class DirectBeforeClient(Direct):
    """Sends without a client as long as nothing needs one; what does makes it, and is followed by all later requests.

    From then on they go to the client's own :class:`DirectTransport`.
    """

    def __init__(self, parts: ClientParts, client: LazyClient) -> None:
        self._client_parts = parts
        self._client = client
        self._early_exchange = Exchange(client.get, parts.guard, parts.options)
        super().__init__(parts.guard, self._early_exchange)
        self._successor: DirectTransport | None = None
        self._lock = Lock()

    def call(
        self, operation: str, payload: dict[str, Any], well_formed: bool = False, texts: bool = False
    ) -> dict[str, Any]:
        if self._client.is_made:
            return self.with_client().call(operation, payload, well_formed, texts)
        return super().call(operation, payload, well_formed, texts)

    def usual(self, operation: str, payload: dict[str, Any]) -> Usual | None:
        if self._client.is_made:
            return self.with_client().usual(operation, payload)
        return super().usual(operation, payload)

    def flow(
        self, operation: str, payload: dict[str, Any], well_formed: bool = False, texts: bool = False
    ) -> Flow[dict[str, Any]]:
        if self._client.is_made:
            return self.with_client().flow(operation, payload, well_formed, texts)
        return super().flow(operation, payload, well_formed, texts)

    def with_client(self) -> DirectTransport:
        """Return the client's own transport."""
        if self._successor is not None:
            return self._successor
        client = self._client.get()
        with self._lock:
            if self._successor is None:
                successor = DirectTransport(client)
                successor.inherit(self._early_exchange)
                self._successor = successor
            return self._successor

    def close(self) -> None:
        self._early_exchange.destinations.close()
        if self._successor is not None:
            self._successor.close()

    @property
    def most_connections(self) -> int:
        return self._client_parts.options.size

    @property
    def endpoint_url(self) -> str:
        return self._client_parts.url

    @property
    def shown_endpoint(self) -> str:
        return f"region {self._client_parts.region}, {self.endpoint_url}"

    def _note_objection(self, objection: str) -> None:
        log.debug("a client is made: %s", objection)

    def _new_exchange(self) -> Exchange:
        return self._early_exchange

    def _credentials(self) -> Any:
        return self._client_parts.credentials

    def _endpoint(self, exchange: Exchange, account: str | None) -> Endpoint:
        parts = self._client_parts
        if account is not None and parts.names_no_url:
            raise LeftToBotocore("the account may have an endpoint of its own")
        signer = exchange.signer(parts.region, "dynamodb")
        return Endpoint(exchange.destinations.get(parts.url), signer, parts.user_agent)

    def _call_through_client(
        self, operation: str, payload: dict[str, Any], well_formed: bool, texts: bool
    ) -> dict[str, Any]:
        return self.with_client().call(operation, payload, well_formed, texts)


class LazyClient:
    """A client that is made when it is first asked for, once."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make
        self._client: Any = None
        self._lock = Lock()
        self.is_made = False

    def get(self) -> Any:
        if self._client is None:
            with self._lock:
                if self._client is None:
                    made = self._make()
                    # the lock lets in what its holder is made to run meanwhile: a signal's handler, a finalizer
                    if self._client is None:
                        self._client = made
                        self.is_made = True
        return self._client
