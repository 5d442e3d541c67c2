from django.apps import AppConfig


class DashboardConfig(AppConfig):
    name = "bizsuite.dashboard"
    label = "dashboard"
