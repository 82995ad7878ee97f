"""Opening what boto3 makes: sessions, clients, resources; itself imported with the first connection."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlsplit

import boto3
from botocore import exceptions as theirs
from botocore import handlers
from botocore.config import Config

from .. import exceptions as ours
from .answer_shapes import part_out_of_shape
from .botocore_locks import renew_locks
from .botocore_private import can_sign_or_need_not, was_raised_by_parser
from .botocore_session import ClientParts, read_client_parts
from .configuration import Settings
from .direct_transports import Direct, DirectBeforeClient, DirectTransport, LazyClient
from .errors import is_of_a_header, translate, translate_failure
from .header_values import refuse_unsendable
from .transports import BotocoreTransport, ClientTransport, Transport

if TYPE_CHECKING:
    from .awaiting import AwaitedTransport

__all__ = ["OpenedSession", "acall", "call", "directly", "open_transport"]

log = logging.getLogger("dynamorm.connection")

_TRANSPORTS: dict[str, Any] = {"default": ClientTransport, "direct": DirectTransport, "boto3": BotocoreTransport}


class OpenedSession:
    """A boto3 session and what is made of it, with all that tells whether it is still the right one."""

    def __init__(self, settings: Settings) -> None:
        self._extensions = len(handlers.BUILTIN_HANDLERS)
        self._default_session: Any = None
        self._environment_key: str | None = None
        if settings.session is not None:
            self._session = settings.session
        elif settings.session_kwargs:
            self._session = _made(boto3.Session, "session", **settings.session_kwargs)
        else:
            self._session = self._default_session = boto3._get_default_session()
        self._environment_key = os.environ.get("AWS_ACCESS_KEY_ID")
        self._has_session_of_its_own = settings.session is None and self._default_session is None
        kwargs = dict(settings.client_kwargs)
        _refuse_bad_port(kwargs.get("endpoint_url"))
        if isinstance(kwargs.get("config"), dict):
            kwargs["config"] = _made(Config, "config", **kwargs["config"])
        self._kwargs = kwargs
        self._client = LazyClient(lambda: self._make(self._session.client))

    @property
    def client(self) -> Any:
        """The session's client, made when it is first needed."""
        return self._client.get()

    def transport(self, name: str) -> Transport:
        """Return the way in which requests are sent, as the settings name it."""
        if name == "direct" and not self._client.is_made:
            parts = read_client_parts(self._session, self._kwargs)
            if isinstance(parts, ClientParts):
                return DirectBeforeClient(parts, self._client)
            log.debug("a client is made: %s", parts)
        return open_transport(name, self.client)

    def start_afresh(self, resource: Any) -> None:
        """After a fork: what threads of the parent held is free."""
        clients = [self.client] if self._client.is_made else []
        if resource is not None:
            clients.append(resource.meta.client)
        renew_locks(getattr(self._session, "_session", None), *clients)

    def close(self) -> None:
        if self._client.is_made:
            self.client.close()

    def resource(self) -> Any:
        """Make the resource that goes with the client."""
        return self._make(self._session.resource)

    def is_current(self) -> bool:
        if self._extensions != len(handlers.BUILTIN_HANDLERS):
            return False
        if self._default_session is not None:
            if self._default_session is not boto3.DEFAULT_SESSION:
                return False
        elif self._has_session_of_its_own and self._environment_key != os.environ.get("AWS_ACCESS_KEY_ID"):
            return False
        return not self._client.is_made or can_sign_or_need_not(self.client)

    def _make(self, make: Any) -> Any:
        return _made(make, "client", "dynamodb", **self._kwargs)


def _made(make: Any, what: str, *arguments: Any, **options: Any) -> Any:
    """Return what boto3 or botocore makes of settings, which they check in many ways and not before."""
    try:
        return make(*arguments, **options)
    except theirs.NoRegionError as error:
        raise translate_failure(error, "", "") from error
    except (theirs.BotoCoreError, AttributeError, TypeError, ValueError) as error:
        raise ours.ConfigurationError(f"boto3 can make no {what}: {error}") from error


def open_transport(name: str, client: Any) -> Transport:
    """Return the way in which requests of the client are sent, as the settings name it.

    :raises ConfigurationError: where the client's settings are such that no request could be sent
    """
    _refuse_bad_port(client.meta.endpoint_url)
    refuse_unsendable("region_name", client.meta.region_name or "")
    transport: Transport = _TRANSPORTS[name](client)
    return transport


def _refuse_bad_port(url: Any) -> None:
    if not isinstance(url, str):
        return  # none, or one that boto3 refuses
    try:
        port = urlsplit(url).port
    except ValueError as error:
        raise ours.ConfigurationError(f"endpoint_url {url!r} cannot be sent to: {error}") from None
    if port == 0:
        raise ours.ConfigurationError(f"endpoint_url {url!r} cannot be sent to: there is no port 0")


def call(
    transport: Transport,
    operation: str,
    payload: dict[str, Any],
    well_formed: bool = False,
    texts: bool = False,
    plain: bool = False,
) -> dict[str, Any]:
    """Send one request; every error comes out as one of ours, with botocore's as its cause.

    With ``texts`` items may be the texts that they came as.  ``plain`` says that the values in request and answer are
    plain ones, as with boto3's resource.
    """
    try:
        answer = transport.call(operation, payload, well_formed, texts)
    except Exception as error:
        raise_as_ours(error, transport, operation, payload)
    wrong = part_out_of_shape(operation, payload, answer, plain)
    if wrong is not None:
        raise unreadable(transport, operation, wrong)
    return answer


def directly(transport: Transport, client: Callable[[], Any]) -> Direct | None:
    """Return what sends without a client in front where a transport's requests are awaited, ``None`` if nothing may."""
    if isinstance(transport, ClientTransport):
        return DirectTransport(client(), transport)
    return transport if isinstance(transport, Direct) else None


async def acall(
    awaited: AwaitedTransport,
    transport: Transport,
    request: Any,
    well_formed: bool = False,
    texts: bool = False,
) -> dict[str, Any]:
    """Send one request as :func:`call` does, and await the answer."""
    operation, payload = request.operation, request.payload
    try:
        answer = await awaited.call(operation, payload, well_formed, texts)
    except Exception as error:
        raise_as_ours(error, transport, operation, payload)
    wrong = part_out_of_shape(operation, payload, answer, False)
    if wrong is not None:
        raise unreadable(transport, operation, wrong)
    return answer


def raise_as_ours(error: Exception, transport: Transport, operation: str, payload: dict[str, Any]) -> NoReturn:
    """Raise the error of a request as one of ours; those of who listens stay what they are."""
    if isinstance(error, theirs.ClientError):
        raise translate(error, operation, payload, transport.shown_endpoint) from error
    if isinstance(error, theirs.BotoCoreError):
        translated = translate_failure(error, operation, transport.endpoint_url)
        # what cannot be sent may be a secret, and stands in botocore's error
        raise translated from None if is_of_a_header(error) else error
    # what botocore's parser makes of an answer that was damaged on its way
    if was_raised_by_parser(error):
        raise unreadable(transport, operation, "it is not in DynamoDB's form") from error
    raise error


def unreadable(transport: Transport, operation: str, reason: str) -> ours.ConnectionFailed:
    endpoint = transport.endpoint_url
    return ours.ConnectionFailed(
        f"{operation} got an answer from {endpoint} that cannot be read: {reason}. Check that DynamoDB answers there, "
        "and not a proxy or another service",
        operation,
        endpoint,
    )
