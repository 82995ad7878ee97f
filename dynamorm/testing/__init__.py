"""For authors of schema adapters: the conformance suite that the built-in adapters pass."""

from __future__ import annotations

from .schema_suite import SchemaKit, SchemaSuite

__all__ = ["SchemaKit", "SchemaSuite"]
