"""The admin site: the theme's, with our home page, search and password change."""

from typing import Any

from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.views import PasswordChangeView
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from unfold.forms import AdminOwnPasswordChangeForm, AuthenticationForm
from unfold.sites import UnfoldAdminSite

from bizsuite.backoffice.actors import actor_of
from bizsuite.dashboard.home import home_context
from bizsuite.dashboard.reports import financial_report
from bizsuite.dashboard.search import found
from bizsuite.dashboard.usage import usage_page
from bizsuite.errors import Invalid
from bizsuite.team.signing_in import seconds_until_next_attempt
from bizsuite.team.users import set_password

# One letter is in every name.
SHORTEST_SEARCH = 2


class OwnPasswordView(PasswordChangeView):
    """Changes the signed-in user's password through the action, so that it is on record."""

    def form_valid(self, form: PasswordChangeForm) -> HttpResponse:
        password = form.cleaned_data["new_password1"]
        try:
            set_password(form.user, password=password, actor=actor_of(self.request))
        except Invalid as refusal:
            form.add_error("new_password2", " ".join(refusal.errors.values()))
            return self.form_invalid(form)
        update_session_auth_hash(self.request, form.user)
        return HttpResponse(status=302, headers={"Location": str(self.success_url)})


class SignInForm(AuthenticationForm):
    def get_invalid_login_error(self) -> ValidationError:
        seconds = seconds_until_next_attempt(self.request, now=timezone.now())
        if not seconds:
            return super().get_invalid_login_error()
        text = ngettext(
            "Too many attempts. Try again in %(minutes)d minute, or ask whoever runs this server.",
            "Too many attempts. Try again in %(minutes)d minutes, or ask whoever runs this server.",
            minutes := -(-seconds // 60),
        )
        return ValidationError(text % {"minutes": minutes}, code="too_many_attempts")


class StaffSite(UnfoldAdminSite):
    index_template = "dashboard/home.html"
    login_form = SignInForm
    enable_nav_sidebar = True

    def get_urls(self) -> list[URLPattern]:
        report = path(
            "reports/financial/", self.admin_view(self.financial_report), name="reports_financial"
        )
        usage = path("usage/", self.admin_view(self.usage), name="api_usage")
        return [report, usage, *super().get_urls()]

    def financial_report(self, request: HttpRequest) -> HttpResponse:
        return financial_report(request, self.each_context(request))

    def usage(self, request: HttpRequest) -> HttpResponse:
        return usage_page(request, self.each_context(request))

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        response: HttpResponse = super().login(request, extra_context)
        if seconds := seconds_until_next_attempt(request, now=timezone.now()):
            response.status_code = 429
            response["Retry-After"] = str(seconds)
        return response

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        home = {"title": _("Home"), **home_context(request)}
        return super().index(request, {**home, **(extra_context or {})})

    def search(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The palette's results. Unlike the theme's own: bounded, and never from a cache."""
        terms = request.GET.get("s", "").strip()
        if len(terms) < SHORTEST_SEARCH:
            return HttpResponse()
        return TemplateResponse(
            request, "dashboard/search_results.html", {"results": found(request, terms)}
        )

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        request.current_app = self.name
        view = OwnPasswordView.as_view(
            form_class=AdminOwnPasswordChangeForm,
            success_url=reverse("admin:password_change_done"),
            extra_context={**self.each_context(request), **(extra_context or {})},
        )
        return view(request)
