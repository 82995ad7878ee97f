"""The ways in which requests are sent through a client, and what all ways have in common.

:class:`BotocoreTransport` is botocore untouched.  :class:`ClientTransport` calls the client, so that all that hooks or
patches botocore sees the call, and answers the client's ``before-call`` event by sending the request itself.  Where it
has an objection against a request, botocore sends it.
"""

from __future__ import annotations

import logging
from typing import Any, Protocol

from botocore import xform_name
from botocore.credentials import Credentials
from botocore.signers import RequestSigner

from ..locks import Lock
from .answers import DATA_OPERATIONS, read_answer
from .blocking import exchanged
from .botocore_private import Guard, credentials_of, sending_options
from .client_shortcuts import install_shortcuts
from .destinations import LeftToBotocore
from .exchange import Exchange
from .header_values import refuse_unsendable_credentials
from .http_requests import USUAL_HEADERS, WRITTEN_ANYWAY, Route
from .signer import UnsignableRequest

__all__ = ["BotocoreTransport", "ClientTransport", "Transport"]

log = logging.getLogger("dynamorm.connection")

_BEFORE_CALL_ID = "dynamorm-before-call"
_BEFORE_PARSE_ID = "dynamorm-before-parse"


class Transport(Protocol):
    """One way of sending."""

    def call(
        self, operation: str, payload: dict[str, Any], well_formed: bool = False, texts: bool = False
    ) -> dict[str, Any]:
        """Send one request and return the answer as botocore gives it; a ``well_formed`` one needs no checking.

        With ``texts`` items may be the texts that they came as.
        """

    def close(self) -> None:
        """Let go of the sockets that are the transport's own."""

    @property
    def most_connections(self) -> int:
        """How many requests are to be under way at the same time."""

    @property
    def endpoint_url(self) -> str:
        """Where requests go, for messages."""

    @property
    def shown_endpoint(self) -> str:
        """Where requests go, and the region that they are signed for."""


class BotocoreTransport:
    """botocore, untouched."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def call(
        self, operation: str, payload: dict[str, Any], well_formed: bool = False, texts: bool = False
    ) -> dict[str, Any]:
        credentials = credentials_of(self._client)
        # others may have to be fetched for that
        if type(credentials) is Credentials:
            refuse_unsendable_credentials(credentials)
        answer: dict[str, Any] = getattr(self._client, xform_name(operation))(**payload)
        return answer

    def close(self) -> None:
        """Nothing here is the transport's own."""

    @property
    def most_connections(self) -> int:
        return int(self._client.meta.config.max_pool_connections)

    @property
    def endpoint_url(self) -> str:
        return str(self._client.meta.endpoint_url)

    @property
    def shown_endpoint(self) -> str:
        return f"region {self._client.meta.region_name}, {self.endpoint_url}"


class ClientTransport(BotocoreTransport):
    """The client, whose requests are sent here instead of by botocore."""

    def __init__(self, client: Any) -> None:
        super().__init__(client)
        # bound methods are equal when made again, which is what the guard compares
        self.guard = Guard(client, frozenset({self._before_call, self._before_parse}))
        self._last_objection: str | None = None
        self._shortcuts = install_shortcuts(client)
        self._exchange: Exchange | None = None
        self._lock = Lock()
        # The least specific name and the last place: everybody else who listens is asked first.
        client.meta.events.register_last("before-call", self._before_call, unique_id=_BEFORE_CALL_ID)
        client.meta.events.register_last("before-parse", self._before_parse, unique_id=_BEFORE_PARSE_ID)

    def call(
        self, operation: str, payload: dict[str, Any], well_formed: bool = False, texts: bool = False
    ) -> dict[str, Any]:
        shortcuts = self._shortcuts
        if (
            shortcuts is None
            or operation not in DATA_OPERATIONS
            or self.guard.objection_to_bypassing_client() is not None
        ):
            return super().call(operation, payload)
        try:
            try:
                shortcuts.are_on, shortcuts.texts = well_formed, texts
                return super().call(operation, payload)
            finally:
                shortcuts.are_on = shortcuts.texts = False
        except BaseException:
            # an interrupt may have come just before the line above
            shortcuts.are_on = shortcuts.texts = False
            raise

    def close(self) -> None:
        if self._exchange is not None:
            self._exchange.destinations.close()

    @property
    def exchange(self) -> Exchange:
        """What sends, made when it is first needed; only to be asked for when the guard has no objection."""
        if self._exchange is None:
            with self._lock:
                if self._exchange is None:
                    client = self._client
                    self._exchange = Exchange(lambda: client, self.guard, sending_options(client))
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
        shortcuts = self._shortcuts
        # a call that came by way of this transport has been looked at a moment ago
        if shortcuts is None or not shortcuts.are_on:
            objection = self.guard.objection_to_sending()
            if objection is not None:
                self.note_objection(objection)
                return None
        try:
            route, body = self._route_and_body(operation, params, request_signer, context)
        except LeftToBotocore as reason:
            self.note_objection(str(reason))
            return None
        try:
            credentials = credentials_of(self._client).get_frozen_credentials()
            texts = shortcuts is not None and shortcuts.texts
            return exchanged(self.exchange, route, body, credentials, context, texts)
        except (LeftToBotocore, UnsignableRequest) as reason:
            self.note_objection(str(reason))
            return None
        except Exception as error:
            # botocore tells those who listen of failures, and this is one of its calls
            self._client.meta.events.emit(f"after-call-error.dynamodb.{operation}", exception=error, context=context)
            raise

    def _route_and_body(
        self, operation: str, params: dict[str, Any], request_signer: RequestSigner, context: dict[str, Any]
    ) -> tuple[Route, bytes]:
        """Take from botocore's request what is to be sent.

        :raises LeftToBotocore: when there is something about it that is not sent here.
        """
        if context.get("auth_type") not in (None, "v4") or context.get("read_timeout") is not None:
            raise LeftToBotocore("the request has an authentication or a timeout of its own")
        if (context.get("checksum") or {}).get("request_algorithm"):
            raise LeftToBotocore("the request carries a checksum")
        signing = context.get("signing") or {}
        if signing.get("request_credentials") or signing.get("identity_cache"):
            raise LeftToBotocore("the request brings its own credentials")
        if not WRITTEN_ANYWAY.isdisjoint(map(str.lower, params["headers"])):
            raise LeftToBotocore("a handler has set what is written here for every request")
        body = params["body"]
        if type(body) is not bytes or params["method"] != "POST" or params.get("query_string"):
            raise LeftToBotocore("the request is not a plain post")
        region = signing.get("region") or request_signer.region_name
        name = signing.get("signing_name") or request_signer.signing_name
        if not region:
            raise LeftToBotocore("there is no region")
        destination = self.exchange.destinations.get(params["url"])
        headers = params["headers"]
        is_usual = USUAL_HEADERS.issuperset(headers)
        return Route(operation, destination, headers, self.exchange.signer(region, name), is_usual), body

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

    def note_objection(self, objection: str) -> None:
        """Say once that, and why, botocore does the sending."""
        if objection != self._last_objection:
            self._last_objection = objection
            log.debug("botocore sends: %s", objection)
