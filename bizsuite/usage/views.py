from django.db.models import QuerySet

from bizsuite.api.views import ListMixin, ResourceViewSet
from bizsuite.usage.filters import UsageFilter
from bizsuite.usage.models import HourlyUsage
from bizsuite.usage.serializers import UsageSerializer


class UsageViewSet(ListMixin, ResourceViewSet):
    """What this key was used for, by hour, endpoint and status; complete up to a few seconds ago.

    An administrator's key without scopes sees every key's usage.
    """

    resource = "usage"
    queryset = HourlyUsage.objects.all()
    serializer_class = UsageSerializer
    filterset_class = UsageFilter
    sortable = ("hour", "endpoint", "status", "requests", "last_at")
    example = {
        "hour": "2024-01-15T10:00:00Z",
        "key_id": 3,
        "endpoint": "GET /api/v2/customers/{id}",
        "status": 200,
        "requests": 128,
        "last_at": "2024-01-15T10:59:12Z",
    }

    def get_queryset(self) -> QuerySet:
        usage = super().get_queryset()
        if self.actor.may("read", "keys"):
            return usage
        return usage.filter(api_key_id=self.actor.key_id)
