"""What is not exactly right is a 400 in the envelope, and nothing is written."""

import pytest

from bizsuite.events.models import Event
from customers.models import Customer

pytestmark = pytest.mark.django_db


def refused(api, raw: bytes) -> dict:
    """Send `raw` to POST /customers; the body of the 400 that it must get."""
    events = Event.objects.count()
    response = api.post("/customers", raw=raw)
    assert response.status == 400, response.body
    assert response.body["success"] is False
    assert not Customer.objects.exists()
    assert Event.objects.count() == events
    return response.body


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b'{"account":', "Malformed JSON"),
        (b'{"account":"Jane"', "Malformed JSON"),
        (b'{"account":"Jane",}', "Malformed JSON"),
        (b"{'account':'Jane'}", "Malformed JSON"),
        (b'{"account":"Jane"} {}', "Malformed JSON"),
        (b'{"account":"Ja\nne"}', "Malformed JSON"),
        (b"account=Jane", "Malformed JSON"),
        (b'\xef\xbb\xbf{"account":"Jane"}', "Malformed JSON"),
        (b'{"account":"\xff"}', "not valid UTF-8"),
        (b'{"account":"\xed\xa0\x80"}', "not valid UTF-8"),
        ('{"account":"Jane"}'.encode("utf-16"), "not valid UTF-8"),
        (b'{"account":"a\\u0000b"}', "NUL"),
        (b'{"a\\u0000b":"Jane"}', "NUL"),
        (b'{"account":"\\ud800"}', "surrogates"),
        (b'{"account":"\\udc00\\ud800"}', "surrogates"),
        (b'{"metadata":{"\\ud800":"x"}}', "surrogates"),
        (b'{"account":NaN}', "NaN is not a JSON number"),
        (b'{"account":Infinity}', "Infinity is not a JSON number"),
        (b'{"account":-Infinity}', "-Infinity is not a JSON number"),
        (b'{"account":1e400}', "too large"),
        (b'{"account":1e-400}', "too large"),
        (b'{"account":1e99999999999999999999}', "too large"),
        (b'{"account":-1e-99999999999999999999}', "too large"),
        (b'{"account":' + b"9" * 5000 + b"}", "too large"),
        (b'{"account":9223372036854775808}', "too large"),
        (b'{"account":"Jane","account":"Jane"}', "stands twice"),
        (b'{"account":"Jane","metadata":{"a":"1","a":"2"}}', "stands twice"),
    ],
)
def test_a_text_that_is_not_strict_json_is_refused(api, raw, message):
    body = refused(api, raw)

    assert message in body["message"]
    assert body["code"] == "bad_request"


@pytest.mark.parametrize("depth", [33, 1_000, 100_000])
@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_deep_nesting_is_refused(api, depth, opening, closing):
    body = refused(api, opening * depth + b"1" + closing * depth)

    assert body["message"] == "The body is nested deeper than 32 levels."


def test_nesting_up_to_the_limit_is_read(api):
    body = refused(api, b'{"a":' * 32 + b"1" + b"}" * 32)

    assert body["errors"] == {"a": "Unknown field", "account": "This field is required"}


@pytest.mark.parametrize("raw", [b"", b"{}"])
def test_an_empty_body_lacks_what_is_required(api, raw):
    assert refused(api, raw)["errors"] == {"account": "This field is required"}


@pytest.mark.parametrize("raw", [b"[]", b'[{"account":"Jane"}]', b'"Jane"', b"1", b"true", b"null"])
def test_anything_but_an_object_is_refused(api, raw):
    assert refused(api, raw)["errors"] == {"body": "Must be an object"}


@pytest.mark.parametrize(
    ("field", "error"),
    [
        (b'"nickname":"J"', {"nickname": "Unknown field"}),
        (b'"Email":"j@example.com"', {"Email": "Unknown field"}),
        (b'"search_text":"x"', {"search_text": "Unknown field"}),
        (b'"version":3', {"version": "Unknown field"}),
        (b'"":"x"', {"body": "Unknown field"}),
        (b'"id":1', {"id": "This field is read-only"}),
        (b'"created_at":"2024-01-15T10:00:00Z"', {"created_at": "This field is read-only"}),
        (b'"archived_at":null', {"archived_at": "This field is read-only"}),
        (b'"zip":2139', {"zip": "Must be text"}),
        (b'"zip":true', {"zip": "Must be text"}),
        (b'"zip":["02139"]', {"zip": "Must be text"}),
        (b'"phone":{"number":"1"}', {"phone": "Must be text"}),
        (b'"email":"not-an-address"', {"email": "Invalid email format"}),
        (b'"email":"a@b"', {"email": "Invalid email format"}),
        (b'"external_id":""', {"external_id": "This field is required"}),
        (b'"external_id":7', {"external_id": "Must be text"}),
    ],
)
def test_a_wrong_field_is_named(api, field, error):
    assert refused(api, b'{"account":"Jane",' + field + b"}")["errors"] == error


@pytest.mark.parametrize("account", [b'""', b'"  "', b"null", b"5", b"[]"])
def test_a_required_text_must_be_there(api, account):
    assert list(refused(api, b'{"account":' + account + b"}")["errors"]) == ["account"]


def test_a_text_longer_than_its_column_is_refused(api):
    for name, length in {"account": 200, "phone": 40, "zip": 20, "external_id": 255}.items():
        fits = {"account": "Jane"} | {name: "x" * length}
        assert api.post("/customers", fits).status == 201
        errors = api.post("/customers", fits | {name: "x" * (length + 1)}).errors
        assert errors == {name: f"Ensure this field has no more than {length} characters"}


@pytest.mark.parametrize(
    "metadata",
    [
        [],
        "x",
        {"a": 1},
        {"a": None},
        {"a": {"b": "c"}},
        {"": "x"},
        {"k" * 41: "x"},
        {"k": "v" * 501},
        {f"k{number}": "v" for number in range(51)},
    ],
)
def test_metadata_is_at_most_50_pairs_of_short_texts(api, metadata):
    assert list(api.post("/customers", {"account": "J", "metadata": metadata}).errors) == [
        "metadata"
    ]
    assert not Customer.objects.exists()


def test_metadata_within_the_limits_comes_back(api):
    metadata = {f"{number:040}": "ü" * 500 for number in range(50)}

    created = api.post("/customers", {"account": "Jane", "metadata": metadata})

    assert created.data["metadata"] == metadata
    assert api.get(f"/customers/{created.data['id']}").data["metadata"] == metadata


def test_text_comes_back_as_it_was_sent(api):
    account = 'Zoë "Ann" O\'Neill \\ 北京 \U0001f600 \u202e\u0007 <script>'

    created = api.post("/customers", {"account": account})

    assert created.data["account"] == account
    assert api.get(f"/customers/{created.data['id']}").data["account"] == account
