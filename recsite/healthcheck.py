"""Whether what runs in this container is well: nothing printed, and status 0 if so.

`python -m recsite.healthcheck [PORT]` asks the web process here, and `… page`, `… celery` or
`… beat` Valkey, where the workers of a queue and beat sign.
"""

import http.client
import os
import sys
from pathlib import Path

import redis

from recsite.common import liveness, valkey
from recsite.env import Environment

PORT = 8000


def web(port: int) -> int:
    """Return 0 if it answers, if only to say that it knows no such host."""
    host = os.environ.get("ALLOWED_HOSTS", "").split(",")[0].strip().lstrip("*.")
    headers = {"Host": host or "localhost", "X-Forwarded-Proto": "https"}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=4)
    try:
        connection.request("GET", "/health/live", headers=headers)
        return int(connection.getresponse().status >= http.client.INTERNAL_SERVER_ERROR)
    except (OSError, http.client.HTTPException):
        return 1
    finally:
        connection.close()


def signed(name: str) -> int:
    """Return 0 if somebody of this name has signed within the last minute."""
    url = Environment(Path(".env")).url("REDIS_URL", schemes=("redis", "rediss", "unix"))
    try:
        with valkey.connect(url) as client:
            return int(name not in liveness.there(client))
    except redis.RedisError:
        return 1


def main(what: str) -> int:
    return web(int(what)) if what.isdecimal() else signed(what)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if sys.argv[1:] else str(PORT)))
