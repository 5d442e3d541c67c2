"""The OpenAPI document is complete, and true: examples and real answers fit it."""

import io
import json
import re
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.management import call_command
from jsonschema import Draft202012Validator

from billing.models.invoices import InvoiceStatus
from bizsuite.api.documentation import openapi_document
from bizsuite.events.models import Event
from bizsuite.events.registry import event_types
from tests.api.routes import api_routes
from tests.api_client import Answer
from tests.factories import make_customer

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return openapi_document(settings.ROOT_URLCONF)


def operations(document):
    return [
        (path, method, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
    ]


def check(document, schema, value) -> None:
    """AssertionError unless `value` fits `schema`."""
    whole = {**schema, "components": document["components"]}
    errors = [
        f"{'/'.join(map(str, error.path))}: {error.message}"
        for error in Draft202012Validator(whole).iter_errors(value)
    ]
    assert not errors


def test_it_is_drawn_without_a_warning_and_valid(tmp_path):
    call_command(
        "spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yaml"),
        stderr=io.StringIO(),
    )  # fmt: skip
    assert (tmp_path / "schema.yaml").read_text().startswith("openapi: 3.1.0")


def test_every_route_and_method_is_in_it(document):
    def plain(path: str) -> str:
        return re.sub(r"[<{]\w+[>}]", "{}", path)

    routes = {
        (plain(f"/api/v2{route.path}"), method.lower())
        for route in api_routes()
        for method in route.methods
        if route.resource is not None
    }

    assert {(plain(path), method) for path, method, _ in operations(document)} == routes


def test_operations_have_stable_names(document):
    names = [operation["operationId"] for _, _, operation in operations(document)]

    assert len(names) == len(set(names))
    assert {
        "customers_list",
        "customers_create",
        "customers_retrieve",
        "customers_update",
        "customers_partial_update",
        "customers_destroy",
        "invoices_issue",
        "invoice_payments_create",
        "reports_financial",
        "webhooks_rotate_secret",
    } <= set(names)
    assert all(re.fullmatch("[a-z]+(_[a-z]+)*", name) for name in names)


def test_either_header_authenticates(document):
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    assert document["components"]["securitySchemes"]["apiKey"]["name"] == "X-API-Key"
    for _, _, operation in operations(document):
        assert operation["security"] == [{"bearer": []}, {"apiKey": []}]


def test_every_operation_says_how_it_can_fail(document):
    always = {"400", "401", "403", "406", "414", "429", "500", "503"}
    for path, method, operation in operations(document):
        expected = set(always)
        expected |= {"404"} if "{" in path else set()
        expected |= {"409"} if method != "get" else set()
        expected |= {"413", "415"} if method in ("post", "put", "patch") else set()
        assert expected <= set(operation["responses"]), operation["operationId"]


def test_the_refusal_of_a_key_is_exact(document):
    schema = document["components"]["responses"]["Unauthorized"]["content"]["application/json"][
        "schema"
    ]
    exact = {"success": False, "message": "Invalid API key or unauthorized access"}

    check(document, schema, exact)
    with pytest.raises(AssertionError):
        check(document, schema, exact | {"code": "unauthorized"})


def test_every_answer_names_the_headers(document):
    components = document["components"]
    for _, _, operation in operations(document):
        for status, response in operation["responses"].items():
            if "$ref" in response:
                response = components["responses"][response["$ref"].rpartition("/")[2]]
            assert {
                "X-Request-ID",
                "X-RateLimit-Limit",
                "X-RateLimit-Remaining",
                "X-RateLimit-Reset",
            } <= set(response["headers"]), (operation["operationId"], status)
    assert "Retry-After" in components["responses"]["TooManyRequests"]["headers"]


def test_lists_describe_exactly_the_parameters_that_they_take(document, api):
    for path, _method, operation in operations(document):
        if "page" not in {each["name"] for each in operation.get("parameters", [])}:
            continue
        named = [each["name"] for each in operation["parameters"] if each["in"] == "query"]
        assert {"page", "limit", "sort", "fields"} <= set(named)
        if "{" not in path:
            empty = "&".join(f"{name}=" for name in named)
            answer = api.get(f"{path.removeprefix('/api/v2')}?{empty}")
            assert "Unknown parameter" not in answer.errors.values()


def test_a_sort_that_the_document_allows_is_taken(document, api):
    parameters = document["paths"]["/api/v2/customers"]["get"]["parameters"]
    sort = next(each for each in parameters if each["name"] == "sort")

    for asked, taken in {
        "-created_at,id": True,
        "account": True,
        "notes": False,
        "id,": False,
    }.items():
        assert bool(re.search(sort["schema"]["pattern"], asked)) is taken
        assert (api.get(f"/customers?sort={asked}").status == 200) is taken


def test_every_operation_shows_what_goes_in_and_what_comes_out(document):
    for _, method, operation in operations(document):
        bodies = {"body": operation.get("requestBody", {})} | {
            status: response
            for status, response in operation["responses"].items()
            if status.startswith("2") and method != "delete"
        }
        for name, body in bodies.items():
            content = body.get("content", {}).get("application/json")
            assert content is None or "example" in content, (operation["operationId"], name)


def test_every_example_fits_its_schema(document):
    examples = 0
    for _, _, operation in operations(document):
        bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
        for content in (
            body["content"]["application/json"]
            for body in bodies
            if "application/json" in body.get("content", {})
        ):
            if "example" in content:
                check(document, content["schema"], content["example"])
                examples += 1
    for response in document["components"]["responses"].values():
        content = response["content"]["application/json"]
        for value in [
            content.get("example"),
            *(e["value"] for e in content.get("examples", {}).values()),
        ]:
            if value is not None:
                check(document, content["schema"], value)
                examples += 1
    assert examples > 30


def test_every_event_that_leaves_is_a_webhook_whose_example_fits(document):
    public = {each.name for each in event_types() if each.public}

    assert set(document["webhooks"]) == public
    for name, item in document["webhooks"].items():
        content = item["post"]["requestBody"]["content"]["application/json"]
        assert content["schema"]["properties"]["data"] != {"type": "object"}, name
        check(document, content["schema"], content["example"])


def test_a_webhook_that_was_sent_fits_it(document, api):
    customer = make_customer(email="jane@example.com")
    event = Event.objects.get(type="customer.created", object_id=customer.pk)
    content = document["webhooks"]["customer.created"]["post"]["requestBody"]["content"]
    body = {
        "type": event.type,
        "timestamp": "2024-01-15T10:00:00Z",
        "data": json.loads(event.payload),
    }

    check(document, content["application/json"]["schema"], body)


def test_enums_are_named_after_their_classes(document):
    schemas = document["components"]["schemas"]

    assert schemas["InvoiceStatus"]["enum"] == list(InvoiceStatus.values)
    for name, schema in schemas.items():
        for column, each in schema.get("properties", {}).items():
            assert "enum" not in each, f"{name}.{column} has an enum without a name"


def test_every_resource_is_described_once(document):
    tags = {tag["name"] for tag in document["tags"]}

    assert tags >= {tag for _, _, operation in operations(document) for tag in operation["tags"]}
    assert all(tag["description"] for tag in document["tags"])


def test_every_field_and_parameter_says_what_it_is(document):
    schemas = document["components"]["schemas"]
    # The envelope's own, and the lists of a batch, are what they are called.
    plain = {"success", "message", "code", "data"} | {each["name"] for each in document["tags"]}
    silent = [
        f"{name}.{field}"
        for name, schema in schemas.items()
        for field, each in schema.get("properties", {}).items()
        if not each.get("description") and name != "Page" and field not in plain
    ] + [
        f"{operation['operationId']} {each['name']}"
        for _, _, operation in operations(document)
        for each in operation.get("parameters", [])
        if each["in"] != "path" and not each.get("description")
    ]

    assert silent == [], "Say it in the serializer's Meta.help_texts, or the filter's help_text"


def test_requests_of_the_reference_are_shown_as_printed(document):
    body = document["paths"]["/api/v2/customers"]["post"]["requestBody"]["content"]

    assert body["application/json"]["example"]["account"] == "Jane Smith"


def fits(document, answer: Answer, path: str, method: str) -> None:
    response = document["paths"][f"/api/v2{path}"][method]["responses"][str(answer.status)]
    if "$ref" in response:
        response = document["components"]["responses"][response["$ref"].rpartition("/")[2]]
    check(document, response["content"]["application/json"]["schema"], answer.body)
    headers = document["components"]["headers"]
    always = {name for name in response["headers"] if headers[name].get("required")}
    assert always <= set(answer.headers)


def test_real_answers_fit_it(document, api, anonymous, viewer):
    customer = make_customer(metadata={"a": "b"})
    one = f"/customers/{customer.pk}"

    fits(document, api.get("/"), "/", "get")
    fits(document, api.get("/customers"), "/customers", "get")
    fits(document, api.get("/customers?page=x"), "/customers", "get")
    fits(document, anonymous.get("/customers"), "/customers", "get")
    fits(document, api.post("/customers", {"account": "Jane"}), "/customers", "post")
    fits(document, api.post("/customers", {}), "/customers", "post")
    fits(document, api.post("/customers", raw=b"{"), "/customers", "post")
    fits(document, viewer.post("/customers", {"account": "Jane"}), "/customers", "post")
    fits(
        document, api.post("/customers", raw=b"x", content_type="text/plain"), "/customers", "post"
    )
    fits(document, api.post("/customers", raw=b" " * 2_000_001), "/customers", "post")
    fits(document, api.get("/customers", headers={"Accept": "text/html"}), "/customers", "get")
    fits(document, api.get("/customers?search=" + "a" * 8000), "/customers", "get")
    fits(document, api.get(one), "/customers/{id}", "get")
    fits(document, api.get("/customers/999999"), "/customers/{id}", "get")
    fits(document, api.put(one, {"city": "Bristol"}), "/customers/{id}", "put")
    fits(document, api.delete(one), "/customers/{id}", "delete")


def test_a_limited_key_is_told_in_the_documented_way(document, client_with):
    client = client_with(rate_limit=1)
    client.get("/customers")

    fits(document, client.get("/customers"), "/customers", "get")


def test_a_request_that_the_document_refuses_is_refused(document, api):
    schema = document["paths"]["/api/v2/customers"]["post"]["requestBody"]["content"][
        "application/json"
    ]["schema"]
    for body in ({"account": 5}, {"account": ""}, {"nickname": "x", "account": "J"}, {}):
        with pytest.raises(AssertionError):
            check(document, schema, body)
        assert api.post("/customers", body).status == 400


class TestServed:
    def test_as_json_without_a_key_with_exact_amounts(self, anonymous):
        answer = anonymous.get("/schema")

        assert answer.status == 200
        assert answer.headers["Content-Type"] == "application/json"
        assert answer.body["openapi"] == "3.1.0"
        assert b'"price":99.99' in answer.raw
        assert b'"amount":1500.00' in answer.raw

    def test_as_yaml_when_asked(self, anonymous):
        answer = anonymous.get("/schema", headers={"Accept": "application/yaml"})

        assert answer.headers["Content-Type"].startswith("application/yaml")
        assert answer.raw.startswith(b"openapi: 3.1.0")

    def test_the_same_in_both(self, anonymous, document):
        assert anonymous.get("/schema").body["paths"].keys() == document["paths"].keys()

    @pytest.mark.parametrize("page", ["/docs", "/redoc"])
    def test_pages_come_from_this_server_alone(self, anonymous, page):
        answer = anonymous.get(page)
        html = answer.raw.decode()
        links = re.findall(r'(?:src|href|spec-url|data-schema)="([^"]+)"', html)

        assert answer.status == 200
        assert len(links) >= 4
        assert all(link.startswith(("/static/", "/api/v2/schema")) for link in links)
        assert "//" not in re.sub("<!DOCTYPE html>", "", html)
        assert "<style" not in html
        assert not re.search(r"<script(?![^>]*\bsrc=)", html)
        for link in links:
            if link.startswith("/static/"):
                assert finders.find(link.removeprefix("/static/")), link

    @pytest.mark.parametrize("page", ["/docs", "/redoc"])
    def test_their_programs_may_fetch_from_this_server_alone(self, anonymous, page):
        policy = anonymous.get(page).headers["Content-Security-Policy"]

        assert "default-src 'self'" in policy
        assert "http" not in policy
        assert "script" not in policy or "unsafe" not in policy.split("script")[1].split(";")[0]


def test_it_begins_with_what_holds_for_all_of_it(document):
    introduction = document["info"]["description"]

    for word in ("Bearer", "X-Request-ID", "1500.00", "updated_since", "429", "external_id"):
        assert word in introduction


def test_numbers_are_exact_in_the_document(document):
    example = document["components"]["schemas"]["Product"]["properties"]["price"]["example"]

    assert isinstance(example, Decimal)
    assert json.dumps(str(example)) == '"1500.00"'
