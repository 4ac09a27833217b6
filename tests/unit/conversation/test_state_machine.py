"""Random histories of two conversations, held against a small model of what must hold.

A customer writes, repeats, asks for a person, leaves a message or the queue; workers claim, commit
(also late), crash and give back; agents take, write, pass on, resolve and hand back, also from
stale pages, and go missing; what waits is offered to them; a customer has it all erased; time
passes. After each step the database must agree with the model and keep the invariants. SQLite;
so many long histories as the environment variable TENIN_STATE_EXAMPLES says.
"""

import os
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from tenin.conversation import delivery, erasure, ownership, queue, turns
from tenin.conversation.erasure import TurnRunsError
from tenin.conversation.inbox import ASK_FOR_PERSON, LEAVE_MESSAGE, LEAVE_QUEUE
from tenin.conversation.transcript import NoSuchConversation
from tenin.conversation.turns import LeaseLost, Turn
from tenin.database import write_transaction
from tests.unit.conversation.model import Held, Message, Refused, Talk
from tests.unit.conversation.room import LEASE, START, Room, Row, empty

# Steps at most, and how many histories: in CI many short ones, for two processes, and a few long
# ones; `make nightly` has 50,000, all of them long.
EXAMPLES = int(os.environ.get("TENIN_STATE_EXAMPLES", "0"))
PROFILES = [(40, EXAMPLES)] if EXAMPLES else [(40, 20), (6, 1_000), (6, 1_000)]
ATTEMPTS = 2
BACK_OFF = timedelta(seconds=4)

which = st.integers(0, 1)
agents = st.sampled_from(["mei", "kenji"])
choice = st.integers(0, 1_000)

BUTTONS = {"person": ASK_FOR_PERSON, "message": LEAVE_MESSAGE, "leave": LEAVE_QUEUE}
PAGES = ["fresh", "fresh", "fresh", "stale", "another's"]

# What may happen, how often beside the rest, and with what. One rule draws from all of it: given
# a rule each, Hypothesis switches most of them off for a history, and few get anywhere.
DEEDS: dict[str, tuple[int, dict[str, st.SearchStrategy[Any]]]] = {
    "time_passes": (2, {"seconds": st.sampled_from([1, 4, 11])}),
    "customer_writes": (
        5,
        {
            "at": which,
            "kind": st.sampled_from(
                ["text", "text", "text", "event", "person", "person", "message", "leave"]
            ),
        },
    ),
    "customer_repeats": (1, {"pick": choice}),
    "worker_claims": (5, {}),
    "worker_commits": (
        4,
        {
            "pick": choice,
            "wanted": st.sampled_from([False, False, True]),
            "loaded_late": st.booleans(),
        },
    ),
    "worker_fails": (
        2,
        {"pick": choice, "fault": st.sampled_from(["crashes", "gives back", "is slow"])},
    ),
    "agent_takes_or_hands_back": (
        3,
        {
            "at": which,
            "agent": agents,
            "page": st.sampled_from(PAGES),
            "how": st.sampled_from(["hand back", "resolve", "pass on", "go missing"]),
        },
    ),
    "desk_offers": (1, {"at": which, "agent": agents}),
    "agent_writes": (1, {"at": which, "agent": agents, "number": st.integers(0, 3)}),
    "customer_erases": (1, {"at": which}),
    "web_tier_looks": (1, {"at": which, "up_to": st.integers(0, 12)}),
}
KINDS = {
    name: st.tuples(st.just(name), st.fixed_dictionaries(arguments))
    for name, (_, arguments) in DEEDS.items()
}
weighted = [name for name, (weight, _) in DEEDS.items() for _ in range(weight)]
deeds = st.sampled_from(weighted).flatmap(KINDS.__getitem__)


class Histories(RuleBasedStateMachine):
    """The rules of what may happen; `room` is set before a run and empty before each history."""

    room: Room

    @initialize()
    def begin(self) -> None:
        empty(self.room.engine)
        self.now = START
        self.talks = [Talk(self.room.begin()), Talk(self.room.begin("zh-Hans"))]
        self.held: list[Held] = []
        self.committed: dict[int, Turn] = {}
        self.epochs = [0, 0]
        self.erased: list[str] = []

    @rule(deed=deeds)
    def happens(self, deed: tuple[str, dict[str, Any]]) -> None:
        name, arguments = deed
        getattr(self, name)(**arguments)

    # time and the customer

    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    def customer_writes(self, at: int, kind: str) -> None:
        talk = self.talks[at]
        key = f"key-{len(talk.messages)}"
        left = kind == "leave" and talk.owner == "queue"
        if kind in BUTTONS:
            accepted = self.room.accept(
                talk.id, key, key=key, now=self.now, kind="button", payload=BUTTONS[kind]
            )
            self._button_was_pressed(talk, kind)
        else:
            accepted = self.room.accept(talk.id, key, key=key, now=self.now, kind=kind)
        assert accepted.fresh
        assert accepted.owner.value == talk.owner
        assert (accepted.line_number is None) == (kind == "event")
        to_people = kind in ("person", "message") or (kind == "leave" and left)
        status = "waiting" if talk.owner == "bot" and not to_people else "person"
        talk.messages.append(
            Message(key, accepted.inbox_id, accepted.line_number, status, self.now)
        )

    def customer_erases(self, at: int) -> None:
        """Not while a turn runs; then they begin anew, and old turns and pages come too late."""
        talk = self.talks[at]

        def erase() -> None:
            with write_transaction(self.room.engine) as session:
                erasure.erase(session, [talk.id], self.now)

        if talk.until is not None and talk.until > self.now:
            before = self.room.dump()
            with pytest.raises(TurnRunsError):
                erase()
            assert self.room.dump() == before
            return
        erase()
        talk.token = talk.until = None
        with pytest.raises(NoSuchConversation):
            self.room.accept(talk.id, "too late", now=self.now)
        with Refused(self.room):
            self.room.take(talk.id, talk.epoch, "mei", self.now)
        self.erased.append(talk.id)
        self.talks[at], self.epochs[at] = Talk(self.room.begin()), 0

    def _button_was_pressed(self, talk: Talk, kind: str) -> None:
        if kind == "leave" and talk.owner == "queue" and talk.awaiting == "live":
            talk.change("bot", ended="left")
        elif kind in ("person", "message") and talk.owner == "bot":
            talk.change("queue")
        if kind == "message" and talk.owner == "queue":
            talk.awaiting, talk.offered = "message", None

    def customer_repeats(self, pick: int) -> None:
        known = [(talk, message) for talk in self.talks for message in talk.messages]
        if not known:
            return
        talk, message = known[pick % len(known)]
        before = self.room.dump()
        accepted = self.room.accept(talk.id, "again", key=message.key, now=self.now)
        assert (accepted.inbox_id, accepted.line_number) == (message.inbox_id, message.line)
        assert not accepted.fresh
        assert self.room.dump() == before

    # the workers

    def worker_claims(self) -> None:
        of_bot = [at for at, talk in enumerate(self.talks) if talk.owner == "bot"]
        if of_bot and not any(self.talks[at].waiting() for at in of_bot):
            self.customer_writes(of_bot[0], "text")  # else there is mostly nothing to claim
        talk, message = self._give_up_or_take()
        turn = self.room.claim(self.now, LEASE, ATTEMPTS)
        if talk is None or message is None:
            assert turn is None
            return
        assert turn is not None
        assert turn.inbox_id == message.inbox_id
        message.attempts += 1
        assert (turn.attempt, turn.epoch) == (message.attempts, talk.epoch)
        talk.token, talk.until = turn.token, self.now + LEASE
        self.held.append(Held(turn, talk, message, self.room.load(talk.id)))

    def _give_up_or_take(self) -> tuple[Talk | None, Message | None]:
        """What a claim is to take; on the way, what it is to give up."""
        while True:
            heads = [
                (talk.waiting()[0], talk)
                for talk in self.talks
                if talk.free(self.now)
                and talk.waiting()
                and talk.waiting()[0].available_at <= self.now
            ]
            if not heads:
                return None, None
            message, talk = min(heads, key=lambda head: head[0].inbox_id)
            if message.attempts < ATTEMPTS:
                return talk, message
            message.status, talk.token, talk.until = "failed", None, None
            talk.change("queue")

    def worker_commits(self, pick: int, wanted: bool, loaded_late: bool) -> None:
        if not self.held:
            return
        held = self.held.pop(pick % len(self.held))
        talk, turn = held.talk, held.turn
        outcome = self.room.outcome(
            turn,
            f"answer {turn.token}",
            base=None if loaded_late else held.base,
            wanted="asked" if wanted else None,
            extra=({"event": "active_loop", "name": "track_order_form"},),
        )
        if talk.token != turn.token:
            before = self.room.dump()
            with pytest.raises(LeaseLost):
                turns.commit(self.room.engine, turn, outcome, self.room.voice, self.now)
            assert self.room.dump() == before
            return
        current = turns.commit(self.room.engine, turn, outcome, self.room.voice, self.now)
        assert current == (talk.epoch == turn.epoch)
        assert turn.inbox_id not in self.committed
        self.committed[turn.inbox_id] = turn
        held.message.status, talk.token, talk.until = "done", None, None
        if current:
            talk.learnt = None
        if wanted and current:
            talk.change("queue")

    def worker_fails(self, pick: int, fault: str) -> None:
        if not self.held:
            return
        held = self.held[pick % len(self.held)]
        stands = held.talk.token == held.turn.token
        if fault == "is slow":
            assert turns.renew(self.room.engine, held.turn, LEASE, self.now) == stands
            held.talk.until = self.now + LEASE if stands else held.talk.until
            return
        self.held.remove(held)
        if fault == "gives back":
            turns.release(self.room.engine, held.turn, "fault", BACK_OFF, self.now)
            if stands:
                held.talk.token = held.talk.until = None
                held.message.available_at = self.now + BACK_OFF

    # the desk and the web tier

    def agent_takes_or_hands_back(self, at: int, agent: str, page: str, how: str) -> None:
        """What the agent's page offers; refused from a stale page and for another's."""
        talk = self.talks[at]
        if page == "fresh":
            agent = talk.agent or agent
        if page == "stale" or talk.agent not in (None, agent):
            epoch = talk.epoch - (page == "stale")
            with Refused(self.room):
                self.room.take(talk.id, epoch, agent, self.now)
            with Refused(self.room):
                self.room.hand_back(talk.id, epoch, agent, now=self.now)
            with Refused(self.room):
                self.room.do(ownership.resolve, talk.id, epoch, agent, "solved", now=self.now)
            with Refused(self.room):
                self.room.do(ownership.transfer, talk.id, epoch, agent, to_skill="returns")
        elif talk.owner == "agent":
            self._ends(talk, agent, how)
        else:
            self.room.take(talk.id, talk.epoch, agent, self.now)
            talk.change("agent", agent)

    def _ends(self, talk: Talk, agent: str, how: str) -> None:
        if how == "hand back":
            number = f"SO{talk.epoch}"
            learnt = {"order_number": number}
            self.room.hand_back(talk.id, talk.epoch, agent, learnt, self.now)
            talk.change("bot", ended="handed_back")
            talk.learnt = number
        elif how == "resolve":
            self.room.do(ownership.resolve, talk.id, talk.epoch, agent, "solved", now=self.now)
            talk.change("bot", ended="resolved")
        elif how == "pass on":
            to, until = "ada", self.now + LEASE
            self.room.do(ownership.transfer, talk.id, talk.epoch, agent, to_agent=to, until=until)
            talk.change("queue", ended="transferred")
            talk.offered = to
        else:
            self.room.do(ownership.give_up, talk.id, now=self.now)
            talk.change("queue", ended="returned")

    def desk_offers(self, at: int, agent: str) -> None:
        talk = self.talks[at]
        if talk.owner != "queue":
            return
        with self.room.locked(talk.id) as (_, conversation):
            queue.offer(conversation, agent, self.now + LEASE)
        talk.offered = agent

    def agent_writes(self, at: int, agent: str, number: int) -> None:
        talk = self.talks[at]
        key = f"{agent}-{number}"
        if key in talk.said:
            assert self.room.say(talk.id, "again", key, agent) == talk.said[key]
        elif talk.agent == agent:
            talk.said[key] = self.room.say(talk.id, "hello", key, agent)
        else:
            with Refused(self.room):
                self.room.say(talk.id, "hello", key, agent)

    def web_tier_looks(self, at: int, up_to: int) -> None:
        """It excuses a slow bot, and hears what the browser has shown."""
        talk = self.talks[at]
        told = self.room.tell_slow(talk.id, self.now - timedelta(seconds=8), self.now)
        assert not told or (talk.free(self.now) and talk.waiting())
        with self.room.locked(talk.id) as (session, _):
            delivery.mark_received(session, talk.id, up_to, self.now)

    # what must hold

    @invariant()
    def it_holds(self) -> None:
        found = self.room.tables(
            "conversation", "inbox", "line", "outbox", "tracker_snapshot", "handoff"
        )
        for at, talk in enumerate(self.talks):
            [conversation] = [row for row in found["conversation"] if row["id"] == talk.id]
            inbox, lines, outbox = (
                [row for row in found[name] if row["conversation_id"] == talk.id]
                for name in ("inbox", "line", "outbox")
            )
            assert self.epochs[at] <= conversation["epoch"]
            self.epochs[at] = conversation["epoch"]
            self._agrees(talk, conversation, inbox)
            self._each_handoff_has_one_end(talk, conversation, found["handoff"])
            self._lines_are_whole(talk, lines, outbox)
            self._customer_sees_no_bot_line_of_an_older_epoch(talk, lines, outbox)
            if talk.owner == "bot" and talk.learnt is not None:
                self._bot_listens_and_knows(talk, found["tracker_snapshot"])
        self._one_live_lease_per_conversation()
        self._nothing_is_left_of_what_was_erased(found)

    def _nothing_is_left_of_what_was_erased(self, found: dict[str, list[Row]]) -> None:
        for erased in self.erased:
            [conversation] = [row for row in found["conversation"] if row["id"] == erased]
            assert (conversation["owner"], conversation["lease_token"]) == ("bot", None)
            inbox, lines, outbox, handoffs = (
                [row for row in found[name] if row["conversation_id"] == erased]
                for name in ("inbox", "line", "outbox", "handoff")
            )
            assert {row["text"] for row in [*inbox, *lines]} <= {""}
            assert "waiting" not in {row["status"] for row in inbox}
            assert "pending" not in {row["status"] for row in outbox}
            assert all(row["ended_at"] is not None for row in handoffs)
            assert erased not in {row["conversation_id"] for row in found["tracker_snapshot"]}

    def _agrees(self, talk: Talk, conversation: Row, inbox: list[Row]) -> None:
        owner, agent = conversation["owner"], conversation["agent_id"]
        assert (owner, conversation["epoch"], agent) == (talk.owner, talk.epoch, talk.agent)
        assert (owner == "agent") == (agent is not None)
        assert conversation["offered_to"] == talk.offered
        assert talk.offered is None or owner == "queue"
        assert owner == "agent" or conversation["awaiting"] == talk.awaiting
        assert (owner == "queue") == (conversation["told_kind"] is not None)
        assert (owner == "queue") == (conversation["waiting_since"] is not None)
        lease = (conversation["lease_token"], conversation["lease_until"])
        assert lease == (talk.token, talk.until)
        assert [(row["external_id"], row["status"], row["attempts"]) for row in inbox] == [
            (message.key, message.status, message.attempts) for message in talk.messages
        ]

    def _each_handoff_has_one_end(self, talk: Talk, conversation: Row, handoffs: list[Row]) -> None:
        theirs = [row for row in handoffs if row["conversation_id"] == talk.id]
        assert [row["outcome"] for row in theirs] == talk.outcomes
        assert [row["ended_at"] is None for row in theirs] == [
            outcome is None for outcome in talk.outcomes
        ]
        assert (talk.owner != "bot") == talk.on()
        assert conversation["handoff_id"] == (theirs[-1]["id"] if talk.on() else None)

    def _lines_are_whole(self, talk: Talk, lines: list[Row], outbox: list[Row]) -> None:
        assert [line["number"] for line in lines] == list(range(1, len(lines) + 1))
        own = {line["number"] for line in lines if line["author"] == "customer"}
        assert own == {message.line for message in talk.messages} - {None}
        assert [row["line_number"] for row in outbox] == [
            line["number"] for line in lines if line["author"] != "customer"
        ]
        answered = [row["inbox_id"] for row in outbox if row["inbox_id"] is not None]
        done = {message.inbox_id for message in talk.messages if message.status == "done"}
        assert Counter(answered) == Counter(done)
        assert done <= set(self.committed)

    def _customer_sees_no_bot_line_of_an_older_epoch(
        self, talk: Talk, lines: list[Row], outbox: list[Row]
    ) -> None:
        sent = {row["line_number"]: row for row in outbox}
        for line in lines:
            shown = line["visibility"] == "all"
            if line["author"] != "bot":
                assert shown
                continue
            row = sent[line["number"]]
            turn = self.committed[row["inbox_id"]]
            assert line["text"] == f"answer {turn.token}"
            assert shown == (turn.epoch == row["epoch"]) == (row["status"] != "suppressed")

    def _bot_listens_and_knows(self, talk: Talk, snapshots: list[Row]) -> None:
        [events] = [row["events"] for row in snapshots if row["conversation_id"] == talk.id]
        loops = [event["name"] for event in events if event["event"] == "active_loop"]
        slots = {event["name"]: event["value"] for event in events if event["event"] == "slot"}
        assert loops[-1] is None
        assert slots["order_number"] == talk.learnt
        assert (events[-1]["event"], events[-1]["name"]) == ("action", "action_listen")

    def _one_live_lease_per_conversation(self) -> None:
        live = Counter(
            held.talk.id
            for held in self.held
            if held.talk.token == held.turn.token
            and held.talk.until is not None
            and held.talk.until >= self.now
        )
        assert set(live.values()) <= {1}


@pytest.mark.parametrize(("steps", "examples"), PROFILES)
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_whatever_happens_each_message_has_one_fate(room: Room, steps: int, examples: int) -> None:
    run_state_machine_as_test(
        type("Histories", (Histories,), {"room": room}),
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            database=None,
            phases=[Phase.generate, Phase.shrink],
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )
