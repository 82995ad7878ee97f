"""What a connection is made of, and where each setting comes from.

A class body is data: nothing in here looks at the environment, opens anything or imports boto3.  Settings are
merged at each use, the most specific first: ``with using(...)``, the ``session_kwargs`` and
``resource_kwargs`` of the model's table, ``configure(...)``, boto3's own defaults.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any, ClassVar

from ..exceptions import ConfigurationError
from ..frozen import Frozen

SESSION_ONLY = frozenset({"profile_name", "botocore_session"})
CREDENTIALS = frozenset({"aws_access_key_id", "aws_secret_access_key", "aws_session_token", "aws_account_id"})
CLIENT = frozenset({"region_name", "api_version", "use_ssl", "verify", "endpoint_url", "config"}) | CREDENTIALS
OWN = ("session", "transport", "table_prefix", "cursor_key")
TRANSPORTS = ("default", "direct", "boto3")
TRANSPORT_VARIABLE = "DYNAMORM_TRANSPORT"
_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Settings(Frozen):
    """One level of settings; what is absent is left to the level below."""

    _unshown: ClassVar[frozenset[str]] = frozenset({"cursor_key"})

    session: Any = None
    session_kwargs: Mapping[str, Any] = _NOTHING
    client_kwargs: Mapping[str, Any] = _NOTHING
    transport: str | None = None
    table_prefix: str | None = None
    cursor_key: str | bytes | None = None

    def over(self, below: Settings) -> Settings:
        """Merge this level over a less specific one."""
        names_account = self.session is not None or any(
            name in SESSION_ONLY or name in CREDENTIALS for name in {**self.session_kwargs, **self.client_kwargs}
        )
        session, session_kwargs, client_kwargs = below.session, below.session_kwargs, below.client_kwargs
        if names_account:
            # credentials are one whole: half of them from here and half from below would be nobody's
            session = None
            session_kwargs = _without(session_kwargs, CREDENTIALS | SESSION_ONLY)
            client_kwargs = _without(client_kwargs, CREDENTIALS)
        if self.session is not None:
            session_kwargs = {}
            client_kwargs = _without(client_kwargs, {"region_name"})
        if "region_name" in self.session_kwargs:
            client_kwargs = _without(client_kwargs, {"region_name"})
        return Settings(
            session=self.session if self.session is not None else session,
            session_kwargs={**session_kwargs, **self.session_kwargs},
            client_kwargs={**client_kwargs, **self.client_kwargs},
            transport=self.transport if self.transport is not None else below.transport,
            table_prefix=self.table_prefix if self.table_prefix is not None else below.table_prefix,
            cursor_key=self.cursor_key if self.cursor_key is not None else below.cursor_key,
        )


def _without(options: Mapping[str, Any], names: frozenset[str] | set[str]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if name not in names}


_process_wide = Settings()
_context: ContextVar[Settings | None] = ContextVar("dynamorm_settings", default=None)


def configure(**options: Any) -> None:
    """Set what holds for every model of this process that says nothing else.

    Takes what :func:`using` takes.  Each call adds to the earlier ones; ``None`` takes an option back.
    """
    global _process_wide
    kept = _process_wide
    for name in [name for name, value in options.items() if value is None]:
        _settings_from({name: None})
        del options[name]
        if name in OWN:
            kept = kept.replace(**{name: None})
        else:
            kept = kept.replace(
                session_kwargs=_without(kept.session_kwargs, {name}),
                client_kwargs=_without(kept.client_kwargs, {name}),
            )
    _process_wide = _settings_from(options).over(kept)


@contextmanager
def using(**options: Any) -> Iterator[None]:
    """Let other settings hold inside a ``with``, for this thread or task alone.

    :param session: a ``boto3.Session``
    :param table_prefix: stands in front of every table's name
    :param transport: how requests are sent: ``"default"``, ``"direct"`` or ``"boto3"``; where nothing says
        it, the environment's ``DYNAMORM_TRANSPORT`` does
    :param cursor_key: signs the cursors of pages, so that one that was changed outside is refused
    :param options: boto3's own: ``endpoint_url``, ``region_name``, ``aws_access_key_id``, ``profile_name``,
        ``config`` and so on
    """
    settings = _settings_from(options)
    outer = _context.get()
    token = _context.set(settings.over(outer) if outer is not None else settings)
    try:
        yield
    finally:
        _context.reset(token)


def _settings_from(options: Mapping[str, Any]) -> Settings:
    own = {name: options[name] for name in OWN if name in options}
    rest = _without(options, set(own))
    unknown = sorted(set(rest) - CLIENT - SESSION_ONLY)
    if unknown:
        known = sorted(CLIENT | SESSION_ONLY | {*OWN})
        raise ConfigurationError(f"unknown option {', '.join(unknown)}; there are: {', '.join(known)}")
    check_transport(own.get("transport"))
    _check_cursor_key(own.get("cursor_key"))
    return Settings(
        session_kwargs={name: value for name, value in rest.items() if name in SESSION_ONLY},
        client_kwargs={name: value for name, value in rest.items() if name in CLIENT},
        **own,
    )


def check_transport(transport: str | None) -> None:
    if transport is not None and transport not in TRANSPORTS:
        raise ConfigurationError(f"there is no transport {transport!r}; there are: {', '.join(TRANSPORTS)}")


def _check_cursor_key(key: Any) -> None:
    if key is None:
        return
    if not isinstance(key, (str, bytes)) or not key:
        raise ConfigurationError("cursor_key has to be text or bytes, and not empty: None takes it back")
    if isinstance(key, str):
        try:
            key.encode()
        except UnicodeEncodeError:
            raise ConfigurationError("cursor_key is not valid Unicode text; give bytes") from None


def effective(
    session_kwargs: Mapping[str, Any] | None = None,
    client_kwargs: Mapping[str, Any] | None = None,
    transport: str | None = None,
) -> Settings:
    """Merge what holds here and now, with a class's own settings in between."""
    check_transport(transport)
    settings = _process_wide
    if session_kwargs or client_kwargs or transport:
        own = Settings(session_kwargs=session_kwargs or {}, client_kwargs=client_kwargs or {}, transport=transport)
        settings = own.over(settings)
    context = _context.get()
    return context.over(settings) if context is not None else settings


def levels() -> tuple[Settings, Settings | None]:
    """Return the settings of the process and of the context; the same objects as long as nothing changes."""
    return _process_wide, _context.get()


def chosen_transport(settings: Settings) -> str:
    """Return the transport of the settings, or else the environment's, or else the default one."""
    transport = settings.transport or os.environ.get(TRANSPORT_VARIABLE) or TRANSPORTS[0]
    check_transport(transport)
    return transport


def table_prefix() -> str:
    """Return what stands in front of table names here and now."""
    context = _context.get()
    if context is not None and context.table_prefix is not None:
        return context.table_prefix
    return _process_wide.table_prefix or ""


def cursor_key() -> bytes | None:
    """Return what cursors are signed with here and now."""
    context = _context.get()
    key = context.cursor_key if context is not None and context.cursor_key is not None else _process_wide.cursor_key
    return key.encode() if isinstance(key, str) else key
