"""The staff's pages about users, API keys, the organisation's settings, mails and the audit log."""

from django.contrib import admin
from django.contrib.auth.models import Group

from bizsuite.team.admin.audit import AuditAdmin
from bizsuite.team.admin.keys import ApiKeyAdmin
from bizsuite.team.admin.mails import MailAdmin
from bizsuite.team.admin.organisation import OrganisationAdmin
from bizsuite.team.admin.users import UserAdmin

__all__ = ["ApiKeyAdmin", "AuditAdmin", "MailAdmin", "OrganisationAdmin", "UserAdmin"]

# Rights come from roles; Django's groups would only promise what nothing looks at.
admin.site.unregister(Group)
