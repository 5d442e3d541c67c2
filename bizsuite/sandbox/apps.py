from django.apps import AppConfig


class SandboxConfig(AppConfig):
    name = "bizsuite.sandbox"
    label = "sandbox"
