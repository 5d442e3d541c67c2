"""What is asked about an API key."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminSplitDateTimeWidget,
    UnfoldAdminTextareaWidget,
)

from bizsuite.backoffice.forms import RecordForm
from bizsuite.backoffice.record_actions import ActionForm
from bizsuite.identity.models import ApiKey, User
from bizsuite.team.admin.scopes import ScopesField

NETWORKS_HELP = gettext_lazy(
    "Addresses or networks that the key is good for, one a line, such as 203.0.113.7 or "
    "2001:db8::/32. Empty: from everywhere."
)
NO_SIGNING, OPTIONAL, REQUIRED = "", "optional", "required"
SIGNING = [
    (NO_SIGNING, gettext_lazy("No signing secret")),
    (OPTIONAL, gettext_lazy("Requests may be signed")),
    (REQUIRED, gettext_lazy("Requests must be signed")),
]


class NetworksField(forms.CharField):
    """A list of networks, one a line; the action says which is none."""

    def __init__(self, **options: Any) -> None:
        widget = UnfoldAdminTextareaWidget(attrs={"rows": 3})
        super().__init__(
            **{"required": False, "widget": widget, "help_text": NETWORKS_HELP} | options
        )

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:
        return str(value or "").replace(",", " ").split()

    def has_changed(self, initial: Any, data: Any) -> bool:
        return self.to_python(data) != (initial or [])


class NewKeyForm(RecordForm):
    allowed_networks = NetworksField(label=gettext_lazy("Allowed networks"))
    signing = forms.ChoiceField(
        label=gettext_lazy("Signing"),
        choices=SIGNING,
        required=False,
        widget=UnfoldAdminSelectWidget,
        help_text=gettext_lazy(
            "A signed request cannot be altered or sent again by whoever gets hold of the key."
        ),
    )
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


class RestrictForm(ActionForm):
    allowed_networks = NetworksField(label=gettext_lazy("Allowed networks"))
    expires_at = forms.SplitDateTimeField(
        label=gettext_lazy("Expires"),
        required=False,
        widget=UnfoldAdminSplitDateTimeWidget,
        help_text=gettext_lazy("Refused from then on. Empty: never."),
    )

    def __init__(self, *args: Any, record: ApiKey, **kwargs: Any) -> None:
        super().__init__(*args, record=record, **kwargs)
        self.initial = {
            "allowed_networks": record.allowed_networks,
            "expires_at": record.expires_at,
        }


class SigningForm(ActionForm):
    signing = forms.ChoiceField(
        label=gettext_lazy("Signing"),
        choices=SIGNING,
        required=False,
        widget=UnfoldAdminSelectWidget,
    )

    def __init__(self, *args: Any, record: ApiKey, **kwargs: Any) -> None:
        super().__init__(*args, record=record, **kwargs)
        self.initial = {"signing": REQUIRED if record.signature_required else OPTIONAL}
