"""The texts of mails: the product's own, until somebody writes another."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy

from billing.mailing.placeholders import refused_placeholders
from billing.mailing.words import REMINDER, names_of
from billing.models import MailTemplate, ReminderLevel
from billing.models.mailing import MailKind
from bizsuite.errors import Invalid


@dataclass(frozen=True, slots=True)
class Text:
    """With placeholders."""

    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class _Default:
    subject: Any
    body: Any

    def text(self) -> Text:
        return Text(str(self.subject), str(self.body))


_DEFAULTS = {
    MailKind.INVOICE: _Default(
        gettext_lazy("Invoice {{ invoice_number }} from {{ organisation_name }}"),
        gettext_lazy(
            "Hello {{ customer_name }},\n\n"
            "please find attached invoice {{ invoice_number }} over {{ amount }},"
            " due on {{ due_date }}.\n\n"
            "{{ link_notice }}\n\n"
            "Thank you for your business.\n\n"
            "{{ organisation_name }}"
        ),
    ),
    MailKind.QUOTE: _Default(
        gettext_lazy("Quote {{ quote_number }} from {{ organisation_name }}"),
        gettext_lazy(
            "Hello {{ customer_name }},\n\n"
            "please find attached our quote {{ quote_number }} over {{ amount }}."
            " It is good until {{ valid_until }}.\n\n"
            "{{ link_notice }}\n\n"
            "We look forward to your answer.\n\n"
            "{{ organisation_name }}"
        ),
    ),
    MailKind.CREDIT_NOTE: _Default(
        gettext_lazy("Credit note {{ credit_note_number }} from {{ organisation_name }}"),
        gettext_lazy(
            "Hello {{ customer_name }},\n\n"
            "please find attached credit note {{ credit_note_number }}: it credits {{ amount }}"
            " of invoice {{ invoice_number }}.\n\n"
            "{{ organisation_name }}"
        ),
    ),
    MailKind.RECEIPT: _Default(
        gettext_lazy("We have received your payment of {{ amount }}"),
        gettext_lazy(
            "Hello {{ customer_name }},\n\n"
            "thank you: your payment of {{ amount }} arrived on {{ date }}."
            " {{ paid_invoices }}\n\n"
            "{{ credit_notice }}\n\n"
            "{{ organisation_name }}"
        ),
    ),
}
_BEFORE_DUE = _Default(
    gettext_lazy("Invoice {{ invoice_number }} is due on {{ due_date }}"),
    gettext_lazy(
        "Hello {{ customer_name }},\n\n"
        "a short note that our invoice {{ invoice_number }} is due on {{ due_date }}."
        " {{ balance }} of it is open.\n\n"
        "{{ link_notice }}\n\n"
        "If you have paid already, please disregard this mail.\n\n"
        "{{ organisation_name }}"
    ),
)
_AFTER_DUE = _Default(
    gettext_lazy("Reminder: invoice {{ invoice_number }} was due on {{ due_date }}"),
    gettext_lazy(
        "Hello {{ customer_name }},\n\n"
        "our invoice {{ invoice_number }} was due on {{ due_date }}, and {{ balance }} of it is"
        " still open. Please pay it in the next few days; it is attached once more.\n\n"
        "{{ late_fee_notice }}\n\n"
        "{{ link_notice }}\n\n"
        "If you have paid already, please disregard this mail.\n\n"
        "{{ organisation_name }}"
    ),
)


def kind_of(row: MailTemplate | ReminderLevel) -> str:
    """Which placeholders its text may have."""
    return row.kind if isinstance(row, MailTemplate) else REMINDER


def default_text(row: MailTemplate | ReminderLevel) -> Text:
    before_due = isinstance(row, ReminderLevel) and row.days <= 0
    return built_in_text(kind_of(row), before_due=before_due)


def built_in_text(kind: str, *, before_due: bool = False) -> Text:
    """The product's own. before_due: of a reminder, whether it comes before anything is late."""
    if kind == REMINDER:
        return (_BEFORE_DUE if before_due else _AFTER_DUE).text()
    return _DEFAULTS[MailKind(kind)].text()


def text_of(row: MailTemplate | ReminderLevel) -> Text:
    """What the row says, and where it says nothing what the product does."""
    default = default_text(row)
    return Text(row.subject or default.subject, row.body or default.body)


def template_of(kind: MailKind) -> MailTemplate:
    """Its row; an unsaved one in a database that was emptied."""
    return MailTemplate.objects.filter(kind=kind).first() or MailTemplate(kind=kind)


def require_known_placeholders(kind: str, **texts: str) -> None:
    """texts: by the name of their field. Raises Invalid, naming what no placeholder is called."""
    names = names_of(kind)
    errors = {}
    for field, text in texts.items():
        refused = refused_placeholders(text, names)
        if refused:
            known = ", ".join(names)
            errors[field] = f"{', '.join(refused)} is no placeholder here; there are: {known}"
    if errors:
        raise Invalid(errors)


def kept_texts(row: MailTemplate | ReminderLevel, texts: Mapping[str, str]) -> dict[str, str]:
    """The texts to store: nothing where they say what the product's own does.

    texts: by the name of their field. Raises Invalid for what no placeholder is called.
    """
    default = default_text(row)
    given = {name: text.replace("\r\n", "\n").strip() for name, text in texts.items()}
    require_known_placeholders(kind_of(row), **given)
    return {name: "" if text == getattr(default, name) else text for name, text in given.items()}
