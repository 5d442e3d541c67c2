from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from bizsuite.events.registry import event_types
from webhooks.event_types import TEST_EVENT
from webhooks.models import WebhookEndpoint


class StateFilter(admin.SimpleListFilter):
    title = _("status")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("well", _("Active")),
            ("failing", _("Failing")),
            ("paused", _("Paused")),
            ("off", _("Switched off")),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        chosen = {
            "well": queryset.receiving().filter(failing_since=None),
            "failing": queryset.receiving().exclude(failing_since=None),
            "paused": queryset.exclude(paused_at=None),
            "off": queryset.filter(active=False),
        }
        return chosen.get(self.value() or "", queryset)


class EndpointFilter(admin.SimpleListFilter):
    """By where it was sent. Without the URL's query, which may hold a password."""

    title = _("webhook")
    parameter_name = "endpoint__id__exact"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        endpoints = WebhookEndpoint.objects.order_by("url").only("url")
        return [(str(endpoint.pk), endpoint.address) for endpoint in endpoints]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        value = self.value()
        return queryset.filter(endpoint=value) if value and value.isdecimal() else queryset


class EventFilter(admin.SimpleListFilter):
    title = _("event")
    parameter_name = "event"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        sent = [each.name for each in event_types() if each.public or each.name == TEST_EVENT]
        return [(name, name) for name in sent]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(event__type=self.value()) if self.value() else queryset
