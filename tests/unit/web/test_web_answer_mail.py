"""A person's answer to a stored message reaches who has left, with a link that opens it."""

from __future__ import annotations

import re
import time

import pytest

from tenin.language.languages import configured
from tests.answers import is_wording_of
from tests.mail_server import MailServer, mail_server
from tests.unit.web.conftest import SiteMaker
from tests.unit.web.persons import take, write
from tests.unit.web.served import Site
from tests.unit.web.test_web_contact import ADDRESS, leave
from tests.unit.web.test_web_continue import TOKEN
from tests.unit.web.test_web_mail import MAIL

PUBLIC = "https://chat.kodama.example"
LINK = re.compile(rf"^{re.escape(PUBLIC)}(/chat/continue/[^\s]+)$", re.MULTILINE)
PATIENCE = 20


def mailing(make_site: SiteMaker, server: MailServer, seconds: float, **more: str) -> Site:
    return make_site(**MAIL, EMAIL_PORT=server.port, NOTICES_ANSWER_MAIL_SECONDS=seconds, **more)


def wait_for_mails(site: Site, count: int) -> list[tuple[str, str | None]]:
    """What became of the mails, once so many have come to their end."""
    deadline = time.monotonic() + PATIENCE
    while True:
        rows = [row for row in site.rows()["outbox"] if row["channel"] == "email"]
        ended = [(row["status"], row["error"]) for row in rows if row["status"] != "pending"]
        if len(ended) >= count:
            return ended
        assert time.monotonic() < deadline, rows
        time.sleep(0.05)


def test_one_mail_in_each_language_that_opens_the_conversation(make_site: SiteMaker) -> None:
    with mail_server() as server:
        site = mailing(make_site, server, 0.8, WEB_PUBLIC_URL=PUBLIC)
        asked = {}
        for language in configured().ready:
            customer = site.customer(language)
            assert leave(customer, {"address": f"{language}@shop.example"}).status_code == 202
            conversation = site.conversation(customer).id
            take(site, conversation)
            write(site, conversation, f"One {language} {{x}} <b>")
            write(site, conversation, "Two https://shop.example/a?b=c")
            asked[f"{language}@shop.example"] = (language, customer)
        ended = wait_for_mails(site, 2 * len(asked))
        assert ended == [("suppressed", "in another mail"), ("delivered", None)] * len(asked)
        mails = {mail["To"]: mail for mail in server.received}
        assert mails.keys() == asked.keys()
    for to, (language, customer) in asked.items():
        mail = mails[to]
        assert is_wording_of("utter_answer_mail_subject", language, mail["Subject"])
        assert "Mei" in mail["Subject"]
        text = mail.get_content().replace("\r\n", "\n")
        assert f"One {language} {{x}} <b>\n\nTwo https://shop.example/a?b=c\n" in text
        body, _, foot = text.rstrip("\n").partition("\n\n--\n")
        assert is_wording_of("utter_answer_mail_body_link", language, body)
        assert is_wording_of("utter_answer_mail_foot_link", language, f"--\n{foot}")
        assert mail["Content-Language"] == language
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        [path] = LINK.findall(text)
        page = site.http().post(path)
        assert page.status_code == 200
        [token] = TOKEN.findall(page.text)
        assert site.customer(token=token).lines() == customer.lines()


@pytest.mark.parametrize("language", ["en", "ja"])
def test_what_is_read_in_the_chat_is_not_mailed(make_site: SiteMaker, language: str) -> None:
    with mail_server() as server:
        site = mailing(make_site, server, 1.5)
        customer = site.customer(language)
        leave(customer, {"address": ADDRESS})
        conversation = site.conversation(customer).id
        take(site, conversation)
        line = write(site, conversation, "Here is the answer")
        assert customer.http.post("/chat/received", json={"line": line}).status_code == 204
        assert wait_for_mails(site, 1) == [("suppressed", "seen")]
        write(site, conversation, "And one more thing")
        assert wait_for_mails(site, 2)[1] == ("delivered", None)
        [mail] = server.received
        text = mail.get_content().replace("\r\n", "\n")
        assert "And one more thing" in text
        assert "Here is the answer" not in text
        assert "/chat/continue/" not in text
        assert "List-Unsubscribe" not in mail


def test_where_no_mail_is_sent_the_agent_sees_so(make_site: SiteMaker) -> None:
    site = make_site(NOTICES_ANSWER_MAIL_SECONDS=0)
    customer = site.customer()
    assert leave(customer, {"address": ADDRESS}).status_code == 202
    conversation = site.conversation(customer).id
    take(site, conversation)
    write(site, conversation, "The answer")
    assert wait_for_mails(site, 1) == [("suppressed", "no mail server is set")]
