from django.db import migrations


class Migration(migrations.Migration):
    """To bizsuite.numbering, for every app that numbers documents; the table stays as it is."""

    dependencies = [("billing", "0002_defaults"), ("numbering", "0001_initial")]
    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.DeleteModel(name="NumberSeries")]
        )
    ]
