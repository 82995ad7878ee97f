"""The three ways of a request through a client.

``plain`` is botocore untouched.  ``default`` calls the client, so that all that hooks or patches botocore
sees the call, and answers the client's ``before-call`` event by sending the request itself.  ``direct``
leaves the client out of it as long as nobody listens to what the client would do.  Where a fast lane has an
objection against a request, botocore sends it.
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
from .botocore_private import (
    Guard,
    credentials_of,
    regional_endpoint,
    remember_user_agent,
    signing_defaults,
    user_agent_of,
)
from .exchange import Destination, Exchange, RequestParts, StepAside
from .signer import Signer, UnsignableRequest

__all__ = ["DefaultLane", "DirectLane", "Lane", "PlainLane"]

log = logging.getLogger("dynamorm.connection")

_BEFORE_CALL_ID = "dynamorm-before-call"
_BEFORE_PARSE_ID = "dynamorm-before-parse"


class Lane(Protocol):
    """One way of sending."""

    def call(self, operation: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Send one request and return the answer as botocore gives it."""

    def close(self) -> None:
        """Let go of the sockets that are the lane's own."""


class PlainLane:
    """botocore, untouched."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def call(self, operation: str, payload: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = getattr(self._client, xform_name(operation))(**payload)
        return answer

    def close(self) -> None:
        """Nothing here is the lane's own."""


class DefaultLane(PlainLane):
    """The client, whose requests are sent here instead of by botocore."""

    def __init__(self, client: Any, sleep: Callable[[float], None] | None = None) -> None:
        super().__init__(client)
        # bound methods are equal when made again, which is what the guard compares
        self.guard = Guard(client, frozenset({self._before_call, self._before_parse}))
        self.said: str | None = None
        remember_user_agent(client)
        self._exchange: Exchange | None = None
        self._sleep = sleep
        self._lock = threading.Lock()
        # The least specific name and the last place: everybody else who listens is asked first.
        client.meta.events.register_last("before-call", self._before_call, unique_id=_BEFORE_CALL_ID)
        client.meta.events.register_last("before-parse", self._before_parse, unique_id=_BEFORE_PARSE_ID)

    def close(self) -> None:
        if self._exchange is not None:
            self._exchange.close()

    @property
    def exchange(self) -> Exchange:
        """What sends, made when it is first needed; only to be asked for when the guard has no objection."""
        if self._exchange is None:
            with self._lock:
                if self._exchange is None:
                    self._exchange = Exchange(self._client, self.guard, self._sleep)
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


class DirectLane:
    """The same sending without the client in front."""

    def __init__(self, client: Any, sleep: Callable[[float], None] | None = None) -> None:
        self._client = client
        self._through_client = DefaultLane(client, sleep)
        self._guard = self._through_client.guard
        self._user_agent = ""
        self._endpoints: dict[str | None, tuple[Destination, Signer]] = {}
        self._is_lambda = "AWS_LAMBDA_FUNCTION_NAME" in os.environ

    def call(self, operation: str, payload: dict[str, Any]) -> dict[str, Any]:
        if operation not in DATA_OPERATIONS:
            return self._through_client.call(operation, payload)
        objection = self._guard.objection_to_going_round()
        if objection is not None:
            self._through_client.note(objection)
            return self._through_client.call(operation, payload)
        context: dict[str, Any] = {}
        try:
            parts = self._parts(operation, payload)
            exchange = self._through_client.exchange
            http, parsed = exchange.perform(parts, context)
        except (StepAside, UnsignableRequest) as reason:
            self._through_client.note(str(reason))
            return self._through_client.call(operation, payload)
        if http.status_code >= 300:
            error = self._client.exceptions.from_code(parsed.get("Error", {}).get("Code"))
            raise error(parsed, operation)
        exchange.policy.note_success(operation, http, parsed, context)
        return parsed

    def close(self) -> None:
        self._through_client.close()

    def _parts(self, operation: str, payload: dict[str, Any]) -> RequestParts:
        if operation == "TransactWriteItems" and "ClientRequestToken" not in payload:
            # as botocore does: without a token a transaction that is sent again may happen twice
            payload = {**payload, "ClientRequestToken": str(uuid.uuid4())}
        try:
            body = encode_payload(payload)
        except (TypeError, orjson.JSONEncodeError):
            # not JSON as DynamoDB takes it: botocore says what is wrong with it
            raise StepAside("the payload is an unusual one") from None
        credentials = credentials_of(self._client).get_frozen_credentials()
        account = getattr(credentials, "account_id", None)
        endpoint = self._endpoints.get(account)
        if endpoint is None:
            endpoint = self._endpoints[account] = self._resolve()
        headers = {
            "X-Amz-Target": f"DynamoDB_20120810.{operation}",
            "Content-Type": "application/x-amz-json-1.0",
            "User-Agent": self._user_agent,
        }
        if self._is_lambda:
            trace = os.environ.get("_X_AMZN_TRACE_ID")
            if trace:
                headers["X-Amzn-Trace-Id"] = quote(trace, safe="-=;:+&[]{}\"',")
        destination, signer = endpoint
        return RequestParts(operation, destination, headers, body, signer, credentials)

    def _resolve(self) -> tuple[Destination, Signer]:
        """Ask the client where its requests go, and how they are signed, for the account of this moment."""
        exchange = self._through_client.exchange
        self._user_agent = user_agent_of(self._client)
        try:
            url, signing = regional_endpoint(self._client)
        except Exception as error:
            raise StepAside(f"the endpoint is not a simple one ({error})") from None
        region, name = signing_defaults(self._client)
        region = signing.get("region") or region
        if not region:
            raise StepAside("there is no region")
        name = signing.get("signing_name") or name
        return exchange.destination(url), exchange.signer(region, name)
