"""A shop that pickle finds by its module."""

from __future__ import annotations

from ..libraries import installed_libraries
from .shops import shop

_models = shop(installed_libraries()[0])
Shop, Customer, Order, Note = _models.Shop, _models.Customer, _models.Order, _models.Note
for _model in (Shop, Customer, Order, Note):
    _model.__module__ = __name__
