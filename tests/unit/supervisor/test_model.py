"""The model: its name follows its content, it is trained once, and damage is noticed."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tenin import __version__, model, model_card

PROJECT = Path(__file__).parents[3]

FILES = {
    "config.yml": """
recipe: default.v1
assistant_id: tiny
language: en
pipeline:
- name: KeywordIntentClassifier
policies:
- name: RulePolicy
""",
    "domain.yml": """
version: "3.1"
intents: [greet, goodbye]
responses:
  utter_greet:
  - text: Hello
""",
    "data/nlu/en/greet.yml": """
version: "3.1"
nlu:
- intent: greet
  examples: |
    - hello
    - hi
- intent: goodbye
  examples: |
    - bye
    - see you
""",
    "data/rules/greet.yml": """
version: "3.1"
rules:
- rule: A greeting is returned
  steps:
  - intent: greet
  - action: utter_greet
""",
    "tenin/bot/component.py": "A = 1\n",
    "tenin/language/words/en.txt": "a\n",
    "languages.yml": "en: ready\n",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, content in FILES.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    return tmp_path


def forbidden(line: str) -> None:
    raise AssertionError(f"nothing was to be trained, but: {line}")


def pretend(path: Path, content: bytes = b"a model") -> None:
    """Put a file where the model belongs, with a checksum that fits."""
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    checksum = hashlib.sha256(content).hexdigest()
    path.with_name(path.name + ".sha256").write_text(f"{checksum}  {path.name}\n")


@pytest.mark.parametrize("name", [*FILES, "menus.yml", "requirements/run.txt", "data/new.yml"])
def test_the_name_follows_the_content(root: Path, name: str) -> None:
    before = model.model_path(root)
    assert before == model.model_path(root)
    file = root / name
    file.parent.mkdir(exist_ok=True)
    file.write_text((file.read_text() if file.exists() else "") + "\n# more\n")
    assert model.model_path(root) != before


@pytest.mark.parametrize(
    "name", ["README.md", "tenin.yml", "tenin/bot/__pycache__/x.pyc", "data/.greet.yml.swp"]
)
def test_other_files_do_not_matter(root: Path, name: str) -> None:
    before = model.model_path(root)
    (root / name).parent.mkdir(exist_ok=True)
    (root / name).write_text("x")
    assert model.model_path(root) == before


def test_a_file_that_moves_matters(root: Path) -> None:
    before = model.model_path(root)
    (root / "data/nlu/en/greet.yml").rename(root / "data/nlu/greet.yml")
    assert model.model_path(root) != before


def test_rasa_trains_once_and_damage_is_noticed(root: Path) -> None:
    phases: list[str] = []
    path = model.train(root, phases.append)
    assert path == model.model_path(root)
    assert phases[0] == "reading the training data"
    assert any("training KeywordIntentClassifier" in phase for phase in phases)
    assert any("training RulePolicy" in phase for phase in phases)
    assert any(phase.startswith("trained in ") for phase in phases)
    names = {file.name for file in path.parent.iterdir()}
    assert names == {path.name, f"{path.name}.sha256", model_card.card_file(path).name, ".lock"}
    card = model_card.read(path)
    assert path.name == f"tenin-{card.data}.tar.gz"
    assert (card.version, card.rasa, card.figures) == (__version__, "3.6.21", {})
    model.usable(root, path)
    (root / "data/nlu/en/greet.yml").touch()
    assert model.older(root) == [path]

    assert model.train(root, forbidden) == path

    content = path.read_bytes()
    path.write_bytes(content[:-1])
    with pytest.raises(model.ModelError, match="is damaged: delete it and run `make train`"):
        model.train(root, forbidden)
    path.write_bytes(content)
    path.with_name(f"{path.name}.sha256").unlink()
    with pytest.raises(model.ModelError, match="is damaged"):
        model.train(root, forbidden)


def test_a_model_of_other_code_or_damaged_is_refused(root: Path) -> None:
    path = root / "models/tenin-1.tar.gz"
    pretend(path)
    with pytest.raises(
        model.ModelError, match=r"has no card .*: run `make train`|run `make train`"
    ):
        model.usable(root, path)
    card = model_card.make(root, "1", model._hash(root, model.CODE))
    model_card.write(card, model_card.card_file(path))
    assert model_card.read(path) == card
    model.usable(root, path)
    (root / "data/nlu/en/greet.yml").write_text("nlu: []\n")
    model.usable(root, path)  # other data is what going back is for
    (root / "tenin/bot/component.py").write_text("A = 2\n")
    with pytest.raises(model.ModelError, match="was trained by other code"):
        model.usable(root, path)
    for written in ("{", "[]", '{"format": 1}', '{"format": 1, "languages": 3}'):
        model_card.card_file(path).write_text(written)
        with pytest.raises(model.ModelError, match="is damaged: delete"):
            model.usable(root, path)
    model_card.card_file(path).write_text('{"format": 2}')
    with pytest.raises(model.ModelError, match="another version"):
        model.usable(root, path)
    path.write_bytes(b"cut")
    with pytest.raises(model.ModelError, match="damaged: delete it"):
        model.usable(root, path)


def test_a_training_that_fails_is_one_line_with_the_log(root: Path) -> None:
    (root / "data/rules/greet.yml").write_text("rules: [")
    with pytest.raises(model.ModelError) as caught:
        model.train(root, lambda line: None)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith("the training failed (exit code 1: ")
    assert str(root / "var/log/train.log") in message
    assert [file.name for file in (root / "models").iterdir()] == [".lock"]


def test_the_last_five_models_are_kept(root: Path) -> None:
    now = time.time()
    for age in range(1, 8):
        old = root / f"models/tenin-{age}.tar.gz"
        pretend(old)
        os.utime(old, (now - age * 60, now - age * 60))
    (root / "models/mine.tar.gz").write_bytes(b"")
    current = model.model_path(root)
    pretend(current)
    os.utime(current, (0, 0))  # the one in use stays, however old
    model.train(root, forbidden)
    kept = {current.name, *(f"tenin-{age}.tar.gz" for age in range(1, 5))}
    assert {file.name for file in (root / "models").glob("tenin-*.tar.gz")} == kept
    assert {file.name for file in (root / "models").glob("*.sha256")} == {
        f"{name}.sha256" for name in kept
    }
    assert (root / "models/mine.tar.gz").exists()


def test_a_training_that_is_killed_leaves_no_process(root: Path) -> None:
    code = "import sys; from pathlib import Path; from tenin import model; "
    code += "model.train(Path(sys.argv[1]), print)"
    trainer = subprocess.Popen(
        [sys.executable, "-c", code, str(root)], env=os.environ | {"PYTHONPATH": str(PROJECT)}
    )
    log = root / "var/log/train.log"
    children = Path(f"/proc/{trainer.pid}/task/{trainer.pid}/children")
    try:
        for _ in range(2400):
            if log.exists() and b"started:" in log.read_bytes() and children.read_text():
                break
            time.sleep(0.05)
        rasa = int(children.read_text().split()[0])
        trainer.send_signal(signal.SIGKILL)
        trainer.wait()
        for _ in range(200):
            if not Path(f"/proc/{rasa}").exists() or "Z" in _state(rasa):
                break
            time.sleep(0.05)
        else:
            pytest.fail("the training still runs")
    finally:
        trainer.kill()
        trainer.wait()


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return "Z"
