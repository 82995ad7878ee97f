"""Relationships: attributes of a model that lead from its instances to those of another."""

from __future__ import annotations

from .declaring import DefaultBackReference, Relationship
from .partners import ManyToOne, OneToMany, OneToOne, QuerySet

__all__ = ["DefaultBackReference", "ManyToOne", "OneToMany", "OneToOne", "QuerySet", "Relationship"]
