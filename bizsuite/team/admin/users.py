from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminPasswordWidget

from bizsuite.backoffice.display import badge, moment
from bizsuite.backoffice.metadata import FOR_OTHER_SYSTEMS, MetadataForm, MetadataMixin
from bizsuite.backoffice.record_actions import ActionForm, record_action
from bizsuite.backoffice.resource_admin import ResourceAdmin
from bizsuite.identity.models import User
from bizsuite.team import users
from bizsuite.team.serializers import UserSerializer


def password_field(label: Any, **options: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        **options,
    )


class PasswordsMatch(forms.Form):
    """Two fields for one password: nobody sees what they type."""

    password = password_field(gettext_lazy("Password"))
    password_again = password_field(gettext_lazy("Password again"))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        again = cleaned.pop("password_again", None)
        if "password" in cleaned and again is not None and again != cleaned["password"]:
            self.add_error("password_again", _("The two passwords are not the same."))
        return cleaned


class NewUserForm(PasswordsMatch, MetadataForm):
    pass


class PasswordForm(PasswordsMatch, ActionForm):
    pass


@admin.register(User)
class UserAdmin(MetadataMixin, ResourceAdmin):
    resource = "users"
    serializer_class = UserSerializer
    delete_question = gettext_lazy(
        "Their API keys stop at once and are removed too. The audit log keeps their name. "
        "Somebody whom records refer to is made inactive instead."
    )
    kept_message = gettext_lazy("%(name)s is named by records and has been made inactive instead.")

    list_display = ("name", "email", "role", "state_badge", "last_seen")
    list_filter = ("role", "is_active")
    record_actions = ("set_password",)
    readonly_fields = ("last_seen",)
    fieldsets = (
        (None, {"fields": ("name", "email", "role", "is_active")}),
        (gettext_lazy("Record"), {"fields": ("last_seen",)}),
        FOR_OTHER_SYSTEMS,
    )
    add_fieldsets = (
        (None, {"fields": ("name", "email", "role")}),
        (gettext_lazy("Password"), {"fields": ("password", "password_again")}),
        FOR_OTHER_SYSTEMS,
    )

    def get_form(
        self, request: HttpRequest, obj: User | None = None, change: bool = False, **kwargs: Any
    ) -> type[forms.ModelForm]:
        if not change:
            kwargs["form"] = NewUserForm
        form: type[forms.ModelForm] = super().get_form(request, obj, change=change, **kwargs)
        return form

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Not by passwords, as in Django's own page for users: asked letter by letter a list
        filtered by them would tell how they are kept."""
        allowed: bool = super().lookup_allowed(lookup, value, request)
        return allowed and not lookup.startswith("password")

    @admin.display(description=gettext_lazy("status"), ordering="is_active")
    def state_badge(self, user: User) -> SafeString:
        return badge(_("Active"), "success") if user.is_active else badge(_("Inactive"), "quiet")

    @admin.display(description=gettext_lazy("last signed in"), ordering="last_login")
    def last_seen(self, user: User) -> str:
        return moment(user.last_login)

    def create_record(self, request: HttpRequest, data: dict[str, Any]) -> User:
        return users.create_user(actor=self.actor(request), **data)

    def update_record(self, request: HttpRequest, record: User, changes: dict[str, Any]) -> None:
        users.update_user(record, actor=self.actor(request), **changes)

    def delete_record(self, request: HttpRequest, record: User) -> bool:
        return users.delete_user(record, actor=self.actor(request))

    @record_action(
        label=gettext_lazy("Set password"),
        icon="password",
        question=gettext_lazy("Their open sessions end. Tell them the new password yourself."),
        form_class=PasswordForm,
    )
    def set_password(self, request: HttpRequest, record: User, data: dict[str, Any]) -> str:
        users.set_password(record, password=data["password"], actor=self.actor(request))
        return _("%(name)s has a new password.") % {"name": record.name}
