"""What a connection is made of, and where each setting comes from.

A class body is data: nothing in here looks at the environment, opens anything or imports boto3.  Settings are
merged at each use, the most specific first: ``with using(...)``, ``redirected(...)``, the ``session_kwargs`` and
``resource_kwargs`` of the model's table, ``configure(...)``, boto3's own defaults.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timezone
from types import MappingProxyType
from typing import Any, ClassVar

from ..exceptions import ConfigurationError
from ..frozen import Frozen

SESSION_ONLY = frozenset({"profile_name", "botocore_session"})
CREDENTIALS = frozenset({"aws_access_key_id", "aws_secret_access_key", "aws_session_token", "aws_account_id"})
CLIENT = frozenset({"region_name", "api_version", "use_ssl", "verify", "endpoint_url", "config"}) | CREDENTIALS
OWN = ("session", "transport", "table_prefix", "cursor_key")
# How many connections are kept; the one of each distinct configuration has sockets and credentials of its own.
CONNECTIONS = 64
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

    def __repr__(self) -> str:
        kept = self.replace(session_kwargs=_shown(self.session_kwargs), client_kwargs=_shown(self.client_kwargs))
        return super(Settings, kept).__repr__()

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


def _shown(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return options with asterisks in place of credentials."""
    return {name: "**********" if name in CREDENTIALS else value for name, value in options.items()}


def _without(options: Mapping[str, Any], names: frozenset[str] | set[str]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if name not in names}


def now_in_utc() -> datetime:
    return datetime.now(timezone.utc)


_process_wide = Settings()
_redirection: Settings | None = None
_max_connections = CONNECTIONS
_clock: Callable[[], datetime] = now_in_utc
_context: ContextVar[Settings | None] = ContextVar("dynamorm_settings", default=None)


def configure(**options: Any) -> None:
    """Set what holds for every model of this process that says nothing else.

    Takes what :func:`using` takes.  Each call adds to the earlier ones; ``None`` takes an option back.

    :param max_connections: how many connections are kept open, one for each distinct configuration (64, unless this
        says otherwise); past that, the one that was not used for longest is closed
    :param clock: gives the moments with which items are stamped, as aware datetimes
    """
    global _process_wide, _max_connections, _clock
    if "max_connections" in options:
        most = options.pop("max_connections")
        if most is not None and (type(most) is not int or most < 1):
            raise ConfigurationError(f"max_connections={most!r}: give a whole number of at least 1")
        _max_connections = CONNECTIONS if most is None else most
    if "clock" in options:
        clock = options.pop("clock")
        if not callable(clock or _clock):
            raise ConfigurationError(f"clock={clock!r}: give a function that returns an aware datetime")
        _clock = clock or now_in_utc
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
    with within(settings_here(options)):
        yield


def settings_here(options: Mapping[str, Any], outer: Settings | None = None) -> Settings:
    """Return what :func:`using` would let hold here and now, or among other settings."""
    settings, outer = _settings_from(options), outer or _context.get()
    return settings.over(outer) if outer is not None else settings


@contextmanager
def within(settings: Settings | None) -> Iterator[None]:
    """Let the settings of a context hold again inside a ``with``, and no others of a context."""
    token = _context.set(settings)
    try:
        yield
    finally:
        _context.reset(token)


# Returns the settings of the contexts around a call, ``None`` outside of all.
context_settings = _context.get


@contextmanager
def redirected(**options: Any) -> Iterator[None]:
    """Let other settings hold inside a ``with`` in every thread, in place of what models say of themselves.

    They are added to those that hold in the contexts around it, and what is entered inside comes first.
    """
    global _redirection
    outer, settings = _redirection, settings_here(options)
    _redirection = settings if outer is None else settings.over(outer)
    try:
        with within(None):
            yield
    finally:
        _redirection = outer


def _settings_from(options: Mapping[str, Any]) -> Settings:
    own = {name: options[name] for name in OWN if name in options}
    rest = _without(options, set(own))
    for name in ("max_connections", "clock"):
        if name in rest:
            raise ConfigurationError(f"{name} holds for the whole process: give it to configure()")
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


def max_connections() -> int:
    """Return how many connections are kept."""
    return _max_connections


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
    context: Settings | None = None,
) -> Settings:
    """Merge the settings of a context, by default of the one around, with a class's own and those of the process."""
    check_transport(transport)
    settings = _process_wide
    if session_kwargs or client_kwargs or transport:
        own = Settings(session_kwargs=session_kwargs or {}, client_kwargs=client_kwargs or {}, transport=transport)
        settings = own.over(settings)
    if _redirection is not None:
        settings = _redirection.over(settings)
    context = context or _context.get()
    return context.over(settings) if context is not None else settings


def levels(context: Settings | None = None) -> tuple[Settings, Settings | None, Settings | None]:
    """Return the settings that are merged with a class's own; the same objects as long as nothing changes."""
    return _process_wide, _redirection, context or _context.get()


def chosen_transport(settings: Settings) -> str:
    """Return the transport of the settings, or else the environment's, or else the default one."""
    transport = settings.transport or os.environ.get(TRANSPORT_VARIABLE) or TRANSPORTS[0]
    check_transport(transport)
    return transport


def table_prefix(context: Settings | None = None) -> str:
    """Return what stands in front of table names in a context, by default in the one around."""
    prefix: str | None = _own("table_prefix", context)
    return prefix or ""


def cursor_key(context: Settings | None = None) -> bytes | None:
    """Return what cursors are signed with in a context, by default in the one around."""
    key: str | bytes | None = _own("cursor_key", context)
    return key.encode() if isinstance(key, str) else key


def present_moment() -> datetime:
    """Return the moment that it is now, in UTC, by the clock that is configured.

    :raises ConfigurationError: if that gives something else
    """
    moment = _clock()
    if not isinstance(moment, datetime) or moment.utcoffset() is None:
        raise ConfigurationError(f"clock={_clock!r} gave {moment!r}; it has to give an aware datetime")
    return moment.astimezone(timezone.utc)


def _own(name: str, context: Settings | None) -> Any:
    for level in (context or _context.get(), _redirection, _process_wide):
        if level is not None and getattr(level, name) is not None:
            return getattr(level, name)
    return None
