"""What all relationships have in common: the two models, the names they are mentioned by, and the way back.

A relationship holds what was declared and nothing of any instance.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from copy import copy
from itertools import count
from typing import Any, ClassVar
from weakref import WeakValueDictionary

from ..exceptions import DynaModelException
from ..indexes import Index
from ..nearest import did_you_mean
from ..store import complete_models, is_complete_model, store_of
from .mentions import Mention, descendants, full_name

Query = Callable[[Any], Mapping[str, Any]]

# Relationships whose other model is only known by name, in the order in which they were declared.
_numbers = count()
_unsettled: WeakValueDictionary[int, Relationship] = WeakValueDictionary()


class DefaultBackReference:
    """Names a back reference after the model that the relationship is declared on: ``OrderItem`` is ``order_item``."""

    def __init__(self, relationship: Relationship) -> None:
        self.relationship = relationship

    def __str__(self) -> str:
        name = self.relationship.this.__name__
        return "".join(letter if letter.islower() else f"_{letter.lower()}" for letter in name).strip("_")


class Relationship:
    """What all relationships have in common.

    :param other: the other model: its class, its name (it may be defined later), or ``"self"``
    :param query: a function of an instance that gives the lookups by which its partners are found
    :param index: the index of the other model that the lookups are for, by its attribute or by its name
    :param back_query: the way back, from an instance of the other model; with it that model has a back reference
    :param back_index: the index of this model that the way back goes over
    :param on: the field, or fields, in which both models agree, in place of ``query`` and ``back_query``
    :param back_reference: the name of the back reference, or a function of the relationship that gives one; ``None``
        for none.  Where it leads to many, an "s" is added.
    """

    BackReferenceClass: ClassVar[Any] = None
    BackReferenceTemplate: ClassVar[str] = "{back_reference}"

    def __init__(
        self,
        other: Any,
        query: Query | None = None,
        index: str | None = None,
        back_query: Query | None = None,
        back_index: str | None = None,
        back_reference: Any = DefaultBackReference,
        *,
        on: str | Sequence[str] | None = None,
    ) -> None:
        self._on: tuple[str, ...] = ()
        if on is not None:
            query, back_query = self._agreeing(on, query, back_query)
        if query is None:
            raise DynaModelException(
                f'{type(self).__name__}({other!r}): give a query, or on="name", the field in which both models agree'
            )
        if not isinstance(other, str) and not (is_complete_model(other)):
            raise DynaModelException(
                f'{type(self).__name__}({other!r}, ...): a model that is not abstract, its name or "self" is meant'
            )
        self.this: Any = None
        self.name = ""
        self.query = query
        self.index = index
        self.back_query = back_query
        self.back_index = back_index
        self.back_reference = back_reference
        self.back_reference_relationship: Relationship | None = None
        # of a back reference: the relationship that it is the way back of
        self.forward: Relationship | None = None
        self._declared = other
        self._other: Any = None if isinstance(other, str) else other
        self._settled = not isinstance(other, str)
        self._mention: Mention | None = None
        # what the way back has replaced on the other model
        self._replaced: Relationship | None = None
        # the relationship of the parent model that this one was inherited from
        self._parent: Relationship | None = None

    def _agreeing(self, on: Any, query: Query | None, back_query: Query | None) -> tuple[Query, Query]:
        """Return the queries there and back by fields in which both models agree."""
        names = (on,) if isinstance(on, str) else tuple(on) if isinstance(on, (list, tuple)) else ()
        if not names or not all(isinstance(name, str) for name in names):
            raise DynaModelException(
                f"{type(self).__name__}(on={on!r}): give the name of a field, or several in a tuple"
            )
        if query is not None or back_query is not None:
            raise DynaModelException(
                f"{type(self).__name__}(on={on!r}) stands for query and back_query; leave these out"
            )
        self._on = names

        def agree(instance: Any) -> Mapping[str, Any]:
            for name in names:
                if not hasattr(instance, name):
                    raise _no_agreement(self, type(instance), name)
            return {name: getattr(instance, name) for name in names}

        return agree, agree

    def _check_agreement(self, model: Any) -> None:
        """Refuse a model without the fields in which both models agree."""
        mapper = store_of(model).mapper
        for name in self._on:
            if name not in mapper.adapter.fields and name not in mapper.attributes:
                raise _no_agreement(self, model, name)

    def __repr__(self) -> str:
        place = f"{self.this.__name__}.{self.name}" if self.this is not None else "(not on a model yet)"
        other = self._declared if isinstance(self._declared, str) else self._declared.__name__
        return f"<{type(self).__name__} {place} to {other}>"

    # Who the other model is.

    @property
    def other(self) -> Any:
        """The other model; a name is resolved when this is first asked for."""
        if self._parent is not None:
            return self._parent.other
        if not self._settled:
            if self._other is None:
                self._other = self._found()
            self._settled = True
            if self.back_reference_relationship is None:
                self.set_back_reference()
        return self._other

    def _found(self) -> Any:
        if self._mention is None:
            raise DynaModelException(f"{self!r}: only the relationship of a model knows whom a name means")
        meant = self._mention.meant()
        if len(meant) == 1:
            return meant[0]
        if meant:
            names = ", ".join(map(full_name, meant))
            raise DynaModelException(
                f"{self!r}: {self._declared!r} may mean {names}; write more of the name that is meant"
            )
        known = sorted({model.__name__ for model in complete_models()})
        hint = did_you_mean(self._declared, known) or "import the module that defines it first"
        raise DynaModelException(f"{self!r}: there is no model {self._declared!r}; {hint}")

    @property
    def accessor(self) -> Any:
        """The other model, or its index that the lookups are for."""
        other = self.other
        if self.index is None:
            return other
        found = inspect.getattr_static(other, self.index, None)
        if isinstance(found, Index):
            return found
        indexes = _indexes_of(other)
        for index in indexes.values():
            if index.index.name == self.index:
                return index
        known = ", ".join(indexes) or "none"
        raise DynaModelException(f"{self!r}: {other.__name__} has no index {self.index!r}; there are: {known}")

    def set_this_model(self, model: Any, name: str) -> None:
        """Put the relationship on a model that is complete otherwise."""
        self.this, self.name = model, name
        self._check_agreement(model)
        if self._settled:
            self._check_agreement(self._other)
        self._mention = Mention.by(model, str(self._declared))
        if self._declared == "self":
            self._other, self._settled = model, True
        elif not self._settled:
            # somebody nearer may still be defined
            _unsettled[next(_numbers)] = self
            meant = self._mention.meant()
            self._other = meant[0] if len(meant) == 1 else None
        self.set_back_reference()

    def inherited_by(self, model: Any) -> Relationship:
        """Return the relationship as a child of its model has it; the way back stays the parent's."""
        twin = copy(self)
        twin.this = model
        if self._declared == "self":
            twin._other = model
        else:
            twin._parent = self
        return twin

    def meet(self, model: Any) -> None:
        """Take a model that was just defined for the other one, if it is who was mentioned by name."""
        mention, former = self._mention, self._other
        if self._settled or mention is None or not mention.fits(model):
            return
        again = former is not None and full_name(former) == full_name(model)
        if former is None or again or mention.nearness(model) > mention.nearness(former):
            self._withdraw_back_reference()
            self._other, self._settled = model, mention.nearness(model) == 2
            self.set_back_reference()

    # The way back.

    def set_back_reference(self) -> None:
        """Put the way back on the other model.

        What the other model declares under that name itself stays, and so does its field of that name.
        """
        if self.back_query is None or self._other is None:
            return
        by_choice = isinstance(self.back_reference, str)
        if callable(self.back_reference):
            self.back_reference = self.back_reference(self)
        if self.back_reference is None:
            return
        other = self._other
        name = self.BackReferenceTemplate.format(back_reference=self.back_reference)
        present = inspect.getattr_static(other, name, None)
        if isinstance(present, Relationship):
            if present.forward is None:
                self.back_reference_relationship = present
                return
            if present.forward.this is self.this and present.forward.name != self.name:
                raise DynaModelException(
                    f"{self!r} and {present.forward!r} would both be {other.__name__}.{name} on the way back; "
                    'give one of them another name: back_reference="..."'
                )
            if not self._settled and full_name(present.forward.this) != full_name(self.this):
                return  # it is not sure yet that this model is meant
        elif present is not None:
            if by_choice and self._settled:
                raise DynaModelException(
                    f"{self!r}: back_reference={self.back_reference!r} would replace {other.__name__}.{name}; "
                    "choose another name"
                )
            return
        self._put_back_reference(other, name)

    def _put_back_reference(self, other: Any, name: str) -> None:
        kind: type[Relationship] = type(self) if self.BackReferenceClass == "self" else self.BackReferenceClass
        assert self.back_query is not None
        reverse = kind(
            "self" if self._declared == "self" else self.this,
            query=self.back_query,
            index=self.back_index,
            back_query=self.query,
            back_index=self.index,
            back_reference=None,
        )
        reverse.forward = reverse.back_reference_relationship = self
        reverse.set_this_model(other, name)
        self.back_reference_relationship = reverse
        self._replaced = vars(other).get(name)
        _put(other, name, reverse)

    def _withdraw_back_reference(self) -> None:
        reverse = self.back_reference_relationship
        self.back_reference_relationship = None
        if reverse is None or reverse.forward is not self:
            return
        if vars(reverse.this).get(reverse.name) is reverse:
            _put(reverse.this, reverse.name, self._replaced)

    # What leads from an instance to its partners.

    def keys_from(self, instance: Any) -> dict[str, Any]:
        """Return the lookups by which the partners of an instance are found.

        A query that fails because the instance has no value yet for something it needs leads to keys without a value.
        """
        try:
            return dict(self.query(instance))
        except Exception:
            watched = _Watched(instance)
            with suppress(Exception):
                self.query(watched)
            if not watched.found_none:
                raise
            return dict.fromkeys(self._key_names)

    @property
    def _key_names(self) -> list[str]:
        """The fields that make up the key of the other model's table, or of the index that the lookups are for."""
        mapper = store_of(self.other).mapper
        key = mapper.key if self.index is None else self.accessor.index.key
        return list(dict.fromkeys(name for stored in key.names for name in mapper.fields_of(stored)))

    def _without_value(self, keys: Mapping[str, Any]) -> list[str]:
        """Return the keys of the other model that lookups name without a value."""
        return [name for name in self._key_names if name in keys and keys[name] is None]

    # What other rooms ask of each relationship of an instance.

    def assign(self, value: Any) -> Mapping[str, Any] | None:
        """Return the values of fields that follow from what a constructor was given for this relationship."""
        raise TypeError(f"{self!r} leads to many and cannot be assigned; assign the way back of each of them")

    def partner_to_save(self, instance: Any) -> tuple[Any, bool] | None:
        """Return the partner that is to be saved together with an instance, and whether it was made here."""
        return None


def _no_agreement(relationship: Relationship, model: Any, name: Any) -> DynaModelException:
    fields = store_of(model).mapper.adapter.fields if is_complete_model(model) else {}
    hint = did_you_mean(name, fields) or f"its fields are {', '.join(fields)}"
    return DynaModelException(
        f"{relationship!r}: on= names fields that both models have, and {model.__name__} has no {name!r}; {hint}"
    )


def _put(model: Any, name: str, relationship: Relationship | None) -> None:
    """Put a relationship on a model and those that inherit from it, or with ``None`` take it from them."""
    former = vars(model).get(name)
    if relationship is None:
        delattr(model, name)
    else:
        setattr(model, name, relationship)
    for heir in (model, *descendants(model)):
        found = inspect.getattr_static(heir, name, None)
        relationships = store_of(heir).relationships if is_complete_model(heir) else {}
        if relationship is not None and found is relationship:
            relationships[name] = relationship
        elif found is None and relationships.get(name) is former:
            relationships.pop(name, None)


class _Watched:
    """Stands for an instance, to see whether a query came upon an attribute without a value."""

    def __init__(self, instance: Any) -> None:
        self.instance = instance
        self.found_none = False

    def __getattr__(self, name: str) -> Any:
        value = getattr(self.instance, name)
        self.found_none = self.found_none or value is None
        return value


def _indexes_of(model: Any) -> dict[str, Index]:
    """Return the indexes of a model by the attributes that they are on it."""
    found = {name: value for cls in reversed(model.__mro__) for name, value in vars(cls).items()}
    return {name: value for name, value in found.items() if isinstance(value, Index)}


def bind(model: Any) -> None:
    """Put the relationships of a model that is complete otherwise in their place, its parents' included."""
    declared = (name for cls in reversed(model.__mro__) for name, value in vars(cls).items() if _is_one(value))
    for name in dict.fromkeys(declared):
        found = inspect.getattr_static(model, name)
        if not _is_one(found):
            continue  # the model has something else in its place
        if found.this is not None:
            found = found.inherited_by(model)
        elif name not in vars(model):
            found = copy(found)  # an abstract base, which others inherit from too
        setattr(model, name, found)
        if found.this is None:
            found.set_this_model(model, name)
        store_of(model).relationships[name] = found
    for _, relationship in sorted(_unsettled.items()):
        relationship.meet(model)


def _is_one(value: Any) -> bool:
    return isinstance(value, Relationship)


def partners_given(relationships: Mapping[str, Relationship], raw: dict[str, Any]) -> dict[str, Any]:
    """Take the partners out of what a constructor was given, and put in the values of fields that follow from them."""
    partners = {}
    for name, relationship in relationships.items():
        partner = raw.pop(name, None)
        if partner is not None:
            raw.update(relationship.assign(partner) or {})
            partners[name] = partner
    return partners
