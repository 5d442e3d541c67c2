from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.db.models import Max, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
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
from bizsuite.identity.models import ApiKey, key_prefix
from bizsuite.team import keys
from bizsuite.team.admin.key_forms import REQUIRED, NewKeyForm, RestrictForm, SigningForm


@admin.register(ApiKey)
class ApiKeyAdmin(ResourceAdmin):
    """A key is made, restricted and revoked, never removed: the audit log refers to it."""

    resource = "keys"
    event_resource = "api_key"
    searchable = False
    offers_change = False
    offers_delete = False
    form = NewKeyForm
    actions = ()

    list_display = ("name", "user", "shown_id", "state_badge", "signed", "last_used", "expires")
    list_filter = ("user",)
    list_select_related = ("user",)
    record_actions = ("restrict", "signing", "revoke")
    fieldsets = (
        (
            None,
            {"fields": ("user", "shown_id", "state_badge", "created", "last_used", "expires")},
        ),
        (gettext_lazy("Rights"), {"fields": ("shown_scopes", "shown_limit")}),
        (gettext_lazy("Protection"), {"fields": ("shown_networks", "signed")}),
    )
    add_fieldsets = (
        (None, {"fields": ("name", "user", "expires_at", "rate_limit")}),
        (gettext_lazy("Protection"), {"fields": ("allowed_networks", "signing")}),
        (gettext_lazy("Rights"), {"fields": ("scopes",)}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiKey]:
        keys: QuerySet[ApiKey] = super().get_queryset(request)
        return keys.annotate(last_used_at=Max("usage__last_at"))

    def summary(self, request: HttpRequest, record: ApiKey) -> list[tuple[Any, Any]]:
        url = f"{reverse('admin:api_usage')}?key={record.pk}"
        return [(_("Used"), format_html('<a href="{}">{}</a>', url, _("What for and how often")))]

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

    @admin.display(description=gettext_lazy("last used"), ordering="last_used_at")
    def last_used(self, key: ApiKey) -> str:
        return moment(key.last_used_at)  # type: ignore[attr-defined]

    @admin.display(description=gettext_lazy("scopes"))
    def shown_scopes(self, key: ApiKey) -> SafeString | str:
        if not key.scopes:
            return _("Everything that the user's role may do")
        return format_html_join(" ", "<code>{}</code>", ((scope,) for scope in key.scopes))

    @admin.display(description=gettext_lazy("rate limit"))
    def shown_limit(self, key: ApiKey) -> str:
        limit = key.rate_limit or settings.RATE_LIMIT_PER_HOUR
        return _("%(limit)s requests per hour") % {"limit": f"{limit:,}"}

    @admin.display(description=gettext_lazy("allowed networks"))
    def shown_networks(self, key: ApiKey) -> SafeString | str:
        if not key.allowed_networks:
            return _("From everywhere")
        return format_html_join(" ", "<code>{}</code>", ((each,) for each in key.allowed_networks))

    @admin.display(description=gettext_lazy("signing"))
    def signed(self, key: ApiKey) -> SafeString | str:
        if not key.encrypted_signing_secret:
            return "–"
        return badge(_("Required"), "success") if key.signature_required else _("Optional")

    def create_record(self, request: HttpRequest, data: dict[str, Any]) -> ApiKey:
        user, signing = data.pop("user"), data.pop("signing", "")
        actor = self.actor(request)
        key, secret = keys.create_api_key(user, actor=actor, **data)
        # For this one answer; they are neither stored nor kept in a session.
        request.new_secrets = [(_("API key"), secret)]  # type: ignore[attr-defined]
        if signing:
            required = signing == REQUIRED
            secret = keys.create_signing_secret(key, required=required, actor=actor)
            request.new_secrets.append((_("Signing secret"), secret))  # type: ignore[attr-defined]
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
        secrets: list[tuple[str, str]] = request.new_secrets  # type: ignore[attr-defined]
        return secret_page(request, self, obj, title=_("Your new API key"), secrets=secrets)

    @record_action(
        label=gettext_lazy("Restrict"),
        icon="shield",
        question=gettext_lazy("Until when and from where the key is good. It holds at once."),
        form_class=RestrictForm,
        when=lambda key: key.revoked_at is None,
    )
    def restrict(self, request: HttpRequest, record: ApiKey, data: dict[str, Any]) -> str:
        keys.restrict_api_key(record, actor=self.actor(request), **data)
        return _("The key “%(name)s” has been restricted.") % {"name": record.name}

    @record_action(
        label=gettext_lazy("Signing secret"),
        icon="signature",
        question=gettext_lazy(
            "Makes a new signing secret, or takes the key's away. An earlier secret stops at once."
        ),
        form_class=SigningForm,
        when=lambda key: key.revoked_at is None,
    )
    def signing(
        self, request: HttpRequest, record: ApiKey, data: dict[str, Any]
    ) -> str | TemplateResponse:
        actor = self.actor(request)
        if not data["signing"]:
            keys.stop_signing(record, actor=actor)
            return _("The key “%(name)s” has no signing secret any more.") % {"name": record.name}
        required = data["signing"] == REQUIRED
        secret = keys.create_signing_secret(record, required=required, actor=actor)
        return secret_page(
            request,
            self,
            record,
            title=_("The new signing secret"),
            secrets=[(_("Signing secret"), secret)],
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
