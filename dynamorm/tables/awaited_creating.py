"""The tables of several models, created by what is to be awaited.

Written by ``scripts/write_awaited.py``: edit :mod:`dynamorm.tables.table`.
"""

from __future__ import annotations

from typing import Any

from ..drivers import arun
from .applying import create_missing
from .table import _table_of, defined_tables


async def acreate_tables(*models: Any, timeout: float = 300.0) -> None:
    """Create the tables of models that are not there yet, all at once, and compare the others with the models.

    Without arguments, of all models that are defined.

    :raises TableMismatch: if a table that was there is not the one its model declares
    """
    tables = [_table_of(model) for model in models] if models else list(defined_tables())
    await arun(create_missing(tables, timeout))
