"""A program that talks to the API, as the tests need one: thin, and sees the raw bytes."""

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.http import HttpResponse
from django.test import Client

from bizsuite.exact_json import encode

NOTHING = object()


@dataclass(frozen=True)
class Answer:
    """raw: the bytes as sent. body: the same parsed, numbers with a point as Decimal."""

    status: int
    headers: dict[str, str]
    raw: bytes
    body: Any

    @property
    def data(self) -> Any:
        assert self.body.get("success") is True, self.body
        return self.body["data"]

    @property
    def meta(self) -> dict[str, int]:
        return self.body["meta"]

    @property
    def errors(self) -> dict[str, str]:
        assert (self.status, self.body["message"]) == (400, "Validation failed"), self.body
        return self.body["errors"]


class ApiClient:
    """Speaks for one API key, or for nobody."""

    def __init__(self, key: str | None = None, **environ: Any) -> None:
        self.key = key
        self._client = Client(
            raise_request_exception=False, **({"SERVER_NAME": "localhost"} | environ)
        )

    def request(
        self,
        method: str,
        path: str,
        body: Any = NOTHING,
        *,
        raw: bytes | None = None,
        content_type: str = "application/json",
        headers: dict[str, str] | None = None,
        **environ: Any,
    ) -> Answer:
        """`path` below /api/v2. `body` is sent as JSON, `raw` as it is."""
        sent = raw if raw is not None else b"" if body is NOTHING else encode(body)
        access = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        response = self._client.generic(
            method,
            f"/api/v2{path}",
            sent,
            content_type if sent else "",
            headers=access | (headers or {}),
            **environ,
        )
        return answer(response)

    def get(self, path: str, **options: Any) -> Answer:
        return self.request("GET", path, **options)

    def post(self, path: str, body: Any = NOTHING, **options: Any) -> Answer:
        return self.request("POST", path, body, **options)

    def put(self, path: str, body: Any = NOTHING, **options: Any) -> Answer:
        return self.request("PUT", path, body, **options)

    def patch(self, path: str, body: Any = NOTHING, **options: Any) -> Answer:
        return self.request("PATCH", path, body, **options)

    def delete(self, path: str, **options: Any) -> Answer:
        return self.request("DELETE", path, **options)


def answer(response: HttpResponse) -> Answer:
    is_json = response.headers.get("Content-Type", "").startswith("application/json")
    return Answer(
        status=response.status_code,
        headers=dict(response.items()),
        raw=response.content,
        body=json.loads(response.content, parse_float=Decimal)
        if is_json and response.content
        else None,
    )
