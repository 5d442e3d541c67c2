"""The example's client: it waits where it is told to, and gives up in the end."""

from decimal import Decimal

import httpx
import pytest
from patient_api import TRIES, Api, Refused, Unavailable

DONE = httpx.Response(201, text='{"success": true, "data": {"id": 1, "amount": 1500.00}}')
LIMITED = httpx.Response(429, headers={"Retry-After": "3412"}, json={"success": False})


class Server:
    """Answers with each of `answers` in turn, and with the last one from then on."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []
        self.pauses: list[float] = []
        self.told: list[str] = []
        self.api = Api(
            "http://shop.example/",
            "bs_live_key",
            tell=self.told.append,
            sleep=self.pauses.append,
            transport=httpx.MockTransport(self.answer),
        )

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_a_request_carries_the_key_and_amounts_come_back_exact():
    server = Server(DONE)
    created = server.api.post("/invoices", {"external_id": "1"})
    assert str(created["amount"]) == "1500.00"
    assert isinstance(created["amount"], Decimal)
    (request,) = server.requests
    assert str(request.url) == "http://shop.example/api/v2/invoices"
    assert request.headers["Authorization"] == "Bearer bs_live_key"
    assert server.pauses == []


def test_a_rate_limit_is_waited_out_and_said():
    server = Server(LIMITED, LIMITED, DONE)
    assert server.api.post("/invoices", {})["id"] == 1
    assert server.pauses == [3412, 3412]
    assert server.told == ["The key's rate limit is reached; waiting 3,412 seconds."] * 2


def test_waiting_for_the_limit_is_no_failed_try():
    server = Server(*[LIMITED] * (TRIES + 1), DONE)
    assert server.api.post("/invoices", {})["id"] == 1


@pytest.mark.parametrize(
    "trouble", [httpx.ConnectError("refused"), httpx.ReadTimeout(""), httpx.Response(503)]
)
def test_what_may_pass_is_tried_again_with_longer_and_longer_pauses(trouble):
    server = Server(trouble, trouble, trouble, DONE)
    assert server.api.post("/invoices", {})["id"] == 1
    assert server.pauses == [0.5, 1, 2]


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        (httpx.ConnectError("refused"), "refused"),
        (httpx.ReadTimeout(""), "ReadTimeout"),
        (httpx.Response(500), "500 Internal Server Error"),
    ],
)
def test_it_gives_up_in_the_end_and_says_why(trouble, words):
    server = Server(trouble)
    with pytest.raises(Unavailable, match=f"POST /invoices failed 6 times, in the end .*{words}"):
        server.api.post("/invoices", {})
    assert len(server.requests) == TRIES
    assert len(server.pauses) == TRIES - 1


def test_a_refusal_is_not_tried_again_and_names_the_fields():
    answer = {
        "success": False,
        "message": "Validation failed",
        "errors": {"items.0.amount": "Must have no more than 4 decimals"},
    }
    server = Server(httpx.Response(400, json=answer))
    with pytest.raises(Refused, match=r"items\.0\.amount: Must have no more") as refusal:
        server.api.post("/invoices", {})
    assert refusal.value.status == 400
    assert len(server.requests) == 1


def test_something_else_at_the_address_is_recognised():
    server = Server(httpx.Response(200, text="<html>Welcome to nginx</html>"))
    with pytest.raises(Unavailable, match="is not answered by Business Suite"):
        server.api.get("/customers")


def test_all_pages_of_a_list_are_read_in_order():
    def page(number: int) -> httpx.Response:
        answer = {"success": True, "data": [{"id": number}], "meta": {"total_pages": 3}}
        return httpx.Response(200, json=answer)

    server = Server(DONE)
    server.answer = lambda request: page(int(request.url.params.get("page", 1)))
    server.api = Api(
        "http://shop.example", "k", tell=print, transport=httpx.MockTransport(server.answer)
    )
    assert [record["id"] for record in server.api.pages("/invoices", fields="id")] == [1, 2, 3]
