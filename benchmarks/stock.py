"""Tenin beside stock Rasa: the cost of training, of starting and of answering.

`training`: a fixed sample of 400 examples over all needs and languages, with the project's
domain, stories and rules, learnt by `rasa train` once with the project's config.yml and once
with DIET, a response selector and TED. `serving`: the project's model beside that of
`rasa init --no-prompt`, which the run trains; each loaded into an agent in turns, each time
in a process of its own (`stock_worker`), with trackers in memory, log level WARNING, and
messages that ask for no custom action. `whole`: training the whole project anew.

Everything is reported in seconds and in CPU seconds, which other work on the machine hardly
sways. Run from the project's root, all or one; what it measures replaces that in results/:
    .venv/bin/python -m benchmarks.stock [training] [serving] [whole]
"""

import argparse
import json
import os
import platform
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tenin.clock import utcnow
from tenin.database import make_engine, migrate, write_transaction
from tenin.model import model_path, rasa_environment, verify
from tenin.shop.models import MIGRATIONS, VERSION_TABLE
from tenin.shop.sample_data import load_sample_data
from tenin.training.corpus import read_file

ROOT = Path(__file__).resolve().parents[1]
RESULT = Path(__file__).parent / "results" / "stock.json"

SEED = 2026
SAMPLE = 400
AT_LEAST = 2  # examples of each need
WARM_UP = 30
MEASURED = 200
# The intents of a conversation's five messages.
ASKED = {
    "tenin": ("greet", "faq", "bot_challenge", "faq", "thanks"),
    "stock": ("greet", "mood_great", "bot_challenge", "greet", "goodbye"),
}
TARGETS = {
    "training_cpu_times_less_at_least": 5.0,
    "load_at_most": 0.35,
    "memory_at_most": 0.7,
    "message_median_at_most": 0.7,
    "message_p95_at_most": 0.7,
}

# What `rasa init` uses, after the same words; ours cut Chinese and Japanese, which stock can't.
DIET_AND_TED = {
    "pipeline": [
        {"name": "tenin.bot.spacy_nlp.SpacyNLP", "model": "tenin", "cache": "var/cache"},
        {"name": "SpacyTokenizer"},
        {"name": "CountVectorsFeaturizer"},
        {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4},
        {"name": "DIETClassifier", "epochs": 100, "constrain_similarities": True},
        {
            "name": "ResponseSelector",
            "retrieval_intent": "faq",
            "epochs": 100,
            "constrain_similarities": True,
        },
    ],
    "policies": [
        {"name": "MemoizationPolicy"},
        {"name": "RulePolicy"},
        {"name": "TEDPolicy", "max_history": 5, "epochs": 100, "constrain_similarities": True},
    ],
}

Labelled = dict[str, list[str]]


def main() -> None:
    """Measure, print, and write the results down."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", nargs="*", help="training, serving, whole; all if none is named")
    parser.add_argument("--model", type=Path, help="for serving; the project's own if not given")
    parser.add_argument("--rounds", type=int, default=3, help="of serving")
    options = parser.parse_args()
    parts = {
        "training": training,
        "serving": lambda: serving(options.model, options.rounds),
        "whole": whole,
    }
    if unknown := set(options.what) - set(parts):
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    for name in options.what or parts:
        found = {**parts[name](), "machine": machine(), "date": utcnow().date().isoformat()}
        known = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.exists() else {}
        text = json.dumps({"targets": TARGETS, **known, name: found}, indent=2) + "\n"
        print(json.dumps({name: found}, indent=2))
        RESULT.parent.mkdir(exist_ok=True)
        RESULT.write_text(text, encoding="utf-8")


def machine() -> dict[str, Any]:
    """Say what was measured on, generally."""
    return {
        "platform": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "load_average": round(os.getloadavg()[0], 1),
    }


def labelled(folder: Path) -> Labelled:
    """Give the examples of each need in the NLU files below a folder, in their order."""
    found: Labelled = defaultdict(list)
    for file in sorted(folder.rglob("*.yml")):
        for sentence in read_file(file, file.parent.name):
            found[sentence.need].append(sentence.text)
    return dict(found)


def sample(known: Labelled) -> Labelled:
    """Choose the examples: some of every need, the others from all alike."""
    chance = random.Random(SEED)
    shuffled = {need: chance.sample(texts, len(texts)) for need, texts in sorted(known.items())}
    chosen = [(need, text) for need, texts in shuffled.items() for text in texts[:AT_LEAST]]
    rest = [(need, text) for need, texts in shuffled.items() for text in texts[AT_LEAST:]]
    chosen += chance.sample(rest, SAMPLE - len(chosen))
    found: Labelled = defaultdict(list)
    for need, text in chosen:
        found[need].append(text)
    return dict(found)


def project(folder: Path, examples: Labelled | None = None) -> Path:
    """Copy the project, with a demo shop, into a new folder; with these examples for its own."""
    folder.mkdir()
    for file in ROOT.glob("*.yml"):
        shutil.copy(file, folder)
    (folder / "var").mkdir()
    (ROOT / "var" / "cache").mkdir(parents=True, exist_ok=True)
    (folder / "var" / "cache").symlink_to(ROOT / "var" / "cache")
    shutil.copytree(ROOT / "data", folder / "data")
    if examples is not None:
        shutil.rmtree(folder / "data" / "nlu")
        entries = [
            f"- intent: {need}\n  examples: |\n" + "".join(f"    - {text}\n" for text in texts)
            for need, texts in sorted(examples.items())
        ]
        text = 'version: "3.1"\nnlu:\n' + "".join(entries)
        (folder / "data" / "nlu.yml").write_text(text, encoding="utf-8")
    engine = make_engine(f"sqlite:///{folder / 'var' / 'shop.db'}")
    migrate(engine, MIGRATIONS, VERSION_TABLE)
    with write_transaction(engine) as session:
        load_sample_data(session, utcnow().date())
    engine.dispose()
    return folder


def environment(folder: Path) -> dict[str, str]:
    """Give the environment of a child in that folder; what was compiled stays compiled."""
    known = {name: value for name, value in rasa_environment().items() if name[:6] != "TENIN_"}
    known.pop("PYTHONDONTWRITEBYTECODE", None)
    compiled = str(folder.parent / "compiled")
    own = {"TENIN_ROOT": str(folder), "PYTHONPATH": str(ROOT), "PYTHONPYCACHEPREFIX": compiled}
    return known | own


def run(arguments: Sequence[str], folder: Path) -> dict[str, Any]:
    """Run Python with these arguments in a folder; give its output and what it took.

    Raises RuntimeError with the end of its output when it fails.
    """
    with (folder / "output").open("w+b") as output:
        began = time.perf_counter()
        child = subprocess.Popen(  # noqa: S603 (commands are ours)
            [sys.executable, *arguments],
            cwd=folder,
            env=environment(folder),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        _, status, used = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        said = output.read().decode("utf-8", "replace")
    if child.returncode != 0:
        raise RuntimeError(f"{' '.join(arguments)[:90]} failed:\n{said[-2000:]}")
    return {
        "seconds": round(seconds, 1),
        "cpu_seconds": round(used.ru_utime + used.ru_stime, 1),
        "peak_mb": round(used.ru_maxrss / 1024),
        "said": said,
    }


def without_words(run_figures: dict[str, Any]) -> dict[str, Any]:
    """Give the figures of a run without its output."""
    return {name: value for name, value in run_figures.items() if name != "said"}


def rasa_train(folder: Path) -> dict[str, Any]:
    """Train the project in a folder and give what it took, the start of Rasa included."""
    command = ["-m", "rasa", "train", "--fixed-model-name", "trained"]
    return without_words(run(command, folder))


def imports(top: Path) -> dict[str, Any]:
    """Import what trains, so that it is compiled for what follows; give what that takes then."""
    (top / "imports").mkdir()
    command = ["-c", "import rasa.model_training, rasa.engine.recipes.default_components"]
    run(command, top / "imports")
    return without_words(run(command, top / "imports"))


def training() -> dict[str, Any]:
    """Train on the sample with Tenin's way and with DIET and TED."""
    examples = sample(labelled(ROOT / "data" / "nlu"))
    found: dict[str, Any] = {
        "examples": sum(map(len, examples.values())),
        "needs": len(examples),
        "seed": SEED,
    }
    with tempfile.TemporaryDirectory() as top:
        found["imports_alone"] = imports(Path(top))
        for name in ("tenin", "diet_and_ted"):
            folder = project(Path(top, name), examples)
            if name == "diet_and_ted":
                config = {"recipe": "default.v1", "assistant_id": "x", "language": "en"}
                text = json.dumps(config | DIET_AND_TED)  # JSON is YAML
                (folder / "config.yml").write_text(text, encoding="utf-8")
            found[name] = rasa_train(folder)
    times = found["diet_and_ted"]["cpu_seconds"] / found["tenin"]["cpu_seconds"]
    wall = found["diet_and_ted"]["seconds"] / found["tenin"]["seconds"]
    return {**found, "cpu_times_less": round(times, 2), "seconds_times_less": round(wall, 2)}


def whole() -> dict[str, Any]:
    """Train the whole project, with nothing left over from another training."""
    with tempfile.TemporaryDirectory() as top:
        imports(Path(top))
        folder = project(Path(top, "tenin"))
        count = sum(map(len, labelled(folder / "data" / "nlu").values()))
        return {"examples": count, **rasa_train(folder)}


def conversations(known: Labelled, intents: Sequence[str]) -> list[list[str]]:
    """Draw conversations from training examples, of the intents one after the other."""
    chance = random.Random(SEED)
    by_intent: Labelled = defaultdict(list)
    for need, texts in sorted(known.items()):
        by_intent[need.split("/")[0]] += texts
    wanted = 3 * (WARM_UP + MEASURED) // len(intents)
    return [[chance.choice(by_intent[each]) for each in intents] for _ in range(wanted)]


def serving(model: Path | None, count: int) -> dict[str, Any]:
    """Load and ask the project's model and the stock one, in turns."""
    model = model or model_path(ROOT)
    if not model.is_file():
        raise SystemExit(f"there is no {model.name}: run `make train` first")
    verify(model)
    rounds: dict[str, list[dict[str, Any]]] = {"tenin": [], "stock": []}
    with tempfile.TemporaryDirectory() as top:
        folders = {name: Path(top, name) for name in rounds}
        folders["stock"].mkdir()
        init = without_words(run(["-m", "rasa", "init", "--no-prompt"], folders["stock"]))
        project(folders["tenin"])
        (stock,) = (folders["stock"] / "models").glob("*.tar.gz")
        models = {"tenin": Path(shutil.copy(model, top)), "stock": stock}
        asked = {
            name: conversations(labelled(folder / "data"), ASKED[name])
            for name, folder in folders.items()
        }
        for turn in range(count + 1):  # the first, which compiles modules, does not count
            for name in sorted(rounds, reverse=turn % 2 == 0):
                figures = measure(folders[name], models[name], asked[name])
                if turn:
                    rounds[name].append(figures)
    return summary(rounds) | {"stock_init_and_training": init}


def measure(folder: Path, model: Path, asked: list[list[str]]) -> dict[str, Any]:
    """Have a process of its own load the model and answer; give its figures."""
    endpoints = str(folder / "endpoints.yml")
    job = {
        "model": str(model),
        "endpoints": endpoints,
        "conversations": asked,
        "warm_up": WARM_UP,
        "measured": MEASURED,
        "started": time.monotonic(),
    }
    (folder / "job.json").write_text(json.dumps(job), encoding="utf-8")
    said = run(["-m", "benchmarks.stock_worker", "job.json"], folder)["said"]
    found: dict[str, Any] = json.loads(said.rstrip().splitlines()[-1])
    return {
        "imports_seconds": found["imports_seconds"],
        "imports_cpu_seconds": found["imports_cpu_seconds"],
        "load_seconds": found["load_seconds"],
        "load_cpu_seconds": found["load_cpu_seconds"],
        "ready_seconds": found["imports_seconds"] + found["load_seconds"],
        "ready_cpu_seconds": found["imports_cpu_seconds"] + found["load_cpu_seconds"],
        "rss_mb": found["rss_kb"] / 1024,
        "peak_mb": found["peak_kb"] / 1024,
        "message_median_ms": 1000 * statistics.median(found["seconds"]),
        "message_p95_ms": 1000 * statistics.quantiles(found["seconds"], n=20)[-1],
        "message_median_cpu_ms": 1000 * statistics.median(found["cpu_seconds"]),
        "message_p95_cpu_ms": 1000 * statistics.quantiles(found["cpu_seconds"], n=20)[-1],
        "left_out": len(found["left_out"]),
        "components": found["components"],
    }


def summary(rounds: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """Give each figure's rounds, their medians, and Tenin's share of stock's median."""
    names = [name for name in rounds["stock"][0] if name not in ("left_out", "components")]
    middle = {
        bot: {name: statistics.median(each[name] for each in figures) for name in names}
        for bot, figures in rounds.items()
    }
    bots = {
        bot: {
            "median_of_rounds": {name: round(value, 3) for name, value in middle[bot].items()},
            "rounds": {name: [round(each[name], 3) for each in figures] for name in names},
            "messages_left_out": [each["left_out"] for each in figures],
            "components": figures[0]["components"],
        }
        for bot, figures in rounds.items()
    }
    ratios = {name: round(middle["tenin"][name] / middle["stock"][name], 3) for name in names}
    how = {
        "warm_up_messages": WARM_UP,
        "measured_messages": MEASURED,
        "memory": "rss: current, after 100 messages beyond the warm-up; peak: highest until then",
        "intents": ASKED,
    }
    return {"how": how, "tenin_over_stock": ratios, **bots}


if __name__ == "__main__":
    main()
