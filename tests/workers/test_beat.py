"""What beat does with the periodic tasks of the settings."""

from importlib import import_module

import pytest
from django.apps import apps
from django.conf import settings
from django.db import InternalError, connection
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from workers.app import app
from workers.beat import Scheduler

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]


def test_all_tasks_are_stored_and_what_an_operator_turns_off_stays_off() -> None:
    tasks = set(settings.CELERY_BEAT_SCHEDULE)
    assert tasks <= set(Scheduler(app=app).schedule)

    name = min(tasks)
    PeriodicTask.objects.filter(name=name).update(enabled=False)

    assert tasks - set(Scheduler(app=app).schedule) == {name}


def test_a_task_that_got_another_name_keeps_what_an_operator_set() -> None:
    renamed = import_module("recsite.mail.migrations.0003_names_of_periodic_tasks")
    every = IntervalSchedule.objects.create(every=5, period=IntervalSchedule.MINUTES)
    for name in renamed.NAMES:
        PeriodicTask.objects.create(name=name, task="any", interval=every, enabled=False)

    renamed.rename(apps, connection.schema_editor())

    kept = PeriodicTask.objects.filter(task="any", enabled=False, interval=every)
    assert set(kept.values_list("name", flat=True)) == set(renamed.NAMES.values())
    assert set(renamed.NAMES.values()) <= set(settings.CELERY_BEAT_SCHEDULE)


def test_it_ends_where_they_cannot_be_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    connection.close()  # beat opens its own
    read_only = {"options": "-c default_transaction_read_only=on"}
    with monkeypatch.context() as patch:
        patch.setitem(connection.settings_dict, "OPTIONS", read_only)
        with pytest.raises(InternalError, match="read-only"):
            Scheduler(app=app)
    connection.close()
