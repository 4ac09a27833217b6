"""The command `tenin`: run, train, migrate, desk-link, agent, check, blueprint, settings, add …

Only reads what was asked for and hands it to `tenin.start`, `tenin.model` or `tenin.journey`;
those of the desk are in `tenin.desk.commands`, the trainers' in `tenin.training.commands`.
What is known to go wrong is one line on stderr and exit code 2, never a traceback. Each command
imports what it needs when it runs, so that `tenin --help` is there at once; none imports Rasa.
"""

import argparse
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType

from tenin import __version__
from tenin.desk.commands import add_commands
from tenin.settings import Settings, SettingsError, describe, load_settings
from tenin.shop import commands as shop
from tenin.training import commands as training

PROJECT_FILES = ("config.yml", "domain.yml")

DESCRIPTION = "Tenin, the person behind the shop's counter: customer service by chat."
EPILOG = """\
Run it in the folder of the project, or set TENIN_ROOT to that folder.
Settings are in tenin.yml; TENIN_<SECTION>_<KEY> in the environment goes before them,
as in TENIN_WEB_PORT=8081.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit code.

    0; 1 when a check found something, 2 for a known fault, 130 after Ctrl-C.
    """
    parser = make_parser()
    given = parser.parse_args(arguments)
    if given.command is None:
        parser.print_help()
        return 0
    signal.signal(signal.SIGTERM, _as_interrupt)
    try:
        settings = _settings_for(given)
        code: int = given.command(settings, given) or 0
    except KeyboardInterrupt:
        _tell_error("stopped")
        return 0 if given.command is _run else 130
    except _known_faults() as error:
        _tell_error(str(error))
        return 2
    except BrokenPipeError:  # the reader of our output is gone, as in `tenin settings | head -1`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code


def make_parser() -> argparse.ArgumentParser:
    """Make what reads the command line: all commands and their options."""
    parser = argparse.ArgumentParser(
        prog="tenin",
        usage="tenin [-h] [--version] <command> …",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=lambda prog: argparse.RawDescriptionHelpFormatter(
            prog, max_help_position=20, width=100
        ),
    )
    parser.add_argument("--version", action="version", version=f"Tenin {__version__}")
    parser.set_defaults(command=None)
    commands = parser.add_subparsers(title="commands", metavar="<command> …", prog="tenin")

    def add(
        name: str, command: Callable[[Settings, argparse.Namespace], int | None], text: str
    ) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text)
        added.set_defaults(command=command)
        return added

    run = add("run", _run, "Set up what is missing, then run web, bot and actions until Ctrl-C.")
    text = "one tier of several machines: web, or bot with its actions (docs/deploy.md)"
    run.add_argument("--only", choices=("web", "bot"), help=text)
    ready = add("ready", _ready, "Say whether a tier serves on this machine; exit code 1 if not.")
    ready.add_argument("tier", choices=("web", "bot"), help="bot: it and its actions")
    train = add("train", _train, "Train the model unless it is there already; print its path.")
    train.add_argument("--force", action="store_true", help="train even if the model is there")
    text = "Put the model to work while Tenin runs, training it if need be."
    release = add("release", _release, text)
    release.add_argument("--back", action="store_true", help="put the model before to work again")
    models = add("models", _models, "List the models kept, with version, languages and figures.")
    models.add_argument(
        "--measure",
        action="store_true",
        help="ask those without figures for the held-out sentences",
    )
    add("migrate", _migrate, "Bring the databases up to date.")
    add_commands(add)
    training.add_commands(add)
    shop.add_commands(add)
    add("settings", _settings, "Print the settings in effect, without secrets.")
    _add_blueprint(add("blueprint", _blueprint, "Check or draw the service blueprints."))
    return parser


def _add_blueprint(blueprint: argparse.ArgumentParser) -> None:
    """Add what can be done with blueprints."""
    what = blueprint.add_subparsers(metavar="check|draw", required=True)
    text = "Compare the blueprints with the bot; exit code 1 if something is wrong."
    check = what.add_parser("check", help=text, description=text)
    check.add_argument(
        "--without-traces", action="store_true", help="leave out what only tests can show"
    )
    check.set_defaults(blueprint=_check_blueprints)
    text = "Draw the blueprints as SVG; print the files."
    draw = what.add_parser("draw", help=text, description=text)
    draw.add_argument("names", nargs="*", help="which (default: all), as in blueprints/<name>.yml")
    draw.add_argument("--language", help="which language (default: every one that is ready)")
    draw.add_argument("--out", type=Path, help="the folder (default: var/blueprints)")
    draw.set_defaults(blueprint=_draw_blueprints)


def _settings_for(given: argparse.Namespace) -> Settings:
    """Load the settings; a command that checks them as well goes on where they are wrong."""
    try:
        return load_settings()
    except SettingsError:
        root = Path(os.environ.get("TENIN_ROOT") or Path.cwd()).resolve()
        if not getattr(given, "root_alone", False) or not root.is_dir():
            raise
        return Settings(root=root)


def _run(settings: Settings, given: argparse.Namespace) -> None:
    from tenin import start

    _check_project(settings.root)
    start.run(settings, _say, given.only)


def _ready(settings: Settings, given: argparse.Namespace) -> int:
    from tenin import model, start, supervisor

    tiers = start.tiers(settings, model.model_path(settings.root))
    asked = tiers[:1] if given.tier == "web" else tiers[1:]
    down = [tier.name for tier in asked if supervisor.answers(tier.ready_url) is None]
    print(f"not ready: {', '.join(down)}" if down else "ready")
    return 1 if down else 0


def _train(settings: Settings, given: argparse.Namespace) -> None:
    from tenin import model

    _check_project(settings.root)
    # The path alone goes to stdout: model=$(tenin train)
    print(model.train(settings.root, lambda line: print(line, file=sys.stderr), given.force))


def _release(settings: Settings, given: argparse.Namespace) -> None:
    from tenin import release

    _check_project(settings.root)
    release.run(settings, given, _say)


def _models(settings: Settings, given: argparse.Namespace) -> None:
    from tabulate import tabulate

    from tenin import model, model_card, release

    current = release.at_work(settings.root)
    rows = []
    for path in model.older(settings.root):
        name = f"{path.name}{' *' if path == current else ''}"
        try:
            card = (
                model_card.measured(settings.root, path) if given.measure else model_card.read(path)
            )
        except model_card.CardError as error:
            rows.append([name, "", "", "no card" if "no card" in str(error) else "card damaged"])
            continue
        figures = ", ".join(f"{language} {right}" for language, right in card.figures.items())
        understood = figures or f"{', '.join(card.languages)}: not measured (--measure)"
        rows.append([name, card.version, card.trained_at, understood])
    heads = ["model", "version", "trained", "held-out sentences understood"]
    _say(tabulate(rows, heads, disable_numparse=True) if rows else "There is no model: make train")
    if current.exists():
        _say("* is the one that serves, or will when Tenin is started.")


def _migrate(settings: Settings, _given: argparse.Namespace) -> None:
    from tenin import start

    start.migrate_all(settings, _say)


def _settings(settings: Settings, _given: argparse.Namespace) -> None:
    import yaml

    for section, values in describe(settings).items():
        print(yaml.safe_dump({section: values}, allow_unicode=True, sort_keys=False), end="")
    print(f"# secret: {'from TENIN_SECRET' if settings.given_secret else 'in var/secret'}")
    print(f"# root: {settings.root}")


def _blueprint(settings: Settings, given: argparse.Namespace) -> int:
    _check_project(settings.root)
    found: int = given.blueprint(settings, given)
    return found


def _check_blueprints(settings: Settings, given: argparse.Namespace) -> int:
    from tenin.journey.check import check

    findings = check(settings.root, with_traces=not given.without_traces)
    for finding in findings:
        _say(str(finding))
    _say(f"findings: {len(findings)}" if findings else "The blueprints are as the bot is.")
    return 1 if findings else 0


def _draw_blueprints(settings: Settings, given: argparse.Namespace) -> int:
    from tenin.journey.gallery import write

    folder = given.out or settings.path("var/blueprints")
    for file in write(settings.root, folder, given.names, given.language):
        _say(str(file))
    return 0


def _check_project(root: Path) -> None:
    for name in PROJECT_FILES:
        if not (root / name).is_file():
            raise SettingsError(
                f"{root} has no {name}: change to the folder of the project, or set TENIN_ROOT"
            )


def _known_faults() -> tuple[type[Exception], ...]:
    """Return the faults that are told in a line; asked for only when something was raised."""
    from tenin.database import SchemaError
    from tenin.desk.accounts import AccountError
    from tenin.desk.desk_file import DeskFileError
    from tenin.desk.passwords import PasswordError
    from tenin.invitation.rules import InvitationsError
    from tenin.journey.gallery import NoBlueprintError
    from tenin.language.policy import PolicyError
    from tenin.language.wording import WordingError
    from tenin.language.yamlfile import YAMLFileError
    from tenin.model import ModelError
    from tenin.releasing import ReleaseError
    from tenin.shop.goods_files import GoodsError
    from tenin.supervisor import SupervisorError

    wrongly_written = YAMLFileError, WordingError, PolicyError
    return (
        SettingsError,
        SchemaError,
        DeskFileError,
        GoodsError,
        InvitationsError,
        ModelError,
        ReleaseError,
        SupervisorError,
        NoBlueprintError,
        AccountError,
        PasswordError,
        *wrongly_written,
        *training.known_faults(),
    )


def _say(line: str) -> None:
    """Print a line at once. A closed terminal must not end the one who stops the tiers."""
    with contextlib.suppress(OSError):
        print(line, flush=True)


def _tell_error(line: str) -> None:
    with contextlib.suppress(OSError):
        print(f"tenin: {line}", file=sys.stderr, flush=True)


def _as_interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
