"""Connections to Valkey or Redis that fail within seconds where it is away or hangs."""

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

SECONDS = 2.0  # to connect, and for each answer


def connect(url: str) -> redis.Redis:
    """A client for a ``redis://`` address; connects when it is first used.

    A command is sent once more if a kept connection has been closed since, as by a restart;
    not where the answer does not come, since it may have been carried out.
    """
    return redis.Redis.from_url(
        url,
        socket_connect_timeout=SECONDS,
        socket_timeout=SECONDS,
        retry=Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
    )
