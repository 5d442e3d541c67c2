from django.db import migrations
from django.utils import timezone


def create_defaults(apps, schema_editor):
    """The account "Cash" and the category "Sales", with id 1, as the reference's bodies say.

    Without an explicit id: PostgreSQL's sequence would stay behind and collide later.
    """
    organisation = apps.get_model("identity", "Organisation").objects.filter(pk=1).first()
    now = timezone.now()
    apps.get_model("billing", "Account").objects.create(
        name="Cash",
        type="Cash",
        currency=organisation.currency if organisation else "USD",
        search_text="cash",
        created_at=now,
        updated_at=now,
    )
    apps.get_model("billing", "Category").objects.create(
        name="Sales", type="Income", search_text="sales", created_at=now, updated_at=now
    )


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_initial"), ("identity", "0001_initial")]
    operations = [migrations.RunPython(create_defaults, migrations.RunPython.noop)]
