"""The command `tenin try`: texts in, explanations out, for people or as JSON."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from typing import Any

from tenin.settings import Settings

Command = Callable[[Settings, argparse.Namespace], "int | None"]
Add = Callable[[str, Command, str], argparse.ArgumentParser]

NOBODY = "not understood"


def add_commands(add: Add) -> None:
    """Add `tenin try` by `add`, which takes a name, a function and a line of help."""
    parser = add("try", _try, "Tell what the bot understands of a message, why, and what it says.")
    parser.add_argument(
        "texts", nargs="*", metavar="TEXT", help="a message (default: standard input, one a line)"
    )
    parser.add_argument(
        "--language", help="answer in it, ready or only begun (default: the message's own)"
    )
    parser.add_argument("--json", action="store_true", help="one object of JSON a line")


def _try(settings: Settings, given: argparse.Namespace) -> int:
    from tenin.training.adding.project import AddingError
    from tenin.training.trying import Bot, explain
    from tenin.training.understanding import learn

    if not given.texts and sys.stdin.isatty():
        raise AddingError('no message was given. Write one, as in `tenin try "where is my order"`')
    lines = given.texts or [line.strip() for line in sys.stdin]
    texts = [text for text in lines if text.strip()]
    if not texts:
        raise AddingError("the message is empty. Write what a customer would say")
    bot = Bot(settings.root)
    if given.language is not None and given.language not in bot.languages.names:
        raise AddingError(
            f"languages.yml has no language {given.language!r}. Take one of "
            f"{', '.join(bot.languages.names)}"
        )
    understanding = learn(settings.root, lambda line: print(line, file=sys.stderr))
    for at, text in enumerate(texts):
        found = explain(understanding, bot, settings.root, text, given.language)
        if given.json:
            print(json.dumps(found, ensure_ascii=False))
        else:
            print(("\n" if at else "") + told(found))
    return 0


def told(found: dict[str, Any]) -> str:
    """Give an explanation for people to read."""
    from tabulate import tabulate

    ranking = [(each["need"], f"{each['confidence']:.0%}") for each in found["ranking"]]
    rows = [
        ("message", found["text"]),
        ("language", found["language"]),
        ("words", " · ".join(found["tokens"])),
        ("need", _need(found)),
        ("runners-up", ", ".join(f"{need} {share}" for need, share in ranking[1:])),
        ("entities", ", ".join(_entity(each) for each in found["entities"]) or "none"),
        (
            "decided by",
            ", ".join(f"{each['word']} {each['weight']:+.2f}" for each in found["words"])
            + f"   (+ for {ranking[0][0]}, - for {found['against']})",
        ),
    ]
    for name, key in (("second wish", "second"), ("about", "about")):
        if found[key]:
            rows.append((name, found[key]))
    if found["near"]:
        rows.append(("offers", ", ".join(found["near"])))
    rows.append(("does", found["action"]))
    if found["reply"]:
        rows.append(("says", found["reply"]))
    if found["buttons"]:
        rows.append(("buttons", " | ".join(found["buttons"])))
    nearest = [
        (f"{each['likeness']:.2f}", each["need"], each["text"], f"{each['file']}:{each['line']}")
        for each in found["nearest"]
    ]
    return "\n".join(
        [
            tabulate(rows, tablefmt="plain", disable_numparse=True),
            "nearest examples",
            tabulate(nearest, tablefmt="plain", disable_numparse=True),
        ]
    )


def _need(found: dict[str, Any]) -> str:
    likeliest = found["ranking"][0]
    told = f"{likeliest['need']} {likeliest['confidence']:.0%}"
    return f"{NOBODY} (likeliest {told})" if found["refused"] else told


def _entity(entity: dict[str, Any]) -> str:
    value = entity["value"]
    return f"{entity['entity']} {entity['text']!r}" + (
        f" = {value}" if value and value != entity["text"] else ""
    )
