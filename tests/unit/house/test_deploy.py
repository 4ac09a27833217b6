"""What stands in `deploy/` fits Tenin, though it could not be run where it was written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tenin.cli import make_parser
from tenin.settings import SECTIONS
from tenin.settings_sources import SECRET_VARIABLES, variable_name
from tenin.watching import routes

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "deploy"
FILES = sorted(path for path in DEPLOY.rglob("*") if path.is_file())
VARIABLES = {"TENIN_ROOT", *SECRET_VARIABLES} | {
    variable_name(section, key) for section, keys in SECTIONS.items() for key in keys
}


def documents(name: str) -> list[Any]:
    return list(yaml.safe_load_all((DEPLOY / name).read_text(encoding="utf-8")))


def containers() -> Iterator[dict[str, Any]]:
    for each in documents("kubernetes.yml"):
        if each["kind"] in ("Deployment", "Job"):
            yield from each["spec"]["template"]["spec"]["containers"]


def commands() -> Iterator[list[str]]:
    for service in documents("compose.yml")[0]["services"].values():
        if "x-tenin" in service or service.get("image") == "tenin":
            yield [str(word) for word in service["command"]]
            check = service.get("healthcheck")
            if check:
                kind, program, *words = check["test"]
                assert (kind, program) == ("CMD", "tenin")
                yield words
    for container in containers():
        yield [str(word) for word in container["args"]]
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            command = container.get(probe, {}).get("exec", {}).get("command")
            if command:
                assert command[0] == "tenin"
                yield command[1:]


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.name)
def test_what_was_not_run_says_so_at_its_head(file: Path) -> None:
    assert file.read_text(encoding="utf-8").startswith("# Not run: ")


def test_each_command_is_one_of_ours() -> None:
    found = list(commands())
    assert len(found) >= 9
    for words in found:
        assert make_parser().parse_args(words).command is not None, words


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.name)
def test_each_variable_is_a_setting(file: Path) -> None:
    named = set(re.findall(r"\bTENIN_[A-Z_]+", file.read_text(encoding="utf-8")))
    assert named <= VARIABLES


def test_each_probe_asks_a_route() -> None:
    ours = {route.path for route in routes}
    asked = {
        container[probe]["httpGet"]["path"]
        for container in containers()
        for probe in container
        if probe.endswith("Probe") and "httpGet" in container[probe]
    }
    assert asked == {"/health", "/ready"}
    assert asked <= ours


def test_each_selector_finds_its_pods() -> None:
    found = documents("kubernetes.yml")
    pods = [
        each["spec"]["template"]["metadata"]["labels"]
        for each in found
        if each["kind"] == "Deployment"
    ]
    deployments = {each["metadata"]["name"] for each in found if each["kind"] == "Deployment"}
    for each in found:
        spec = each.get("spec", {})
        selector = spec.get("selector") or spec.get("podSelector")
        if selector is not None:
            labels = selector.get("matchLabels", selector)
            assert any(labels.items() <= pod.items() for pod in pods), each["metadata"]
        if "scaleTargetRef" in spec:
            assert spec["scaleTargetRef"]["name"] in deployments


def test_no_secret_stands_in_a_file() -> None:
    for file in FILES:
        for line in file.read_text(encoding="utf-8").splitlines():
            name, given, value = line.strip().partition(": ")
            if given and (name in SECRET_VARIABLES or "PASSWORD" in name):
                assert value.startswith("${"), line
