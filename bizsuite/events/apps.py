from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class EventsConfig(AppConfig):
    name = "bizsuite.events"
    label = "events"
    verbose_name = _("System")

    def ready(self) -> None:
        autodiscover_modules("event_types")
        import bizsuite.events.checks  # noqa: F401  registers the system check
