"""`/health/live`: the process answers. `/health/ready`: so does everything it needs."""

import redis
import structlog
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.utils.module_loading import import_string
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from recsite.common import liveness, valkey
from recsite.common.queue import Queue, lengths

log = structlog.get_logger(__name__)


class NotReady(Exception):
    """Something that the site needs is not available; the message says what and why."""


def database() -> None:
    """Raise `NotReady` if PostgreSQL does not answer."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        raise NotReady("PostgreSQL does not answer") from error


def broker() -> None:
    """Raise `NotReady` if Valkey does not answer."""
    try:
        with valkey.connect(settings.REDIS_URL) as client:
            client.ping()
    except redis.RedisError as error:
        raise NotReady("Valkey does not answer") from error


def queues() -> str:
    """How much waits for workers, which no page needs: it is told, and refuses nothing."""
    try:
        with valkey.connect(settings.REDIS_URL) as client:
            waiting = lengths(client)
    except redis.RedisError:
        return "not known"
    return f"{waiting[Queue.PAGE]} for people, {waiting[Queue.BACKGROUND]} in the background"


def workers() -> str:
    """Whether the queues are served and beat runs, which no page needs: it is told alone."""
    try:
        with valkey.connect(settings.REDIS_URL) as client:
            missing = liveness.missing(client)
    except redis.RedisError:
        return "not known"
    return f"not there: {', '.join(missing)}" if missing else "ok"


@never_cache
@require_safe
def live(_request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def ready(_request: HttpRequest) -> JsonResponse:
    parts: dict[str, str] = {}
    is_ready = True
    for name, path in settings.HEALTH_CHECKS.items():
        try:
            parts[name] = import_string(path)() or "ok"
        except NotReady as error:
            log.warning("health.not_ready", part=name, error=str(error))
            parts[name], is_ready = str(error), False
    return JsonResponse(
        {
            "status": "ok" if is_ready else "not ready",
            "version": settings.VERSION,
            "parts": parts,
        },
        status=200 if is_ready else 503,
    )
