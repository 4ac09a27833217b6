"""From a customer whom the bot didn't understand to an example in the files; everything runs."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tenin.training.corpus import TRAINED, read_sentences
from tenin.training.missed.pages import API
from tests.agent import DeskAgent
from tests.answers import is_wording_of
from tests.customer import Customer
from tests.system import PROJECT, System

ASKED = "do you lend ukuleles to sparrows"
ANSWER = "We lend ukuleles to sparrows every Tuesday, and to nobody else."
NEED = "faq/about_shop"
NAME = "Zebulon"


@pytest.fixture
def customer(system: System) -> Iterator[Customer]:
    customer = Customer(system.url, "en")
    yield customer
    customer.close()


@pytest.fixture
def mei(system: System) -> Iterator[DeskAgent]:
    """An admin: serves, and trains."""
    agent = DeskAgent(system.url, system.desk_link)
    yield agent
    agent.http.close()


def tenin(system: System, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "tenin", *arguments],
        cwd=system.root,
        env=system.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_learnt_from_a_customer_who_was_not_understood(
    system: System, customer: Customer, mei: DeskAgent, tmp_path: Path
) -> None:
    said = customer.say(f"{ASKED}, my name is {NAME}")
    not_understood = ("utter_not_understood", "utter_clarify")
    assert any(is_wording_of(key, "en", said.splitlines()[0]) for key in not_understood), said
    customer.ask(text="let me talk to a human please")
    conversation = mei.find(NAME)
    mei.take(conversation)
    mei.write(conversation, f"Hello {NAME}.")
    customer.send(text="well?")
    mei.write(conversation, ANSWER)

    assert mei.http.get("/desk/train/missed").status_code == 200  # looks for what is new
    groups = mei.http.get(API).json()["groups"]
    [group] = [each for each in groups if any(ASKED in m["text"] for m in each["messages"])]
    [message] = [each for each in group["messages"] if ASKED in each["text"]]
    assert message["text"] == f"{ASKED}, my name is [name]"
    assert message["reasons"] == ["refused", "person"]
    assert group["answers"] == [ANSWER]
    body = {
        "version": group["version"],
        "need": NEED,
        "sentences": {str(message["id"]): ASKED},
    }
    answer = mei.http.post(f"{API}/{group['id']}/accept", json=body)
    assert (answer.status_code, answer.json()) == (200, {"accepted": 1})

    assert group["id"] not in tenin(system, "missed", "list")
    told = tenin(system, "missed", "export", "--patch", str(tmp_path / "missed.patch"))
    assert "data/nlu/en/about_shop.yml" in told
    shutil.copytree(PROJECT / TRAINED / "en", tmp_path / TRAINED / "en")
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    subprocess.run(["git", "apply", "missed.patch"], cwd=tmp_path, check=True)
    assert (ASKED, NEED) in {(each.text, each.need) for each in read_sentences(tmp_path, TRAINED)}
    for file in (tmp_path / TRAINED).rglob("*.yml"):
        assert NAME not in file.read_text("utf-8")
