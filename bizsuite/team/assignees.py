"""`GET /assignees`: whom work can be given to, readable by every role.

Apart from the users' own endpoint, which shows more of them and to administrators only.
"""

from bizsuite.api.views import ListMixin, ResourceViewSet
from bizsuite.identity.models import User
from bizsuite.team.serializers import AssigneeSerializer


class AssigneeViewSet(ListMixin, ResourceViewSet):
    """The active users, by id and name: who can own a lead or be assigned a ticket."""

    resource = "assignees"
    queryset = User.objects.filter(is_active=True)
    serializer_class = AssigneeSerializer
    example = {"id": 7, "name": "Ada Reyes"}
    sortable = ("id", "name")
