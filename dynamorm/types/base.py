"""Kept for existing code: ``from dynamorm.types.base import DynamORMSchema``."""

from __future__ import annotations

from ..schema.base import DynamORMSchema

__all__ = ["DynamORMSchema"]
