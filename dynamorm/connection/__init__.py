"""The only room that knows boto3: settings, credentials, sending, and DynamoDB's errors."""

from __future__ import annotations

from .configuration import Settings, configure, cursor_key, table_prefix, using
from .many_items import ManyItems
from .registry import Connection, boto3_conditions, close_all, connection_for

__all__ = [
    "Connection",
    "ManyItems",
    "Settings",
    "boto3_conditions",
    "close_all",
    "configure",
    "connection_for",
    "cursor_key",
    "table_prefix",
    "using",
]
