"""The only room that knows boto3: settings, credentials, sending, and DynamoDB's errors."""

from __future__ import annotations

from .configuration import Settings, configure, table_prefix, using
from .registry import Connection, close_all, connection_for

__all__ = ["Connection", "Settings", "close_all", "configure", "connection_for", "table_prefix", "using"]
