"""The addresses below /d/<token>: what customers see without signing in."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from billing.hosted.answering import AnswerForm, record_answer
from billing.hosted.pages import invoice_page, quote_page, shown_version
from billing.hosted.sealing import message, missing, page, show
from billing.hosted.statement_page import shown_statement, statement_page
from billing.models import Invoice, SharedLink
from billing.models.invoices import InvoiceStatus
from billing.pdf.printing import (
    invoice_pdf,
    pdf_name,
    quote_pdf,
    statement_pdf,
)
from bizsuite.api.files import PdfNegotiation, file_response
from bizsuite.errors import Conflict
from bizsuite.identity.models import organisation

READ = ("GET", "HEAD")


@page(*READ)
def document(request: HttpRequest, link: SharedLink) -> HttpResponse:
    """The page that the link leads to."""
    if request.method == "GET":
        link.count_opening(timezone.now())
    profile = organisation()
    if link.invoice is not None:
        return _invoice(request, link.invoice, pdf_url=_url("pdf", request))
    if link.quote is not None:
        return _quote(request, link)
    context = statement_page(link.customer, profile=profile, today=profile.today())
    paper = _url("pdf", request)
    several = [account for account in context["accounts"] if account["currency"]]
    context["pdf_url"] = "" if several else paper
    for account in several:
        account["pdf_url"] = f"{paper}?currency={account['currency']}"
    for owed in context["owed"]:
        owed["url"] = _url("invoice", request, number=owed["number"])
    return show(request, "statement", context)


@page(*READ)
def pdf(request: HttpRequest, link: SharedLink) -> HttpResponse:
    """What the page shows, on paper; of a statement in several currencies, one of them."""
    profile = organisation()
    if link.invoice is not None:
        return _invoice_file(request, link.invoice)
    if link.quote is not None:
        shown = shown_version(link.quote)
        return _file(request, quote_pdf(shown, seller=profile), name=pdf_name(shown))
    return _statement_file(request, link, currency=request.GET.get("currency"))


@page(*READ)
def invoice(request: HttpRequest, link: SharedLink, number: str) -> HttpResponse:
    """An invoice of the customer whose statement the link shows."""
    found = _invoice_of(link, number)
    if found is None:
        return missing(request)
    return _invoice(
        request,
        found,
        pdf_url=_url("invoice-pdf", request, number=number),
        back_url=_url("document", request),
    )


@page(*READ)
def invoice_file(request: HttpRequest, link: SharedLink, number: str) -> HttpResponse:
    found = _invoice_of(link, number)
    return missing(request) if found is None else _invoice_file(request, found)


@page("POST")
def answer(request: HttpRequest, link: SharedLink) -> HttpResponse:
    """The customer accepts or declines the version of the quote that they have read."""
    if link.quote is None:
        return missing(request)
    # Nothing but our own page sends this; what a browser says of itself is believed.
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        return message(
            request,
            title=_("This did not come from the quote's page"),
            text=_("Open the link that you were sent, and answer there."),
            status=403,
        )
    form = AnswerForm(request.POST)
    if not form.is_valid():
        return _quote(request, link, form=form, status=400)
    try:
        record_answer(link.quote, form.cleaned_data, request=request)
    except Conflict as refusal:
        link.quote.refresh_from_db()
        return _quote(request, link, refusal=refusal, status=409)
    done = redirect(_url("document", request))
    done.status_code = 303  # to be read with GET, whatever the request was
    return done


def _invoice(
    request: HttpRequest, invoice: Invoice, *, pdf_url: str, back_url: str = ""
) -> HttpResponse:
    profile = organisation()
    context = invoice_page(invoice, profile=profile, today=profile.today())
    return show(request, "invoice", context | {"pdf_url": pdf_url, "back_url": back_url})


def _quote(
    request: HttpRequest,
    link: SharedLink,
    *,
    form: AnswerForm | None = None,
    refusal: Conflict | None = None,
    status: int = 200,
) -> HttpResponse:
    profile = organisation()
    assert link.quote is not None
    context = quote_page(link.quote, profile=profile, today=profile.today())
    context |= {
        "form": form or AnswerForm(),
        "refusal": refusal.code if refusal else "",
        "answer_url": _url("answer", request),
        "pdf_url": _url("pdf", request),
    }
    return show(request, "quote", context, status=status)


def _invoice_file(request: HttpRequest, invoice: Invoice) -> HttpResponse:
    content = invoice_pdf(invoice, seller=organisation())
    return _file(request, content, name=pdf_name(invoice))


def _statement_file(
    request: HttpRequest, link: SharedLink, *, currency: str | None
) -> HttpResponse:
    profile = organisation()
    today = profile.today()
    statement = shown_statement(link.customer, profile=profile, today=today, currency=currency)
    if currency is not None and currency not in statement.currencies:
        return missing(request)
    # Not the name that the staff know it by, which has the customer's id in it.
    name = "-".join(filter(None, ("Statement", currency, str(statement.date_to)))) + ".pdf"
    return _file(request, statement_pdf(statement, seller=profile), name=name)


def _file(request: HttpRequest, content: bytes, *, name: str) -> HttpResponse:
    return file_response(request, content, media_type=PdfNegotiation.media_type, name=name)


def _invoice_of(link: SharedLink, number: str) -> Invoice | None:
    """By its number, among those of the customer alone; under their statement's link only."""
    if link.invoice is not None or link.quote is not None:
        return None
    issued = link.customer.invoices.exclude(status=InvoiceStatus.DRAFT)
    return issued.filter(number=number).first()


def _url(name: str, request: HttpRequest, **rest: Any) -> str:
    """Another address under the same link."""
    assert request.resolver_match is not None
    token = request.resolver_match.kwargs["token"]
    return reverse(f"shared:{name}", kwargs={"token": token, **rest})
