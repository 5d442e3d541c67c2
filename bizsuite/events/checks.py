from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.utils.module_loading import import_string


@register()
def check_event_consumers(**kwargs: Any) -> list[CheckMessage]:
    """Every consumer in the settings must exist, or events would wait for nobody."""
    errors: list[CheckMessage] = []
    for name, path in settings.EVENT_CONSUMERS.items():
        try:
            import_string(path)
        except ImportError as error:
            errors.append(Error(f"EVENT_CONSUMERS[{name!r}]: {error}", id="events.E001"))
    return errors
