from typing import Any

from django.contrib.auth.hashers import make_password

from bizsuite.api.views import (
    CreateMixin,
    DeleteMixin,
    ListMixin,
    ResourceViewSet,
    RetrieveMixin,
    UpdateMixin,
)
from bizsuite.identity.models import User
from bizsuite.team import users
from bizsuite.team.event_types import USER
from bizsuite.team.filters import UserFilter
from bizsuite.team.serializers import UserSerializer


class UserViewSet(ListMixin, CreateMixin, RetrieveMixin, UpdateMixin, DeleteMixin, ResourceViewSet):
    """The people who work here. For administrators only."""

    resource = "users"
    queryset = User.objects.all()
    serializer_class = UserSerializer
    filterset_class = UserFilter
    example = USER
    example_body = {
        "name": "Admin User",
        "email": "admin@example.com",
        "password": "securepassword",
        "role": "administrator",
    }
    sortable = ("id", "name", "email", "role", "created_at", "updated_at")
    password_hash: str | None = None

    def prepare(self) -> None:
        """Hash a password before the transaction opens: that takes long on purpose."""
        password = self.body.get("password")
        if isinstance(password, str):
            self.password_hash = make_password(password)

    def require_match(self, record: User) -> None:
        # The base locks the record, and the actions lock it after the administrators: two requests
        # that lock in different orders would wait for each other.
        users.lock_administrators(self.actor)
        super().require_match(record)

    def create_record(self, data: dict[str, Any]) -> User:
        return users.create_user(actor=self.actor, password_hash=self.password_hash, **data)

    def update_record(self, record: User, changes: dict[str, Any]) -> User:
        return users.update_user(
            record, actor=self.actor, password_hash=self.password_hash, **changes
        )

    def delete_record(self, record: User) -> str:
        removed = users.delete_user(record, actor=self.actor)
        return "User deleted" if removed else "User deactivated"
