"""The endpoints of shared links."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.response import Response

from billing import shared_links
from billing.event_types import LINK
from billing.filters import SharedLinkFilter
from billing.models import SharedLink
from billing.serializers import OpenLinkSerializer
from billing.shared_links import Shareable
from bizsuite.api.serializers import NoBody
from bizsuite.api.views import ListMixin, ResourceViewSet, RetrieveMixin
from bizsuite.errors import Invalid

SHARED = ("invoice", "quote", "customer")


class SharedLinkViewSet(ListMixin, RetrieveMixin, ResourceViewSet):
    """Links under which customers see an invoice, a quote or their statement, without a login."""

    resource = "links"
    queryset = SharedLink.objects.all()
    serializer_class = OpenLinkSerializer
    filterset_class = SharedLinkFilter
    example = {
        "id": 1,
        "url": "https://books.example.com/d/0q8wfz2xv7k3m9rj5t1ybn4hc6gdps0e",
        **LINK,
    }
    example_body = {"invoice_id": 1}
    sortable = (
        "id",
        "expires_at",
        "opened_count",
        "last_opened_at",
        "created_at",
        "updated_at",
    )

    def get_queryset(self) -> QuerySet:
        """No more than the caller may read of what they show."""
        return super().get_queryset().of_kinds(shared_links.readable_kinds(self.actor))

    @extend_schema(responses={200: OpenLinkSerializer, 201: OpenLinkSerializer})
    def create(self, request: Any) -> Response:
        """Share an invoice, a quote, or a customer's statement.

        201 for a new link; 200 where one stands already: it is the same, and good for longer.
        """
        data = self.validated()
        link, is_new = shared_links.share_link(
            _document(data), actor=self.actor, now=timezone.now(), **data
        )
        return self.answer(link, status=201 if is_new else 200)

    @action(detail=True, methods=["post"], body_class=NoBody)
    def revoke(self, request: Any, pk: str) -> Response:
        """Take it back: from now on it shows nothing."""
        self.validated()
        link = shared_links.revoke_link(self.get_object(), actor=self.actor, now=timezone.now())
        return self.answer(link)


def _document(data: dict[str, Any]) -> Shareable:
    """The one document that the body names, taken out of it. Raises Invalid for none or several."""
    named = [data.pop(name) for name in SHARED if data.get(name) is not None]
    for name in SHARED:
        data.pop(name, None)
    if len(named) != 1:
        raise Invalid({"invoice_id": "Send one of invoice_id, quote_id and customer_id"})
    document: Shareable = named[0]
    return document
