from django.db import migrations


def remember_what_was_missed(apps, schema_editor):
    """Endpoints that are off: what happened since can be had when they are switched on again."""
    event_model = apps.get_model("events", "Event")
    endpoints = apps.get_model("webhooks", "WebhookEndpoint").objects
    for pk, disabled_at in endpoints.filter(active=False).values_list("pk", "disabled_at"):
        since = event_model.objects.filter(sequence__isnull=False, occurred_at__gte=disabled_at)
        first = since.order_by("sequence").values_list("sequence", "occurred_at").first()
        if first is not None:
            missed_from, missed_since = first
            endpoints.filter(pk=pk).update(missed_from=missed_from, missed_since=missed_since)


class Migration(migrations.Migration):
    dependencies = [
        ("events", "0001_initial"),
        ("webhooks", "0006_pause_backlog_and_what_was_missed"),
    ]

    operations = [
        migrations.RunPython(remember_what_was_missed, migrations.RunPython.noop),
    ]
