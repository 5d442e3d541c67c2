"""What the staff type in about tickets."""

from typing import Any

from django import forms
from django.db.models import Q
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
)

from bizsuite.backoffice.metadata import MetadataForm
from bizsuite.backoffice.record_actions import ActionForm
from bizsuite.identity.models import User
from support.attachments import MAX_FILE_BYTES, MAX_FILES
from support.models import Department, Reply, Ticket
from support.models.tickets import MESSAGE_LENGTH

PUBLIC, INTERNAL, CUSTOMER = "public", "internal", "customer"
KINDS = [
    (PUBLIC, gettext_lazy("Reply to the customer")),
    (INTERNAL, gettext_lazy("Internal note")),
    (CUSTOMER, gettext_lazy("The customer said")),
]


class TicketForm(MetadataForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # What is chosen already may stay, though nobody would choose it now.
        if "department" in self.fields:
            chosen = Q(archived_at=None) | Q(pk=self.instance.department_id)
            self.fields["department"].queryset = Department.objects.filter(chosen)
        if "assignee" in self.fields:
            chosen = Q(is_active=True) | Q(pk=self.instance.assignee_id)
            self.fields["assignee"].queryset = User.objects.filter(chosen).order_by("name", "id")
            self.fields["assignee"].empty_label = _("Nobody yet")
        for name in ("department", "assignee"):
            if name in self.fields:
                # To choose, and not to edit in a window of its own from here.
                self.fields[name].widget = self.fields[name].widget.widget


class SeveralFilesInput(UnfoldAdminFileFieldWidget):
    allow_multiple_selected = True


class SeveralFilesField(forms.FileField):
    """Files, as a list; each within the size that a file may have."""

    widget = SeveralFilesInput

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        files = [super(SeveralFilesField, self).clean(file, initial) for file in data or ()]
        if len(files) > MAX_FILES:
            raise forms.ValidationError(
                _("At most %(count)d files at once.") % {"count": MAX_FILES}
            )
        for file in files:
            if file.size > MAX_FILE_BYTES:
                text = _("%(name)s is larger than %(limit)d MB.")
                limit = MAX_FILE_BYTES // 1_000_000
                raise forms.ValidationError(text % {"name": file.name, "limit": limit})
        return files


class TakeForm(ActionForm):
    """seen_assignee: whose it was on the page with the button."""

    seen_assignee = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, record: Ticket, **kwargs: Any) -> None:
        super().__init__(*args, record=record, **kwargs)
        self.initial["seen_assignee"] = record.assignee_id


class ReplyForm(ActionForm):
    """The box below a conversation, and the page it becomes when something in it is wrong.

    last_seen: the id of the latest reply on the page that the writer looked at.
    """

    kind = forms.ChoiceField(
        label=gettext_lazy("Kind"), choices=KINDS, initial=PUBLIC, widget=UnfoldAdminSelectWidget
    )
    message = forms.CharField(
        label=gettext_lazy("Message"),
        max_length=MESSAGE_LENGTH,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 8}),
    )
    files = SeveralFilesField(
        label=gettext_lazy("Files"),
        required=False,
    )
    then_close = forms.BooleanField(label=gettext_lazy("Close the ticket with it"), required=False)
    last_seen = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *args: Any, record: Ticket, **kwargs: Any) -> None:
        super().__init__(data and data.copy(), *args, record=record, **kwargs)
        self.initial["last_seen"] = getattr(self._latest(), "pk", 0)

    def clean(self) -> dict[str, Any] | None:
        """Say once what somebody wrote in the meantime: two answers to a customer are one too
        many. Sending again is the answer to it."""
        cleaned = super().clean()
        latest = self._latest()
        if latest is not None and latest.pk > (self.cleaned_data.get("last_seen") or 0):
            self.data["last_seen"] = latest.pk
            text = _("%(name)s wrote meanwhile: “%(text)s” Send again if yours still fits.")
            said = Truncator(latest.message).chars(200)
            raise forms.ValidationError(text % {"name": latest.author_name, "text": said})
        return cleaned

    def _latest(self) -> Reply | None:
        return Reply.objects.filter(ticket=self.record).order_by("-id").first()
