"""The customer's own answer to a quote, given on its page."""

from typing import Any

from django import forms
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from billing.hosted.pages import shown_version
from billing.models import Quote
from billing.models.quotes import ANSWERED_BY_LENGTH, QuoteStatus
from billing.quote_states import QuoteMoveRefused, QuoteRevised, locked
from billing.quotes import accept_quote, decline_quote
from bizsuite.identity.actors import Actor
from bizsuite.mail.mails import one_line

ACCEPT, DECLINE = "accept", "decline"
ANSWERED = {ACCEPT: QuoteStatus.ACCEPTED, DECLINE: QuoteStatus.DECLINED}


class AnswerForm(forms.Form):
    """revision: the version that was on the page."""

    answer = forms.ChoiceField(choices=[(ACCEPT, ACCEPT), (DECLINE, DECLINE)])
    revision = forms.IntegerField(min_value=1)
    name = forms.CharField(
        max_length=ANSWERED_BY_LENGTH,
        error_messages={"required": _("Please write your name.")},
    )
    reason = forms.CharField(max_length=2000, required=False)

    def clean_name(self) -> str:
        """In one line that reads as it is written: it stands in the history, among the staff's."""
        name = one_line(self.cleaned_data["name"])
        if not name:
            raise forms.ValidationError(_("Please write your name."))
        return name


def record_answer(quote: Quote, said: dict[str, Any], *, request: HttpRequest) -> None:
    """Accept or decline, with who says so and from where.

    Once: the same answer a second time, from a double click, changes nothing. Raises a Conflict
    if the quote has been revised, has expired, or was answered otherwise.
    """
    answered = {
        "answered_by": said["name"],
        "answered_from": str(request.client.address),  # type: ignore[attr-defined]
        "revision": said["revision"],
        "actor": Actor(
            name=f"{said['name']} (customer)",
            role="",
            source="link",
            request_id=request.request_id,  # type: ignore[attr-defined]
        ),
    }
    try:
        with transaction.atomic():
            _require_sent(locked(quote))
            if said["answer"] == ACCEPT:
                accept_quote(quote, **answered)
            else:
                decline_quote(quote, reason=said["reason"], **answered)
    except QuoteMoveRefused:
        quote.refresh_from_db()
        if quote.status != ANSWERED[said["answer"]]:
            raise


def _require_sent(quote: Quote) -> None:
    """Staff may accept a draft for a customer; a customer answers what they were sent alone."""
    if shown_version(quote) is not quote:
        raise QuoteRevised(f"Version {quote.revision} of quote {quote.number} was not sent yet.")
