"""What the room's random histories (test_state_machine.py) are held against: how it should be."""

from dataclasses import dataclass, field
from datetime import datetime

from tenin.conversation.ownership import OwnershipConflict
from tenin.conversation.turns import Turn
from tests.unit.conversation.room import Room


@dataclass
class Message:
    """An inbox row as it should be."""

    key: str
    inbox_id: int
    line: int | None
    status: str
    available_at: datetime
    attempts: int = 0


@dataclass
class Talk:
    """A conversation as it should be."""

    id: str
    owner: str = "bot"
    epoch: int = 0
    agent: str | None = None
    token: str | None = None
    until: datetime | None = None
    messages: list[Message] = field(default_factory=list)
    said: dict[str, int] = field(default_factory=dict)
    learnt: str | None = None  # by the last hand-back, until a turn of the bot counts again
    outcomes: list[str | None] = field(default_factory=list)  # of each handoff; None: it goes on
    offered: str | None = None
    awaiting: str = "live"

    def waiting(self) -> list[Message]:
        return [message for message in self.messages if message.status == "waiting"]

    def change(self, owner: str, agent: str | None = None, ended: str | None = None) -> None:
        """It changes hands; `ended` is what became of the handoff that was on."""
        if ended is not None:
            self.outcomes[-1] = ended
        if owner == "queue" or not self.on():
            self.outcomes += [None] if owner != "bot" else []
        self.owner, self.agent, self.epoch = owner, agent, self.epoch + 1
        self.offered = None
        if owner == "bot":
            self.awaiting = "live"
        if owner != "bot":
            for message in self.waiting():
                message.status = "person"

    def on(self) -> bool:
        return bool(self.outcomes) and self.outcomes[-1] is None

    def free(self, now: datetime) -> bool:
        return self.owner == "bot" and (self.until is None or self.until < now)


@dataclass
class Held:
    """A turn in the hands of a worker, with what it was given to remember."""

    turn: Turn
    talk: Talk
    message: Message
    base: list[dict[str, object]]


class Refused:
    """What is done inside must be refused and leave every table as it was."""

    def __init__(self, room: Room) -> None:
        self.room = room

    def __enter__(self) -> None:
        self.before = self.room.dump()

    def __exit__(self, kind: object, *_: object) -> bool:
        assert kind is OwnershipConflict, "it was not refused"
        assert self.room.dump() == self.before
        return True
