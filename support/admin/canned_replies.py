from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy

from bizsuite.backoffice.resource_admin import ResourceAdmin
from support import canned_replies
from support.models import CannedReply


@admin.register(CannedReply)
class CannedReplyAdmin(ResourceAdmin):
    """Texts that staff begin their replies with."""

    resource = "tickets"
    event_resource = "canned_reply"

    list_display = ("title", "beginning")
    ordering = ("title", "id")
    fieldsets = ((None, {"fields": ("title", "text")}),)

    @admin.display(description=gettext_lazy("text"))
    def beginning(self, canned: CannedReply) -> str:
        return Truncator(canned.text).chars(100)

    def create_record(self, request: HttpRequest, data: dict[str, Any]) -> CannedReply:
        return canned_replies.create_canned_reply(actor=self.actor(request), **data)

    def update_record(
        self, request: HttpRequest, record: CannedReply, changes: dict[str, Any]
    ) -> None:
        canned_replies.update_canned_reply(record, actor=self.actor(request), **changes)

    def delete_record(self, request: HttpRequest, record: CannedReply) -> bool:
        canned_replies.delete_canned_reply(record, actor=self.actor(request))
        return True
