"""botocore's errors as ours: one place, one table.

Each class here stands for an answer of DynamoDB's and is one of ours and botocore's ``ClientError`` at once,
so that code which catches either goes on working.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar

from botocore import exceptions as theirs
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from .. import exceptions as ours
from ..bounded import Bounded
from ..frozen import FrozenValue
from .judging import ONLY_REFUSED

__all__ = ["CancellationReason", "translate", "translate_failure"]


class CancellationReason(FrozenValue):
    """Why one action of a transaction was refused; ``code`` is ``"None"`` for one that was not to blame.

    ``item`` is what met a condition, in wire form, and ``current`` the same as an instance.  ``action`` tells what was
    to be done, and ``instance`` with what; ``error`` is the one that the write alone would have raised.
    """

    code: str
    message: str = ""
    item: dict[str, Any] | None = None
    action: Any = None
    instance: Any = None
    current: Any = None
    error: Any = None

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), tuple(map(ours.to_pickle, self._values().values()))


class _Answered(ClientError):
    """What the classes below share.

    ``args[0]`` is botocore's error.
    """

    # what a class that was made at run time was made of: that one can be pickled
    _kind: ClassVar[type[_Answered] | None] = None
    # what to do about it, where that can be told
    remedy = ""

    def __init__(self, original: ClientError, operation: str, table: str | None) -> None:
        Exception.__init__(self, original)
        response: Any = original.response
        self.response = response
        self.operation_name = original.operation_name
        error = response.get("Error", {})
        metadata = response.get("ResponseMetadata", {})
        self.code: str = error.get("Code", "")
        self.message: str = error.get("Message") or error.get("message") or ""
        self.operation = operation
        self.table = table
        self.request_id: str | None = metadata.get("RequestId")
        self.attempts: int = metadata.get("RetryAttempts", 0) + 1
        self.ambiguous: bool = self.attempts > 1 and not metadata.get(ONLY_REFUSED, False)

    def __str__(self) -> str:
        where = f" on table {self.table}" if self.table else ""
        tried = f" (after {self.attempts} attempts{self._doubt})" if self.attempts > 1 else ""
        remedy = f". {self.remedy}" if self.remedy else ""
        return f"{self.operation}{where}: {self.code}: {self.message}{tried}{remedy}"

    @property
    def _doubt(self) -> str:
        """What to know where there was more than one attempt."""
        return ""

    def __reduce__(self) -> tuple[Any, ...]:
        kind = self._kind or type(self)
        described = (kind, dict(self.response), self.operation_name, self.operation, self.table)
        return _rebuilt, described, {name: ours.to_pickle(value) for name, value in vars(self).items()}


def _rebuilt(kind: type[_Answered], response: Any, operation_name: str, operation: str, table: str | None) -> _Answered:
    # botocore makes the classes of its errors at run time, one set for each client, so they cannot be
    # unpickled
    original = ClientError(response, operation_name)
    error = kind(original, operation, table)
    error.__cause__ = original
    return error


class ServiceClientError(_Answered, ours.ServiceError):
    """Any other error."""


class _ConditionAnswered(_Answered):
    def __init__(self, original: ClientError, operation: str, table: str | None) -> None:
        super().__init__(original, operation, table)
        # the item that met the condition, in wire form, where the request asked for it
        self.item: dict[str, Any] | None = self._wire_item()

    @property
    def _doubt(self) -> str:
        if not self.ambiguous:
            return ", none of which was carried out"
        return (
            "; an earlier one may have been carried out although its answer was lost, and then this very write is what "
            "the condition was refused for: compare .current with what was to be written"
        )

    def _wire_item(self) -> dict[str, Any] | None:
        response: Any = self.response
        item: dict[str, Any] | None = response.get("Item")
        return item

    def as_hash_key_exists(self) -> ours.HashKeyExists:
        error: ours.HashKeyExists = self._narrower(HashKeyExistsClientError)
        return error

    def as_version_conflict(self) -> ours.VersionConflict:
        error: ours.VersionConflict = self._narrower(VersionConflictClientError)
        return error

    def as_unique_violation(self, fields: tuple[str, ...], holder: dict[str, Any] | None) -> ours.UniqueViolation:
        error: ours.UniqueViolation = self._narrower(UniqueViolationClientError)
        error.item, error.fields, error.holder = None, fields, holder
        return error

    def _narrower(self, kind: Any) -> Any:
        narrower: Any = _modelled(kind, self.args[0])(self.args[0], self.operation, self.table)
        narrower.attempts, narrower.ambiguous = self.attempts, self.ambiguous
        narrower.item = self.item
        return narrower


class ConditionFailedClientError(_ConditionAnswered, ours.ConditionFailed):
    """A conditional write was refused."""


class HashKeyExistsClientError(_ConditionAnswered, ours.HashKeyExists):
    """A unique put was refused."""


class VersionConflictClientError(_ConditionAnswered, ours.VersionConflict):
    """A write was refused because the item has another version."""


class UniqueViolationClientError(_ConditionAnswered, ours.UniqueViolation):
    """A write was refused because another item has the value of a unique field."""


class TransactionCanceledClientError(_Answered, ours.TransactionCanceled):
    """A transaction was refused."""

    def __init__(self, original: ClientError, operation: str, table: str | None) -> None:
        super().__init__(original, operation, table)
        self.reasons = _reasons(original.response, self.message)


class TransactionConflictClientError(_Answered, ours.TransactionConflict):
    """A transaction is under way on the item."""


class IdempotencyMismatchClientError(_Answered, ours.IdempotencyMismatch):
    """A token that was used for something else."""

    remedy = "The token was used for another transaction within ten minutes; give each its own"


class ThrottledClientError(_Answered, ours.Throttled):
    """Too many requests."""


class TableNotFoundClientError(_Answered, ours.TableNotFound):
    """No such table."""


class TableNotActiveClientError(_Answered, ours.TableNotActive):
    """A table that is changing."""


class TableExistsClientError(_Answered, ours.TableExists):
    """A table that is there already."""

    remedy = (
        "There is a table of that name: update_table() makes it what is declared, delete() removes it, and "
        "create_tables() creates only what is missing"
    )


class ItemTooLargeClientError(_Answered, ours.ItemTooLarge):
    """An item or item collection past its limit."""


class RequestRefusedClientError(_Answered, ours.RequestRefused):
    """An invalid request."""


class AccessDeniedClientError(_Answered, ours.AccessDenied):
    """Credentials that do not suffice."""


class UnavailableClientError(_Answered, ours.Unavailable):
    """DynamoDB's own trouble."""


_CODES: dict[type[_Answered], str] = {
    ConditionFailedClientError: "ConditionalCheckFailedException DuplicateItemException",
    TransactionCanceledClientError: "TransactionCanceledException",
    ThrottledClientError: (
        "ProvisionedThroughputExceededException RequestLimitExceeded LimitExceededException "
        "Throttling ThrottlingException ThrottledException TooManyRequestsException "
        "RequestThrottled RequestThrottledException SlowDown"
    ),
    TableNotFoundClientError: (
        "ResourceNotFoundException TableNotFoundException IndexNotFoundException GlobalTableNotFoundException"
    ),
    TableNotActiveClientError: "ResourceInUseException TableInUseException",
    ItemTooLargeClientError: "ItemCollectionSizeLimitExceededException",
    RequestRefusedClientError: (
        "ValidationException ValidationError SerializationException UnknownOperationException "
        "InvalidExportTimeException InvalidRestoreTimeException "
        "PointInTimeRecoveryUnavailableException ContinuousBackupsUnavailableException "
        "TableAlreadyExistsException GlobalTableAlreadyExistsException ReplicaAlreadyExistsException "
        "ReplicaNotFoundException BackupNotFoundException ExportNotFoundException ImportNotFoundException "
        "PolicyNotFoundException"
    ),
    AccessDeniedClientError: (
        "AccessDeniedException AccessDenied UnrecognizedClientException InvalidSignatureException "
        "SignatureDoesNotMatch IncompleteSignature IncompleteSignatureException InvalidClientTokenId "
        "MissingAuthenticationToken MissingAuthenticationTokenException ExpiredToken ExpiredTokenException "
        "RequestExpired NotAuthorized OptInRequired"
    ),
    TransactionConflictClientError: "TransactionConflictException",
    IdempotencyMismatchClientError: "IdempotentParameterMismatchException",
    UnavailableClientError: (
        "InternalServerError InternalServerErrorException InternalFailure InternalError "
        "ServiceUnavailable ServiceUnavailableException"
    ),
}
_BY_CODE = {code: kind for kind, codes in _CODES.items() for code in codes.split()}


def translate(error: ClientError, operation: str, payload: dict[str, Any], endpoint: str = "") -> _Answered:
    """Return our error for one that stands for an answer; to be raised ``from`` the original.

    ``endpoint`` is who answered, for messages.
    """
    described = error.response.get("Error", {})
    code = described.get("Code", "")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    kind = _BY_CODE.get(code)
    if kind is RequestRefusedClientError and _ITEM_SIZE.search(described.get("Message") or ""):
        kind = ItemTooLargeClientError
    if kind is None:
        if status >= 500:
            kind = UnavailableClientError
        elif status == 429:
            kind = ThrottledClientError
        else:
            kind = ServiceClientError
    if kind is TableNotActiveClientError and operation == "CreateTable":
        kind = TableExistsClientError
    translated = _modelled(kind, error)(error, operation, _only_table(payload))
    if kind is TableNotFoundClientError and endpoint and "Index" not in code:
        translated.remedy = (
            "Create it with create_table(), or check that the name of the table, the account, the region and the "
            f"endpoint ({endpoint}) are those that you mean"
        )
    return translated


_both: Bounded[tuple[type[_Answered], type[ClientError]], type[_Answered]] = Bounded(256)


def _modelled(kind: type[_Answered], error: ClientError) -> type[_Answered]:
    """Return the kind as a subclass of the error's own class too, which ``client.exceptions`` has a name for.

    botocore makes these classes at run time, one set for each session.
    """
    theirs = type(error)
    if theirs is ClientError:
        return kind
    known = _both.get((kind, theirs))
    if known is None:
        body = {
            "__module__": kind.__module__,
            "__qualname__": kind.__qualname__,
            "__doc__": kind.__doc__,
            "_kind": kind,
        }
        made: Any = type(kind.__name__, (kind, theirs), body)
        known = _both.remember((kind, theirs), made)
    return known


_ITEM_SIZE = re.compile(r"[Ii]tem size.*exceeded|[Ii]tem.*exceeded the maximum allowed size")


def translate_failure(error: BotoCoreError, operation: str, endpoint: str) -> ours.DynamoException:
    """Return our error where there was no answer; to be raised ``from`` the original."""
    if isinstance(error, theirs.ParamValidationError):
        refused = ours.RequestRefused(f"{operation} was not sent: {error}")
        refused.code, refused.operation = "ValidationException", operation
        return refused
    if isinstance(error, theirs.NoCredentialsError):
        return ours.NoCredentials(
            "boto3 found no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, choose a profile, "
            "or run where a role gives them; a local engine takes any"
        )
    if isinstance(error, _CREDENTIAL_TROUBLE):
        return ours.NoCredentials(f"boto3 could not complete the credentials: {error}")
    if isinstance(error, theirs.NoRegionError):
        return ours.NoRegion(
            "boto3 found no region: set AWS_DEFAULT_REGION, or give region_name in dynamorm.configure(...) "
            "or in session_kwargs of the Table"
        )
    if is_of_a_header(error):
        return ours.ConfigurationError(
            f"{operation} was not sent: a value of its headers holds a line break. Look at the credentials, the "
            "region, the user agent and what handlers set"
        )
    # one that was closed had been sent to, whatever was wrong with the answer
    may_be_mistaken = isinstance(error, theirs.HTTPClientError) and not isinstance(error, theirs.ConnectionClosedError)
    if may_be_mistaken and isinstance(error.kwargs.get("error"), _MISTAKES):
        return ours.ConfigurationError(f"{operation} could not be sent with these settings: {error}")
    if isinstance(error, _NO_ANSWER):
        return ours.ConnectionFailed(f"{operation} got no answer from {endpoint}: {error}", operation, endpoint)
    return ours.ConfigurationError(f"{operation} could not be sent: {error}")


def is_of_a_header(error: BotoCoreError) -> bool:
    """Whether a header was refused by Python's HTTP client, which tells what stands in it."""
    cause = error.kwargs.get("error") if isinstance(error, theirs.HTTPClientError) else None
    return isinstance(cause, ValueError) and str(cause).startswith("Invalid header")


# What Python raises for values that botocore did not look at.
_MISTAKES = (AttributeError, TypeError, ValueError)
_CREDENTIAL_TROUBLE = (
    theirs.PartialCredentialsError,
    theirs.CredentialRetrievalError,
    theirs.UnauthorizedSSOTokenError,
    theirs.SSOTokenLoadError,
    theirs.TokenRetrievalError,
    theirs.MetadataRetrievalError,
)
_NO_ANSWER = (
    theirs.HTTPClientError,
    theirs.ConnectionError,
    theirs.ChecksumError,
    ResponseParserError,
)


def _only_table(payload: dict[str, Any]) -> str | None:
    """The one table that a request names."""
    name = payload.get("TableName")
    if isinstance(name, str):
        return name
    tables: set[str] = set()
    requested = payload.get("RequestItems")
    if isinstance(requested, dict):
        tables.update(requested)
    for action in payload.get("TransactItems") or ():
        if isinstance(action, dict):
            tables.update(part.get("TableName", "") for part in action.values() if isinstance(part, dict))
    return tables.pop() if len(tables) == 1 else None


def _reason(given: dict[str, Any]) -> CancellationReason:
    code, message, item = given.get("Code") or "None", given.get("Message") or "", given.get("Item")
    error: Any = None
    if code == "ConditionalCheckFailed":
        described: Any = {"Error": {"Code": f"{code}Exception", "Message": message}, "Item": item}
        error = ConditionFailedClientError(ClientError(described, "TransactWriteItems"), "TransactWriteItems", None)
    elif code == "ValidationError":
        described = {"Error": {"Code": "ValidationException", "Message": message}}
        error = RequestRefusedClientError(ClientError(described, "TransactWriteItems"), "TransactWriteItems", None)
    return CancellationReason(code, message, item, error=error)


def _reasons(response: Any, message: str) -> tuple[CancellationReason, ...]:
    given = response.get("CancellationReasons")
    if given:
        return tuple(map(_reason, given))
    # some engines give the codes in the message only: "... specific reasons [None, ConditionalCheckFailed]"
    listed = re.search(r"\[([A-Za-z, ]+)\]", message)
    return tuple(CancellationReason(code.strip()) for code in listed[1].split(",")) if listed else ()
