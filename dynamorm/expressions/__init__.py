"""Conditions and updates: how they are written, how they are resolved against fields, how they are rendered."""

from __future__ import annotations

from .conditions import Comparison, Condition, Q, conjunction, parts_of, render_condition
from .lookups import Resolver
from .placeholders import Placeholders
from .updates import Action, render_update

__all__ = [
    "Action",
    "Comparison",
    "Condition",
    "Placeholders",
    "Q",
    "Resolver",
    "conjunction",
    "parts_of",
    "render_condition",
    "render_update",
]
