"""`python -m recsite.healthcheck [PORT]`: whether the web process of this container answers."""

import http.client
import os
import sys

PORT = 8000


def main(port: int) -> int:
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


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if sys.argv[1:] else PORT))
