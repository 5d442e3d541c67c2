from typing import Any

from django.db import migrations

KINDS = ("invoice", "quote", "credit_note", "receipt")
# Name, days after the due date, whether it is switched on.
LEVELS = (
    ("Due soon", -3, False),
    ("Reminder", 7, True),
    ("Second reminder", 21, True),
    ("Final reminder", 35, True),
)


def add_defaults(apps: Any, schema_editor: Any) -> None:
    """Without texts: those of the product are said in the language of the day."""
    template = apps.get_model("billing", "MailTemplate")
    level = apps.get_model("billing", "ReminderLevel")
    template.objects.bulk_create(template(kind=kind) for kind in KINDS)
    level.objects.bulk_create(
        level(name=name, days=days, active=active) for name, days, active in LEVELS
    )


class Migration(migrations.Migration):
    dependencies = [("billing", "0009_mailing")]

    operations = [migrations.RunPython(add_defaults, migrations.RunPython.noop)]
