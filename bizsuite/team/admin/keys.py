from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bizsuite.backoffice.display import badge, moment
from bizsuite.backoffice.forms import RecordForm
from bizsuite.backoffice.record_actions import record_action
from bizsuite.backoffice.resource_admin import ResourceAdmin
from bizsuite.backoffice.secrets import secret_page
from bizsuite.identity.models import ApiKey, User, key_prefix
from bizsuite.team import keys
from bizsuite.team.admin.scopes import ScopesField


class NewKeyForm(RecordForm):
    scopes = ScopesField(
        required=False,
        label=gettext_lazy("Scopes"),
        help_text=gettext_lazy(
            "What the key may do, within its user's role. None ticked: everything the role may. "
            "Writing includes reading."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "user" in self.fields:
            self.fields["user"].queryset = User.objects.filter(is_active=True)


@admin.register(ApiKey)
class ApiKeyAdmin(ResourceAdmin):
    """A key is made and revoked, never edited and never removed: the audit log refers to it."""

    resource = "keys"
    event_resource = "api_key"
    searchable = False
    offers_change = False
    offers_delete = False
    form = NewKeyForm
    actions = ()

    list_display = ("name", "user", "shown_id", "state_badge", "created", "expires")
    list_filter = ("user",)
    list_select_related = ("user",)
    record_actions = ("revoke",)
    fieldsets = (
        (
            None,
            {"fields": ("user", "shown_id", "state_badge", "created", "expires")},
        ),
        (gettext_lazy("Rights"), {"fields": ("shown_scopes", "shown_limit")}),
    )
    add_fieldsets = (
        (None, {"fields": ("name", "user", "expires_at", "rate_limit")}),
        (gettext_lazy("Rights"), {"fields": ("scopes",)}),
    )

    @admin.display(description=gettext_lazy("key"))
    def shown_id(self, key: ApiKey) -> SafeString:
        return format_html("<code>{}_{}_…</code>", key_prefix(), key.public_id)

    @admin.display(description=gettext_lazy("status"))
    def state_badge(self, key: ApiKey) -> SafeString:
        if key.revoked_at is not None:
            return badge(_("Revoked"), "quiet")
        if not key.is_usable(timezone.now()):
            return badge(_("Expired"), "quiet")
        if not key.user.is_active:
            return badge(_("User inactive"), "warning")
        return badge(_("Active"), "success")

    @admin.display(description=gettext_lazy("made"), ordering="created_at")
    def created(self, key: ApiKey) -> str:
        return moment(key.created_at)

    @admin.display(description=gettext_lazy("expires"), ordering="expires_at")
    def expires(self, key: ApiKey) -> str:
        return moment(key.expires_at) if key.expires_at else _("never")

    @admin.display(description=gettext_lazy("scopes"))
    def shown_scopes(self, key: ApiKey) -> SafeString | str:
        if not key.scopes:
            return _("Everything that the user's role may do")
        return format_html_join(" ", "<code>{}</code>", ((scope,) for scope in key.scopes))

    @admin.display(description=gettext_lazy("rate limit"))
    def shown_limit(self, key: ApiKey) -> str:
        limit = key.rate_limit or settings.RATE_LIMIT_PER_HOUR
        return _("%(limit)s requests per hour") % {"limit": f"{limit:,}"}

    def create_record(self, request: HttpRequest, data: dict[str, Any]) -> ApiKey:
        user = data.pop("user")
        key, secret = keys.create_api_key(user, actor=self.actor(request), **data)
        # For this one answer; it is neither stored nor kept in a session.
        request.new_secret = secret  # type: ignore[attr-defined]
        return key

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """One button: after saving comes the page with the key, whatever was wanted next."""
        context |= {"show_save_and_add_another": False, "show_save_and_continue": False}
        response: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return response

    def response_add(
        self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None
    ) -> HttpResponse:
        return self.show_secret(request, obj)

    def show_secret(self, request: HttpRequest, key: ApiKey) -> TemplateResponse:
        return secret_page(
            request,
            self,
            key,
            title=_("Your new API key"),
            secret=request.new_secret,  # type: ignore[attr-defined]
        )

    @record_action(
        label=gettext_lazy("Revoke"),
        icon="block",
        question=gettext_lazy(
            "Programs that use this key are refused from their next request on. "
            "A revoked key cannot be brought back."
        ),
        when=lambda key: key.revoked_at is None,
        danger=True,
    )
    def revoke(self, request: HttpRequest, record: ApiKey, data: dict[str, Any]) -> str:
        keys.revoke_api_key(record, actor=self.actor(request))
        return _("The key “%(name)s” has been revoked.") % {"name": record.name}

    def get_form(
        self, request: HttpRequest, obj: ApiKey | None = None, change: bool = False, **kwargs: Any
    ) -> type[forms.ModelForm]:
        if change:  # only looked at: the form's own fields have no place there
            kwargs["form"] = RecordForm
        form: type[forms.ModelForm] = super().get_form(request, obj, change=change, **kwargs)
        return form
