from django.apps import AppConfig


class TeamConfig(AppConfig):
    name = "bizsuite.team"
    label = "team"
    verbose_name = "Team"
