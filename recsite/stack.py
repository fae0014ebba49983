"""Room for the calls of a request.

CPython (3.11 to 3.13 were looked at) keeps the frames of calls in pieces of 16 kB. A loop whose
calls cross the end of one gets a new piece from the system for each call and gives it back
(docs/PERFORMANCE.md).
"""

from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

#: Words of a frame. Python gives it a piece of twice its size, which has room for all calls within.
FRAME = 16_000


def with_room(application: WSGIApplication) -> WSGIApplication:
    """An application that is called from one frame as large as those of a whole request."""

    def answer(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        return application(environ, start)

    answer.__code__ = answer.__code__.replace(co_stacksize=FRAME)
    return answer
