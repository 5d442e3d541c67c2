"""Who may do what, on every route: `access_table.txt` is what people have reviewed."""

import datetime
from pathlib import Path

import pytest
from django.utils import timezone

from bizsuite.events.models import Event
from bizsuite.identity.models import ApiKey
from bizsuite.identity.roles import COMMON, SCOPED, Role, role_may
from bizsuite.team.keys import revoke_api_key
from tests.api.routes import METHODS, Route, address_of, api_routes
from tests.api_client import ApiClient
from tests.factories import SYSTEM, make_key, make_user

pytestmark = pytest.mark.django_db

TABLE = Path(__file__).with_name("access_table.txt")
ROLES = ("administrator", "accountant", "sales", "support", "viewer")
ROUTES = {route.path: route for route in api_routes()}


def table_rows() -> dict[tuple[str, str], list[str]]:
    """(method, path) → what each of ROLES gets: "yes" or "no"."""
    rows = {}
    for line in TABLE.read_text().splitlines():
        if line and not line.startswith("#"):
            method, path, *answers = line.split()
            rows[method, path] = answers
    return rows


ROWS = table_rows()
EXISTING = {(method, route.path) for route in ROUTES.values() for method in route.methods}


def line_for(method: str, route: Route) -> str:
    """What the table would say if the code were right."""
    verb = "read" if method == "GET" else "write"
    if route.resource is None:
        answers = ["public"]
    else:
        answers = ["yes" if role_may(role, verb, route.resource) else "no" for role in ROLES]
    return f"{method:7}{route.path:54}" + "".join(f"{answer:8}" for answer in answers).rstrip()


def test_every_route_and_method_is_in_the_table():
    missing = [
        line_for(method, route)
        for route in ROUTES.values()
        for method in route.methods
        if (method, route.path) not in ROWS
    ]
    assert not missing, f"Review and add to {TABLE.name}:\n" + "\n".join(missing)


def test_the_table_has_nothing_that_is_gone():
    assert set(ROWS) <= EXISTING


def test_each_path_has_one_view():
    assert len(api_routes()) == len(ROUTES)


PROTECTED = [
    pytest.param(method, path, answers, id=f"{method} {path}")
    for (method, path), answers in ROWS.items()
    if answers != ["public"] and (method, path) in EXISTING
]


def outcome(client: ApiClient, method: str, path: str) -> int | str:
    """The status of a refusal for want of rights, else "allowed"."""
    before = Event.objects.count()
    answer = client.request(method, address_of(path))
    if answer.status in (401, 403):
        assert answer.body["success"] is False
        assert Event.objects.count() == before
        return answer.status
    assert answer.status in (200, 400, 404), answer.body
    return "allowed"


@pytest.mark.parametrize(("method", "path", "answers"), PROTECTED)
class TestEveryRoute:
    def test_is_open_to_the_roles_of_the_table(self, method, path, answers):
        got = {role: outcome(ApiClient(make_key(role=role)[1]), method, path) for role in ROLES}

        assert got == {
            role: "allowed" if answer == "yes" else 403
            for role, answer in zip(ROLES, answers, strict=True)
        }

    def test_is_closed_to_who_has_no_valid_key(self, method, path, answers):
        user = make_user()
        revoked, revoked_text = make_key(user)
        revoke_api_key(revoked, actor=SYSTEM)
        expired, expired_text = make_key(user)
        past = timezone.now() - datetime.timedelta(seconds=1)
        ApiKey.objects.filter(pk=expired.pk).update(expires_at=past)
        fired = make_user()
        fired_text = make_key(fired)[1]
        type(fired).objects.filter(pk=fired.pk).change(is_active=False)

        texts = (None, revoked_text, expired_text, fired_text)
        assert [outcome(ApiClient(text), method, path) for text in texts] == [401] * 4

    def test_obeys_the_scopes_of_a_key(self, method, path, answers):
        resource = ROUTES[path].resource
        if resource in COMMON:
            pytest.skip("Every key reads this.")
        user = make_user()
        other = "customers" if resource != "customers" else "products"
        scopes = [f"{other}:write"]
        if resource in SCOPED:
            scopes += [f"{resource}:read", f"{resource}:write"]

        got = [
            outcome(ApiClient(make_key(user, scopes=(scope,))[1]), method, path) for scope in scopes
        ]

        may_read = "allowed" if method == "GET" else 403
        assert got == [403, may_read, "allowed"][: len(scopes)]


@pytest.mark.parametrize("path", ROUTES)
def test_other_methods_are_405_to_a_key_and_401_without(path, api, anonymous):
    if ROUTES[path].resource is None:
        pytest.skip("Documentation: read without a key.")
    for method in set(METHODS) - set(ROUTES[path].methods):
        refused = api.request(method, address_of(path))
        assert (method, refused.status) == (method, 405)
        allowed = set(refused.headers["Allow"].split(", ")) - {"HEAD"}
        assert allowed == set(ROUTES[path].methods)
        assert anonymous.request(method, address_of(path)).status == 401


@pytest.mark.parametrize(
    "path", [path for (_, path), answers in ROWS.items() if answers == ["public"]]
)
def test_documentation_is_open_to_everyone(path, anonymous):
    assert anonymous.get(path).status == 200


def test_scopes_cut_a_role_down_and_never_widen_it():
    client = ApiClient(make_key(role=Role.VIEWER, scopes=("customers:write", "users:read"))[1])

    assert client.get("/customers").status == 200
    assert client.post("/customers", {"account": "Jane"}).status == 403
    assert client.get("/products").status == 403
    assert client.get("/webhooks").status == 403


def test_a_change_of_role_holds_from_the_next_request_on(client_with):
    user = make_user(role=Role.ACCOUNTANT)
    client = ApiClient(make_key(user)[1])
    assert client.post("/customers", {"account": "Jane"}).status == 201

    type(user).objects.filter(pk=user.pk).change(role=Role.VIEWER)

    assert client.post("/customers", {"account": "Joan"}).status == 403
