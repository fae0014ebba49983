"""Which workers and which beat are there: each says so in Valkey, under a key that expires."""

import redis

from recsite.common.queue import Queue

#: Beat's name among those who sign; a worker signs for each queue it serves.
BEAT = "beat"
NAMES = [*(queue.value for queue in Queue), BEAT]
#: Longer than a busy worker's silence between two heartbeats, and beat's between two rounds.
KEPT_SECONDS = 60


def sign(client: redis.Redis, *names: str) -> None:
    """Note that somebody of these names is there; raises `redis.RedisError`."""
    pipe = client.pipeline(transaction=False)
    for name in names:
        pipe.set(_key(name), "1", ex=KEPT_SECONDS)
    pipe.execute()


def there(client: redis.Redis) -> list[str]:
    """The queues that a worker serves, and beat, where they have signed within the last minute.

    Raises `redis.RedisError`.
    """
    signed = client.mget([_key(name) for name in NAMES])
    return [name for name, value in zip(NAMES, signed, strict=True) if value is not None]


def missing(client: redis.Redis) -> list[str]:
    """Those of `NAMES` who are not there; raises `redis.RedisError`."""
    signed = there(client)
    return [name for name in NAMES if name not in signed]


def _key(name: str) -> str:
    return f"bookfold:there:{name}"
