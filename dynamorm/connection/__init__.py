"""The only room that knows boto3: settings, credentials, sending, and DynamoDB's errors.

- ``configuration``, ``registry``, ``boto``: which settings hold, one connection for each of them, and what boto3 makes
  of them; ``errors``: botocore's errors as ours.
- ``transports`` and ``direct_transports``: the ways of a request, through a client or past it; ``botocore_private``,
  ``botocore_locks``, ``botocore_session`` and ``client_shortcuts``: what is known of botocore's insides, and whether it
  still holds.
- ``exchange``, with ``judging`` and ``retries``: what happens to one request until it is answered, as a flow of
  ``steps``; ``blocking`` carries them out, and goes without them where the first answer is a good one.
- ``destinations``, ``pool``, ``idle_connections``, ``http_connection``, ``tls``, ``network_errors``: sockets.
- ``http_requests``, ``signer``, ``http_reader``, ``answers``, ``text_answers``: bytes, which know no sockets.
"""

from __future__ import annotations

from .configuration import (
    Settings,
    configure,
    context_settings,
    cursor_key,
    levels,
    present_moment,
    redirected,
    settings_here,
    table_prefix,
    using,
    within,
)
from .registry import Connection, boto3_conditions, close_all, connection_for
from .text_answers import TextAnswer

__all__ = [
    "Connection",
    "Settings",
    "TextAnswer",
    "boto3_conditions",
    "close_all",
    "configure",
    "connection_for",
    "context_settings",
    "cursor_key",
    "levels",
    "present_moment",
    "redirected",
    "settings_here",
    "table_prefix",
    "using",
    "within",
]
