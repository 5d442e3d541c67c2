"""The public shapes of shared links."""

from typing import Any

from django.utils import timezone
from rest_framework import serializers

from billing.link_addresses import url_of
from billing.models import Invoice, Quote, SharedLink
from billing.models.shared_links import LinkKind, LinkStatus
from billing.serializers.catalogue import COMMON_FIELDS, asked_once, customer_field
from billing.serializers.documents import INVOICE_EXPANSION
from billing.serializers.quotes import QUOTE_EXPANSION
from bizsuite.api.fields import RecordIdField
from bizsuite.api.serializers import RecordSerializer
from customers.serializers import CUSTOMER_EXPANSION


class LinkStatusField(serializers.ChoiceField):
    def __init__(self, **options: Any) -> None:
        super().__init__(choices=LinkStatus.choices, read_only=True, **options)

    def get_attribute(self, instance: SharedLink) -> str:
        return instance.status_at(asked_once(self.context, "now", timezone.now)).value


class SharedLinkSerializer(RecordSerializer):
    """As events and deliveries tell of it: without the address, which is a secret."""

    kind = serializers.ChoiceField(choices=LinkKind.choices, read_only=True)
    status = LinkStatusField()
    customer_id = customer_field(required=False)
    invoice_id = RecordIdField(
        source="invoice", queryset=Invoice.objects.all(), required=False, allow_null=True
    )
    quote_id = RecordIdField(
        source="quote", queryset=Quote.objects.all(), required=False, allow_null=True
    )

    expandable = {
        "customer": CUSTOMER_EXPANSION,
        "invoice": INVOICE_EXPANSION,
        "quote": QUOTE_EXPANSION,
    }

    class Meta:
        model = SharedLink
        # The constraints are the action's to keep: by them every name would be required.
        validators: tuple[Any, ...] = ()
        fields: tuple[str, ...] = (
            "id",
            "kind",
            "status",
            "customer_id",
            "invoice_id",
            "quote_id",
            "expires_at",
            "revoked_at",
            "opened_count",
            "last_opened_at",
            *COMMON_FIELDS,
        )
        read_only_fields = ("expires_at", "revoked_at", "opened_count", "last_opened_at")
        help_texts = {
            "kind": "What it shows; follows from what was sent.",
            "status": "Whether it still shows anything.",
            "customer_id": "Whose it is. Sent alone, it shares the customer's statement.",
            "invoice_id": "The invoice that it shows.",
            "quote_id": "The quote that it shows, and on which the customer can answer.",
            "expires_at": "From when on it shows nothing any more: 90 days after today, or after the"
            " due date or the quote's last day. Sharing again moves it.",
            "revoked_at": "When it was taken back.",
            "opened_count": "How often the page was opened.",
            "last_opened_at": "When it was opened last.",
        }


class OpenLinkSerializer(SharedLinkSerializer):
    """To those who may hand it out it shows the address, too."""

    url = serializers.SerializerMethodField(
        help_text="Where the customer sees it. Null once it shows nothing any more, and for those"
        " who may not share: who has it can answer a quote."
    )

    class Meta(SharedLinkSerializer.Meta):
        fields = ("id", "url", *SharedLinkSerializer.Meta.fields[1:])

    def get_url(self, link: SharedLink) -> str | None:
        usable = link.status_at(timezone.now()) == LinkStatus.ACTIVE
        if not (usable and self.context["request"]._request.actor.may("write", "links")):
            return None
        return url_of(link)
