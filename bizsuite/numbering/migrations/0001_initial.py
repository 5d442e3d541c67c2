from django.db import migrations, models


class Migration(migrations.Migration):
    """The model moves here from billing; the table, made by billing, and its rows stay."""

    initial = True
    dependencies = [("billing", "0001_initial")]
    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="NumberSeries",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        ("prefix", models.CharField(max_length=10)),
                        ("year", models.PositiveSmallIntegerField()),
                        ("last", models.PositiveIntegerField(default=0)),
                    ],
                    options={"db_table": "billing_numberseries"},
                ),
                migrations.AddConstraint(
                    model_name="numberseries",
                    constraint=models.UniqueConstraint(
                        fields=("prefix", "year"), name="billing_numberseries_once"
                    ),
                ),
            ]
        )
    ]
