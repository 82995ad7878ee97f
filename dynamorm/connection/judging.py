"""What came of an attempt: a response to be given to the caller, or a setback that may be tried again."""

from __future__ import annotations

from typing import Any, NamedTuple, final
from zlib import crc32

from botocore.exceptions import ChecksumError, ConnectionClosedError, ConnectTimeoutError, EndpointConnectionError
from botocore.parsers import ResponseParserError

from .answers import LeanResponse, checksum_differs, is_plausible_success, read_answer
from .botocore_private import parse_by_shapes

__all__ = ["ONLY_REFUSED", "Response", "Setback", "judge", "judge_by_shapes"]

# What tells in the metadata of an error that no earlier attempt was carried out: botocore's own know just how many
# there were.
ONLY_REFUSED = "EarlierAttemptsRefused"
# What went wrong before there was a connection to send over.
_NEVER_SENT = (ConnectTimeoutError, EndpointConnectionError)

# What botocore's ``Endpoint.make_request`` returns.
Response = tuple[LeanResponse, dict[str, Any]]


@final
class Setback(NamedTuple):
    """What an attempt came to that the retry policy has to be asked about."""

    response: Response | None
    failure: Exception | None

    @property
    def is_certain(self) -> bool:
        """Whether the request was refused or did not leave, so that nothing of it was carried out for certain."""
        if self.failure is not None:
            return isinstance(self.failure, _NEVER_SENT)
        assert self.response is not None
        return self.response[0].status_code < 500

    def final(self, only_refused: bool = False) -> Response:
        """Return the response when there will be no other attempt.

        :param only_refused: whether there were earlier attempts, of which none was carried out for certain
        :raises Exception: the failure, if it was one.
        """
        if self.failure is not None:
            raise self.failure
        assert self.response is not None
        if only_refused:
            self.response[1]["ResponseMetadata"][ONLY_REFUSED] = True
        return self.response


def judge(operation: str, http: LeanResponse, attempt: int, texts: bool = False) -> Response | Setback | LeanResponse:
    """Return what an answer means, or the answer itself when :func:`judge_by_shapes` has to be asked.

    With ``texts`` items may stay such.
    """
    if checksum_differs(http.lowered_headers, http.body):
        return _damaged(http, attempt)
    if http.status_code == 200 and "content-encoding" not in http.lowered_headers:
        parsed = read_answer(operation, http.body, texts)
        if parsed is not None:
            parsed["ResponseMetadata"] = _metadata(http, attempt)
            return http, parsed
    return http


def judge_by_shapes(client: Any, operation: str, http: LeanResponse, attempt: int) -> Response | Setback:
    """Return what an answer out of the ordinary means, an error above all, which botocore reads.

    What is no answer of DynamoDB's at all is a setback, too: that may be tried again.
    """
    try:
        if "content-encoding" in http.lowered_headers:
            raise ResponseParserError("the answer is compressed")
        if http.status_code < 300 and not (http.status_code == 200 and is_plausible_success(http.body)):
            raise ResponseParserError("the answer is a success without its content")
        parsed = parse_by_shapes(client, operation, http)
        if not isinstance(parsed, dict):
            raise ResponseParserError("the answer is no JSON object")
    except (ResponseParserError, AttributeError, TypeError, ValueError, KeyError, RecursionError) as error:
        closed = ConnectionClosedError(endpoint_url=http.url, error=error)
        closed.__cause__ = error
        return Setback(None, closed)
    parsed.setdefault("ResponseMetadata", {})["RetryAttempts"] = attempt - 1
    return (http, parsed) if http.status_code == 200 else Setback((http, parsed), None)


def _damaged(http: LeanResponse, attempt: int) -> Setback:
    expected = http.lowered_headers["x-amz-crc32"]
    if not expected.isdecimal():
        # the policy would stumble over this one
        return Setback(None, ConnectionClosedError(endpoint_url=http.url, error="no checksum"))
    mismatch = ChecksumError(checksum_type="crc32", expected_checksum=expected, actual_checksum=str(crc32(http.body)))
    return Setback((http, {"ResponseMetadata": _metadata(http, attempt)}), mismatch)


def _metadata(http: LeanResponse, attempt: int) -> dict[str, Any]:
    headers = http.lowered_headers
    metadata: dict[str, Any] = {
        "HTTPStatusCode": http.status_code,
        "HTTPHeaders": headers,
        "RetryAttempts": attempt - 1,
    }
    request_id = headers.get("x-amzn-requestid")
    if request_id is not None:
        metadata["RequestId"] = request_id
    return metadata
