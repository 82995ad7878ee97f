"""Pure builders of requests: data in, an operation with its payload in wire form out; no client, no network."""

from __future__ import annotations

from .items import (
    Request,
    build_batch_get,
    build_batch_get_of_tables,
    build_batch_write,
    build_delete,
    build_get,
    build_put,
    build_query,
    build_scan,
    build_update,
)

__all__ = [
    "Request",
    "build_batch_get",
    "build_batch_get_of_tables",
    "build_batch_write",
    "build_delete",
    "build_get",
    "build_put",
    "build_query",
    "build_scan",
    "build_update",
]
