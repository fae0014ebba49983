"""`make run`: starts everything a site needs on one machine.

Checks the machine, starts the embedded services, prepares database, catalog and model, starts the
processes of the site, and keeps them running until Ctrl-C or SIGTERM.
"""

import http.client
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from recsite.common.queue import Queue
from recsite.local import preflight
from recsite.local.datasets import NextDataset, Prepared
from recsite.local.embedded import embedded
from recsite.local.home import ROOT, Home, home_of, read_dotenv
from recsite.local.process import LocalError, end_with_parent, free_port, spawn, stop
from recsite.local.supervise import Program, Screen, Supervisor

READY_SECONDS = 180.0
CHECK_SECONDS = 2.0
LEFTOVER_SECONDS = 15.0
# Only the real Goodreads needs long pauses.
STANDIN_SETTINGS = {"GOODREADS_PAUSE_SECONDS": "0.2", "IMPORT_COOLDOWN_SECONDS": "0"}
# The stand-ins, and the variables with their URLs.
STANDINS = {"goodreads": "STANDIN_URL", "openlibrary": "OPENLIBRARY_STANDIN_URL"}
#: The workers, by whom they serve. Who waits at a page has workers of their own, so that no refresh
#: of a thousand shelves is done first; two, so that one long pull leaves room for another.
WORKERS = {"worker": (Queue.PAGE, 2), "background": (Queue.BACKGROUND, 1)}
PARTS = ("postgres", "valkey", "goodreads", "openlibrary", "web", *WORKERS, "beat", "data")
PUBLISHED = (
    "SECRET_KEY",
    "DATABASE_URL",
    "REDIS_URL",
    "RELEASE_STORE",
    "RELEASE_CACHE",
    "BOOKFOLD_HOME",
    "GOODREADS_BASE_URL",
    "GOODREADS_PAUSE_SECONDS",
    "PORT",
    "OPENLIBRARY_BASE_URL",
)


@dataclass(frozen=True, slots=True)
class Address:
    """Where the site is served."""

    bind: str
    port: int

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def host(self) -> str:
        everywhere = {str(IPv4Address(0)): "127.0.0.1", str(IPv6Address(0)): "[::1]"}
        return everywhere.get(self.bind, self.bind)


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> int:
    try:
        read_dotenv()
        home = home_of(os.environ)
        preflight.check_python()
        preflight.check_data(os.environ)
        address = Address(os.environ.get("BIND") or "127.0.0.1", preflight.port_of(os.environ))
        home.create()
        if "MAKELEVEL" in os.environ:
            end_with_parent()  # a killed make leaves nothing behind
        was_killed = home.owner() is not None
        with claimed(home):
            home.empty_temporary()
            preflight.check_space(home)
            patience = LEFTOVER_SECONDS if was_killed else 0.0
            preflight.check_port(address.bind, address.port, patience=patience)
            return serve(home, address)
    except LocalError as error:
        say(str(error))
    except OSError as error:
        say(f"{error.filename or home_of(os.environ).path}: {error.strerror}. Nothing is lost.")
    return 1


@contextmanager
def claimed(home: Home) -> Iterator[None]:
    """Lock the folder against a second site."""
    with home.locked() as is_ours:
        if not is_ours:
            raise LocalError(
                f"Bookfold is already running from {home.path} (process {home.owner()}); stop it, "
                "or set BOOKFOLD_HOME and PORT for a second site."
            )
        yield


def serve(home: Home, address: Address) -> int:
    """Start everything in order and keep it running; return 0 when told to stop."""
    screen = Screen(PARTS)
    supervisor = Supervisor(screen)
    supervisor.listen()
    try:
        parts = embedded(home)
        for service in parts.services:
            say(f"Starting {service.name} …")
            supervisor.start(service)
        environment = site_environment(parts.environment, home, address)
        if supervisor.stopping():
            return 0
        prepare(supervisor, environment)
        prepared = Prepared.read(home)
        if supervisor.stopping() or prepared is None:
            return 0
        say("Starting the site …")
        standins = start_site(supervisor, screen, environment, prepared, address)
        wait_until_ready(supervisor, environment, address)
        if not supervisor.stopping():
            home.publish({name: environment[name] for name in PUBLISHED if name in environment})
            show(prepared, address, with_sample="goodreads" in standins)
            if NextDataset.read(home):
                bring_beside(supervisor, screen, environment)
        while not supervisor.stopping():
            supervisor.wait(CHECK_SECONDS)
            prepared = follow(home, prepared, address, standins)
    finally:
        say("Stopping …")
        home.withdraw()
        supervisor.stop()
        say("Everything has stopped.")
    return 0


def site_environment(
    environment: Mapping[str, str], home: Home, address: Address
) -> dict[str, str]:
    """The environment of all processes of the site."""
    variables = dict(environment) | {
        "BOOKFOLD_HOME": str(home.path),
        "DJANGO_SETTINGS_MODULE": "recsite.settings",
        "PORT": str(address.port),
        "PYTHONUNBUFFERED": "1",
        "TMPDIR": str(home.temporary),
        "RELEASE_STORE": environment.get("RELEASE_STORE") or home.store,
        "RELEASE_CACHE": environment.get("RELEASE_CACHE") or str(home.path / "cache"),
        "LOG_JSON": environment.get("LOG_JSON") or "false",
    }
    if not environment.get("CONTACT_EMAIL") and not environment.get("GOODREADS_BASE_URL"):
        variables["GOODREADS_BASE_URL"] = f"http://127.0.0.1:{free_port()}"
        variables["STANDIN_URL"] = variables["GOODREADS_BASE_URL"]
        for name, value in STANDIN_SETTINGS.items():
            variables[name] = environment.get(name) or value
    if not environment.get("CONTACT_EMAIL") and not environment.get("OPENLIBRARY_BASE_URL"):
        variables["OPENLIBRARY_BASE_URL"] = f"http://127.0.0.1:{free_port()}"
        variables["OPENLIBRARY_STANDIN_URL"] = variables["OPENLIBRARY_BASE_URL"]
    return variables


def prepare(supervisor: Supervisor, environment: Mapping[str, str]) -> None:
    """Prepare database, catalog and model; raises `LocalError` if that fails."""
    command = [sys.executable, "-m", "recsite.local.prepare"]
    process = spawn(command, env=environment, cwd=ROOT, output=sys.stdout.fileno())
    try:
        while process.poll() is None and not supervisor.stopping():
            supervisor.wait(0.2)
    finally:
        stop(process, signal.SIGTERM, patience=10)
    if process.returncode and not supervisor.stopping():
        raise LocalError("The site was not started, because its preparation failed.")


def start_site(
    supervisor: Supervisor,
    screen: Screen,
    environment: Mapping[str, str],
    prepared: Prepared,
    address: Address,
) -> dict[str, Program]:
    """Start the processes of the site; return the stand-ins among them, by name."""
    standins: dict[str, Program] = {}
    for name, variable in STANDINS.items():
        if url := environment.get(variable):
            command = standin_command(prepared, url, name)
            standins[name] = Program(name, command, environment, screen)
            supervisor.start(standins[name])
    web = web_arguments(address)
    celery = ["-m", "celery", "--quiet", "-A", "workers.app"]
    beat = [*celery, "beat", "--loglevel=WARNING", "--pidfile="]
    parts = [Program("web", [sys.executable, *web], environment, screen)]
    # Who kills the supervisor leaves them without services: their handlers of other signals ask the
    # broker or the database and may hang. A worker's processes die with it, which Celery sees to,
    # and what they did is done again.
    programs = {name: worker_arguments(name) for name in WORKERS} | {"beat": beat}
    for name, arguments in programs.items():
        argv = [sys.executable, *arguments]
        parts.append(Program(name, argv, environment, screen, death_signal=signal.SIGKILL))
    supervisor.start(*parts)
    return standins


def bring_beside(supervisor: Supervisor, screen: Screen, environment: Mapping[str, str]) -> None:
    """Bring the set that is to come, while the site serves."""
    command = [sys.executable, "-m", "recsite.local.next_dataset"]
    supervisor.start(Program("data", command, environment, screen), once=True)


def web_arguments(address: Address) -> list[str]:
    """The command line of the web server; its processes and threads are in `gunicorn.conf.py`."""
    web = ["-m", "gunicorn", "recsite.wsgi", f"--bind={address.bind}:{address.port}"]
    return [*web, "--graceful-timeout=10", "--log-level=warning"]


def worker_arguments(name: str) -> list[str]:
    queue, processes = WORKERS[name]
    celery = ["-m", "celery", "--quiet", "-A", "workers.app", "worker", f"--hostname={name}@%h"]
    of_queue = [f"--queues={queue}", f"--concurrency={processes}", "--loglevel=WARNING"]
    return ["-W", "ignore:You're running the worker with superuser", *celery, *of_queue]


def standin_command(prepared: Prepared, url: str, name: str) -> list[str]:
    module, port = f"recsite.local.standins.{name}", url.rpartition(":")[2]
    folder = prepared.dataset.folder
    return [sys.executable, "-m", module, f"--port={port}", f"--data={folder}"]


def wait_until_ready(
    supervisor: Supervisor, environment: Mapping[str, str], address: Address
) -> None:
    """Wait for `/health/ready`."""
    waited = 0.0
    while not supervisor.stopping() and not is_ready(address, environment):
        if waited > READY_SECONDS:
            raise LocalError(
                f"{address.url}/health/ready does not report ok; the lines above say why."
            )
        supervisor.wait(0.3)
        waited += 0.3


def is_ready(address: Address, environment: Mapping[str, str]) -> bool:
    """Whether `/health/ready` reports ok, requested as a proxy in front of it would."""
    host = (environment.get("ALLOWED_HOSTS") or "").split(",")[0].strip().lstrip("*.")
    headers = {"Host": host or address.host, "X-Forwarded-Proto": "https"}
    connection = http.client.HTTPConnection(address.host, address.port, timeout=10)
    try:
        connection.request("GET", "/health/ready", headers=headers)
        return connection.getresponse().status == http.client.OK
    except OSError:
        return False
    finally:
        connection.close()


def show(prepared: Prepared, address: Address, *, with_sample: bool) -> None:
    """Print the site's URL and what to try."""
    say("")
    say(f"Bookfold is ready: {address.url}")
    if prepared.dataset.simulated:
        say(f"Books and readers: the {prepared.dataset.name}, whose readers are simulated")
    else:
        say(f"Books and readers: {prepared.dataset.name}")
    if with_sample and prepared.sample_reader:
        say(f"Sample reader: {prepared.sample_reader}")
    say(f"Demo log-in: {prepared.demo_email} {prepared.demo_password}")
    say("Ctrl-C stops everything.")
    say("")


def follow(
    home: Home, before: Prepared, address: Address, standins: Mapping[str, Program]
) -> Prepared:
    """If the site has got another dataset, restart the stand-ins, which answer from it.

    The site itself needs no restart: its processes open the new release by themselves, and read
    from a file what `make run` tells them.
    """
    prepared = Prepared.read(home) or before
    if prepared.dataset != before.dataset:
        for name, standin in standins.items():
            url = standin.environment[STANDINS[name]]
            standin.argv = standin_command(prepared, url, name)
            standin.stop()
            standin.start()
        show(prepared, address, with_sample="goodreads" in standins)
    return prepared


if __name__ == "__main__":
    sys.exit(main())
