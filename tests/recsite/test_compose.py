"""What must hold of every container of compose.yaml, and of the settings that it knows."""

import re
from typing import Any

import pytest
import yaml

from recsite.common import liveness
from tests.services import ROOT

WRITTEN = yaml.safe_load((ROOT / "compose.yaml").read_text())
SECRETS = yaml.safe_load((ROOT / "deploy/secrets.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = WRITTEN["services"]
#: Why one is not read-only: the image could not be tried.
MAY_WRITE = {"s3"}
ENDS = {"prepare"}  # nobody asks how it is, but whether it has ended well
IMAGE_ASKS = {"web"}  # its image says how


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_may_do_what_it_has_to_and_no_more(name: str) -> None:
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert service.get("cap_add", []) == (["NET_BIND_SERVICE"] if name == "caddy" else [])
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["read_only"] is (name not in MAY_WRITE)
    assert re.fullmatch(r"\d+[mg]|\$\{\w+:-\d+g\}", service["mem_limit"])
    assert service["logging"]["options"].keys() == {"max-size", "max-file"}
    assert service["restart"] == ("no" if name in ENDS else "unless-stopped")
    assert re.fullmatch(r"\d+s", service["stop_grace_period"])
    assert ("healthcheck" in service) is (name not in ENDS | IMAGE_ASKS)
    assert not service.keys() & {"privileged", "network_mode", "pid", "ipc"}


def test_workers_and_beat_are_asked_by_names_that_they_sign_with() -> None:
    asked = {
        name: service["healthcheck"]["test"][-1]
        for name, service in SERVICES.items()
        if "recsite.healthcheck" in service.get("healthcheck", {}).get("test", [])
    }
    assert sorted(asked.values()) == sorted(liveness.NAMES)
    for name in ("worker", "background"):
        assert f"--queues={asked[name]}" in SERVICES[name]["command"]


def test_images_of_others_have_a_version_and_only_two_ports_are_for_all() -> None:
    others = {
        name: service["image"] for name, service in SERVICES.items() if "env_file" not in service
    }
    assert all(re.search(r":\d+(\.\d+)*$", image) for image in others.values()), others
    opened = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert opened == {
        "web": ["${BIND:-127.0.0.1}:${PORT:-8000}:8000"],
        "caddy": ["80:80", "443:443"],
    }


def test_the_example_has_what_compose_asks_for_and_compose_what_is_said_to_be_its() -> None:
    example = (ROOT / ".env.example").read_text()
    named = set(re.findall(r"^# ([A-Z_0-9]+)=", example, re.MULTILINE))
    asked = set(re.findall(r"(?<!\$)\$\{([A-Z_0-9]+)", (ROOT / "compose.yaml").read_text()))
    assert len(asked) > 5
    assert not asked - named
    section = example.partition("--- compose.yaml ---")[2].partition("\n# --- ")[0]
    assert not set(re.findall(r"^# ([A-Z_0-9]+)=", section, re.MULTILINE)) - asked


def test_secrets_come_from_files_in_place_of_the_values() -> None:
    for name, laid_over in SECRETS["services"].items():
        before, secrets = SERVICES[name]["environment"], laid_over["environment"]
        files = {key.removesuffix("_FILE"): path for key, path in secrets.items() if path}
        assert all(path == f"/run/secrets/{key.lower()}" for key, path in files.items())
        assert set(laid_over["secrets"]) == {key.lower() for key in files}
        assert {key for key in files if before.get(key)} <= {k for k, v in secrets.items() if not v}
    assert SECRETS["services"].keys() == SERVICES.keys() - {"valkey", "caddy", "s3"}
    used = {secret for service in SECRETS["services"].values() for secret in service["secrets"]}
    assert SECRETS["secrets"].keys() == used
