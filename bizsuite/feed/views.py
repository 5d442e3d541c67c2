from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from rest_framework.response import Response

from bizsuite.api.cursors import CURSOR_PARAMETERS, Cursor
from bizsuite.api.envelope import success
from bizsuite.api.views import ListMixin, ResourceViewSet, RetrieveMixin, shown_parameters
from bizsuite.events.models import Event
from bizsuite.events.positions import last_sequence
from bizsuite.feed.filters import EventFilter
from bizsuite.feed.reading import read_page, readable_events
from bizsuite.feed.serializers import EventSerializer


class EventViewSet(ListMixin, RetrieveMixin, ResourceViewSet):
    """What happened, in order: everything that webhooks are sent, to be pulled.

    Every key sees the events of the resources that it may read.
    """

    resource = "events"
    queryset = Event.objects.all()
    serializer_class = EventSerializer
    filterset_class = EventFilter
    has_cursor = True
    may_refuse_reading = True
    example = {
        "sequence": 17,
        "type": "customer.created",
        "timestamp": "2024-01-15T10:00:00Z",
        "data": {"id": 1, "account": "Jane Smith", "email": "jane@example.com"},
        "resource": "customer",
        "record_id": 1,
        "record_version": 1,
        "actor": {"name": "Ada Admin", "source": "api"},
        "request_id": "5f2b6c1e-8f0a-4c53-9d52-0d2f3a7b1c44",
        "causation_depth": 0,
    }

    def get_queryset(self) -> QuerySet[Event]:
        return readable_events(self.actor)

    def get_object(self) -> Event:
        given = self.get_queryset().filter(sequence__lte=last_sequence())
        return get_object_or_404(given, sequence=self.kwargs["pk"])

    def list(self, request: Any) -> Response:
        """The events after a number, oldest first, and the number to go on after."""
        self.take_parameters(
            (*CURSOR_PARAMETERS, *shown_parameters(EventSerializer), *EventFilter.base_filters)
        )
        filters = self.checked_filters(self.get_queryset(), EventFilter)
        page = read_page(
            filters.qs, Cursor.of(request.query_params), bounded=not filters.names_one_record
        )
        return Response(
            success(self._shown(page.rows), meta=page.meta()),
            headers={"Link": page.link_header(request._request)},
        )

    def retrieve(self, request: Any, pk: str) -> Response:
        """One event, by its number."""
        event = self.get_object()
        response = self.answer(event)
        response.record_version = event.object_version
        return response
