"""The version in `pyproject.toml` is the one that the site, a build and the changelog name."""

import re
import tomllib
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from spark import pipeline
from tests.pages import read
from tests.services import ROOT


def test_site_and_build_are_of_the_version_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert settings.VERSION == pipeline.bookfold_version() == project["version"]


def test_a_build_from_a_copy_without_its_project_file_is_of_no_known_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "ROOT", tmp_path)
    assert pipeline.bookfold_version() == "unknown"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "status"), [("/", 200), ("/accounts/login/", 200), ("/nowhere/", 404)]
)
def test_pages_name_the_version_in_their_footer(client: Client, address: str, status: int) -> None:
    page = read(client.get(address), status=status)
    assert f"Version {settings.VERSION}" in [span.words for span in page.all("span")]


def test_the_changelog_begins_with_what_comes_and_the_version_that_is() -> None:
    text = (ROOT / "CHANGELOG.md").read_text()
    unreleased, newest, *_ = re.findall(r"^## \[(.+?)\](?: - (\d{4}-\d\d-\d\d))?$", text, re.M)
    assert unreleased == ("Unreleased", "")
    assert newest[0] == settings.VERSION
    assert newest[1]
