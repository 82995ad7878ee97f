"""Every error that DynamORM raises, in one tree.

::

    DynamoException
    ├── DynaModelException            a model class or an instance is not what it should be
    │   ├── ValidationError           the schema refused a value (``errors``, ``raw``, ``schema_name``)
    │   │   └── ItemTooNew            a stored item is of a version that the program does not know
    │   ├── AbstractModel             a class without a Table or Schema is used as a model (also an ``AttributeError``)
    │   ├── UnknownSchema             no adapter claims an inner ``Schema`` (also a ``TypeError``)
    │   ├── PartialInstance           a full save of something that was loaded in part
    │   └── WrongPlace                an instance or a query of another process, whose items are elsewhere
    ├── DynamoTableException          a table, a key, or what was asked of them is not what it should be
    │   ├── MissingTableAttribute     an inner ``Table`` or index class lacks something
    │   ├── InvalidSchemaField        a name that is no field, or a field that cannot serve
    │   │   └── InvalidKey            keys that are missing, superfluous or unusable
    │   │       └── IncompleteKey     a key is to follow its fields, of which some are not known
    │   ├── NotProjected              a filter on an attribute that the index does not hold
    │   ├── AmbiguousIndex            more than one index would answer
    │   ├── TableMismatch             the live table is not the one the model declares
    │   ├── DoesNotExist              the item that was demanded is not there; each model has its own kind
    │   │   ├── NoSuchPosition        ``query[7]`` of fewer items (also an ``IndexError``)
    │   │   └── ObjectsNotFound       some of the instances that were to be loaded (``missing``)
    │   ├── MultipleFound             one item was demanded and there are more
    │   ├── ScanRefused               the model's table does not want to be scanned (``on_scan``)
    │   ├── PathMissing               a nested update of something that is not there
    │   ├── BatchError                a batch that could not be finished (``done``, ``missing``, ``report``)
    │   ├── TableNotActive            (a service error) the table is being created, changed or deleted
    │   │   └── TableExists           a table is to be created that is there already
    │   ├── TableNotFound             (a service error) there is no such table
    │   └── ConditionFailed           (a service error) a conditional write was refused
    │       ├── HashKeyExists         ``put_unique`` met an item with the same key
    │       ├── UniqueViolation       another item has the value of a unique field (``fields``, ``holder``)
    │       └── VersionConflict       somebody else has stored another version since
    ├── InvalidExpression             a condition, update or projection that cannot be meant
    │   ├── MisusedExpression         one where Python's ``and``, ``in`` and the like cannot work (also a ``TypeError``)
    │   └── ExpressionTooLong         one that is longer than DynamoDB takes
    ├── InvalidCursor                 a cursor that belongs to another query, or was changed
    ├── UnstorableValue               a Python value that has no exact DynamoDB form (``path``, ``value``)
    ├── UnreadableItem                an answer that is not in DynamoDB's form (``path``, ``value``)
    ├── MustBeAwaited                 what would block an event loop, or a coroutine where nothing awaits
    ├── ConfigurationError            settings that cannot work
    │   ├── NoCredentials             boto3 found no credentials
    │   └── NoRegion                  boto3 found no region
    ├── ConnectionFailed              no answer: refused, reset, unresolvable, timed out
    ├── ServiceError                  DynamoDB answered with an error (``code operation table request_id``)
    │   ├── Throttled                 more requests than the table or the account may make
    │   ├── Unavailable               DynamoDB's own trouble (5xx)
    │   ├── AccessDenied              credentials that are wrong, expired, or may not do this
    │   ├── RequestRefused            DynamoDB calls the request invalid
    │   │   └── IdempotencyMismatch   the token of a transaction was used for another one
    │   ├── ItemTooLarge              an item or an item collection past its limit
    │   ├── TransactionConflict       a transaction is under way on the item
    │   └── TransactionCanceled       a transaction was refused (``reasons``)
    └── EngineError                   a local engine is not installed, or did not start

Errors that stand for an answer of DynamoDB are also ``botocore.exceptions.ClientError``: the connection raises
subclasses of theirs and ours, with the original as ``__cause__``.  All of them can be copied and pickled, with the
instances and items that they carry; what cannot be pickled becomes a :class:`NotPickled`, which says so.

Besides there is one warning, :class:`UnsortableKey`: a key whose stored form does not sort as its values do.
"""

from __future__ import annotations

import copy
import pickle
import sys
from functools import reduce
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = [
    "AbstractModel",
    "AccessDenied",
    "AmbiguousIndex",
    "BatchError",
    "ConditionFailed",
    "ConfigurationError",
    "ConnectionFailed",
    "DoesNotExist",
    "DynaModelException",
    "DynamoException",
    "DynamoTableException",
    "EngineError",
    "ExpressionTooLong",
    "HashKeyExists",
    "IdempotencyMismatch",
    "IncompleteKey",
    "InvalidCursor",
    "InvalidExpression",
    "InvalidKey",
    "InvalidSchemaField",
    "ItemTooLarge",
    "ItemTooNew",
    "MissingTableAttribute",
    "MisusedExpression",
    "MultipleFound",
    "MustBeAwaited",
    "NoCredentials",
    "NoRegion",
    "NoSuchPosition",
    "NotProjected",
    "ObjectsNotFound",
    "PartialInstance",
    "PathMissing",
    "RequestRefused",
    "ScanRefused",
    "ServiceError",
    "TableExists",
    "TableMismatch",
    "TableNotActive",
    "TableNotFound",
    "Throttled",
    "TransactionCanceled",
    "TransactionConflict",
    "Unavailable",
    "UniqueViolation",
    "UnknownSchema",
    "UnreadableItem",
    "UnsortableKey",
    "UnstorableValue",
    "ValidationError",
    "VersionConflict",
    "WrongPlace",
]


class NotPickled:
    """Stands in a pickled error for something that the error carried and that could not be pickled."""

    def __init__(self, shown: str, reason: str) -> None:
        self.shown = shown
        self.reason = reason

    def __repr__(self) -> str:
        return f"<{self.shown}, which could not be pickled: {self.reason}>"


def to_pickle(value: Any) -> Any:
    """Return a value as it can be pickled: what cannot be, or a part of it, has something in its place that says so."""
    try:
        pickle.loads(pickle.dumps(value))
    except Exception as error:
        if isinstance(value, dict):
            return {to_pickle(name): to_pickle(inner) for name, inner in value.items()}
        if type(value) in (list, tuple):
            return type(value)(map(to_pickle, value))
        return NotPickled(repr(value), str(error))
    return value


class DynamoException(Exception):
    """The root: whatever DynamORM raises on purpose is one of these.

    Where one of several items is to blame, ``position`` says which one, counted from 0, and ``key`` holds the parts of
    its primary key that were given, by Python name.

    Where several were to be written, ``done`` says which or how many were, and ``left`` which were not.
    """

    done: Any = None
    left: Any = None
    position: int | None = None
    key: dict[str, Any] | None = None

    def about(self, position: int, key: dict[str, Any]) -> None:
        """Say which of several items this is about."""
        self.position, self.key = position, key
        if self.args and isinstance(self.args[0], str):
            self.args = (f"{self.args[0]} ({self._which})", *self.args[1:])

    @property
    def _which(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in (self.key or {}).items())
        return f"item {self.position}, {shown or 'without a key'}"

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), to_pickle(self.args), {name: to_pickle(value) for name, value in vars(self).items()}

    def __copy__(self) -> Self:
        twin = type(self).__new__(type(self), *self.args)
        twin.__dict__.update(vars(self))
        if self.__cause__ is not None:
            twin.__cause__ = self.__cause__
        return twin

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        twin = memo[id(self)] = copy.copy(self)
        twin.args = copy.deepcopy(self.args, memo)
        twin.__dict__.update(copy.deepcopy(vars(self), memo))
        return twin


class DynaModelException(DynamoException):
    """A model class or an instance is not what it should be."""


class _ErrorsByField(dict[Any, Any]):
    """Errors as marshmallow and schematics report them."""

    @property
    def messages(self) -> dict[Any, Any]:
        """The errors by field, as the libraries' own exceptions give them under this name."""
        return dict(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (to_pickle(dict(self)),)


class _ErrorsInOrder(list[Any]):
    """Errors as pydantic reports them: a list of dicts."""

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (to_pickle(list(self)),)

    @property
    def messages(self) -> dict[Any, Any]:
        """The texts of the errors by field."""
        found: dict[Any, list[str]] = {}
        for error in self:
            if isinstance(error, dict):
                place = ".".join(map(str, error.get("loc", ()))) or "_schema"
                found.setdefault(place, []).append(str(error.get("msg")))
        return found


class ValidationError(DynaModelException):
    """The schema refused a value.

    ``errors`` is what the schema library reported, in its own shape, and ``errors.messages`` the same by field; ``raw``
    what it was given; ``where`` says more about the place, such as the key of the stored item that could not be read.
    """

    def __init__(self, raw: Any, schema_name: str, errors: Any, where: str = "") -> None:
        if isinstance(errors, dict):
            errors = _ErrorsByField(errors)
        elif isinstance(errors, list):
            errors = _ErrorsInOrder(errors)
        # what was given may hold secrets, which no traceback and no log may show
        super().__init__(schema_name, errors, where)
        self.raw = raw
        self.schema_name = schema_name
        self.errors = errors
        self.where = where

    def __reduce__(self) -> tuple[Any, ...]:
        given = (self.raw, self.schema_name, self.errors, self.where)
        return type(self), to_pickle(given), {name: to_pickle(value) for name, value in vars(self).items()}

    def __str__(self) -> str:
        text = f"Validation failed for schema {self.schema_name}. Errors: {self.errors}"
        places = [self.where, "" if self.position is None else self._which]
        return " ".join([text, *(f"({place})" for place in places if place)])


class ItemTooNew(ValidationError):
    """A stored item is of a later version than the ``schema_version`` of the model: a newer program has written it."""


class AbstractModel(DynaModelException, AttributeError):
    """A class that is abstract, or ``DynaModel`` itself, is used as if it had items."""


class UnknownSchema(DynaModelException, TypeError):
    """No adapter knows what the inner ``Schema`` is written in."""


class PartialInstance(DynaModelException):
    """A full save of an instance that was loaded in part would erase what was not loaded."""


class WrongPlace(DynaModelException):
    """An instance or a query came from another process, and its items are not where the settings of this one lead."""


class DynamoTableException(DynamoException):
    """A table, a key, or what was asked of them is not what it should be."""


class MissingTableAttribute(DynamoTableException):
    """An inner ``Table`` or index class lacks an attribute that it needs."""


class InvalidSchemaField(DynamoTableException):
    """A name that is no field of the schema, or a field that cannot serve where it is named."""


class InvalidKey(InvalidSchemaField):
    """Keys that are missing, superfluous, or cannot be used the way they were."""


class IncompleteKey(InvalidKey):
    """A write touches a field that a key is made of, and nothing is known of the others."""


class NotProjected(DynamoTableException):
    """A filter on an attribute that the index does not hold."""


class AmbiguousIndex(DynamoTableException):
    """More than one index would answer."""


class TableMismatch(DynamoTableException):
    """The live table is not the one that the model declares.

    ``differences`` holds one step (:class:`dynamorm.tables.plan.Step`) for each difference.
    """

    def __init__(self, message: str, differences: tuple[Any, ...] = ()) -> None:
        super().__init__(message, differences)
        self.differences = differences

    def __str__(self) -> str:
        return str(self.args[0])


class DoesNotExist(DynamoTableException):
    """An item that has to be there is not.

    What is raised for a model is a class of the model's own, ``Book.DoesNotExist``, which is a kind of this one, and of
    that of the model's parents.
    """

    def __reduce__(self) -> tuple[Any, ...]:
        _, *described = super().__reduce__()
        # a model inside of a function cannot be found by others, and neither can its errors
        kind = next(kind for kind in type(self).__mro__ if _is_found_by_name(kind))
        return kind, *described


def _is_found_by_name(kind: type) -> bool:
    try:
        found: Any = reduce(getattr, kind.__qualname__.split("."), sys.modules[kind.__module__])
    except (AttributeError, KeyError):
        return False
    return found is kind


class NoSuchPosition(DoesNotExist, IndexError):
    """A query has fewer items than its position says."""


class ObjectsNotFound(DoesNotExist):
    """Some of several instances that were to be loaded have no items; ``missing`` are these instances."""

    def __init__(self, message: str, missing: Any = ()) -> None:
        super().__init__(message, missing)
        self.missing = missing

    def __str__(self) -> str:
        return str(self.args[0])


class MultipleFound(DynamoTableException):
    """One item was demanded, and there are more."""


class ScanRefused(DynamoTableException):
    """The model's table says ``on_scan = "error"``: reading every item there is was not meant."""


class PathMissing(DynamoTableException):
    """A nested update of an item in which the map or list around the place is not there."""


class BatchError(DynamoTableException):
    """A batch came to an early end: DynamoDB gave no answer, or left a part undone until there was no use in asking.

    ``done`` is what was read (instances) or how many items were written, ``missing`` the keys that were not read, or
    the items that are not known to be written.  ``report`` is that of a batch of writes, or what a migration came to of
    which some items could not be upgraded.
    """

    def __init__(self, message: str, done: Any = None, missing: Any = (), report: Any = None) -> None:
        super().__init__(message, done, missing)
        self.done = done
        self.missing = missing
        self.report = report

    def __str__(self) -> str:
        return str(self.args[0])


class InvalidCursor(DynamoException, ValueError):
    """A cursor that belongs to another query, was changed on its way, or is none."""


class InvalidExpression(DynamoException, ValueError):
    """A condition, update or projection that cannot be meant."""


class MisusedExpression(InvalidExpression, TypeError):
    """A condition or reference where Python has no use for one: ``and``, ``in``, ``if``, a chained comparison."""


class ExpressionTooLong(InvalidExpression):
    """An expression of more than 4 KB, or of more than 300 operators: DynamoDB takes no such one."""


class _AtPath(DynamoException, ValueError):
    """Something is wrong with a value, at a place inside an item (``orders[0].price``)."""

    def __init__(self, reason: str, path: str = "", value: Any = None) -> None:
        super().__init__(reason, path)  # and not the value, which may be a secret
        self.reason = reason
        self.path = path
        self.value = value

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.reason, self.path, self.value), dict(self.__dict__)

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}" if self.path else self.reason

    def under(self, part: str | int) -> Self:
        """Put a map's key or a list's position in front of the path, and give the error back for raising."""
        step = f"[{part}]" if isinstance(part, int) else part
        dot = "" if not self.path or self.path.startswith("[") else "."
        self.path = f"{step}{dot}{self.path}"
        self.args = (self.reason, self.path)
        return self


class UnstorableValue(_AtPath):
    """A Python value that has no exact form in DynamoDB."""


class UnreadableItem(_AtPath):
    """Something that should be in DynamoDB's form, and is not."""


class MustBeAwaited(DynamoException):
    """Something waits in code that an awaited verb runs, or a coroutine function is called where nothing awaits it."""


class ConfigurationError(DynamoException):
    """Settings that cannot work."""


class NoCredentials(ConfigurationError):
    """boto3 found no credentials."""


class NoRegion(ConfigurationError):
    """boto3 found no region."""


class ConnectionFailed(DynamoException):
    """DynamoDB gave no answer: refused, reset, unresolvable, timed out."""

    def __init__(self, message: str, operation: str = "", endpoint: str = "") -> None:
        super().__init__(message, operation, endpoint)
        self.operation = operation
        self.endpoint = endpoint

    def __str__(self) -> str:
        return str(self.args[0])


class ServiceError(DynamoException):
    """DynamoDB answered with an error.

    ``code`` is DynamoDB's name for it, ``message`` what it says, ``operation`` what was asked, ``table`` of which table
    (``None`` where the operation names none or several), ``request_id`` what AWS support asks for.  ``attempts`` is how
    many requests were sent, and ``ambiguous`` says that one before the last may have been carried out.
    """

    code: str = ""
    message: str = ""
    operation: str = ""
    table: str | None = None
    request_id: str | None = None
    attempts: int = 1
    ambiguous: bool = False

    def follow(self, earlier: ServiceError) -> None:
        """Note that this came of sending a request again after an earlier error."""
        self.attempts += earlier.attempts
        self.ambiguous = self.ambiguous or earlier.ambiguous


class Throttled(ServiceError):
    """More requests than the table or the account may make; retries did not help."""


class Unavailable(ServiceError):
    """DynamoDB's own trouble; retries did not help."""


class AccessDenied(ServiceError):
    """Credentials that are wrong or expired, or may not do this."""


class RequestRefused(ServiceError):
    """DynamoDB calls the request invalid."""


class IdempotencyMismatch(RequestRefused):
    """The token of a transaction was used for another one within ten minutes."""


class TransactionConflict(ServiceError):
    """A transaction is under way on the item; trying again did not help."""


class ItemTooLarge(ServiceError):
    """An item or an item collection past DynamoDB's limit."""


class TransactionCanceled(ServiceError):
    """A transaction was refused, and nothing of it was carried out.

    ``reasons`` holds one entry for each of its actions, in their order: ``action``, ``code`` (``"None"`` for one that
    was not to blame), ``message``, ``current``, ``instance``, and ``error``, which the write alone would have raised.
    """

    reasons: tuple[Any, ...] = ()

    @property
    def failed(self) -> tuple[Any, ...]:
        """The reasons of the actions that were to blame."""
        return tuple(reason for reason in self.reasons if reason.code != "None")


class TableNotActive(DynamoTableException, ServiceError):
    """The table or index is being created, changed or deleted."""


class TableExists(TableNotActive):
    """The table that is to be created is there already."""


class TableNotFound(DynamoTableException, ServiceError):
    """There is no such table (or index)."""


class ConditionFailed(DynamoTableException, ServiceError):
    """A conditional write was refused; ``args[0]`` is botocore's ``ClientError``.

    ``item`` is what met the condition, in wire form, and ``current`` the same as an instance; ``None`` where there was
    no item with that key.

    ``attempts`` is how many requests were sent.  ``ambiguous`` says that the answer to an earlier one was lost, by the
    network or by trouble of DynamoDB's own, so that it may have been carried out: then this very write is what the
    condition was refused for.  ``current`` tells, where the write had something that no other one has.  Attempts that
    were merely throttled leave no doubt.  botocore's own sending (``transport="boto3"``) tells how many attempts there
    were and not what became of them, so that any makes the refusal ambiguous.
    """

    attempts: int = 1
    ambiguous: bool = False
    item: dict[str, Any] | None = None
    current: Any = None

    @property
    def met_nothing(self) -> bool:
        """Whether there was no item with the key."""
        return self.item is None

    def as_hash_key_exists(self) -> HashKeyExists:
        """Return the narrower error, for who knows that the condition was on the key; raise it ``from`` the cause."""
        return HashKeyExists(*self.args)

    def as_version_conflict(self) -> VersionConflict:
        """Return the narrower error, for who knows that the item has another version; raise it ``from`` the cause."""
        return VersionConflict(*self.args)

    def as_unique_violation(self, fields: tuple[str, ...], holder: dict[str, Any] | None) -> UniqueViolation:
        """Return the narrower error, for who knows that another item has a value; raise it ``from`` the cause."""
        error = UniqueViolation(*self.args)
        error.fields, error.holder = fields, holder
        return error


class HashKeyExists(ConditionFailed):
    """A unique put met an item that has the same primary key."""


class VersionConflict(ConditionFailed):
    """The stored item has another version than the one that was to be replaced, or is gone."""


class UniqueViolation(ConditionFailed):
    """Another item has the value of a field that is unique.

    ``fields`` are the names of the field, or of those that are unique together, and ``holder`` is the key of the other
    item, by the names that it is stored under; ``None`` where the other one is in the same transaction.
    """

    fields: tuple[str, ...] = ()
    holder: dict[str, Any] | None = None

    @property
    def met_nothing(self) -> bool:
        return False


class EngineError(DynamoException):
    """A local engine is not installed, or did not start."""


class UnsortableKey(UserWarning):
    """A key is stored as text that does not sort as its values do, which queries by range would not notice."""
