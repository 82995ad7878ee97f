"""Opening what boto3 makes: sessions, clients, resources; itself imported with the first connection."""

from __future__ import annotations

import logging
import os
from typing import Any

import boto3
from botocore import exceptions as theirs
from botocore import handlers
from botocore.config import Config

from .. import exceptions as ours
from .botocore_locks import renew_locks
from .botocore_private import can_sign_or_need_not
from .botocore_session import ClientParts, read_client_parts
from .configuration import Settings
from .direct_transports import DirectBeforeClient, DirectTransport, LazyClient
from .errors import translate, translate_failure
from .transports import BotocoreTransport, ClientTransport, Transport

__all__ = ["OpenedSession", "call", "open_transport"]

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
            try:
                self._session = boto3.Session(**settings.session_kwargs)
            except theirs.BotoCoreError as error:
                raise ours.ConfigurationError(f"boto3 can make no session: {error}") from error
        else:
            self._session = self._default_session = boto3._get_default_session()
        self._environment_key = os.environ.get("AWS_ACCESS_KEY_ID")
        self._has_session_of_its_own = settings.session is None and self._default_session is None
        kwargs = dict(settings.client_kwargs)
        if isinstance(kwargs.get("config"), dict):
            kwargs["config"] = Config(**kwargs["config"])
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
        try:
            return make("dynamodb", **self._kwargs)
        except theirs.NoRegionError as error:
            raise translate_failure(error, "", "") from error
        except (theirs.BotoCoreError, ValueError, TypeError) as error:
            raise ours.ConfigurationError(f"boto3 can make no client: {error}") from error


def open_transport(name: str, client: Any) -> Transport:
    """Return the way in which requests of the client are sent, as the settings name it."""
    transport: Transport = _TRANSPORTS[name](client)
    return transport


def call(transport: Transport, operation: str, payload: dict[str, Any], well_formed: bool = False) -> dict[str, Any]:
    """Send one request; every error comes out as one of ours, with botocore's as its cause."""
    try:
        return transport.call(operation, payload, well_formed)
    except theirs.ClientError as error:
        raise translate(error, operation, payload) from error
    except theirs.BotoCoreError as error:
        raise translate_failure(error, operation, transport.endpoint_url) from error
    except UnicodeDecodeError as error:
        # what botocore's parser makes of an answer that was damaged on its way
        endpoint = transport.endpoint_url
        raise ours.ConnectionFailed(
            f"{operation} got no readable answer from {endpoint}", operation, endpoint
        ) from error
