"""Whatever goes wrong, and wherever: the answer is the envelope."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import Client, override_settings

from customers.models import Customer
from tests.api_client import ApiClient, answer

pytestmark = pytest.mark.django_db

UNAUTHORIZED = b'{"success":false,"message":"Invalid API key or unauthorized access"}'
OURS = pytest.mark.urls("tests.api.urls")


def assert_failure(response, status: int, code: str) -> None:
    assert response.status == status, response.body
    assert response.headers["Content-Type"] == "application/json"
    assert response.body["success"] is False
    assert response.body["code"] == code
    assert response.body["message"]
    assert response.body["request_id"] == response.headers["X-Request-ID"]
    assert response.headers["X-RateLimit-Limit"] == "1000"


def unexpected(*_args, **_named):
    raise AssertionError("A file was taken in.")


class TestAccess:
    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"Authorization": "Bearer "},
            {"Authorization": "Bearer bs_live_000000000000_00000000000000000000000000000000"},
            {"Authorization": "Bearer nonsense"},
            {"Authorization": "Basic dXNlcjpwYXNz"},
            {"X-API-Key": "bs_live_ÿ"},
        ],
    )
    def test_without_a_valid_key_the_body_is_exactly_the_references(self, anonymous, headers):
        response = anonymous.get("/customers", headers=headers)

        assert response.status == 401
        assert response.raw == UNAUTHORIZED
        assert response.headers["WWW-Authenticate"] == "Bearer"
        assert response.headers["X-RateLimit-Limit"] == "1000"

    def test_the_key_may_come_in_either_header(self, api):
        by_other_header = ApiClient().get("/customers", headers={"X-API-Key": api.key})

        assert api.get("/customers").status == by_other_header.status == 200

    def test_a_key_of_the_other_environment_is_unknown(self, api, settings):
        settings.ENVIRONMENT = "sandbox"

        assert api.get("/customers").status == 401

    def test_a_wrong_secret_is_refused(self, api):
        wrong = api.key[:-1] + ("0" if api.key[-1] != "0" else "1")

        assert ApiClient(wrong).get("/customers").status == 401

    def test_a_role_without_the_right_is_forbidden_and_nothing_is_written(self, viewer):
        response = viewer.post("/customers", {"account": "Jane"})

        assert_failure(response, 403, "forbidden")
        assert not Customer.objects.exists()


class TestAddressesAndMethods:
    def test_an_unknown_path_is_404_with_a_key(self, api):
        assert_failure(api.get("/nothing"), 404, "not_found")

    def test_an_unknown_path_is_404_without_a_key(self, anonymous):
        assert_failure(anonymous.get("/nothing"), 404, "not_found")

    @pytest.mark.parametrize("path", ["/customers/1%00", "/customers/abc", "/customers/1/x"])
    def test_a_broken_path_is_404(self, api, path):
        assert_failure(api.get(path), 404, "not_found")

    @pytest.mark.parametrize("pk", ["1", "999999999999999999"])
    def test_a_missing_row_is_404(self, api, pk):
        for method in ("GET", "PUT", "PATCH", "DELETE"):
            assert_failure(api.request(method, f"/customers/{pk}"), 404, "not_found")

    def test_a_method_that_the_address_does_not_take_is_405_and_says_which_it_takes(self, api):
        response = api.delete("/customers")

        assert_failure(response, 405, "method_not_allowed")
        assert response.headers["Allow"] == "GET, POST, HEAD"

    @pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "BREW", "DISPATCH"])
    def test_an_exotic_method_is_405(self, api, method):
        assert_failure(api.request(method, "/customers"), 405, "method_not_allowed")

    def test_a_405_names_the_methods_even_to_a_key_without_rights(self, viewer):
        assert_failure(viewer.delete("/customers"), 405, "method_not_allowed")

    def test_head_answers_like_get_without_a_body(self, api):
        response = api.request("HEAD", "/customers")

        assert (response.status, response.raw) == (200, b"")
        assert response.headers["X-RateLimit-Remaining"] == "999"

    def test_a_trailing_slash_is_tolerated(self, api):
        created = api.post("/customers/", {"account": "Jane"})

        assert created.status == 201
        assert created.headers["Location"] == f"/api/v2/customers/{created.data['id']}"
        assert api.get(f"/customers/{created.data['id']}/").data == created.data

    def test_the_index_answers_with_and_without_its_slash(self, api):
        with_slash, without = api.get("/"), api.get("")

        assert with_slash.data == without.data
        for name in ("customers", "credit-notes", "reports/financial", "batch/invoices"):
            assert with_slash.data[name] == f"http://localhost/api/v2/{name}"

    def test_a_foreign_host_is_refused(self, api):
        assert_failure(api.get("/customers", SERVER_NAME="evil.example"), 400, "bad_request")

    def test_an_address_of_more_than_8000_bytes_is_414(self, api):
        assert_failure(api.get("/customers?search=" + "a" * 8000), 414, "uri_too_long")

    def test_more_parameters_than_anyone_needs_are_refused(self, api, settings):
        settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
        many = "&".join("a=" for _ in range(1500))
        assert_failure(api.get(f"/customers?{many}"), 400, "bad_request")


class TestNegotiation:
    def test_without_a_key_nothing_is_said_but_401(self, anonymous):
        assert anonymous.get("/customers", headers={"Accept": "text/html"}).status == 401

    @pytest.mark.parametrize("accept", ["text/html", "application/xml"])
    def test_an_unknown_media_type_is_406(self, api, accept):
        assert_failure(api.get("/customers", headers={"Accept": accept}), 406, "not_acceptable")

    @pytest.mark.parametrize("accept", ["*/*", "application/*", "text/html, application/json"])
    def test_json_is_given_to_whoever_takes_it(self, api, accept):
        assert api.get("/customers", headers={"Accept": accept}).status == 200

    @pytest.mark.parametrize(
        "content_type",
        [
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "text/plain",
            "application/jsonx",
            "application/json; charset=latin-1",
            "nonsense",
        ],
    )
    def test_another_content_type_is_415_and_nothing_is_written(self, api, content_type):
        response = api.post("/customers", raw=b'{"account":"Jane"}', content_type=content_type)

        assert_failure(response, 415, "unsupported_media_type")
        assert not Customer.objects.exists()

    def test_a_compressed_body_is_415(self, api):
        response = api.post(
            "/customers", raw=b'{"account":"Jane"}', headers={"Content-Encoding": "gzip"}
        )

        assert_failure(response, 415, "unsupported_media_type")

    @pytest.mark.parametrize(
        "content_type", ["application/json", "application/JSON; charset=UTF-8", "application/json;"]
    )
    def test_json_is_taken_however_it_is_spelt(self, api, content_type):
        response = api.post("/customers", raw=b'{"account":"Jane"}', content_type=content_type)

        assert response.status == 201


class TestSize:
    def test_a_body_over_2_mb_is_413_and_nothing_is_written(self, api):
        body = b'{"account":"Jane","notes":"' + b"a" * 2_000_000 + b'"}'

        assert_failure(api.post("/customers", raw=body), 413, "payload_too_large")
        assert not Customer.objects.exists()

    def test_an_announced_length_over_2_mb_is_413_before_the_body_is_read(self, api):
        class Unreadable(io.BytesIO):
            def read(self, *args):
                raise AssertionError("The body was read.")

        response = api.post("/customers", raw=b"{}", CONTENT_LENGTH="2000001")
        unread = send_raw(api.key, Unreadable(), CONTENT_LENGTH="2000001")

        assert_failure(response, 413, "payload_too_large")
        assert_failure(unread, 413, "payload_too_large")

    def test_a_body_in_chunks_is_counted_while_it_is_read(self, api):
        body = b'{"account":"Jane","notes":"' + b"a" * 2_000_000 + b'"}'

        response = send_raw(api.key, io.BytesIO(body), HTTP_TRANSFER_ENCODING="chunked")

        assert_failure(response, 413, "payload_too_large")
        assert not Customer.objects.exists()

    @pytest.mark.parametrize("path", ["/admin/login/", "/nothing"])
    def test_nobody_fills_the_disk_with_an_upload_to_a_page(self, client, monkeypatch, path):
        """Django writes files to the disk before it asks who sends them, and has no limit."""
        monkeypatch.setattr(TemporaryFileUploadHandler, "new_file", unexpected)
        file = SimpleUploadedFile("film.mp4", b"x" * 3_000_000)

        with override_settings(MAX_FORM_BODY_BYTES=2_000_000):
            response = client.post(path, {"file": file}, SERVER_NAME="localhost")

        assert (response.status_code, response.json()["code"]) == (413, "payload_too_large")

    def test_a_small_body_in_chunks_is_taken(self, api):
        response = send_raw(
            api.key, io.BytesIO(b'{"account":"Jane"}'), HTTP_TRANSFER_ENCODING="chunked"
        )

        assert response.status == 201

    @pytest.mark.parametrize("length", ["abc", "-5"])
    def test_a_length_that_is_no_number_is_refused(self, api, length):
        response = send_raw(api.key, io.BytesIO(b'{"account":"Jane"}'), CONTENT_LENGTH=length)

        assert_failure(response, 400, "bad_request")

    def test_a_client_that_hangs_up_is_not_our_error(self, api, caplog):
        class HungUp(io.BytesIO):
            def read(self, *args):
                raise OSError("connection reset")

        response = send_raw(api.key, HungUp(), CONTENT_LENGTH="100")

        assert response.status == 400
        assert not caplog.records


def send_raw(key: str, stream: io.BytesIO, **environ: str):
    """POST /customers with a body stream and headers that no tidy client would send."""
    handler = Client(SERVER_NAME="localhost", raise_request_exception=False)
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/api/v2/customers",
        "CONTENT_TYPE": "application/json",
        "HTTP_AUTHORIZATION": f"Bearer {key}",
        "wsgi.input": stream,
    } | environ
    return answer(handler.request(**environ))


@OURS
class TestOurOwnFailures:
    def test_a_failing_view_is_500_without_detail(self, api):
        response = api.get("/failing")

        assert_failure(response, 500, "server_error")
        assert b"recipe" not in response.raw

    def test_a_failing_write_leaves_nothing(self, api):
        assert_failure(api.post("/failing", {}), 500, "server_error")
        assert not Customer.objects.exists()

    def test_an_answer_that_cannot_be_rendered_leaves_nothing(self, api):
        assert_failure(api.post("/unrenderable", {}), 500, "server_error")
        assert not Customer.objects.exists()

    def test_a_refusal_that_is_answered_and_not_raised_leaves_nothing_either(self, api):
        assert api.post("/refusing", {}).status == 409
        assert not Customer.objects.exists()

    def test_the_database_going_away_in_a_view_is_503(self, api):
        response = api.get("/database-away")

        assert_failure(response, 503, "unavailable")
        assert response.headers["Retry-After"] == "5"
        assert b"10.0.0.7" not in response.raw


def test_a_database_that_is_away_from_the_start_is_503(api, monkeypatch):
    def fail(*args, **kwargs):
        raise OperationalError("could not connect to 10.0.0.7")

    monkeypatch.setattr(BaseDatabaseWrapper, "cursor", fail)
    response = api.get("/customers")

    assert (response.status, response.body["code"]) == (503, "unavailable")
    assert response.headers["Retry-After"] == "5"
    assert b"10.0.0.7" not in response.raw


def test_a_page_outside_the_api_is_not_json(client):
    response = client.get("/nothing", SERVER_NAME="localhost")

    assert response.status_code == 404
    assert response.headers["Content-Type"].startswith("text/html")
