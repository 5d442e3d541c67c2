from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "bizsuite.api"
    label = "api"
