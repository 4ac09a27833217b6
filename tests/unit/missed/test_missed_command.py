"""`tenin missed`: from the list to a patch, in the terminal."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tenin.cli import main
from tenin.conversation.voice import Voice
from tenin.database import make_engine
from tenin.settings import load_settings
from tenin.start import load_demo_shop, migrate_all
from tenin.training.corpus import read_file
from tests.unit.conversation.room import PROJECT, Room
from tests.unit.missed.served import Shop

AREA = "data/nlu/en/delivery_area.yml"
MOON = ["do you deliver to the moon base", "delivery to the moon base possible", "moon base?"]


@pytest.fixture
def root(tmp_path: Path, voice: Voice, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one file of examples, and a group of messages that were missed."""
    for name in [name for name in os.environ if name.startswith("TENIN_")]:
        monkeypatch.delenv(name)
    (tmp_path / AREA).parent.mkdir(parents=True)
    shutil.copy(PROJECT / AREA, tmp_path / AREA)
    for name in ("policy.yml", "languages.yml"):
        shutil.copy(PROJECT / name, tmp_path / name)
    settings = load_settings(tmp_path, {})
    migrate_all(settings, lambda _: None)
    load_demo_shop(settings, lambda _: None)
    engine = make_engine(settings.database.url)
    shop = Shop(Room(engine, voice))
    for text in MOON:
        shop.say(shop.room.begin(), text, others={"faq/delivery_area": 0.3})
    engine.dispose()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def tenin(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    capsys.readouterr()
    assert main(arguments) == code
    said = capsys.readouterr()
    return said.err if code == 2 else said.out


def test_from_the_list_to_the_files(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    listed = tenin(capsys, "missed").splitlines()
    assert len(listed) == 2
    group, language, count, _, need = listed[1].split()[:5]
    assert (language, count, need) == ("en", "3", "faq/delivery_area")
    shown = tenin(capsys, "missed", "show", group)
    assert all(text in shown for text in MOON)
    assert "not understood; taken for nothing" in shown
    numbered = {line[5:]: line[:3].strip() for line in shown.splitlines()[1:] if line[3:5] == ". "}
    only = f"{numbered[MOON[0]]},{numbered[MOON[1]]}"
    written = f"{numbered[MOON[2]]}=do you ship to the moon"
    taken = tenin(capsys, "missed", "accept", group, "--only", only, "--write", written)
    assert taken.startswith("3 taken as examples of faq/delivery_area.")
    before = (root / AREA).read_text("utf-8")
    exported = tenin(capsys, "missed", "export", "--patch", "missed.patch")
    assert f"{AREA}: changed in missed.patch" in exported
    assert "tenin evaluate" in exported
    assert (root / AREA).read_text("utf-8") == before
    assert "+      - do you ship to the moon\n" in (root / "missed.patch").read_text("utf-8")
    assert "isn't exported yet" in tenin(capsys, "missed", "export", "--here")
    tenin(capsys, "missed", "export", "--here", "--again")
    said = [each.text for each in read_file(root / AREA, "en")][-3:]
    assert set(said) == {*MOON[:2], "do you ship to the moon"}
    assert "is an example already" in tenin(capsys, "missed", "export", "--here", "--again")
    assert "Nothing that was missed" in tenin(capsys, "missed", "list")


def test_dismissed_and_taken_back(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    group = tenin(capsys, "missed", "list", "--language", "en").splitlines()[1].split()[0]
    assert tenin(capsys, "missed", "dismiss", group) == "3 dismissed\n"
    assert "Nothing that was missed" in tenin(capsys, "missed", "list")
    assert tenin(capsys, "missed", "reopen", group) == "3 wait for a decision again\n"
    assert group in tenin(capsys, "missed", "list")


def test_what_is_wrong_is_told_with_the_remedy(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    group = tenin(capsys, "missed").splitlines()[1].split()[0]
    for arguments, told in (
        (("show", "nothing"), "tenin missed list"),
        (("accept", group, "--need", "no_such"), "faq/<name>"),
        (("accept", group, "--only", "9"), "name 1 to 3"),
        (("accept", group, "--write", "x"), "name 1 to 3"),
        (("accept", group, "--write", "1="), "leave it out"),
    ):
        said = tenin(capsys, "missed", *arguments, code=2)
        assert told in said
        assert said.count("\n") == 1
    tenin(capsys, "missed", "accept", group)
    assert "--patch or --here" in tenin(capsys, "missed", "export", "--branch", "x", code=2)
