"""The verbs of models that see to all of their items, to be awaited.

Written by ``scripts/write_awaited.py``: edit :mod:`dynamorm.model.upkeep`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..drivers import arun
from ..entity import Entity
from ..progress import Progress
from ..tending import migrating, verifying
from ..tending.holders import get_by
from ..tending.judging import Finding
from ..tending.migrating import Migration
from .awaits import awaits

if TYPE_CHECKING:
    from typing_extensions import Self


class AwaitedUpkeep(Entity):
    """Awaits what :class:`.Upkeep` waits for."""

    __slots__ = ()

    @classmethod
    @awaits
    async def amigrate(
        cls,
        /,
        segments: int = 8,
        checkpoint: str | os.PathLike[str] | None = None,
        dry_run: bool = False,
        rate_limit: float | None = None,
        progress: Callable[[Progress], Any] | None = None,
    ) -> Migration:
        """Rewrite every item that is stored in an earlier form than the one that is written; returns what it came to.

        Programs may read and write the items meanwhile: each is rewritten only as long as it is what the upgrade was
        made of, and upgraded anew from what it has become otherwise.  An item that cannot be upgraded stays as it is,
        and the run goes on.  Expired items and hidden ones are rewritten, too.  Version and time stamps stay, since
        nothing but the form changes.

        :param segments: how many parts of the table are gone through at the same time
        :param checkpoint: the path of a file that says where the run stands.  A run that was killed or has failed goes
            on from there when it is started again, and deletes the file when everything is done.
        :param dry_run: only count what would be rewritten, and what cannot be upgraded; from the beginning, whatever
            the checkpoint says
        :param rate_limit: how many write capacity units a second are consumed at most, on average
        :param progress: is called with a :class:`~dynamorm.Progress` after each page
        :raises BatchError: at the end, if items could not be upgraded: ``missing`` are the keys of the first hundred,
            ``done`` is how many items were rewritten, ``report`` what it came to
        :raises DynamoTableException: if the model has no ``schema_version``
        :raises InvalidCursor: if the checkpoint is of another table, of other versions, or of other segments

        Example::

            await Book.amigrate(checkpoint="books.json", rate_limit=100)
        """
        manner = migrating.manner_given(segments, checkpoint, dry_run, rate_limit, progress)
        return await arun(migrating.migrate(cls._dynamorm.store, manner))

    @classmethod
    @awaits
    async def aget_by(cls, /, **values: Any) -> Self | None:
        """Return the instance that has unique values, ``None`` if there is none; both reads are consistent.

        The values are those of fields that ``Table.unique`` names together.  What is read first is the guard of the
        value, so that items which were stored before the fields were unique, or by others than models, are not found
        until ``verify_unique(repair=True)`` has given them theirs.

        :raises InvalidKey: if the fields are not unique together

        Example::

            await User.aget_by(email="ann@example.com")
        """
        found: Self | None = await arun(get_by(cls._dynamorm.store, values))
        return found

    @classmethod
    @awaits
    async def averify_unique(cls, /, repair: bool = False) -> list[Finding]:
        """Compare all unique values with their guards; returns everything in which they do not agree.

        It looks at every item there is.  Programs may read and write the items meanwhile: what is found was so at one
        moment, and repairs are made only as long as it is still so.

        :param repair: store guards that are missing, and delete those that guard nothing

        Example::

            for finding in await User.averify_unique(repair=True):
                if not finding.repaired:
                    print(finding.kind, finding.fields, finding.item, finding.other)
        """
        return await arun(verifying.verify_unique(cls._dynamorm.store, repair))
