"""Relationships: attributes of a model that lead from its instances to those of another."""

from __future__ import annotations

from .declaring import DefaultBackReference, Relationship
from .to_many import OneToMany, QuerySet
from .to_one import ManyToOne, OneToOne

__all__ = ["DefaultBackReference", "ManyToOne", "OneToMany", "OneToOne", "QuerySet", "Relationship"]
