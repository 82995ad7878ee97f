"""Kept for existing code, which imports these from here."""

from __future__ import annotations

from .expressions import Q
from .reading.query import QueryIterator, ReadIterator
from .reading.scan import ScanIterator
from .tables.declared import DynamoCommon3, DynamoGlobalIndex3, DynamoIndex3, DynamoLocalIndex3
from .tables.table import DynamoTable3

__all__ = [
    "DynamoCommon3",
    "DynamoGlobalIndex3",
    "DynamoIndex3",
    "DynamoLocalIndex3",
    "DynamoTable3",
    "Q",
    "QueryIterator",
    "ReadIterator",
    "ScanIterator",
]
