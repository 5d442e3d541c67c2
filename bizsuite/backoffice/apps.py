from django.apps import AppConfig


class BackofficeConfig(AppConfig):
    name = "bizsuite.backoffice"
    label = "backoffice"
