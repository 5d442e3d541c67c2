from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from bizsuite.errors import Forbidden


class RolePermission(BasePermission):
    """The table of `identity.roles`, asked for the view's `resource` and the method's verb."""

    def has_permission(self, request: Request, view) -> bool:
        if not view.takes(request.method):
            return True  # the view answers 405, which says more than a refusal
        verb = "read" if request.method in SAFE_METHODS else "write"
        if not request._request.actor.may(verb, view.resource):
            raise Forbidden(f"This key may not {verb} {view.resource}.")
        return True
