"""The ways of a request: three through a client, and one before there is any.

``plain`` is botocore untouched.  ``default`` calls the client, so that all that hooks or patches botocore
sees the call, and answers the client's ``before-call`` event by sending the request itself.  ``direct``
leaves the client out of it as long as nobody listens to what the client would do, and in plain circumstances does not
even make it.  Where a fast lane has an objection against a request, botocore sends it.
"""

from __future__ import annotations

import logging
import os
import threading
import uuid
from collections.abc import Callable
from typing import Any, Protocol
from urllib.parse import quote

import orjson
from botocore import xform_name
from botocore.signers import RequestSigner

from .answers import DATA_OPERATIONS, encode_payload, read_answer
from .botocore_private import Guard, credentials_of, regional_endpoint, sending_options, signing_defaults, user_agent_of
from .botocore_session import Plain
from .botocore_sparing import spare
from .exchange import Destination, Exchange, RequestParts, StepAside
from .signer import Signer, UnsignableRequest

__all__ = ["DefaultLane", "DirectLane", "EarlyLane", "Lane", "LateClient", "PlainLane"]

log = logging.getLogger("dynamorm.connection")

_BEFORE_CALL_ID = "dynamorm-before-call"
_BEFORE_PARSE_ID = "dynamorm-before-parse"


class Lane(Protocol):
    """One way of sending."""

    def call(self, operation: str, payload: dict[str, Any], well_formed: bool = False) -> dict[str, Any]:
        """Send one request and return the answer as botocore gives it; a ``well_formed`` one needs no checking."""

    def close(self) -> None:
        """Let go of the sockets that are the lane's own."""

    @property
    def endpoint_url(self) -> str:
        """Where requests go, for messages."""


class PlainLane:
    """botocore, untouched."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def call(self, operation: str, payload: dict[str, Any], well_formed: bool = False) -> dict[str, Any]:
        answer: dict[str, Any] = getattr(self._client, xform_name(operation))(**payload)
        return answer

    def close(self) -> None:
        """Nothing here is the lane's own."""

    @property
    def endpoint_url(self) -> str:
        return str(self._client.meta.endpoint_url)


class DefaultLane(PlainLane):
    """The client, whose requests are sent here instead of by botocore."""

    def __init__(self, client: Any, sleep: Callable[[float], None] | None = None) -> None:
        super().__init__(client)
        # bound methods are equal when made again, which is what the guard compares
        self.guard = Guard(client, frozenset({self._before_call, self._before_parse}))
        self.said: str | None = None
        self._sparing = spare(client)
        self._exchange: Exchange | None = None
        self._sleep = sleep
        self._lock = threading.Lock()
        # The least specific name and the last place: everybody else who listens is asked first.
        client.meta.events.register_last("before-call", self._before_call, unique_id=_BEFORE_CALL_ID)
        client.meta.events.register_last("before-parse", self._before_parse, unique_id=_BEFORE_PARSE_ID)

    def call(self, operation: str, payload: dict[str, Any], well_formed: bool = False) -> dict[str, Any]:
        sparing = self._sparing
        if (
            not well_formed
            or sparing is None
            or operation not in DATA_OPERATIONS
            or self.guard.objection_to_going_round() is not None
        ):
            return super().call(operation, payload)
        sparing.is_on = True
        try:
            return super().call(operation, payload)
        finally:
            sparing.is_on = False

    def close(self) -> None:
        if self._exchange is not None:
            self._exchange.close()

    @property
    def exchange(self) -> Exchange:
        """What sends, made when it is first needed; only to be asked for when the guard has no objection."""
        if self._exchange is None:
            with self._lock:
                if self._exchange is None:
                    client = self._client
                    self._exchange = Exchange(lambda: client, self.guard, sending_options(client), self._sleep)
        return self._exchange

    def _before_call(
        self,
        model: Any,
        params: dict[str, Any],
        request_signer: RequestSigner,
        context: dict[str, Any],
        **kwargs: Any,
    ) -> tuple[Any, dict[str, Any]] | None:
        operation = model.name
        if operation not in DATA_OPERATIONS:
            return None
        sparing = self._sparing
        # a call that came by way of this lane has been looked at a moment ago
        if sparing is None or not sparing.is_on:
            objection = self.guard.objection_to_sending()
            if objection is not None:
                self.note(objection)
                return None
        try:
            parts = self._parts(operation, params, request_signer, context)
        except StepAside as reason:
            self.note(str(reason))
            return None
        try:
            return self.exchange.perform(parts, context)
        except (StepAside, UnsignableRequest) as reason:
            self.note(str(reason))
            return None
        except Exception as error:
            # botocore tells those who listen of failures, and this is one of its calls
            self._client.meta.events.emit(f"after-call-error.dynamodb.{operation}", exception=error, context=context)
            raise

    def _parts(
        self, operation: str, params: dict[str, Any], request_signer: RequestSigner, context: dict[str, Any]
    ) -> RequestParts:
        """Take from botocore's request what is to be sent.

        :raises StepAside: when there is something about it that is not sent here.
        """
        if context.get("auth_type") not in (None, "v4") or context.get("read_timeout") is not None:
            raise StepAside("the request has an authentication or a timeout of its own")
        if (context.get("checksum") or {}).get("request_algorithm"):
            raise StepAside("the request carries a checksum")
        signing = context.get("signing") or {}
        if signing.get("request_credentials") or signing.get("identity_cache"):
            raise StepAside("the request brings its own credentials")
        body = params["body"]
        if type(body) is not bytes or params["method"] != "POST" or params.get("query_string"):
            raise StepAside("the request is not a plain post")
        region = signing.get("region") or request_signer.region_name
        name = signing.get("signing_name") or request_signer.signing_name
        if not region:
            raise StepAside("there is no region")
        destination = self.exchange.destination(params["url"])
        return RequestParts(operation, destination, params["headers"], body, self.exchange.signer(region, name))

    def _before_parse(
        self,
        operation_model: Any,
        response_dict: dict[str, Any],
        customized_response_dict: dict[str, Any],
        **kwargs: Any,
    ) -> None:
        """Where botocore sends after all, spare it the shape-by-shape reading of good answers."""
        operation = operation_model.name
        if operation not in DATA_OPERATIONS or response_dict["status_code"] != 200:
            return
        if self.guard.somebody_else_parses():
            return
        answer = read_answer(operation, response_dict["body"])
        if answer is not None:
            customized_response_dict.update(answer)
            response_dict["body"] = b"{}"

    def note(self, objection: str) -> None:
        """Say once that, and why, botocore does the sending."""
        if objection != self.said:
            self.said = objection
            log.debug("botocore sends: %s", objection)


class Straight:
    """Sends requests with no client in front; where that cannot be it raises :class:`StepAside`."""

    def __init__(
        self, exchange: Exchange, credentials: Callable[[], Any], endpoint: Callable[[Exchange, str | None], Endpoint]
    ) -> None:
        self._exchange = exchange
        self._credentials = credentials
        self._endpoint = endpoint
        self._endpoints: dict[str | None, Endpoint] = {}
        self._is_lambda = "AWS_LAMBDA_FUNCTION_NAME" in os.environ

    def call(self, operation: str, payload: dict[str, Any]) -> dict[str, Any]:
        exchange = self._exchange
        context: dict[str, Any] = {}
        http, parsed = exchange.perform(self._parts(operation, payload), context)
        if http.status_code >= 300:
            error = exchange.client().exceptions.from_code(parsed.get("Error", {}).get("Code"))
            raise error(parsed, operation)
        exchange.policy.note_success(operation, http, parsed, context)
        return parsed

    def _parts(self, operation: str, payload: dict[str, Any]) -> RequestParts:
        if operation == "TransactWriteItems" and "ClientRequestToken" not in payload:
            # as botocore does: without a token a transaction that is sent again may happen twice
            payload = {**payload, "ClientRequestToken": str(uuid.uuid4())}
        try:
            if _names_an_arn(payload):
                raise StepAside("a table is named by its ARN, whose account may have an endpoint of its own")
            body = encode_payload(payload)
        except (TypeError, AttributeError, orjson.JSONEncodeError):
            # not what DynamoDB takes: botocore says what is wrong with it
            raise StepAside("the payload is an unusual one") from None
        credentials = self._credentials().get_frozen_credentials()
        account = getattr(credentials, "account_id", None)
        endpoint = self._endpoints.get(account)
        if endpoint is None:
            endpoint = self._endpoints[account] = self._endpoint(self._exchange, account)
        headers = endpoint.headers[operation]
        if self._is_lambda:
            trace = os.environ.get("_X_AMZN_TRACE_ID")
            if trace:
                headers = {**headers, "X-Amzn-Trace-Id": quote(trace, safe="-=;:+&[]{}\"',")}
        return RequestParts(operation, endpoint.destination, headers, body, endpoint.signer, credentials)


def _names_an_arn(payload: dict[str, Any]) -> bool:
    table = payload.get("TableName")
    if table is not None:
        return bool(table[:4] == "arn:")
    names = [*payload.get("RequestItems", ())]
    for action in payload.get("TransactItems", ()):
        names += [part.get("TableName") for part in action.values()]
    return any(str(name).startswith("arn:") for name in names)


class Endpoint:
    """Where the requests of one account go, and what all of them carry."""

    def __init__(self, destination: Destination, signer: Signer, user_agent: str) -> None:
        self.destination = destination
        self.signer = signer
        self.headers = {
            operation: {
                "X-Amz-Target": f"DynamoDB_20120810.{operation}",
                "Content-Type": "application/x-amz-json-1.0",
                "User-Agent": user_agent,
            }
            for operation in DATA_OPERATIONS
        }


class DirectLane:
    """The same sending without the client in front, which nothing checks but DynamoDB."""

    def __init__(self, client: Any, sleep: Callable[[float], None] | None = None) -> None:
        self._client = client
        self._through_client = DefaultLane(client, sleep)
        self._guard = self._through_client.guard
        self._straight: Straight | None = None

    def call(self, operation: str, payload: dict[str, Any], well_formed: bool = False) -> dict[str, Any]:
        if operation not in DATA_OPERATIONS:
            return self._through_client.call(operation, payload, well_formed)
        objection = self._guard.objection_to_going_round()
        if objection is not None:
            self._through_client.note(objection)
            return self._through_client.call(operation, payload, well_formed)
        if self._straight is None:
            exchange = self._through_client.exchange
            self._straight = Straight(exchange, lambda: credentials_of(self._client), self._endpoint)
        try:
            return self._straight.call(operation, payload)
        except (StepAside, UnsignableRequest) as reason:
            self._through_client.note(str(reason))
            return self._through_client.call(operation, payload, well_formed)

    def inherit(self, exchange: Exchange) -> None:
        """Go on with connections that were opened before there was a client."""
        if self._guard.objection_to_sending() is None:
            self._through_client.exchange.inherit(exchange)

    def close(self) -> None:
        self._through_client.close()

    @property
    def endpoint_url(self) -> str:
        return self._through_client.endpoint_url

    def _endpoint(self, exchange: Exchange, account: str | None) -> Endpoint:
        """Ask the client where its requests go, and how they are signed, for the account of this moment."""
        try:
            url, signing = regional_endpoint(self._client)
        except Exception as error:
            raise StepAside(f"the endpoint is not a simple one ({error})") from None
        region, name = signing_defaults(self._client)
        region = signing.get("region") or region
        if not region:
            raise StepAside("there is no region")
        name = signing.get("signing_name") or name
        return Endpoint(exchange.destination(url), exchange.signer(region, name), user_agent_of(self._client))


class EarlyLane:
    """The direct lane before there is a client, which takes longer to make than most programs take to start.

    What needs a client makes it, and from then on requests go the client's own direct lane.
    """

    def __init__(self, plain: Plain, client: LateClient, sleep: Callable[[float], None] | None = None) -> None:
        self._plain = plain
        self._client = client
        self._sleep = sleep
        self._exchange = Exchange(client.get, plain.guard, plain.options, sleep)
        self._straight = Straight(self._exchange, lambda: plain.credentials, self._endpoint)
        self._lane: DirectLane | None = None
        self._lock = threading.Lock()

    def call(self, operation: str, payload: dict[str, Any], well_formed: bool = False) -> dict[str, Any]:
        if self._lane is None and operation in DATA_OPERATIONS and not self._client.is_made:
            objection = self._plain.guard.objection_to_going_round()
            if objection is None:
                try:
                    return self._straight.call(operation, payload)
                except (StepAside, UnsignableRequest) as reason:
                    objection = str(reason)
            log.debug("a client is made: %s", objection)
        return self.with_client().call(operation, payload, well_formed)

    def with_client(self) -> DirectLane:
        """Give the client's own lane."""
        client = self._client.get()
        with self._lock:
            if self._lane is None:
                lane = DirectLane(client, self._sleep)
                lane.inherit(self._exchange)
                self._lane = lane
            return self._lane

    def close(self) -> None:
        self._exchange.close()
        if self._lane is not None:
            self._lane.close()

    @property
    def endpoint_url(self) -> str:
        return self._plain.url

    def _endpoint(self, exchange: Exchange, account: str | None) -> Endpoint:
        plain = self._plain
        if account is not None and plain.names_no_url:
            raise StepAside("the account may have an endpoint of its own")
        return Endpoint(exchange.destination(plain.url), exchange.signer(plain.region, "dynamodb"), plain.user_agent)


class LateClient:
    """A client that is made when it is first asked for, once."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make
        self._client: Any = None
        self._lock = threading.Lock()

    @property
    def is_made(self) -> bool:
        return self._client is not None

    def start_afresh(self) -> None:
        """After a fork: nobody in this process is making the client, whoever was in the other."""
        self._lock = threading.Lock()

    def get(self) -> Any:
        if self._client is None:
            with self._lock:
                if self._client is None:
                    self._client = self._make()
        return self._client
