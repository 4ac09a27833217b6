"""Invitations on the demo shop's page: judged there, decided by the real web tier."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect
from sqlalchemy import select

from tenin.conversation.models import Conversation, Line
from tenin.database import read_transaction, write_transaction
from tenin.invitation import visits
from tenin.invitation.models import Invited, Visitor
from tests.browser.chat_page import PATIENCE, ChatPage, strings, until
from tests.browser.conftest import DESKTOP, PHONE
from tests.unit.web.conftest import SiteMaker, databases, make_site
from tests.unit.web.served import Site

__all__ = ["databases", "make_site"]

NewContext = Callable[..., BrowserContext]
RULES = """\
budget: {per_page: 1, per_session: 5, per_week: 9}
rest: {after_showing_minutes: 0, after_dismissal_minutes: [60]}
held_out_percent: 0
invitations:
  cart:
    when: {page: [cart], cart_items: 1, seconds: 1}
    text: {en: "Anything open before you order?", ja: "ご注文の前に、気になる点はございますか。"}
  lingers:
    when: {page: [product], seconds: 1}
    opening: product
"""
HOLDS = """async ([when, now]) => {
  const { holds } = await import("/static/widget/invite_rules.js");
  return holds(when, now);
}"""
NOW: dict[str, Any] = {
    "kind": "product",
    "path": "/p/tent",
    "seconds": 30,
    "idle": 5,
    "scroll": 40,
    "returning": False,
    "seen": 2,
    "sku": "KT-601",
    "cart": {"count": 2, "value": 300, "currency": "CNY"},
}
both_sizes = pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ({"page": ["product", "cart"]}, True),
        ({"page": ["home"]}, False),
        ({"path": ["/p/*"]}, True),
        ({"path": ["/p/tent"]}, True),
        ({"path": ["/p/te"]}, False),
        ({"path": ["*tent", "/x"]}, True),
        ({"path": ["/p*nt*"]}, True),
        ({"path": ["/p/t*tent"]}, False),
        ({"seconds": 30, "idle_seconds": 5}, True),
        ({"seconds": 31}, False),
        ({"idle_seconds": 6}, False),
        ({"scroll_percent": 40}, True),
        ({"returning": True}, False),
        ({"returning": False}, True),
        ({"products_seen": 2}, True),
        ({"products_seen": 3}, False),
        ({"product": ["KS-101", "KT-601"]}, True),
        ({"cart_items": 3}, False),
        ({"order_value": {"from": 300, "currency": "CNY"}}, True),
        ({"order_value": {"from": 100, "below": 300, "currency": "CNY"}}, False),
        ({"order_value": {"from": 1, "currency": "EUR"}}, False),
        ({"something_new": 1}, False),
    ],
)
def test_conditions_hold_as_the_file_says(
    blank: Page, when: dict[str, Any], expected: bool
) -> None:
    assert blank.evaluate(HOLDS, [when, NOW]) is expected


def test_without_a_cart_no_order_has_a_value(blank: Page) -> None:
    without = {key: value for key, value in NOW.items() if key != "cart"}
    assert blank.evaluate(HOLDS, [{"cart_items": 1}, without]) is False
    value = {"order_value": {"from": 0, "currency": "CNY"}}
    assert blank.evaluate(HOLDS, [value, without]) is False


@pytest.fixture
def site(make_site: SiteMaker, tmp_path: Path) -> Site:
    """A site with rules that hold at once."""
    site = make_site()
    file = Path(site.settings.root) / "invitations.yml"
    file.unlink()
    file.write_text(RULES, encoding="utf-8")
    site.stop()
    site.start()
    return site


def visit(site: Site, new_context: NewContext, agrees: bool = True, **options: Any) -> Page:
    page = new_context(**options).new_page()
    page.goto(f"{site.url}/?lang=en")
    words = strings("en")["shop"]["agree"]
    page.get_by_role("button", name=words["yes" if agrees else "no"]).click()
    expect(page.get_by_text(words["question"])).to_be_hidden()
    return page


def into_cart(page: Page) -> None:
    page.get_by_role("button", name=strings("en")["shop"]["cart"]["put"]).first.click()
    page.get_by_role("link", name=strings("en")["shop"]["cart"]["title"]).click()


def rows(site: Site, model: Any) -> list[Any]:
    with read_transaction(site.engine) as session:
        return list(session.execute(select(model)).scalars())


@both_sizes
def test_an_invitation_is_shown_and_begins_the_chat(
    site: Site, new_context: NewContext, viewport: dict[str, int]
) -> None:
    page = visit(site, new_context, viewport=viewport)
    into_cart(page)
    bubble = page.get_by_role("status").filter(has_text="Anything open before you order?")
    expect(bubble).to_be_visible(timeout=PATIENCE)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.get_by_role("button", name=strings("en")["invite"]["accept"]).click()
    log = page.get_by_role("log")
    expect(log).to_contain_text("Anything open before you order?", timeout=PATIENCE)
    expect(bubble).to_have_count(0)
    [row] = rows(site, Invited)
    assert (row.answer, row.invitation, row.page) == ("accepted", "cart", "cart")
    assert site.inbox(row.conversation_id) == []  # no welcome besides


def test_dismissed_it_is_gone_and_rests(site: Site, new_context: NewContext) -> None:
    page = visit(site, new_context)
    into_cart(page)
    page.get_by_role("button", name=strings("en")["invite"]["dismiss"]).click(timeout=PATIENCE)
    until(lambda: [row.answer for row in rows(site, Invited)] == ["dismissed"])
    page.goto(f"{site.url}/?lang=en#KT-601")
    page.reload()
    page.wait_for_timeout(4000)
    assert page.get_by_role("button", name=strings("en")["invite"]["accept"]).count() == 0
    assert [row.answer for row in rows(site, Invited)] == ["dismissed"]


def test_at_a_product_the_bot_is_asked_to_open(site: Site, new_context: NewContext) -> None:
    page = visit(site, new_context)
    product = page.locator("li.product").first
    sku = product.get_attribute("id")
    product.get_by_role("link").click()
    page.get_by_role("button", name=strings("en")["invite"]["accept"]).click(timeout=PATIENCE)
    expect(page.get_by_role("textbox")).to_be_focused(timeout=PATIENCE)
    until(lambda: site.rows()["inbox"])
    [row] = site.rows()["inbox"]
    assert row["payload"] == f'/page_lingering{{"product": "{sku}"}}'


def test_who_does_not_agree_is_not_known(site: Site, new_context: NewContext) -> None:
    page = visit(site, new_context, agrees=False)
    into_cart(page)
    page.wait_for_timeout(4000)
    assert page.get_by_role("button", name=strings("en")["invite"]["accept"]).count() == 0
    assert rows(site, Visitor) == []
    assert page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('tenin'))") == []


def test_agreeing_no_longer_forgets(site: Site, new_context: NewContext) -> None:
    page = visit(site, new_context)
    into_cart(page)
    expect(page.get_by_role("button", name=strings("en")["invite"]["accept"])).to_be_visible(
        timeout=PATIENCE
    )
    page.evaluate("document.querySelector('tenin-chat').visitors(false)")
    until(lambda: rows(site, Visitor) == [])
    assert rows(site, Visitor) == rows(site, Invited) == []
    assert page.get_by_role("button", name=strings("en")["invite"]["accept"]).count() == 0


def test_what_is_taken_back_offline_is_forgotten_later(site: Site, new_context: NewContext) -> None:
    page = visit(site, new_context)
    into_cart(page)
    until(lambda: rows(site, Visitor) != [])
    page.context.set_offline(True)
    page.evaluate("document.querySelector('tenin-chat').visitors(false)")
    kept = "() => localStorage.getItem('tenin.visitor.forget')"
    page.wait_for_function(kept, timeout=PATIENCE)
    page.context.set_offline(False)
    until(lambda: rows(site, Visitor) == [])
    page.wait_for_function(f"() => !({kept})()", timeout=PATIENCE)


def test_what_nobody_heard_is_asked_again(site: Site, new_context: NewContext) -> None:
    page = visit(site, new_context)
    page.route("**/chat/invitations", lambda route: route.abort(), times=1)
    into_cart(page)
    accept = page.get_by_role("button", name=strings("en")["invite"]["accept"])
    expect(accept).to_be_visible(timeout=2 * PATIENCE)
    assert len(rows(site, Invited)) == 1


def test_what_is_on_its_way_makes_nobody_known_again(site: Site, new_context: NewContext) -> None:
    page = visit(site, new_context)
    until(lambda: rows(site, Visitor) != [])
    held: list[Route] = []
    page.route("**/chat/visits", lambda route: held.append(route))
    into_cart(page)
    until(lambda: held, page)
    page.evaluate("document.querySelector('tenin-chat').visitors(false)")
    kept = "() => localStorage.getItem('tenin.visitor.forget')"
    page.wait_for_function(kept, timeout=PATIENCE)
    page.wait_for_timeout(500)
    assert page.evaluate(kept)  # the server is told after what came before
    for route in held:
        route.continue_()
    page.wait_for_function(f"() => !({kept})()", timeout=PATIENCE)
    assert rows(site, Visitor) == []


def test_the_next_page_tells_what_the_last_could_not(site: Site, new_context: NewContext) -> None:
    page = visit(site, new_context)
    into_cart(page)
    [known] = until(lambda: rows(site, Visitor))
    page.route("**/chat/visits/forget", lambda route: route.abort())
    page.evaluate("document.querySelector('tenin-chat').visitors(false)")
    kept = "() => localStorage.getItem('tenin.visitor.forget')"
    page.wait_for_function(kept, timeout=PATIENCE)
    page.wait_for_timeout(500)
    assert [row.id for row in rows(site, Visitor)] == [known.id]
    page.unroute("**/chat/visits/forget")
    page.goto(f"{site.url}/")  # which makes the visitor known anew: they told the shop so
    until(lambda: known.id not in [row.id for row in rows(site, Visitor)])


def agreed_in_chat(site: Site, new_context: NewContext, page_says: bool | None = None) -> ChatPage:
    """One who answered the chat's question by yes, on a page that has asked them, or not."""
    chat = ChatPage(new_context(), site.url, "en")
    if page_says is not None:
        word = strings("en")["shop"]["agree"]["yes" if page_says else "no"]
        chat.page.get_by_role("button", name=word).click()
    chat.open()
    until(lambda: any(row["status"] == "waiting" for row in site.rows()["inbox"]))
    site.answer("Welcome!")
    chat.shows("Welcome!")
    if page_says is None:
        assert rows(site, Visitor) == []
    chat.say("Hello")
    until(lambda: any(row["status"] == "waiting" for row in site.rows()["inbox"]))
    site.answer("Good day!")
    chat.page.get_by_role("button", name=strings("en")["lines"]["yes"]).click(timeout=PATIENCE)
    return chat


def longer_ago(site: Site, minutes: int = 60) -> None:
    """Move what was visited and said into the past."""
    back = timedelta(minutes=minutes)
    moved = {
        Visitor: ("began_at", "seen_at", "chatted_at", "first_seen"),
        Line: ("at",),
        Conversation: ("created_at",),
    }
    with write_transaction(site.engine) as session:
        for model, columns in moved.items():
            for row in session.execute(select(model)).scalars():
                for column in columns:
                    at = getattr(row, column)
                    setattr(row, column, at and at - back)


def test_who_agreed_in_the_chat_is_known_and_invited_in_a_later_visit(
    site: Site, new_context: NewContext
) -> None:
    chat = agreed_in_chat(site, new_context)
    [visitor] = until(lambda: rows(site, Visitor))
    assert visitor.conversation_id
    assert visits.is_chatting(visitor)
    chat.page.get_by_role("button", name=chat.words["close"]).click()
    into_cart(chat.page)
    chat.page.wait_for_timeout(3000)
    accept = chat.page.get_by_role("button", name=strings("en")["invite"]["accept"])
    assert accept.count() == 0

    longer_ago(site)
    chat.page.goto(f"{site.url}/?lang=en")  # known without being asked again
    into_cart(chat.page)
    expect(accept).to_be_visible(timeout=PATIENCE)
    accept.click()
    chat.shows("Anything open before you order?")

    # And no longer, as soon as it is taken back.
    chat.page.get_by_role("button", name=chat.words["menu"]).click()
    chat.page.get_by_role("button", name=strings("en")["more"]["privacy"]["entry"]).click()
    expect(chat.page.get_by_text("2 visits to our shop's pages")).to_be_visible(timeout=PATIENCE)
    expect(chat.page.get_by_text("1 invitation to chat that you saw")).to_be_visible()
    chat.page.get_by_role("checkbox", name=strings("en")["more"]["privacy"]["share"]).uncheck()
    until(lambda: rows(site, Visitor) == [])
    assert rows(site, Invited) == []
    assert chat.page.evaluate("localStorage.getItem('tenin.visitor')") is None
    chat.page.reload()
    chat.page.wait_for_timeout(2000)
    assert rows(site, Visitor) == []


def test_what_the_page_says_goes_before_the_chat(site: Site, new_context: NewContext) -> None:
    chat = agreed_in_chat(site, new_context, page_says=False)
    until(lambda: site.rows()["page_view"])
    chat.page.wait_for_timeout(1000)
    assert rows(site, Visitor) == []
    chat.page.evaluate("document.querySelector('tenin-chat').removeAttribute('visitors')")
    until(lambda: rows(site, Visitor))


def test_agreed_on_the_page_it_stays_when_the_chat_hears_no(
    site: Site, new_context: NewContext
) -> None:
    chat = agreed_in_chat(site, new_context, page_says=True)
    [visitor] = until(lambda: rows(site, Visitor))
    chat.page.get_by_role("button", name=chat.words["menu"]).click()
    chat.page.get_by_role("button", name=strings("en")["more"]["privacy"]["entry"]).click()
    chat.page.get_by_role("checkbox", name=strings("en")["more"]["privacy"]["share"]).uncheck(
        timeout=PATIENCE
    )
    until(lambda: not any(row["agreed"] for row in site.rows()["page_consent"]))
    chat.page.wait_for_timeout(1000)
    assert [row.id for row in rows(site, Visitor)] == [visitor.id]


def test_nobody_is_invited_who_writes_on_the_page(site: Site, new_context: NewContext) -> None:
    page = visit(site, new_context)
    page.get_by_role("button", name=strings("en")["shop"]["cart"]["put"]).first.click()
    page.get_by_text(strings("en")["shop"]["account"]["sign_in"]).first.click()
    # The focus is there before the page, which takes it to the cart, has been there for a second.
    page.evaluate(
        """() => {
          const word = document.querySelector("#account-word");
          window.addEventListener("hashchange", () => word.focus(), { once: true });
          location.hash = "#cart";
        }"""
    )
    page.wait_for_timeout(4000)
    assert page.evaluate("document.activeElement.id") == "account-word"
    accept = page.get_by_role("button", name=strings("en")["invite"]["accept"])
    assert accept.count() == 0
    page.locator("#account-word").blur()
    expect(accept).to_be_visible(timeout=PATIENCE)


def test_an_agents_own_invitation_is_shown_under_their_name(
    site: Site, new_context: NewContext
) -> None:
    page = visit(site, new_context)
    mei = site.agent("Mei")
    until(lambda: rows(site, Visitor))
    [visitor] = mei.http.get("/desk/api/visitors").json()["visitors"]
    call = f"/desk/api/visitors/{visitor['id']}/invite"
    assert mei.http.post(call, json={"text": "Shall I show you the tents?"}).status_code == 204
    bubble = page.get_by_role("status").filter(has_text="Shall I show you the tents?")
    expect(bubble).to_contain_text("Mei", timeout=PATIENCE)
    page.get_by_role("button", name=strings("en")["invite"]["accept"]).click()
    expect(page.get_by_role("log")).to_contain_text("Shall I show you the tents?", timeout=PATIENCE)
    [row] = rows(site, Invited)
    assert (
        row.visitor_id
        == visitor["id"]
        == visits.visitor_id(page.evaluate("localStorage.getItem('tenin.visitor')"))
    )
