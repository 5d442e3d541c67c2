from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class DashboardConfig(AppConfig):
    name = "bizsuite.dashboard"
    label = "dashboard"
    default = True


class StaffAdminConfig(admin_apps.AdminConfig):
    """Django's admin, on our own site."""

    default = False
    default_site = "bizsuite.dashboard.site.StaffSite"
