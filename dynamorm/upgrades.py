"""Forms of stored items: which one an item has, and the functions of a model that make one of the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from .exceptions import DynaModelException, DynamoException, InvalidKey, ItemTooNew, ValidationError
from .spec import KeySpec
from .wire.codec import WireItem, decode_item, decode_value, encode_item
from .wire.paths import same_value

Function = Callable[[dict[str, Any]], Any]


class Step:
    """A function in the body of a model that takes stored items from one form to the next, or back."""

    def __init__(self, function: Function, version: int, is_upgrade: bool) -> None:
        self.function = function
        self.version = version
        self.is_upgrade = is_upgrade
        self.__doc__ = function.__doc__
        self.__name__ = getattr(function, "__name__", "function")

    def __call__(self, item: dict[str, Any]) -> Any:
        return self.function(item)

    def __repr__(self) -> str:
        return f"<{self.decorator} {self.__name__}>"

    @property
    def decorator(self) -> str:
        return f"@{'upgrade' if self.is_upgrade else 'downgrade'}({self.version})"


def upgrade(version: int) -> Callable[[Function], Step]:
    """Mark a function of a model as the one that makes a version of stored items from the one before.

    It is given each item as a dict of plain values, by the names that they are stored under, and changes it in place or
    returns another dict.

    Example::

        class Person(DynaModel):
            class Table:
                name = "people"
                hash_key = "id"
                schema_version = 2

            @upgrade(2)
            def split_name(item):
                item["first"], _, item["last"] = item.pop("name").partition(" ")
    """
    return _marking("upgrade", version, True)


def downgrade(version: int) -> Callable[[Function], Step]:
    """Mark a function of a model as the one that makes the version before of a version of stored items.

    It is what writes need while ``Table.write_version`` is an earlier version than ``Table.schema_version``.
    """
    return _marking("downgrade", version, False)


def _marking(name: str, version: Any, is_upgrade: bool) -> Callable[[Function], Step]:
    if isinstance(version, bool) or not isinstance(version, int) or version < 2:
        raise DynaModelException(f"@{name}({version!r}): give a version from 2 up; the first one is 1")

    def mark(function: Function) -> Step:
        if isinstance(function, staticmethod):
            function = function.__func__
        if not callable(function):
            raise DynaModelException(f"@{name}({version}): give it a function of an item, not {function!r}")
        return Step(function, version, is_upgrade)

    return mark


class Upgraded(NamedTuple):
    """An item in the form that the model has now, and the attributes that this was made of."""

    item: WireItem
    read: frozenset[str] = frozenset()


class Upgrades:
    """The forms of a model's items: ``current`` is the one that the model knows, ``written`` the one that it stores.

    ``attribute`` holds the version of an item; one without it is of the first.
    """

    def __init__(
        self, model_name: str, attribute: str, current: int, written: int, steps: Mapping[tuple[int, bool], Step]
    ) -> None:
        self.attribute = attribute
        self.current = current
        self.written = written
        self._model_name = model_name
        self._steps = steps

    @property
    def constants(self) -> WireItem:
        """What every item of the current form holds because of it."""
        return self._constants(self.current)

    def _constants(self, version: int) -> WireItem:
        # an item of the first version looks as it did before there were versions
        return {self.attribute: {"N": str(version)}} if version > 1 else {}

    def version_of(self, item: WireItem) -> int:
        """Return the version of an item.

        :raises ValidationError: if what it holds there is no version
        """
        value = item.get(self.attribute)
        if value is None:
            return 1
        try:
            version = int(value["N"])
        except (KeyError, ValueError):
            version = 0
        if version < 1:
            plain = decode_item({self.attribute: value})
            shown = f"{plain[self.attribute]!r} is no version of a stored item"
            raise self._refusal(plain, shown, f"stored {self._model_name}")
        return version

    def is_current(self, item: WireItem) -> bool:
        return self.version_of(item) == self.current

    def upgraded(self, item: WireItem, key: KeySpec) -> Upgraded:
        """Return an item in the current form.

        :raises ItemTooNew: if its form is one that the model does not know
        :raises ValidationError: if a function of the model cannot upgrade it
        :raises InvalidKey: if a function changes its primary key
        """
        version = self.version_of(item)
        if version == self.current:
            return Upgraded(item)
        if version > self.current:
            raise ItemTooNew(
                decode_item({name: item[name] for name in key.names if name in item}),
                self._model_name,
                {
                    self.attribute: [
                        f"the item is of version {version}, and schema_version = {self.current} is the newest one that "
                        f"this program knows; update the program"
                    ]
                },
                self._where(item, key),
            )
        watched = Watched(decode_item({name: value for name, value in item.items() if name != self.attribute}))
        plain: dict[str, Any] = watched
        for number in range(version + 1, self.current + 1):
            plain = self._stepped(self._steps[number, True], plain, item, key)
        read = watched.read  # and not what it takes to look at all that was made
        return Upgraded(self._encoded(plain, item, self.current, key), read)

    def stored_form(self, item: WireItem, key: KeySpec) -> WireItem:
        """Return an item of the current form in the one that is written."""
        if self.written == self.current:
            return item
        plain = decode_item({name: value for name, value in item.items() if name != self.attribute})
        for number in range(self.current, self.written, -1):
            plain = self._stepped(self._steps[number, False], plain, item, key)
        return self._encoded(plain, item, self.written, key)

    def _stepped(self, step: Step, plain: dict[str, Any], item: WireItem, key: KeySpec) -> dict[str, Any]:
        try:
            returned = step.function(plain)
        except DynamoException:
            raise
        except Exception as error:
            shown = f"{step.decorator} {step.__name__} failed: {type(error).__name__}: {error}"
            raise self._refusal(dict(plain), shown, self._where(item, key)) from error
        if returned is None or returned is plain:
            return plain
        if not isinstance(returned, Mapping):
            shown = f"{step.decorator} {step.__name__} returned a {type(returned).__name__}, and not a dict"
            raise self._refusal(dict(plain), shown, self._where(item, key))
        return dict(returned)

    def _encoded(self, plain: Mapping[str, Any], before: WireItem, version: int, key: KeySpec) -> WireItem:
        made = encode_item({name: value for name, value in plain.items() if name != self.attribute})
        for name in plain.keys() & before.keys():
            untouched = encode_item({name: decode_value(before[name])}).get(name)
            if same_value(made.get(name), untouched):
                made[name] = before[name]  # in the very form in which it is stored, NULL for example
        for name in key.names:
            if name in before and not same_value(made.get(name), before[name]):
                raise InvalidKey(
                    f"{self._model_name}: an upgrade changes {name!r}, a part of the primary key, of the item with "
                    f"{decode_item({name: before[name]})}: an item stays under its key; change_key() moves one"
                )
        return {**made, **self._constants(version)}

    def _refusal(self, plain: Mapping[str, Any], reason: str, where: str) -> ValidationError:
        return ValidationError(plain, self._model_name, {self.attribute: [reason]}, where)

    def _where(self, item: WireItem, key: KeySpec) -> str:
        return f"stored {self._model_name} with key {decode_item({name: item[name] for name in key.names})}"


class Watched(dict[str, Any]):
    """A plain item that notes which of its attributes are looked at."""

    def __init__(self, item: Mapping[str, Any]) -> None:
        super().__init__(item)
        self._names: set[str] = set()

    @property
    def read(self) -> frozenset[str]:
        return frozenset(self._names)

    def _all(self) -> None:
        self._names.update(super().keys())

    def __getitem__(self, name: str) -> Any:
        self._names.add(name)
        return super().__getitem__(name)

    def __contains__(self, name: object) -> bool:
        self._names.add(str(name))
        return super().__contains__(name)

    def get(self, name: str, default: Any = None) -> Any:
        self._names.add(name)
        return super().get(name, default)

    def pop(self, name: str, *default: Any) -> Any:
        self._names.add(name)
        return super().pop(name, *default)

    def setdefault(self, name: str, default: Any = None) -> Any:
        self._names.add(name)
        return super().setdefault(name, default)

    def __iter__(self) -> Iterator[str]:
        self._all()
        return super().__iter__()

    def __len__(self) -> int:
        self._all()
        return super().__len__()

    def keys(self) -> Any:
        self._all()
        return super().keys()

    def values(self) -> Any:
        self._all()
        return super().values()

    def items(self) -> Any:
        self._all()
        return super().items()

    def copy(self) -> dict[str, Any]:
        self._all()
        return dict(super().items())

    def popitem(self) -> tuple[str, Any]:
        self._all()
        return super().popitem()

    def __eq__(self, other: object) -> bool:
        self._all()
        return super().__eq__(other)

    def __or__(self, other: Any) -> Any:
        self._all()
        return dict(super().items()) | other

    def __ror__(self, other: Any) -> Any:
        self._all()
        return other | dict(super().items())

    __hash__ = None
