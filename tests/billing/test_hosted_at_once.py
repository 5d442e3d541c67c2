"""A quote's page and its links under many hands at the same moment."""

import datetime
from collections import Counter

import pytest
from django.test import Client
from django.utils import timezone

from billing import quotes, shared_links
from billing.models import Quote, SharedLink
from billing.quote_states import QuoteMoveRefused
from bizsuite.events.models import Event
from tests.billing.test_hosted_pages import path_of
from tests.concurrency import at_once
from tests.factories import SYSTEM, make_invoice, make_link, make_quote, new_item

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def said(*types: str) -> int:
    return Event.objects.filter(type__in=types).count()


def answering(path: str, answer: str, revision: int = 1) -> int:
    given = {"answer": answer, "revision": revision, "name": "Ann"}
    return Client().post(path + "/answer", given).status_code


def test_of_two_who_accept_and_decline_at_once_one_is_heard():
    quote = quotes.send_quote(make_quote(), actor=SYSTEM)
    path = path_of(make_link(quote))

    answers = at_once([lambda: answering(path, "accept"), lambda: answering(path, "decline")] * 3)

    assert Counter(answers) == {303: 3, 409: 3}
    assert said("quote.accepted", "quote.declined") == 1
    assert said(f"quote.{Quote.objects.get().status.lower()}") == 1


def test_an_answer_and_a_revision_at_once_leave_one_of_both():
    quote = quotes.send_quote(make_quote("100.00"), actor=SYSTEM)
    path = path_of(make_link(quote))

    def revise() -> str:
        try:
            quotes.update_quote(
                Quote.objects.get(pk=quote.pk), items=[new_item("90.00")], actor=SYSTEM
            )
        except QuoteMoveRefused:
            return "refused"
        return "revised"

    answer, revision = at_once([lambda: answering(path, "accept"), revise])

    assert (answer, revision) in {(303, "refused"), (409, "revised")}
    quote = Quote.objects.get(pk=quote.pk)
    accepted = quote.status == "Accepted"
    assert accepted == (revision == "refused")
    assert quote.amount == (100 if accepted else 90)


def test_who_share_a_document_at_once_get_the_same_link():
    invoice, now = make_invoice(), timezone.now() - datetime.timedelta(minutes=1)

    urls = at_once([lambda: shared_links.share(invoice, actor=SYSTEM, now=now)] * 4)

    assert len(set(urls)) == 1
    assert SharedLink.objects.count() == 1
    assert said("link.created") == 1
