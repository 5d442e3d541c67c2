from django.apps import AppConfig


class UsageConfig(AppConfig):
    name = "bizsuite.usage"
    label = "usage"
