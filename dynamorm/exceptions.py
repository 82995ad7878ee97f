"""Every error that DynamORM raises, in one tree.

::

    DynamoException
    ├── DynaModelException            a model class or an instance is not what it should be
    │   ├── ValidationError           the schema refused a value (``errors``, ``raw``, ``schema_name``)
    │   ├── UnknownSchema             no adapter claims an inner ``Schema`` (also a ``TypeError``)
    │   └── PartialInstance           a full save of something that was loaded in part
    ├── DynamoTableException          a table, a key, or what was asked of them is not what it should be
    │   ├── MissingTableAttribute     an inner ``Table`` or index class lacks something
    │   ├── InvalidSchemaField        a name that is no field, or a field that cannot serve
    │   │   └── InvalidKey            keys that are missing, superfluous or unusable
    │   ├── NotProjected              a filter on an attribute that the index does not hold
    │   ├── AmbiguousIndex            more than one index would answer
    │   ├── TableMismatch             the live table is not the one the model declares
    │   ├── DoesNotExist              the item that was demanded is not there
    │   ├── MultipleFound             one item was demanded and there are more
    │   ├── ScanRefused               the model's table does not want to be scanned (``on_scan``)
    │   ├── PathMissing               a nested update of something that is not there
    │   ├── BatchError                a batch that could not be finished (``done``, ``missing``)
    │   ├── TableNotActive            (a service error) the table is being created, changed or deleted
    │   │   └── TableExists           a table is to be created that is there already
    │   ├── TableNotFound             (a service error) there is no such table
    │   └── ConditionFailed           (a service error) a conditional write was refused
    │       └── HashKeyExists         ``put_unique`` met an item with the same key
    ├── InvalidExpression             a condition, update or projection that cannot be meant
    ├── InvalidCursor                 a cursor that belongs to another query, or was changed
    ├── UnstorableValue               a Python value that has no exact DynamoDB form (``path``, ``value``)
    ├── UnreadableItem                an answer that is not in DynamoDB's form (``path``, ``value``)
    ├── ConfigurationError            settings that cannot work
    │   ├── NoCredentials             boto3 found no credentials
    │   └── NoRegion                  boto3 found no region
    ├── ConnectionFailed              no answer: refused, reset, unresolvable, timed out
    ├── ServiceError                  DynamoDB answered with an error (``code operation table request_id``)
    │   ├── Throttled                 more requests than the table or the account may make
    │   ├── Unavailable               DynamoDB's own trouble (5xx)
    │   ├── AccessDenied              credentials that are wrong, expired, or may not do this
    │   ├── RequestRefused            DynamoDB calls the request invalid
    │   ├── ItemTooLarge              an item or an item collection past its limit
    │   └── TransactionCanceled       a transaction was refused (``reasons``)
    └── EngineError                   a local engine is not installed, or did not start

Errors that stand for an answer of DynamoDB are also ``botocore.exceptions.ClientError``: the connection raises
subclasses of theirs and ours, with the original as ``__cause__``.  All of them can be pickled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = [
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
    "HashKeyExists",
    "InvalidCursor",
    "InvalidExpression",
    "InvalidKey",
    "InvalidSchemaField",
    "ItemTooLarge",
    "MissingTableAttribute",
    "MultipleFound",
    "NoCredentials",
    "NoRegion",
    "NotProjected",
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
    "Unavailable",
    "UnknownSchema",
    "UnreadableItem",
    "UnstorableValue",
    "ValidationError",
]


class DynamoException(Exception):
    """The root: whatever DynamORM raises on purpose is one of these."""


class DynaModelException(DynamoException):
    """A model class or an instance is not what it should be."""


class _ErrorsByField(dict[Any, Any]):
    """Errors as marshmallow and schematics report them."""

    @property
    def messages(self) -> dict[Any, Any]:
        """The errors by field, as the libraries' own exceptions give them under this name."""
        return dict(self)


class _ErrorsInOrder(list[Any]):
    """Errors as pydantic reports them: a list of dicts."""

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
        super().__init__(raw, schema_name, errors, where)
        self.raw = raw
        self.schema_name = schema_name
        self.errors = errors
        self.where = where

    def __str__(self) -> str:
        text = f"Validation failed for schema {self.schema_name}. Errors: {self.errors}"
        return f"{text} ({self.where})" if self.where else text


class UnknownSchema(DynaModelException, TypeError):
    """No adapter knows what the inner ``Schema`` is written in."""


class PartialInstance(DynaModelException):
    """A full save of an instance that was loaded in part would erase what was not loaded."""


class DynamoTableException(DynamoException):
    """A table, a key, or what was asked of them is not what it should be."""


class MissingTableAttribute(DynamoTableException):
    """An inner ``Table`` or index class lacks an attribute that it needs."""


class InvalidSchemaField(DynamoTableException):
    """A name that is no field of the schema, or a field that cannot serve where it is named."""


class InvalidKey(InvalidSchemaField):
    """Keys that are missing, superfluous, or cannot be used the way they were."""


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
    """An item that has to be there is not."""


class MultipleFound(DynamoTableException):
    """One item was demanded, and there are more."""


class ScanRefused(DynamoTableException):
    """The model's table says ``on_scan = "error"``: reading every item there is was not meant."""


class PathMissing(DynamoTableException):
    """A nested update of an item in which the map or list around the place is not there."""


class BatchError(DynamoTableException):
    """DynamoDB left a part of a batch undone until there was no use in asking again.

    ``done`` is what was read (instances) or how many items were written, ``missing`` the keys or items that were not.
    """

    def __init__(self, message: str, done: Any = None, missing: Any = ()) -> None:
        super().__init__(message, done, missing)
        self.done = done
        self.missing = missing

    def __str__(self) -> str:
        return str(self.args[0])


class InvalidCursor(DynamoException, ValueError):
    """A cursor that belongs to another query, was changed on its way, or is none."""


class InvalidExpression(DynamoException, ValueError):
    """A condition, update or projection that cannot be meant."""


class _AtPath(DynamoException, ValueError):
    """Something is wrong with a value, at a place inside an item (``orders[0].price``)."""

    def __init__(self, reason: str, path: str = "", value: Any = None) -> None:
        super().__init__(reason, path, value)
        self.reason = reason
        self.path = path
        self.value = value

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}" if self.path else self.reason

    def under(self, part: str | int) -> Self:
        """Put a map's key or a list's position in front of the path, and give the error back for raising."""
        step = f"[{part}]" if isinstance(part, int) else part
        dot = "" if not self.path or self.path.startswith("[") else "."
        self.path = f"{step}{dot}{self.path}"
        self.args = (self.reason, self.path, self.value)
        return self


class UnstorableValue(_AtPath):
    """A Python value that has no exact form in DynamoDB."""


class UnreadableItem(_AtPath):
    """Something that should be in DynamoDB's form, and is not."""


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

    ``code`` is DynamoDB's name for it, ``operation`` what was asked, ``table`` of which table (``None`` where the
    operation names none or several), ``request_id`` what AWS support asks for.
    """

    code: str = ""
    operation: str = ""
    table: str | None = None
    request_id: str | None = None


class Throttled(ServiceError):
    """More requests than the table or the account may make; retries did not help."""


class Unavailable(ServiceError):
    """DynamoDB's own trouble; retries did not help."""


class AccessDenied(ServiceError):
    """Credentials that are wrong or expired, or may not do this."""


class RequestRefused(ServiceError):
    """DynamoDB calls the request invalid."""


class ItemTooLarge(ServiceError):
    """An item or an item collection past DynamoDB's limit."""


class TransactionCanceled(ServiceError):
    """A transaction was refused; ``reasons`` holds one entry for each of its actions."""

    reasons: tuple[Any, ...] = ()


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
    """

    item: dict[str, Any] | None = None
    current: Any = None

    def as_hash_key_exists(self) -> HashKeyExists:
        """Return the narrower error, for who knows that the condition was on the key; raise it ``from`` the cause."""
        return HashKeyExists(*self.args)


class HashKeyExists(ConditionFailed):
    """A unique put met an item that has the same primary key."""


class EngineError(DynamoException):
    """A local engine is not installed, or did not start."""
