"""The language that a customer chooses: the conversation's from then on."""

from __future__ import annotations

import pytest
from sqlalchemy.engine import Engine

from tenin.channels.language import set_language
from tenin.conversation.models import Conversation
from tenin.conversation.transcript import NoSuchConversation, new_conversation
from tenin.database import read_transaction, write_transaction
from tests.customer import Customer
from tests.unit.conversation.conftest import (
    engine,
    postgres_engine,
    postgres_url,
    sqlite_engine,
)
from tests.unit.web.served import Site

__all__ = ["engine", "postgres_engine", "postgres_url", "sqlite_engine"]


def test_the_next_turn_is_in_the_language_chosen(site: Site, customer: Customer) -> None:
    customer.send(text="202611190042")
    assert site.claim().language == "en"
    answer = customer.http.post("/chat/language", json={"language": "ja"})
    assert (answer.status_code, answer.content) == (204, b"")
    assert site.conversation(customer).language == "ja"
    other = site.customer()
    assert site.conversation(other).language == "en"


def test_what_has_no_language_of_its_own_goes_on_in_it(site: Site, customer: Customer) -> None:
    customer.http.post("/chat/language", json={"language": "zh-Hant"})
    customer.send(text="202611190042")
    assert site.claim().language == "zh-Hant"


def test_what_is_written_in_another_changes_it_again(site: Site, customer: Customer) -> None:
    customer.http.post("/chat/language", json={"language": "ja"})
    customer.send(text="where is my parcel")
    assert site.claim().language == "en"


@pytest.mark.parametrize("language", ["fr", "zh-CN", "", None, 1, ["ja"]], ids=repr)
def test_only_a_language_that_is_ready(site: Site, customer: Customer, language: object) -> None:
    answer = customer.http.post("/chat/language", json={"language": language})
    assert answer.status_code == 422
    error = answer.json()["error"]
    assert error["code"] == "no_such_language"
    assert "zh-Hans" in error["remedy"]
    assert site.conversation(customer).language == "en"


def test_only_with_a_session(site: Site) -> None:
    answer = site.http().post("/chat/language", json={"language": "ja"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "no_session")


def test_it_is_kept_on_each_database(engine: Engine) -> None:
    with write_transaction(engine) as session:
        conversation = new_conversation(session, "web", "en").id
        set_language(session, conversation, "zh-Hans")
    with read_transaction(engine) as session:
        assert session.get(Conversation, conversation).language == "zh-Hans"
    with write_transaction(engine) as session, pytest.raises(NoSuchConversation):
        set_language(session, "nobody's", "ja")
