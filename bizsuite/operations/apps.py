from django.apps import AppConfig

# Every process that may send a task needs the configured Celery app, not only the worker.
from bizsuite.celery import app as celery_app

__all__ = ["OperationsConfig", "celery_app"]


class OperationsConfig(AppConfig):
    name = "bizsuite.operations"
