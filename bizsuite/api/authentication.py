from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request


class ApiKeyAuthentication(BaseAuthentication):
    """Hands DRF what the middleware found; the key itself is looked up there, once."""

    def authenticate(self, request: Request):
        key = getattr(request._request, "api_key", None)
        return (key.user, key) if key else None

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"
