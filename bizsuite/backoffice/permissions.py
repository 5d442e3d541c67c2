"""The roles' table, asked by every page of the admin."""

from typing import Any, ClassVar

from django.http import HttpRequest

from bizsuite.identity.roles import Verb


def may(request: HttpRequest, verb: Verb, resource: str) -> bool:
    """Whether the signed-in user has this right; nobody signed in has none."""
    return request.user.is_authenticated and request.user.may(verb, resource)


class RolePermissions:
    """Mixed into admin classes and inlines: each names its `resource` and what its pages offer.

    The three `offers_…` are for all roles; a role that may only read is offered none of them.
    """

    resource: ClassVar[str]
    offers_add: ClassVar[bool] = True
    offers_change: ClassVar[bool] = True
    offers_delete: ClassVar[bool] = True

    def has_module_permission(self, request: HttpRequest) -> bool:
        return may(request, "read", self.resource)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may(request, "read", self.resource)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.offers_add and may(request, "write", self.resource)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.offers_change and may(request, "write", self.resource)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.offers_delete and may(request, "write", self.resource)
