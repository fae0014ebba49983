"""The beat that says in Valkey that it is there."""

from typing import Any

import redis
import structlog
from django.conf import settings
from django_celery_beat.schedulers import DatabaseScheduler

from recsite.common import liveness, valkey

log = structlog.get_logger(__name__)


class Scheduler(DatabaseScheduler):  # type: ignore[misc]  # django-celery-beat carries no types
    """Signs at each of its rounds, which are seconds apart."""

    def tick(self, *args: Any, **kwargs: Any) -> float:
        try:
            with valkey.connect(settings.REDIS_URL) as client:
                liveness.sign(client, liveness.BEAT)
        except redis.RedisError as error:
            log.warning("beat.not_signed", error=str(error))
        return float(super().tick(*args, **kwargs))
