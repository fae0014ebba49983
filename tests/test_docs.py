"""Whatever the documents name exists: paths, modules, commands, settings, addresses, links."""

import importlib
import re
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from django.core.management import get_commands
from django.urls import Resolver404, resolve

from workers.app import app

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
CODE = "catalog|recommender|recsite|spark|tests|workers"
#: Files of these kinds are in the repository; a document may name others that a run writes.
SUFFIX = r"\.(?:css|html|md|py|svg|toml)"


@cache
def files() -> tuple[str, ...]:
    """The paths of all files of the repository."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return tuple(listed.stdout.splitlines())


@cache
def words() -> frozenset[str]:
    """All words of the files that define settings, options and classes."""
    names = [name for name in files() if name.endswith((".py", ".toml"))]
    paths = [ROOT / name for name in (*names, "Makefile", ".env.example")]
    texts = (path.read_text() for path in paths if path.is_file())
    return frozenset(word for text in texts for word in re.findall(r"[\w-]+", text))


@cache
def task_names() -> frozenset[str]:
    app.loader.import_default_modules()
    return frozenset(app.tasks)


def is_word(name: str) -> bool:
    return name in words()


def is_target(name: str) -> bool:
    return re.search(rf"^{re.escape(name)}:", (ROOT / "Makefile").read_text(), re.M) is not None


def is_path(path: str) -> bool:
    """Whether a file or folder has this path, or one that ends with it (`services/runs.py`)."""
    parts = re.sub(r"<\w+>", "[^/]+", re.escape(f"/{path.strip('/')}"))
    pattern = re.compile(parts + ("/" if path.endswith("/") else "$"))
    return any(pattern.search(f"/{name}") for name in files())


def is_module(dotted: str) -> bool:
    path = ROOT.joinpath(*dotted.split("."))
    return path.is_dir() or path.with_suffix(".py").is_file()


def is_dotted_name(dotted: str) -> bool:
    """Whether this is a module, something in a module, or a task."""
    module, _, name = dotted.rpartition(".")
    if is_module(dotted) or dotted in task_names():
        return True
    return is_module(module) and hasattr(importlib.import_module(module), name)


def is_address(path: str) -> bool:
    """Whether a page of the site has this path; `/metrics` has where it is switched on."""
    for urls in ("recsite.urls", "django_prometheus.urls"):
        try:
            resolve(path, urls)
        except Resolver404:
            continue
        return True
    return False


#: How documents name things, and how to see that a thing exists.
NAMED: dict[str, tuple[str, Callable[[str], bool]]] = {
    "target of make": (r"^(?:[A-Z_]+=\S+ )*make ([a-z][a-z-]*)", is_target),
    "command of manage.py": (r"manage\.py ([a-z_]+)", lambda name: name in get_commands()),
    "module to run": (rf"-m ((?:{CODE})(?:\.\w+)*)", is_module),
    "task to call": (r"workers\.app call ([a-z_.]+)", lambda name: name in task_names()),
    "path in a folder": (rf"(?:^|\s)((?:{CODE}|docs|static|templates)/[\w./<>-]*)", is_path),
    "path of a file": (rf"^([\w./<>-]+{SUFFIX})(?:::\w+)?$", is_path),
    "dotted name": (rf"^((?:{CODE})\.[\w.]+)$", is_dotted_name),
    "address": (r"^(/(?!(?:proc|root|var)\b)[a-z/-]+)$", is_address),
    "setting": (r"^([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)(?:=\S*)?$", is_word),
    "option": (r"^(--[a-z][a-z-]*)(?: \w+)?$", is_word),
    "class": (r"^([A-Z][a-z]+(?:[A-Z][a-z]+)+)(?:\.\w+)?$", is_word),
}


def code_in(text: str) -> Iterator[str]:
    """Each line of the code blocks, then whatever is in backticks."""
    block = re.compile(r"^```\w*\n(.*?)^```", re.S | re.M)
    for lines in block.findall(text):
        yield from lines.splitlines()
    for piece in re.findall(r"`([^`]+)`", block.sub("", text)):
        yield " ".join(piece.split())


@pytest.mark.parametrize("kind", NAMED)
def test_what_the_documents_name_exists(kind: str) -> None:
    pattern, exists = NAMED[kind]
    named = [
        (document.name, name)
        for document in DOCUMENTS
        for code in code_in(document.read_text())
        for name in re.findall(pattern, code)
    ]
    assert named, "the pattern finds nothing"
    assert not [(document, name) for document, name in named if not exists(name)]


def test_links_lead_to_files_and_headings() -> None:
    wrong = []
    for document in DOCUMENTS:
        for link in re.findall(r"\]\(([^)\s]+)\)", document.read_text()):
            path, _, heading = link.partition("#")
            if "://" in path:
                continue
            target = document.parent / path if path else document
            if not target.exists() or (heading and heading not in anchors(target)):
                wrong.append((document.name, link))
    assert not wrong


def anchors(document: Path) -> set[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.*)$", document.read_text(), flags=re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
