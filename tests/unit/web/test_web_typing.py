"""That the customer types is told to who listens, while a person has them or is waited for."""

from __future__ import annotations

import pytest

from tenin.channels.hub import Hub
from tests.customer import Customer
from tests.unit.web.persons import resolve, take, wait_for
from tests.unit.web.served import Site


@pytest.fixture
def heard(site: Site, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, dict[str, str]]]:
    """The signals given, which the hub still passes on."""
    signals: list[tuple[str, str, dict[str, str]]] = []
    signal = Hub.signal

    def listen(hub: Hub, conversation_id: str, name: str, **data: str) -> None:
        signals.append((conversation_id, name, data))
        signal(hub, conversation_id, name, **data)

    monkeypatch.setattr(Hub, "signal", listen)
    return signals


def test_it_is_told_only_while_a_person_is_there_or_awaited(
    site: Site, customer: Customer, heard: list[tuple[str, str, dict[str, str]]]
) -> None:
    conversation = site.conversation(customer).id
    told = (conversation, "typing", {"who": "customer"})

    def types() -> list[tuple[str, str, dict[str, str]]]:
        heard.clear()
        answer = customer.http.post("/chat/typing", json={})
        assert (answer.status_code, answer.content) == (204, b"")
        return [signal for signal in heard if signal[1] == "typing"]

    assert types() == []
    wait_for(site, conversation)
    assert types() == [told]
    take(site, conversation)
    before = site.rows()
    assert types() == [told]
    assert site.rows() == before
    resolve(site, conversation)
    assert types() == []


def test_one_s_own_typing_is_not_shown_as_the_agent_s(site: Site, customer: Customer) -> None:
    conversation = site.conversation(customer).id
    wait_for(site, conversation)
    take(site, conversation)
    stream = site.stream(customer)
    stream.wait_for_state(owner="agent", agent_typing=False)
    customer.http.post("/chat/typing")
    wait_for(site, conversation)  # says that the agent is there
    stream.wait(lambda each: len(each.lines()) == 3)
    assert all(state["agent_typing"] is False for state in stream.states())


def test_without_a_session_nobody_types(site: Site) -> None:
    http = site.http()
    for path in ("/chat/typing", "/chat/rating", "/chat/contact"):
        answer = http.post(path, json={}, headers={"idempotency-key": "k"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "no_session")
