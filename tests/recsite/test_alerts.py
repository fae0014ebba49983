"""The alert rules, tried by Prometheus' own tool where it is installed."""

import re
import shutil
import subprocess
from typing import Any

import pytest
import yaml

from tests.services import ROOT

RULES, EXPECTED = ROOT / "deploy/prometheus/alerts.yaml", ROOT / "tests/recsite/alerts.yaml"


def rules() -> list[dict[str, Any]]:
    groups: list[dict[str, Any]] = yaml.safe_load(RULES.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def test_each_alert_says_what_is_wrong_and_how_much_haste_it_needs() -> None:
    names = [rule["alert"] for rule in rules()]
    assert len(set(names)) == len(names) > 10
    assert {rule["labels"]["severity"] for rule in rules()} == {"page", "ticket"}
    assert all(rule["annotations"]["summary"].strip().endswith(".") for rule in rules())


def test_alerts_fire_where_something_is_wrong_and_are_silent_where_all_is_well() -> None:
    expected = set(re.findall(r'alertname="(\w+)"', EXPECTED.read_text()))
    assert expected <= {rule["alert"] for rule in rules()}
    promtool = shutil.which("promtool")
    if promtool is None:  # a machine without Prometheus
        return
    for what, file in (("check", RULES), ("test", EXPECTED)):
        ran = subprocess.run(
            [promtool, what, "rules", file],
            cwd=EXPECTED.parent,
            capture_output=True,
            text=True,
            check=False,
        )
        if ran.returncode:
            pytest.fail(ran.stdout + ran.stderr)
