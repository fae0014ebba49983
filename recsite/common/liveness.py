"""Which workers and which beat are there: each says so in Valkey, under a key that expires."""

import redis

from recsite.common.queue import Queue

#: Beat's name among those who sign; a worker signs for each queue it serves.
BEAT = "beat"
#: Longer than a busy worker's silence between two heartbeats, and beat's between two rounds.
KEPT_SECONDS = 60


def sign(client: redis.Redis, *names: str) -> None:
    """Note that somebody of these names is there; raises `redis.RedisError`."""
    pipe = client.pipeline(transaction=False)
    for name in names:
        pipe.set(_key(name), "1", ex=KEPT_SECONDS)
    pipe.execute()


def missing(client: redis.Redis) -> list[str]:
    """The queues that no worker serves, and beat, where they have not signed for a minute.

    Raises `redis.RedisError`.
    """
    names = [*Queue, BEAT]
    signed = client.mget([_key(name) for name in names])
    return [str(name) for name, there in zip(names, signed, strict=True) if there is None]


def _key(name: str) -> str:
    return f"bookfold:there:{name}"
