"""Schemas: the adapters of the libraries, and which of them serves a model."""

from __future__ import annotations

from .base import PARTIAL, TRUSTED, WHOLE, Adapter, DynamORMSchema, adapter_of
from .registry import adapter_for, register

__all__ = ["PARTIAL", "TRUSTED", "WHOLE", "Adapter", "DynamORMSchema", "adapter_for", "adapter_of", "register"]
