"""`tenin add example|answer|faq|intent|language`: options or questions in, files out."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tenin.settings import Settings

if TYPE_CHECKING:
    from tenin.training.adding.project import Project
    from tenin.training.adding.sheet import Sheet
    from tenin.training.writing import Changes

Command = Callable[[Settings, argparse.Namespace], "int | None"]
Add = Callable[[str, Command, str], argparse.ArgumentParser]

IN_LANGUAGE = "LANGUAGE=WORDS"
EPILOG = """\
In one file (--from), as in:

  faq: gift_wrapping
  menu: ordering
  en:
    title: Can you wrap it as a gift?
    answer: Yes, tell us when you order.
    examples: [do you do gift wrapping, …]
    held_out: [can it come wrapped as a present, …]
"""


def add_commands(add: Add) -> None:
    """Add `tenin add` by `add`, which takes a name, a function and a line of help."""
    parser = add("add", _add, "Add examples, answers, needs and languages to the project's files.")
    what = parser.add_subparsers(metavar="example|answer|faq|intent|language", required=True)

    def new(name: str, function: Any, text: str, epilog: str | None = None) -> Any:
        made = what.add_parser(
            name,
            help=text,
            description=text,
            epilog=epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        made.set_defaults(adding=function)
        made.add_argument(
            "--dry-run", action="store_true", help="print the change as a patch; write nothing"
        )
        made.add_argument("--no-check", action="store_true", help="leave out `tenin check`")
        return made

    example = new("example", _example, "Add sentences to a need.")
    example.add_argument("sentences", nargs="*", metavar="SENTENCE", help="as customers write it")
    example.add_argument("--need", help="which, as in track_order or reviews")
    example.add_argument("--language", help="the sentences' language, as in en")
    example.add_argument(
        "--held-out", action="store_true", help="they grade the bot instead of training it"
    )
    _add_from(example)

    answer = new("answer", _answer, "Give a response another wording, or other words.")
    answer.add_argument("name", nargs="?", help="the response, or the need that it answers")
    answer.add_argument(
        "--text", action="append", default=[], metavar=IN_LANGUAGE, help="what is said"
    )
    answer.add_argument(
        "--replace", type=int, metavar="N", help="in place of the N-th wording of the language"
    )
    _add_from(answer)

    faq = new("faq", _faq, "Add a question with one fixed answer.", EPILOG)
    intent = new("intent", _intent, "Add a need with an action, or with several turns.")
    for parser in (faq, intent):
        parser.add_argument("name", nargs="?", help="small letters and underscores")
        parser.add_argument("--about", help="what belongs to it, in a sentence")
        parser.add_argument("--menu", help="the menu that leads to it, as in ordering")
        parser.add_argument("--skill", help="the skill that agents need for it, as in orders")
        parser.add_argument("--offer", help="the needs offered under the answer, as in human_agent")
        for option, text in (
            ("title", "what its button says"),
            ("answer", "what is said; several times for several wordings"),
            ("example", "what customers write"),
            ("held-out", "what customers write, to grade the bot with"),
        ):
            parser.add_argument(
                f"--{option}", action="append", default=[], metavar=IN_LANGUAGE, help=text
            )
        _add_from(parser)
    intent.add_argument(
        "--action", help="`new` to have one written, or one of domain.yml (default: the answer)"
    )
    intent.add_argument(
        "--then",
        action="append",
        default=[],
        metavar="INTENT=ACTION",
        help="what is done if the customer goes on with that, as in affirm=action_handoff",
    )

    language = new("language", _language, "Add a language, and see what it lacks until it's ready.")
    language.add_argument("code", nargs="?", help="as in fr, pt-BR or zh-Hant")
    language.add_argument("--name", help="as its speakers call it")
    language.add_argument(
        "--asked-as", default="", help="how customers call it, as in french,français"
    )
    language.add_argument("--like", help="dates and numbers as in this language (default: its own)")
    language.add_argument("--script", help="a script that it alone is written in, as in Hangul")
    language.add_argument(
        "--sheet", type=Path, help="write what is left to translate into this file"
    )
    language.add_argument("--needs", help="only these needs in the sheet, as in greet,track_order")
    language.add_argument("--from", dest="file", type=Path, help="take the words from such a sheet")
    language.add_argument("--missing", action="store_true", help="list what is left, and end")
    language.add_argument("--ready", action="store_true", help="call it ready, if nothing is left")


def _add_from(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--from", dest="file", type=Path, metavar="FILE", help="take it all from a sheet"
    )


def _add(settings: Settings, given: argparse.Namespace) -> int:
    from tenin.training.adding.project import Project

    code: int = given.adding(Project(settings.root), given)
    return code


def _example(project: Project, given: argparse.Namespace) -> int:
    from tenin.training.adding import asking
    from tenin.training.adding.project import AddingError
    from tenin.training.adding.sentences import add_sentences
    from tenin.training.adding.sheet import read_sheet

    if given.file:
        sheet = read_sheet(given.file, "example", project)
        changes = add_sentences(
            project, sheet.name, sheet.texts("examples"), sheet.texts("held_out")
        )
        return _finish(project, given, changes)
    if asking.at_terminal():
        given.need = given.need or asking.ask_choice("Which need?", project.needs)
        given.language = given.language or asking.ask_choice(
            "In which language?", list(project.languages.names)
        )
        given.sentences = given.sentences or asking.ask_lines(asking.QUESTIONS["examples"])
    elif not given.need or not given.language:
        option = "--need" if not given.need else "--language"
        raise AddingError(f"{option} is missing. Give it, as in --need track_order --language en")
    said = {given.language: given.sentences}
    examples, held_out = ({}, said) if given.held_out else (said, {})
    return _finish(project, given, add_sentences(project, given.need, examples, held_out))


def _answer(project: Project, given: argparse.Namespace) -> int:
    from tenin.training.adding import asking
    from tenin.training.adding.project import AddingError
    from tenin.training.adding.sentences import add_answer, response_of
    from tenin.training.adding.sheet import by_language, of_options, read_sheet

    if given.file:
        sheet = read_sheet(given.file, "answer", project)
    else:
        if not given.name and not asking.at_terminal():
            raise AddingError("no response was named. Name one, as in `tenin add answer thanks`")
        name = given.name or asking.ask_text("Which response, or the answer to which need?")
        words = by_language(given.text, "text", project)
        sheet = of_options(response_of(project, name), {}, {"answer": words})
        if not given.replace and asking.at_terminal():
            asking.fill(sheet, project, ["answer"])
    return _finish(
        project, given, add_answer(project, sheet.name, sheet.texts("answer"), given.replace)
    )


def _faq(project: Project, given: argparse.Namespace) -> int:
    from tenin.training.adding.need import add_faq

    return _finish(project, given, add_faq(project, _sheet_of_need(project, given, "faq")))


def _intent(project: Project, given: argparse.Namespace) -> int:
    from tenin.training.adding.need import add_intent

    return _finish(project, given, add_intent(project, _sheet_of_need(project, given, "intent")))


def _sheet_of_need(project: Project, given: argparse.Namespace, kind: str) -> Sheet:
    from tenin.training.adding import asking
    from tenin.training.adding.need import WANTED
    from tenin.training.adding.project import AddingError
    from tenin.training.adding.sheet import by_language, of_options, read_sheet

    if given.file:
        sheet = read_sheet(given.file, kind, project)
    else:
        then: dict[str, str] = {}
        for each in getattr(given, "then", []):
            intent, sign, action = each.partition("=")
            if not sign:
                raise AddingError(f"--then {each!r} says no action. Write affirm=action_handoff")
            then[intent] = action
        shared = {
            "about": given.about,
            "menu": given.menu,
            "skill": given.skill,
            "offer": [each.strip() for each in (given.offer or "").split(",") if each.strip()],
            "action": getattr(given, "action", None),
            "then": then,
        }
        words = {
            "title": by_language(given.title, "title", project),
            "answer": by_language(given.answer, "answer", project),
            "examples": by_language(given.example, "example", project),
            "held_out": by_language(given.held_out, "held-out", project),
        }
        sheet = of_options(asking.need_name(given.name, kind), shared, words)
    if asking.at_terminal():
        asking.fill(sheet, project, WANTED)
    return sheet


def _language(project: Project, given: argparse.Namespace) -> int:
    from tenin.training.adding.language_command import run

    changes = run(project, given)
    return 0 if changes is None else _finish(project, given, changes)


def _finish(project: Project, given: argparse.Namespace, changes: Changes) -> int:
    """Write what is to be written, say so, and run the check."""
    if not changes.names:
        print("All of it is there already; nothing was changed.")
        return 0
    if given.dry_run:
        sys.stdout.write(changes.patch())
        return 0
    for name, (added, gone) in _counted(changes).items():
        print(f"{name}: +{added}{f' -{gone}' if gone else ''}")
    changes.write()
    return 0 if given.no_check else _check(project.root, changes.names)


def _counted(changes: Changes) -> Mapping[str, tuple[int, int]]:
    """How many lines each file gains and loses."""
    found: dict[str, tuple[int, int]] = {}
    for name in changes.names:
        lines = changes.patch_of(name).splitlines()[2:]
        added = sum(line.startswith("+") and not line.startswith("+++") for line in lines)
        gone = sum(line.startswith("-") and not line.startswith("---") for line in lines)
        found[name] = added, gone
    return found


def _check(root: Path, names: list[str]) -> int:
    """Say what the check finds; exit code 1 if it found something in what was written."""
    from tenin.training.check.output import for_people
    from tenin.training.check.whole import check

    findings = list(check(root))
    own = [each for each in findings if str(each.file) in names]
    for line in for_people(own) if own else ():
        print(line)
    others = len(findings) - len(own)
    if others:
        print(f"`tenin check` finds {others} more in other files.")
    elif not own:
        print("`tenin check` finds nothing wrong.")
    return 1 if own else 0
