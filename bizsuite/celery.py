import os
import warnings

from celery import Celery
from celery.platforms import SecurityWarning

from bizsuite.events.stopping import TellChildren

# It warns root of pickled messages; ours are JSON and no other kind is accepted.
warnings.filterwarnings("ignore", category=SecurityWarning)

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bizsuite.settings")
app = Celery("bizsuite")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# The web server's threads look for the default app; without this they would find an unconfigured
# one and knock at a broker that nobody named.
app.set_default()
app.steps["worker"].add(TellChildren)
