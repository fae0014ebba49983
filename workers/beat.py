"""The beat that says in Valkey that it is there."""

from typing import Any

import redis
import structlog
from django.conf import settings
from django_celery_beat.schedulers import DatabaseScheduler

from recsite.common import liveness, valkey

log = structlog.get_logger(__name__)


class Scheduler(DatabaseScheduler):  # type: ignore[misc]  # django-celery-beat carries no types
    """Notes at each of its rounds, seconds apart, that it is running."""

    def update_from_dict(self, mapping: dict[str, Any]) -> None:
        """Store the tasks of the settings; end where the database takes no writes.

        Whoever watches over beat starts it again. django-celery-beat would go on without them, and
        nothing periodic would run until the next start.
        """
        entries = {
            name: self.Entry.from_entry(name, app=self.app, **fields)
            for name, fields in mapping.items()
        }
        enabled = {name: entry for name, entry in entries.items() if entry.model.enabled}
        self.schedule.update(enabled)

    def tick(self, *args: Any, **kwargs: Any) -> float:
        try:
            with valkey.connect(settings.REDIS_URL) as client:
                liveness.sign(client, liveness.BEAT)
        except redis.RedisError as error:
            log.warning("beat.not_signed", error=str(error))
        return float(super().tick(*args, **kwargs))
