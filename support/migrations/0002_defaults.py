from django.db import migrations
from django.utils import timezone


def create_defaults(apps, schema_editor):
    """The department "Support", with id 1, as the reference's body says.

    Without an explicit id: PostgreSQL's sequence would stay behind and collide later.
    """
    now = timezone.now()
    apps.get_model("support", "Department").objects.create(
        name="Support", search_text="support", created_at=now, updated_at=now
    )


class Migration(migrations.Migration):
    dependencies = [("support", "0001_initial")]
    operations = [migrations.RunPython(create_defaults, migrations.RunPython.noop)]
