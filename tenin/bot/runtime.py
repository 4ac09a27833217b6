"""What the classes that Rasa makes by itself share: settings, database, wording.

Rasa builds the tracker store, the NLG and the input channel from module paths,
so they can't be handed these; they ask here. `running` says which turn the
present task works on, if any.
"""

from __future__ import annotations

import functools
import time
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.engine import Engine

from tenin.conversation.models import MIGRATIONS, VERSION_TABLE
from tenin.conversation.turns import Turn
from tenin.conversation.voice import Voice
from tenin.database import make_engine, migrate
from tenin.desk.human_channel import chosen
from tenin.desk.promises import desk_of
from tenin.language.languages import configured
from tenin.language.policy import load_policy
from tenin.settings import Settings, load_settings


@dataclass(frozen=True)
class Runtime:
    """Settings, engine and wording of one project root."""

    settings: Settings
    engine: Engine
    voice: Voice


@dataclass
class RunningTurn:
    """A turn while Rasa works on it.

    `base` are the tracker events it was given, `messages` what Rasa has said so far,
    `failed` the name of the first action or reply that could not be had, `began` when, as
    `time.monotonic` tells it.
    """

    turn: Turn
    base: list[dict[str, Any]] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    failed: str | None = None
    committed: bool = False
    began: float = field(default_factory=time.monotonic)


running: ContextVar[RunningTurn | None] = ContextVar("running_turn", default=None)


@functools.lru_cache(maxsize=1)
def runtime() -> Runtime:
    """The runtime of the project root, made once; its database is brought up to date.

    Raises:
        SettingsError, SchemaError, PolicyError, ScheduleError, DeskFileError, WordingError,
            MenuError: with the remedy in the message.
    """
    settings = load_settings()
    engine = make_engine(settings.database.url)
    migrate(engine, MIGRATIONS, VERSION_TABLE)
    policy = load_policy(settings.root / "policy.yml", configured().names)
    people = chosen(settings, desk_of(settings, policy)).people
    return Runtime(settings, engine, Voice.load(settings.root, people))
