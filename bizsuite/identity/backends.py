from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest

from bizsuite.identity.models import User


class EmailBackend(BaseBackend):
    """Sign in with e-mail address, in any case, and password."""

    def authenticate(
        self, request: HttpRequest | None, username: str = "", password: str = "", **_: object
    ) -> User | None:
        user = User.objects.filter(email__iexact=username).first()
        if user is None:
            # As much work as for a known address, so that timing does not tell which exist.
            User().set_password(password)
            return None
        return user if user.check_password(password) and user.is_active else None

    def get_user(self, user_id: int) -> User | None:
        user: User | None = User.objects.filter(pk=user_id, is_active=True).first()
        return user
