"""Signed requests: what passes, what is refused, and what of a refusal can be learnt."""

import datetime
import hashlib
import hmac
import io
from typing import Any

import pytest

from bizsuite.api import middleware
from bizsuite.api.nonces import DatabaseNonces, NonceFile, RedisNonces, used_nonces
from bizsuite.api.tasks import prune_nonces
from bizsuite.team.keys import create_signing_secret, stop_signing
from customers.models import Customer
from tests.api.test_counters import free_port, redis_url  # noqa: F401
from tests.api.test_envelope import send_raw
from tests.api_client import Answer, ApiClient
from tests.concurrency import at_once
from tests.factories import SYSTEM, make_key

pytestmark = pytest.mark.django_db

NOW = datetime.datetime(2024, 1, 15, 10, 0, 0, 700_000, tzinfo=datetime.UTC)
SECONDS = int(NOW.timestamp())
REFUSAL = b'{"success":false,"message":"Invalid API key or unauthorized access"}'


@pytest.fixture(autouse=True)
def _clock(monkeypatch):
    class Clock:
        def now(self):
            return NOW

    monkeypatch.setattr(middleware, "timezone", Clock())


class Signer:
    """A program with a key and its signing secret; each request has a nonce of its own."""

    def __init__(self, *, required: bool = True, **key: Any) -> None:
        self.key, text = make_key(**key)
        self.secret = create_signing_secret(self.key, required=required, actor=SYSTEM)
        self.client = ApiClient(text)
        self.sent = 0

    def headers(
        self, method: str, target: str, body: bytes = b"", *, at: str = "", nonce: str = ""
    ) -> dict[str, str]:
        self.sent += 1
        at, nonce = at or str(SECONDS), nonce or f"nonce-{self.sent}"
        text = "\n".join([at, nonce, method, target, hashlib.sha256(body).hexdigest()])
        signature = hmac.new(self.secret.encode(), text.encode(), hashlib.sha256).hexdigest()
        return {"X-Timestamp": at, "X-Nonce": nonce, "X-Signature": f"v1={signature}"}

    def get(self, path: str, **signing: str) -> Answer:
        return self.client.get(path, headers=self.headers("GET", f"/api/v2{path}", **signing))

    def post(self, path: str, raw: bytes, **signing: str) -> Answer:
        headers = self.headers("POST", f"/api/v2{path}", raw, **signing)
        return self.client.post(path, raw=raw, headers=headers)


@pytest.fixture
def signer() -> Signer:
    return Signer()


def is_refused(answer: Answer) -> bool:
    assert answer.status == 401, answer.body
    return answer.raw == REFUSAL and answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_signed_request_passes(signer):
    assert signer.get("/customers").status == 200
    assert signer.post("/customers", b'{"account":"Jane"}').status == 201
    assert signer.get("/customers?search=j%C3%A4ne&limit=5").status == 200
    assert signer.get("/customers/?search=a+b%20c").status == 200


def test_an_unsigned_one_is_refused_where_a_signature_is_required(signer):
    assert is_refused(signer.client.get("/customers"))
    assert is_refused(signer.client.post("/customers", {"account": "Jane"}))
    assert not Customer.objects.exists()


def test_an_unsigned_one_passes_where_it_is_not():
    signer = Signer(required=False)

    assert signer.client.get("/customers").status == 200
    assert signer.get("/customers").status == 200


def test_a_wrong_signature_is_refused_also_where_none_is_required():
    signer = Signer(required=False)
    headers = signer.headers("GET", "/api/v2/customers") | {"X-Signature": f"v1={'0' * 64}"}

    assert is_refused(signer.client.get("/customers", headers=headers))


def test_a_signature_is_refused_where_the_key_has_no_secret():
    signer = Signer()
    stop_signing(signer.key, actor=SYSTEM)

    assert is_refused(signer.get("/customers"))
    assert signer.client.get("/customers").status == 200


def test_nothing_that_is_signed_can_be_altered(signer):
    def send(method="POST", path="/customers", raw=b'{"account":"Jane"}', **altered):
        headers = signer.headers("POST", "/api/v2/customers", b'{"account":"Jane"}')
        headers |= {name.replace("_", "-"): value for name, value in altered.items()}
        return signer.client.request(method, path, raw=raw, headers=headers)

    altered = [
        send(raw=b'{"account":"Eve"}'),
        send(raw=b""),
        send(method="PUT"),
        send(path="/customers?a=b"),
        send(path="/products"),
        send(X_Timestamp=str(SECONDS + 1)),
        send(X_Nonce="another"),
    ]

    assert all(is_refused(answer) for answer in altered)
    assert not Customer.objects.exists()
    assert send().status == 201


def test_another_keys_secret_signs_nothing(signer):
    signer.secret = Signer().secret

    assert is_refused(signer.get("/customers"))


def test_a_new_secret_stops_the_earlier_one(signer):
    earlier = signer.secret
    signer.secret = create_signing_secret(signer.key, required=True, actor=SYSTEM)
    assert signer.get("/customers").status == 200
    signer.secret = earlier

    assert is_refused(signer.get("/customers"))


@pytest.mark.parametrize("seconds", [-300, 300])
def test_a_clock_may_be_five_minutes_off(signer, seconds):
    assert signer.get("/customers", at=str(SECONDS + seconds)).status == 200


@pytest.mark.parametrize("seconds", [-301, 301, -86_400])
def test_and_not_more(signer, seconds):
    assert is_refused(signer.get("/customers", at=str(SECONDS + seconds)))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Timestamp", ""),
        ("X-Timestamp", f" {SECONDS}.0"),
        ("X-Timestamp", f"+{SECONDS}"),
        ("X-Timestamp", "٣" * 10),
        ("X-Timestamp", "9" * 5000),
        ("X-Nonce", ""),
        ("X-Nonce", "two words"),
        ("X-Nonce", "n" * 129),
        ("X-Nonce", "ñ"),
        ("X-Signature", ""),
        ("X-Signature", "v1="),
        ("X-Signature", "0" * 64),
        ("X-Signature", "v2=" + "0" * 64),
        ("X-Signature", "v1=" + "ü" * 64),
    ],
)
def test_what_is_malformed_is_refused_in_the_same_words(signer, name, value):
    headers = signer.headers("GET", "/api/v2/customers") | {name: value}

    assert is_refused(signer.client.get("/customers", headers=headers))


def test_a_nonce_passes_once(signer):
    assert signer.get("/customers", nonce="once").status == 200
    assert is_refused(signer.get("/customers", nonce="once"))
    assert is_refused(signer.get("/products", nonce="once"))
    assert signer.get("/customers", nonce="twice").status == 200


def test_a_refused_signature_uses_no_nonce_up(signer):
    wrong = signer.headers("GET", "/api/v2/products", nonce="once")
    assert is_refused(signer.client.get("/customers", headers=wrong))

    assert signer.get("/customers", nonce="once").status == 200


def test_keys_have_nonces_of_their_own(signer):
    assert signer.get("/customers", nonce="same").status == 200
    assert Signer().get("/customers", nonce="same").status == 200


def test_a_refused_signature_is_counted_for_the_address_and_not_for_the_key():
    signer = Signer(rate_limit=50)
    refused = signer.client.get("/customers")

    assert refused.headers["X-RateLimit-Limit"] == "1000"
    assert signer.get("/customers").headers["X-RateLimit-Remaining"] == "49"


def test_the_address_is_signed_as_it_was_sent(signer):
    """Gunicorn hands the request line on; Django's own path is decoded and encoded again."""
    target = "/api/v2/customers?search=%6aane&a%62c"
    request = {"RAW_URI": target, "QUERY_STRING": "search=%6aane"}

    answer = signer.client.get("/customers", headers=signer.headers("GET", target), **request)

    assert answer.status == 200


def test_an_absolute_address_is_signed_without_its_host(signer):
    headers = signer.headers("GET", "/api/v2/customers?limit=5")
    request = {"RAW_URI": "http://localhost/api/v2/customers?limit=5", "QUERY_STRING": "limit=5"}

    assert signer.client.get("/customers", headers=headers, **request).status == 200


def wsgi_names(headers: dict[str, str]) -> dict[str, str]:
    return {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}


class TestBodies:
    def test_a_body_over_the_limit_is_not_read(self, signer):
        class Unreadable(io.BytesIO):
            def read(self, *args):
                raise AssertionError("The body was read.")

        answer = send_raw(
            signer.client.key,
            Unreadable(),
            CONTENT_LENGTH="2000001",
            **wsgi_names(signer.headers("POST", "/api/v2/customers")),
        )

        assert answer.status == 413
        assert answer.headers["X-RateLimit-Limit"] == "1000"

    def test_a_batch_may_be_larger(self, signer):
        raw = b'{"customers":[{"account":"Jane","notes":"' + b"x" * 2_100_000 + b'"}]}'

        assert signer.post("/batch/customers", raw).status == 201
        assert signer.post("/customers", raw).status == 413

    def test_a_chunked_body_is_read_once(self, signer):
        raw = b'{"account":"Jane"}'
        answer = send_raw(
            signer.client.key,
            io.BytesIO(raw),
            HTTP_TRANSFER_ENCODING="chunked",
            **wsgi_names(signer.headers("POST", "/api/v2/customers", raw)),
        )

        assert (answer.status, answer.data["account"]) == (201, "Jane")

    def test_on_an_unknown_address_is_a_404(self, signer):
        assert signer.post("/planets", b"{}").status == 404


# ── Remembering nonces ──────────────────────────────────────────────────────────


@pytest.fixture(params=["file", "database", "redis"])
def nonces(request, tmp_path, settings):
    if request.param == "file":
        return NonceFile(tmp_path / "nonces.sqlite3")
    if request.param == "database":
        return DatabaseNonces()
    return RedisNonces(
        request.getfixturevalue("redis_url"),
        prefix=settings.REDIS_KEY_PREFIX,
        stand_in=NonceFile(tmp_path / "unused.sqlite3"),
    )


def take(nonces, name="7:a", now=SECONDS) -> bool:
    return nonces.take(name, now=now, expires_at=SECONDS + 301)


def test_a_nonce_is_taken_once(nonces):
    assert [take(nonces), take(nonces), take(nonces, "7:b"), take(nonces, "8:a")] == [
        True,
        False,
        True,
        True,
    ]


@pytest.mark.django_db(transaction=True)
def test_of_many_who_take_it_at_once_one_does(nonces):
    for number in range(5):
        taken = at_once([lambda number=number: take(nonces, f"7:{number}")] * 8)
        assert taken.count(True) == 1


def test_what_has_expired_is_free_again_and_swept(tmp_path):
    for nonces in (NonceFile(tmp_path / "nonces.sqlite3"), DatabaseNonces()):
        take(nonces, "7:a")
        assert not take(nonces, "7:a", now=SECONDS + 300)
        assert take(nonces, "7:a", now=SECONDS + 301)

        take(nonces, "7:b")
        nonces.prune(now=SECONDS + 300)
        assert not take(nonces, "7:b")
        nonces.prune(now=SECONDS + 301)
        assert take(nonces, "7:b")


def test_the_task_sweeps_the_store_in_use(settings):
    settings.REDIS_URL = ""
    used_nonces.cache_clear()
    take(used_nonces())  # long ago

    prune_nonces()

    assert take(used_nonces())


def test_while_redis_is_away_the_database_remembers(settings):
    settings.REDIS_URL = f"redis://127.0.0.1:{free_port()}/0"
    used_nonces.cache_clear()
    signer = Signer()

    assert signer.get("/customers", nonce="once").status == 200
    assert is_refused(signer.get("/customers", nonce="once"))


@pytest.mark.django_db(transaction=True)
def test_of_many_equal_requests_at_once_one_passes(signer):
    headers = signer.headers("GET", "/api/v2/customers")

    def send() -> int:
        return ApiClient(signer.client.key).get("/customers", headers=headers).status

    assert sorted(at_once([send] * 6)) == [200] + [401] * 5
