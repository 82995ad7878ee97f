"""Every error of DynamoDB's becomes one of ours, and stays botocore's."""

from __future__ import annotations

import pickle

import botocore.session
import pytest
from botocore import exceptions as theirs
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from dynamorm import exceptions as ours
from dynamorm.connection.errors import CancellationReason, translate, translate_failure

MODEL = botocore.session.get_session().get_service_model("dynamodb")
SHAPES = sorted(
    {shape.metadata.get("error", {}).get("code") or shape.name for shape in MODEL.error_shapes}
    | {name for name in MODEL.shape_names if MODEL.shape_for(name).metadata.get("exception")}
)
# What each error of the service model is to code that catches ours.  A new error shape may come with a new
# botocore; it is then a ServiceError, until it has its line here.
EXPECTED = {
    "ConditionalCheckFailedException": ours.ConditionFailed,
    "DuplicateItemException": ours.ConditionFailed,
    "IndexNotFoundException": ours.TableNotFound,
    "InternalServerError": ours.Unavailable,
    "ItemCollectionSizeLimitExceededException": ours.ItemTooLarge,
    "LimitExceededException": ours.Throttled,
    "ProvisionedThroughputExceededException": ours.Throttled,
    "RequestLimitExceeded": ours.Throttled,
    "ResourceInUseException": ours.TableNotActive,
    "TableInUseException": ours.TableNotActive,
    "ResourceNotFoundException": ours.TableNotFound,
    "TableNotFoundException": ours.TableNotFound,
    "GlobalTableNotFoundException": ours.TableNotFound,
    "TransactionCanceledException": ours.TransactionCanceled,
    "IdempotentParameterMismatchException": ours.RequestRefused,
}
COMMON = {
    "ValidationException": ours.RequestRefused,
    "SerializationException": ours.RequestRefused,
    "AccessDeniedException": ours.AccessDenied,
    "UnrecognizedClientException": ours.AccessDenied,
    "ExpiredTokenException": ours.AccessDenied,
    "InvalidSignatureException": ours.AccessDenied,
    "MissingAuthenticationTokenException": ours.AccessDenied,
    "ThrottlingException": ours.Throttled,
    "ServiceUnavailable": ours.Unavailable,
    "InternalFailure": ours.Unavailable,
}


def answered(code, message="No.", status=400, retries=0, **more):
    return ClientError(
        {
            "Error": {"Code": code, "Message": message},
            "ResponseMetadata": {"RequestId": "R1", "HTTPStatusCode": status, "RetryAttempts": retries},
            **more,
        },
        "PutItem",
    )


@pytest.mark.parametrize("code", sorted({*SHAPES, *COMMON}))
def test_every_error_is_ours_and_botocores_and_can_be_pickled(code):
    original = answered(code, retries=2)
    error = translate(original, "PutItem", {"TableName": "books"})
    with pytest.raises(EXPECTED.get(code) or COMMON.get(code) or ours.ServiceError) as caught:
        raise error from original
    for one in (caught.value, pickle.loads(pickle.dumps(caught.value))):
        assert isinstance(one, ours.ServiceError) and isinstance(one, ClientError)
        assert type(one) is type(error)
        assert (one.code, one.operation, one.table, one.request_id, one.attempts) == (
            code,
            "PutItem",
            "books",
            "R1",
            3,
        )
        assert isinstance(one.__cause__, ClientError) and one.args[0].response == original.response
        assert one.response["Error"]["Code"] == code
        remedy = f". {one.remedy}" if one.remedy else ""
        assert str(one) == f"PutItem on table books: {code}: No. (after 3 attempts{one._doubt}){remedy}"


def test_each_named_error_is_in_botocores_model():
    assert EXPECTED.keys() <= set(SHAPES)
    assert len(SHAPES) > 30


def test_errors_that_botocore_makes_for_a_client_can_be_pickled_too():
    client = botocore.session.get_session().create_client(
        "dynamodb", "us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    with pytest.raises(client.exceptions.ResourceNotFoundException) as caught:
        raise client.exceptions.ResourceNotFoundException(answered("ResourceNotFoundException").response, "GetItem")
    error = translate(caught.value, "GetItem", {"TableName": "t"})
    assert error.args[0] is caught.value
    # the class that botocore made stays behind; ours does not
    assert type(pickle.loads(pickle.dumps(error))) in type(error).__bases__


@pytest.mark.parametrize(
    ("code", "message", "status", "kind"),
    [
        ("ValidationException", "Item size has exceeded the maximum allowed size", 400, ours.ItemTooLarge),
        (
            "ValidationException",
            "Item size to update has exceeded the maximum allowed size",
            400,
            ours.ItemTooLarge,
        ),
        ("ValidationException", "The table does not have the specified index: x", 400, ours.RequestRefused),
        ("Whatever", "", 502, ours.Unavailable),
        ("429", "", 429, ours.Throttled),
        ("NeverHeardOf", "", 400, ours.ServiceError),
    ],
)
def test_text_and_status_decide_where_the_code_does_not(code, message, status, kind):
    error = translate(answered(code, message, status), "GetItem", {})
    assert isinstance(error, kind)
    assert error.table is None


def test_a_transaction_says_why_each_action_was_refused():
    item = {"isbn": {"S": "1"}}
    reasons = [
        {"Code": "None"},
        {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed", "Item": item},
    ]
    original = answered("TransactionCanceledException", CancellationReasons=reasons)
    payload = {"TransactItems": [{"Put": {"TableName": "a"}}, {"Check": {"TableName": "a"}}]}
    error = translate(original, "TransactWriteItems", payload)
    expected = (
        CancellationReason("None"),
        CancellationReason("ConditionalCheckFailed", "The conditional request failed", item),
    )
    for one in (error, pickle.loads(pickle.dumps(error))):
        assert tuple(reason.replace(error=None) for reason in one.reasons) == expected
        assert isinstance(one.failed[0].error, ours.ConditionFailed) and one.failed[0].error.item == item
    assert error.table == "a"


def test_reasons_are_read_from_the_message_where_they_are_nowhere_else():
    text = "Transaction cancelled, please refer to the reasons [None, TransactionConflict]"
    error = translate(answered("TransactionCanceledException", text), "TransactWriteItems", {})
    assert [reason.code for reason in error.reasons] == ["None", "TransactionConflict"]


@pytest.mark.parametrize(
    ("payload", "table"),
    [
        ({"RequestItems": {"a": {"Keys": []}}}, "a"),
        ({"RequestItems": {"a": {}, "b": {}}}, None),
        ({"TransactItems": [{"Get": {"TableName": "a"}}, {"Get": {"TableName": "b"}}]}, None),
        ({}, None),
    ],
)
def test_the_table_is_named_where_it_is_the_only_one(payload, table):
    assert translate(answered("ValidationException"), "X", payload).table == table


def test_a_refused_condition_brings_the_item_and_says_whether_it_may_be_our_own_doing():
    item = {"isbn": {"S": "1"}}
    error = translate(answered("ConditionalCheckFailedException", Item=item), "PutItem", {"TableName": "t"})
    assert (error.item, error.ambiguous) == (item, False)
    error = translate(answered("ConditionalCheckFailedException", retries=1), "PutItem", {"TableName": "t"})
    assert (error.item, error.ambiguous) == (None, True)
    narrower = error.as_hash_key_exists()
    assert isinstance(narrower, ours.HashKeyExists) and isinstance(narrower, ClientError)
    assert (narrower.args, narrower.table, narrower.ambiguous) == (error.args, "t", True)
    assert type(pickle.loads(pickle.dumps(narrower))) is type(narrower)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (theirs.EndpointConnectionError(endpoint_url="e", error="x"), ours.ConnectionFailed),
        (theirs.ConnectTimeoutError(endpoint_url="e", error="x"), ours.ConnectionFailed),
        (theirs.ReadTimeoutError(endpoint_url="e", error="x"), ours.ConnectionFailed),
        (theirs.ConnectionClosedError(endpoint_url="e", error="x"), ours.ConnectionFailed),
        (theirs.SSLError(endpoint_url="e", error="x"), ours.ConnectionFailed),
        (
            theirs.ChecksumError(checksum_type="crc32", expected_checksum="1", actual_checksum="2"),
            ours.ConnectionFailed,
        ),
        (ResponseParserError("x"), ours.ConnectionFailed),
        (theirs.NoCredentialsError(), ours.NoCredentials),
        (theirs.PartialCredentialsError(provider="env", cred_var="x"), ours.NoCredentials),
        (theirs.CredentialRetrievalError(provider="p", error_msg="x"), ours.NoCredentials),
        (theirs.NoRegionError(), ours.NoRegion),
        (theirs.ParamValidationError(report="x"), ours.RequestRefused),
        (theirs.ProfileNotFound(profile="x"), ours.ConfigurationError),
    ],
)
def test_where_there_was_no_answer_the_error_says_why(error, kind):
    ours_now = translate_failure(error, "GetItem", "http://e")
    assert isinstance(ours_now, kind)
    assert not isinstance(ours_now, ClientError)
    assert type(pickle.loads(pickle.dumps(ours_now))) is type(ours_now)
