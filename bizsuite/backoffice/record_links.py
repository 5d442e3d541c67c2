"""From what an event tells of to that record's page."""

from django.contrib import admin
from django.http import HttpRequest

from bizsuite.backoffice.resource_admin import ResourceAdmin


def page_of(request: HttpRequest, resource: str, object_id: int) -> str | None:
    """The address of the page of the record that `invoice.paid` and 17 are about.

    None if it has no page, or none that this user may see. It may have been deleted since: then
    the page says so.
    """
    for model_admin in admin.site._registry.values():
        if (
            isinstance(model_admin, ResourceAdmin)
            and model_admin.event_resource == resource
            and model_admin.has_view_permission(request)
        ):
            return model_admin.url_of_id(object_id)
    return None
