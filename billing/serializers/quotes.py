"""The public shape of quotes."""

import datetime
from collections.abc import Mapping
from typing import Any, ClassVar

from rest_framework import serializers

from billing.event_examples import QUOTE
from billing.models import Quote, QuoteVersion
from billing.models.quotes import QuoteStatus
from billing.quote_versions import as_quote
from billing.serializers.catalogue import (
    COMMON_FIELDS,
    CurrencyField,
    asked_once,
    customer_field,
    rate_field,
)
from billing.serializers.documents import INVOICE_EXPANSION
from billing.serializers.items import (
    PricedDocumentFields,
    QuoteItemSerializer,
    QuoteTaxSerializer,
)
from bizsuite.api.expansion import Expansion
from bizsuite.api.fields import (
    ApiMoneyField,
    InstantField,
    OptionalTextField,
    StrictDateField,
    StrictIntegerField,
)
from bizsuite.api.serializers import RecordSerializer, StrictSerializer
from bizsuite.identity.models import organisation
from customers.serializers import CUSTOMER_EXPANSION


class QuoteStatusField(serializers.ChoiceField):
    """Expired as soon as it is so, not once that is stored.

    context["today"]: the day on which it is shown; the organisation's own if it is not given.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(choices=QuoteStatus.choices, read_only=True, **options)

    def get_attribute(self, instance: Quote) -> str:
        return instance.status_on(asked_once(self.context, "today", _today)).value


def _today() -> datetime.date:
    return organisation().today()


class QuoteSerializer(PricedDocumentFields, RecordSerializer):
    quote_number = serializers.CharField(source="number", read_only=True)
    customer_id = customer_field()
    status = QuoteStatusField()
    date = StrictDateField(required=False)
    valid_until = StrictDateField(
        required=False, help_text="It can be accepted until the end of this day."
    )
    currency = CurrencyField(required=False)
    exchange_rate = rate_field(required=False)
    items = QuoteItemSerializer(many=True)
    taxes = QuoteTaxSerializer(many=True, read_only=True)
    subtotal = ApiMoneyField(read_only=True)
    tax = ApiMoneyField(read_only=True)
    amount = ApiMoneyField(read_only=True)
    invoice_id = serializers.IntegerField(
        read_only=True, allow_null=True, help_text="The invoice that it became."
    )

    expandable = {
        "customer": CUSTOMER_EXPANSION,
        "invoice": INVOICE_EXPANSION,
    }

    class Meta:
        model = Quote
        fields = (
            "id",
            "quote_number",
            "revision",
            "customer_id",
            "amount",
            "status",
            "date",
            "valid_until",
            "reference",
            "currency",
            "tax_inclusive",
            "discount_percent",
            "discount_amount",
            "discount",
            "exchange_rate",
            "subtotal",
            "tax",
            "items",
            "taxes",
            "notes",
            "sent_at",
            "accepted_at",
            "declined_at",
            "decline_reason",
            "answered_by",
            "answered_from",
            "invoice_id",
            *COMMON_FIELDS,
        )
        read_only_fields = (
            "revision",
            "sent_at",
            "accepted_at",
            "declined_at",
            "decline_reason",
            "answered_by",
            "answered_from",
        )
        help_texts = {
            "quote_number": "Given when it is written; its year is the date's.",
            "revision": "Which version it is: 1, and one more whenever what was sent is changed.",
            "customer_id": "Who is offered it.",
            "amount": "The grand total, tax included.",
            "status": "Follows from what happens to it.",
            "date": "Today if not given.",
            "subtotal": "The items' `net` added up: after every discount, without tax.",
            "exchange_rate": "The organisation's currency for one of its own; that of its date, as"
            " stored, if not given.",
            "tax": "The taxes added up.",
            "items": "What is offered, at least one line. Sent in a change, they replace all.",
            "taxes": "The tax of each category and rate.",
            "notes": "Copied to the invoice.",
            "sent_at": "When the customer got it.",
            "accepted_at": "When the customer said yes.",
            "declined_at": "When the customer said no.",
            "decline_reason": "Why, in the customer's words.",
            "answered_by": "Who answered on the quote's page; null where the staff wrote it down.",
            "answered_from": "The address that this answer came from.",
        } | PricedDocumentFields.help_texts


# What a version is not: a quote that lives on.
_OF_THE_QUOTE_NOW = (
    "id",
    "status",
    "accepted_at",
    "declined_at",
    "decline_reason",
    "answered_by",
    "answered_from",
    "invoice_id",
    *COMMON_FIELDS,
)
_OF_A_VERSION = [name for name in QuoteSerializer.Meta.fields if name not in _OF_THE_QUOTE_NOW]


class QuoteVersionSerializer(QuoteSerializer):
    """A quote as the customer had it before it was revised: whatever a quote shows of the offer."""

    example: ClassVar[Mapping[str, Any]] = {name: QUOTE[name] for name in _OF_A_VERSION} | {
        "replaced_at": "2024-01-20T09:00:00Z"
    }
    replaced_at = InstantField(read_only=True)

    expandable: ClassVar[Mapping[str, Expansion]] = {}

    class Meta(QuoteSerializer.Meta):
        fields = (*_OF_A_VERSION, "replaced_at")
        read_only_fields = fields
        help_texts = {
            name: text
            for name, text in QuoteSerializer.Meta.help_texts.items()
            if name not in _OF_THE_QUOTE_NOW
        } | {"replaced_at": "When it was revised."}

    # What the base declares and a version does not show.
    id = status = invoice_id = metadata = None

    def to_representation(self, instance: QuoteVersion) -> dict[str, Any]:
        return super().to_representation(as_quote(instance))


class AnswerSerializer(StrictSerializer):
    """What the customer said, and of which version."""

    example: ClassVar[dict[str, Any]] = {"revision": 1}
    revision = StrictIntegerField(
        required=False,
        min_value=1,
        help_text="The version that they answered: refused if the quote has been revised since.",
    )


class DeclineSerializer(AnswerSerializer):
    example: ClassVar[dict[str, Any]] = {"reason": "Another offer was cheaper."}
    reason = OptionalTextField(max_length=2000, help_text="Why, in the customer's words.")


# For every shape that names a quote.
QUOTE_EXPANSION = Expansion(
    "quotes", QuoteSerializer, Quote.objects.prefetch_related("items", "taxes")
)
