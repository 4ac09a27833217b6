"""The page on which a sentence is tried: who may, what it asks the bot, what it says of faults."""

from __future__ import annotations

from collections.abc import Iterator
from html import unescape
from typing import Any

import httpx
import pytest
from markupsafe import escape

from tenin.pages.rendering import strings, wordings
from tenin.training.try_pages import PAGE
from tests.agent import DeskAgent, form_token
from tests.unit.desk.bot_on_a_port import BotOnAPort, serving
from tests.unit.pages.test_rendering import EXPLAINED
from tests.unit.web.conftest import SiteMaker
from tests.unit.web.refusals import assert_error
from tests.unit.web.served import Site

SAID = "where is <b>1</b>"


@pytest.fixture
def bot() -> Iterator[BotOnAPort]:
    """A bot tier's port, on which the test itself answers."""
    with serving() as port:
        port.answer = {"language": "en", "explained": EXPLAINED}
        yield port


@pytest.fixture
def trainer(make_site: SiteMaker, bot: BotOnAPort) -> DeskAgent:
    """A trainer at a site with that bot."""
    return make_site(BOT_PORT=bot.port).agent("Tao", "trainer")


def tried(who: DeskAgent, text: str = SAID, language: str = "", **headers: str) -> httpx.Response:
    token = form_token(who.http.get(PAGE).text)
    form = {"token": token, "text": text, "language": language}
    return who.http.post(PAGE, data=form, headers=headers)


@pytest.mark.parametrize("role", ["agent", "lead"])
def test_whoever_is_no_trainer_may_not(open_site: Site, role: str) -> None:
    other = open_site.agent(f"No {role}", role)
    for method in ("GET", "POST"):
        answer = other.http.request(method, PAGE, data={"text": SAID} if method == "POST" else None)
        assert answer.status_code == 403
        assert "<textarea" not in answer.text
    assert other.http.get("/desk/train").status_code == 403


@pytest.mark.parametrize("role", ["trainer", "admin"])
def test_trainers_and_admins_may(open_site: Site, role: str) -> None:
    other = open_site.agent(f"May {role}", role)
    answer = other.http.get(PAGE)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert other.http.get("/desk/train").headers["location"] == "/desk/train/missed"


def test_strangers_are_sent_to_sign_in(open_site: Site) -> None:
    for method in ("GET", "POST"):
        answer = open_site.http().request(method, PAGE)
        assert (answer.status_code, answer.headers["location"]) == (
            303,
            f"/desk/sign-in?next={PAGE}",
        )


def test_the_running_bot_is_asked_and_its_answer_shown(trainer: DeskAgent, bot: BotOnAPort) -> None:
    answer = tried(trainer, language="ja")
    assert answer.status_code == 200
    [(_, body, _)] = bot.asked
    assert body == {"text": SAID, "language": "ja", "explain": True}
    for expected in (
        "where is &lt;b&gt;1&lt;/b&gt;",
        "95%",
        "+0.50",
        "-0.25",
        "data/nlu/en/track_order.yml:9",
        "Which order?",
        "order_form",
        '<option value="ja" lang="ja" selected>',
    ):
        assert expected in answer.text
    assert "<b>1</b>" not in answer.text
    assert "<i>" not in answer.text


def test_automatic_is_the_default(trainer: DeskAgent, bot: BotOnAPort) -> None:
    tried(trainer)
    tried(trainer, language="tlh")
    assert [body["language"] for _, body, _ in bot.asked] == [None, None]


@pytest.mark.parametrize("language", wordings())
def test_in_the_readers_language(trainer: DeskAgent, language: str) -> None:
    html = tried(trainer, **{"accept-language": language}).text
    words = strings(language)["train"]
    assert f'<html lang="{language}">' in html
    for expected in (words["title"], words["pages"]["try"], words["trying"]["decided"]):
        assert expected in html
    needs = strings(language)["desk"]
    assert needs["account"]["sign_out"] in html


@pytest.mark.parametrize("language", wordings())
def test_a_bot_that_is_away_is_told_with_the_remedy(make_site: SiteMaker, language: str) -> None:
    trainer = make_site(BOT_PORT=9).agent("Tao", "trainer")
    answer = tried(trainer, **{"accept-language": language})
    assert answer.status_code == 503
    said = strings(language)["train"]["trying"]["problems"]["bot_away"]
    assert str(escape(said)) in answer.text
    assert "tenin run" in said
    assert "where is &lt;b&gt;" in answer.text  # it needn't be written again


@pytest.mark.parametrize(
    ("status", "answer", "problem", "told_with"),
    [
        (503, {"error": {"code": "no_model"}}, "no_model", 503),
        (401, {"error": {"code": "no_secret"}}, "no_secret", 502),
        (422, {"error": {"code": "not_explainable"}}, "not_explainable", 502),
        (500, {"error": {"code": "failed"}}, "bot_failed", 502),
        (200, {"language": "en"}, "bot_failed", 502),
        (200, {"explained": {"ranking": []}}, "bot_failed", 502),
        (200, {"explained": {**EXPLAINED, "words": 3}}, "bot_failed", 502),
        (200, b"nonsense", "bot_failed", 502),
    ],
    ids=["model", "secret", "other", "failed", "older", "part", "form", "nonsense"],
)
def test_what_the_bot_refuses_is_told(
    trainer: DeskAgent, bot: BotOnAPort, status: int, answer: Any, problem: str, told_with: int
) -> None:
    bot.status, bot.answer = status, answer
    shown = tried(trainer)
    assert shown.status_code == told_with
    assert strings("en")["train"]["trying"]["problems"][problem] in unescape(shown.text)


@pytest.mark.parametrize(
    ("text", "problem"), [(" \n ", "empty"), ("a" * 4001, "text_too_long")], ids=["empty", "long"]
)
def test_what_is_nothing_to_try_is_not_asked(
    trainer: DeskAgent, bot: BotOnAPort, text: str, problem: str
) -> None:
    answer = tried(trainer, text)
    assert answer.status_code == 422
    assert strings("en")["train"]["trying"]["problems"][problem] in answer.text
    assert bot.asked == []


def test_only_the_pages_own_form_is_answered(
    make_site: SiteMaker, trainer: DeskAgent, bot: BotOnAPort
) -> None:
    other = make_site(BOT_PORT=bot.port).agent("Lin", "trainer")
    for token in ("", "wrong", form_token(other.http.get(PAGE).text)):
        answer = trainer.http.post(PAGE, data={"token": token, "text": SAID})
        assert answer.status_code == 403
    token = form_token(trainer.http.get(PAGE).text)
    foreign = trainer.http.post(
        PAGE,
        data={"token": token, "text": SAID},
        headers={"origin": "https://elsewhere.example", "sec-fetch-site": "cross-site"},
    )
    assert_error(foreign, 403, "from_another_site")
    assert bot.asked == []


def test_one_leaves_by_the_form_in_the_head(open_site: Site) -> None:
    who = open_site.agent("Leaves", "trainer")
    token = form_token(who.http.get(PAGE).text)
    del who.http.headers["x-tenin-desk"]
    assert who.http.post("/desk/sign-out", data={"token": token}).status_code == 303
    assert who.http.get(PAGE).status_code == 303
