"""What the staff type in about tickets."""

from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import FILE_CLASSES, UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from bizsuite.backoffice.metadata import MetadataForm
from bizsuite.backoffice.record_actions import ActionForm
from bizsuite.identity.models import User
from support.attachments import MAX_FILE_BYTES, MAX_FILES
from support.models import Department
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


class SeveralFilesInput(forms.ClearableFileInput):
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


class ReplyForm(ActionForm):
    """The box below a conversation, and the page it becomes when something in it is wrong."""

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
        widget=SeveralFilesInput(attrs={"class": " ".join(FILE_CLASSES)}),
    )
    then_close = forms.BooleanField(label=gettext_lazy("Close the ticket with it"), required=False)
