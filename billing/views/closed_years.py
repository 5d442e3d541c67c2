"""The endpoints of closed years."""

from typing import Any

from rest_framework.decorators import action
from rest_framework.response import Response

from billing import closed_years
from billing.event_examples import CLOSED_YEAR
from billing.filters import ClosedYearFilter
from billing.models import ClosedYear
from billing.serializers import ClosedYearSerializer
from bizsuite.api.serializers import NoBody
from bizsuite.api.views import CreateMixin, ListMixin, ResourceViewSet, RetrieveMixin


class ClosedYearViewSet(ListMixin, CreateMixin, RetrieveMixin, ResourceViewSet):
    """Fiscal years whose profit is retained earnings, and in which nothing is booked any more."""

    resource = "closed-years"
    queryset = ClosedYear.objects.all()
    serializer_class = ClosedYearSerializer
    filterset_class = ClosedYearFilter
    example = CLOSED_YEAR
    example_body = {"last_day": "2024-12-31"}
    sortable = ("id", "last_day", "created_at", "updated_at")

    def create_record(self, data: dict[str, Any]) -> ClosedYear:
        return closed_years.close_year(actor=self.actor, **data)

    @action(detail=True, methods=["post"], body_class=NoBody)
    def reopen(self, request: Any, pk: str) -> Response:
        """Take back the closing of the year that was closed last."""
        self.validated()
        return self.answer(closed_years.reopen_year(self.get_object(), actor=self.actor))
