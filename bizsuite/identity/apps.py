from django.apps import AppConfig


class IdentityConfig(AppConfig):
    name = "bizsuite.identity"
    label = "identity"
    verbose_name = "Team"
