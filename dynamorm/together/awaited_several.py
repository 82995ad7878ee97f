"""Several instances of any models, loaded, saved, deleted or reconciled by what is to be awaited.

Written by ``scripts/write_awaited.py``: edit :mod:`dynamorm.together.several`.
"""

from __future__ import annotations

from typing import Any

from ..arguments import is_atomic
from ..drivers import arun
from ..exceptions import InvalidExpression
from .several import DELETE, SAVE, SYNC, load_several, write_several


async def aload(*instances: Any, consistent: bool = False) -> None:
    """Read the items of instances, in place of everything that the instances hold.

    Each argument is an instance or an iterable of instances, of any models.  Their items are asked for together, a
    hundred at a time.

    :raises ObjectsNotFound: for those whose items are not there, when all others are loaded
    :raises BatchError: if DynamoDB goes on leaving some undone
    """
    if not isinstance(consistent, bool):
        raise InvalidExpression(f"load(consistent={consistent!r}): True or False is meant; load() takes instances only")
    await arun(load_several(instances, consistent))


async def asave(*instances: Any, conditions: Any = None, atomic: bool = False, if_unchanged: bool = False) -> None:
    """Save instances as wholes, one after the other, each as its own ``save`` does.

    Each argument is an instance or an iterable of instances, of any models.  An error says which were saved, in its
    ``done``, and which were not, in its ``left``.

    :param conditions: what has to hold of each item
    :param atomic: only those whose items are still as they were loaded
    """
    await arun(write_several(SAVE, instances, conditions, is_atomic("save", atomic, if_unchanged)))


async def adelete(*instances: Any, conditions: Any = None, atomic: bool = False, if_unchanged: bool = False) -> None:
    """Delete the items of instances, one after the other, each as its own ``delete`` does; see :func:`save`."""
    await arun(write_several(DELETE, instances, conditions, is_atomic("delete", atomic, if_unchanged)))


async def areconcile(*instances: Any, conditions: Any = None, atomic: bool = False, if_unchanged: bool = False) -> None:
    """Reconcile instances with their items one by one, each as its own ``reconcile`` does; see :func:`save`."""
    await arun(write_several(SYNC, instances, conditions, is_atomic("reconcile", atomic, if_unchanged)))
