"""The one Celery app. `celery -A workers.app worker` and `celery -A workers.app beat` start it."""

import os

from celery import Celery

from workers import tracing

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "recsite.settings")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as in gunicorn.conf.py

app = Celery(
    "bookfold",
    include=[
        "workers.tasks.catalog",
        "workers.tasks.imports",
        "workers.tasks.look_ups",
        "workers.tasks.mail",
        "workers.tasks.proposals",
        "workers.tasks.readers",
        "workers.tasks.releases",
    ],
)
app.config_from_object("django.conf:settings", namespace="CELERY")
tracing.connect()
