"""A browser without scripts: fetches pages, fills their forms in and sends them."""

from html.parser import HTMLParser
from typing import Any

from django.http import HttpResponse
from django.test import Client

from bizsuite.identity.models import User


class Staff(Client):
    """A signed-in client that can send a page's own form."""

    user: User

    def send(
        self, url: str, changes: dict[str, Any] | None = None, *, form: str = ""
    ) -> HttpResponse:
        """GET the page, fill `changes` into its form (the one with the id `form`) and POST it."""
        return self.send_from(self.get(url), url, changes, form=form)

    def send_from(
        self, page: HttpResponse, url: str, changes: dict[str, Any] | None = None, *, form: str = ""
    ) -> HttpResponse:
        assert page.status_code == 200, (url, page.status_code)
        return self.post(url, form_values(page, form) | (changes or {}))


def staff_client(user: User) -> Staff:
    client = Staff(SERVER_NAME="localhost")
    client.user = user
    client.force_login(user)
    return client


def text_of(page: HttpResponse) -> str:
    return page.content.decode()


def messages_of(page: HttpResponse) -> list[str]:
    return [str(message) for message in page.context["messages"]]


def form_values(page: HttpResponse, form: str = "") -> dict[str, Any]:
    """What a browser would send of the page's form, unless somebody typed."""
    parser = _FormParser(form)
    parser.feed(text_of(page))
    return {
        name: values if len(values) > 1 else values[0] for name, values in parser.values.items()
    }


class _FormParser(HTMLParser):
    """Collects the successful controls of one form, as browsers define them."""

    def __init__(self, form: str) -> None:
        super().__init__()
        self.wanted = form
        self.values: dict[str, list[str]] = {}
        self.inside = False
        self.textarea: str | None = None
        self.select: str | None = None
        self.first_option: str | None = None

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        name = given.get("name")
        if tag == "form":
            self._form(given)
        elif not self.inside:
            return
        elif tag == "option":
            self._option(given)
        elif tag == "input" and name:
            self._input(name, given)
        elif tag == "textarea" and name:
            self.textarea = name
            self.values.setdefault(name, []).append("")
        elif tag == "select" and name:
            self.select, self.first_option = name, None

    def _form(self, given: dict[str, str | None]) -> None:
        own_id = given.get("id") or ""
        is_post = (given.get("method") or "get").lower() == "post"
        self.inside = is_post and own_id != "logout-form" and self.wanted in ("", own_id)

    def _option(self, given: dict[str, str | None]) -> None:
        if self.select is None:
            return
        value = given.get("value") or ""
        if self.first_option is None:
            self.first_option = value
        if "selected" in given:
            self.values.setdefault(self.select, []).append(value)

    def _input(self, name: str, given: dict[str, str | None]) -> None:
        kind = given.get("type", "text")
        if kind in ("submit", "button", "file"):
            return
        if kind in ("checkbox", "radio"):
            if "checked" in given:
                self.values.setdefault(name, []).append(given.get("value") or "on")
            return
        self.values.setdefault(name, []).append(given.get("value") or "")

    def handle_data(self, data: str) -> None:
        if self.inside and self.textarea:
            self.values[self.textarea][-1] += data.removeprefix("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = False
        elif tag == "textarea":
            self.textarea = None
        elif tag == "select":
            if self.select and self.first_option is not None and self.select not in self.values:
                self.values[self.select] = [self.first_option]
            self.select = None
