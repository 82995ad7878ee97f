"""The face that users see: the metaclass that reads a model's inner classes, and the class of all models.

The verbs are thin, and stand in one module for each kind.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, cast

import six

from .. import exceptions
from ..arguments import check_switch
from ..attributes import Abstract, complete, complete_family, give_error, missing
from ..definition import Family, define
from ..entity import Entity
from ..exceptions import DynaModelException
from ..expressions import Reference
from ..handles import ModelHandle
from ..instances.loading import accept_arriving, accept_given, move_to_here
from ..relationships.declaring import Relationship, bind, partners_given
from ..signals import model_prepared, post_init, pre_init, tell
from .awaited_parts_of_items import AwaitedPartsOfItems
from .awaited_reading import AwaitedReading
from .awaited_upkeep import AwaitedUpkeep
from .awaited_whole_items import AwaitedWholeItems
from .forms import Forms
from .parts_of_items import PartsOfItems
from .reading import Reading
from .upkeep import Upkeep
from .whole_items import WholeItems

if TYPE_CHECKING:
    from typing_extensions import Self


class DynaModelMeta(type):
    """Reads the inner ``Table``, ``Schema`` and index classes, and puts what they describe in their place."""

    def __new__(mcs, name: str, bases: tuple[type, ...], attrs: dict[str, Any]) -> Any:
        cls: Any = super().__new__(mcs, name, bases, attrs)
        if not any(isinstance(base, DynaModelMeta) for base in bases):
            return cls
        give_error(cls)
        parents = [parent for parent in cls.__mro__[1:] if parent not in DynaModel.__mro__]
        definition = define(name, attrs, parents)
        if definition is None:
            cls._dynamorm = Abstract()
            return cls
        if isinstance(definition, Family):
            complete_family(cls, definition, _VERBS)
            return cls
        complete(cls, definition, attrs, DynaModel, _VERBS)
        bind(cls)
        tell(model_prepared, cls)
        return cls

    def __getattr__(cls, name: str) -> Reference:
        # also tells type checkers what there is on the model for the fields of the inner Schema
        raise missing(cls, name)


class DynaModel(
    six.with_metaclass(
        DynaModelMeta,
        Reading,
        WholeItems,
        PartsOfItems,
        Forms,
        Upkeep,
        AwaitedReading,
        AwaitedWholeItems,
        AwaitedPartsOfItems,
        AwaitedUpkeep,
    )
):
    """The base of all models.

    A model has an inner ``Table`` (how it is stored), an inner ``Schema`` (what it looks like, in the words of a schema
    library), and inner index classes::

        class Book(DynaModel):
            class Table:
                name = "books"
                hash_key = "isbn"
                read = 25
                write = 5

            class ByAuthor(GlobalIndex):
                name = "by-author"
                hash_key = "author"
                read = 25
                write = 5
                projection = ProjectAll()

            class Schema:
                isbn = fields.String(required=True)
                title = fields.String()
                author = fields.String()
    """

    _dynamorm_does_not_exist: ClassVar[type[exceptions.DoesNotExist]] = exceptions.DoesNotExist
    relationships: ClassVar[dict[str, Relationship]]
    DoesNotExist: ClassVar[type[exceptions.DoesNotExist]] = exceptions.DoesNotExist

    # positional-only, so that fields may be called self, or cls in the class methods below
    def __init__(self, /, partial: bool = False, **raw: Any) -> None:
        """Make a new instance of what is given, which is converted and validated at once.

        What is missing is no error until the instance is saved.  ``partial`` applies no defaults.
        """
        state, cls = self._dynamorm_state, type(self)
        store = cls._dynamorm.store
        if partial is not False and partial is not True:
            remedy = f"give the values by keyword: {cls.__name__}(**values)"
            check_switch(f"{cls.__name__}(partial=...)", partial, remedy, DynaModelException)
        if pre_init.receivers:
            tell(pre_init, cls, instance=self, partial=partial, raw=raw)
        if state.arriving is not None:
            accept_arriving(store.mapper, self, raw)
        else:
            partners = partners_given(store.relationships, raw) if store.relationships else {}
            accept_given(store.mapper, self, raw, defaults=not partial)
            for name, partner in partners.items():
                setattr(self, name, partner)
        if post_init.receivers:
            tell(post_init, cls, instance=self, partial=partial, raw=raw)

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

    # Elsewhere.

    @classmethod
    def using(
        cls,
        /,
        *,
        table_name: str | None = None,
        given: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> type[Self]:
        """Return a handle: this model with its items in one place, whatever settings hold where it is used.

        It has all verbs of the class, and what they return are instances of the class.

        :param table_name: the full name of the table, prefix included
        :param given: values of key fields; they are filled in wherever a key is given, and must not be contradicted
        :param options: what :func:`dynamorm.using` takes, over the settings that hold here and now

        Example::

            books = Book.using(table_prefix="acme-")
            books.get(isbn="12345678910")
        """
        options.update({} if table_name is None else {"table_name": table_name}, given=given)
        return cast("type[Self]", ModelHandle(cls._dynamorm, options))

    def move_to_here(self) -> None:
        """Let the instance belong to the table that holds here and now, as a new one: nothing of it is stored there.

        The item that it was loaded from stays where it is.
        """
        move_to_here(self)

    @classmethod
    def _dynamorm_boto3_condition(cls, condition: Any) -> Any:
        return cls._dynamorm.store.mapper.boto3_condition(condition)


# What models may replace, and flows then call in place of what they would do themselves.
_VERBS = {
    name: getattr(member, "__func__", member)
    for part in DynaModel.__mro__[: DynaModel.__mro__.index(Entity)]
    for name, member in vars(part).items()
    if inspect.isroutine(getattr(member, "__func__", member))
}
