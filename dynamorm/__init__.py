"""DynamORM: models for Amazon DynamoDB, validated by the schema library of your choice."""

from __future__ import annotations

from .composites import Composite
from .connection import configure, using
from .exceptions import *  # noqa: F403
from .exceptions import __all__ as _exceptions
from .expressions import F, Q
from .indexes import GlobalIndex, LocalIndex, ProjectAll, ProjectInclude, ProjectKeys
from .instances.changes import Inspection as _Inspection
from .model import DynaModel
from .progress import Progress
from .relationships import ManyToOne, OneToMany, OneToOne
from .store import is_complete_model as _is_complete_model
from .store import store_of as _store_of
from .tables.awaited_creating import acreate_tables
from .tables.table import create_tables
from .together.awaited_several import adelete, aload, areconcile, asave
from .together.batch_writer import BatchWriter
from .together.loader import loader
from .together.several import delete as delete
from .together.several import load as load
from .together.several import save as save
from .together.several import sync as sync
from .together.transaction_reads import TransactionGet
from .together.transactions import Transaction
from .upgrades import downgrade, upgrade

__version__ = "1.0.0.dev0"

__all__ = [
    "BatchWriter",
    "Composite",
    "DynaModel",
    "F",
    "GlobalIndex",
    "LocalIndex",
    "ManyToOne",
    "OneToMany",
    "OneToOne",
    "Progress",
    "ProjectAll",
    "ProjectInclude",
    "ProjectKeys",
    "Q",
    "Transaction",
    "TransactionGet",
    "acreate_tables",
    "adelete",
    "aload",
    "areconcile",
    "asave",
    "configure",
    "create_tables",
    "downgrade",
    "inspect",
    "loader",
    "upgrade",
    "using",
]
__all__ += _exceptions
__all__.sort()


def inspect(instance: DynaModel) -> _Inspection:
    """Return what is known of an instance, whatever its fields are called.

    ``is_dirty``, ``changes``, ``is_partial``, ``is_loaded``, ``key_changed`` and ``extra``.
    """
    model = type(instance)
    if not _is_complete_model(model):
        raise DynaModelException(f"inspect() takes an instance of a model, not {instance!r}")  # noqa: F405
    return _Inspection(_store_of(model).mapper, instance)
