"""The endpoints of write-offs."""

from typing import Any

from rest_framework.decorators import action
from rest_framework.response import Response

from billing import write_offs
from billing.event_examples import WRITE_OFF
from billing.filters import WriteOffFilter
from billing.models import WriteOff
from billing.serializers import ReversalSerializer, WriteOffSerializer
from bizsuite.api.views import ListMixin, ResourceViewSet, RetrieveMixin


class WriteOffViewSet(ListMixin, RetrieveMixin, ResourceViewSet):
    """What will not be paid of invoices. Each is made on its invoice, and can be taken back."""

    resource = "write-offs"
    queryset = WriteOff.objects.all()
    serializer_class = WriteOffSerializer
    filterset_class = WriteOffFilter
    example = WRITE_OFF
    sortable = ("id", "date", "amount", "created_at", "updated_at")

    @action(detail=True, methods=["post"], body_class=ReversalSerializer)
    def reverse(self, request: Any, pk: str) -> Response:
        """Take it back, because they pay after all: the invoice is owed again."""
        data = self.validated()
        return self.answer(
            write_offs.reverse_write_off(self.get_object(), actor=self.actor, **data)
        )
