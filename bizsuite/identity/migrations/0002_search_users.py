from django.db import migrations, models

from bizsuite.records import search_text


def fill(apps, schema_editor):
    users = apps.get_model("identity", "User").objects
    for user in users.only("name", "email", "external_id"):
        text = search_text(user.name, user.email, user.external_id)
        users.filter(pk=user.pk).update(search_text=text)


class Migration(migrations.Migration):
    dependencies = [("identity", "0001_initial")]

    operations = [
        migrations.AlterModelOptions(
            name="user",
            options={
                "ordering": ["name", "id"],
                "verbose_name": "user",
                "verbose_name_plural": "users",
            },
        ),
        migrations.AddField(
            model_name="user",
            name="search_text",
            field=models.TextField(default="", editable=False),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
    ]
