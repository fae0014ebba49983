"""A site below a path of its host, whether the proxy in front takes the path off or not."""

from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment


def below(path: str, application: WSGIApplication) -> WSGIApplication:
    """The application, for requests that still name the path and for those that do not.

    Django adds the path to its own links (`FORCE_SCRIPT_NAME`) but expects requests without it.
    """
    if not path:
        return application

    def without_path(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        asked = environ["PATH_INFO"]
        if asked == path or asked.startswith(f"{path}/"):
            environ["PATH_INFO"] = asked.removeprefix(path) or "/"
        return application(environ, start)

    return without_path
