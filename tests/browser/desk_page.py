"""The agents' page, as a test's hands and eyes find their way in it; by keyboard where it can."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import BrowserContext, Locator, Page, Route, expect
from sqlalchemy import select

from tenin.clock import utcnow
from tenin.conversation.models import Conversation
from tenin.database import write_transaction
from tenin.desk.models import Agent, CannedReply, Presence, Role, Skill
from tests.browser.chat_page import strings
from tests.customer import Customer
from tests.unit.web.served import Site

NewContext = Callable[..., BrowserContext]

LOOKING = """
    window.looking = true;
    Document.prototype.hasFocus = () => window.looking;
"""
CANNED = {
    "wait": "One moment, I'm reading our conversation first.",
    "hello": "Hello {customer}, this is {agent}.",
    "photo": "Could you send me a photo of the damage?",
}
CARD = {
    "customer": {"signed_in": True, "name": "Emma Clarke", "id": "1", "address": None},
    "category": "return_item",
    "category_title": "Return an item",
    "language": "en",
    "slots": [{"name": "order_number", "value": "202611190042"}],
    "orders": [
        {
            "number": "202611190042",
            "status": "delivered",
            "placed_at": "2026-11-10T08:00:00Z",
            "total": {"amount": "1298.00", "currency": "CNY"},
            "items": [{"name": "Moss Shoes", "size": "39", "colour": "green", "quantity": 2}],
            "carrier": "SF Express",
            "tracking": "SF1234567890",
            "expected": None,
        }
    ],
    "tried": [
        {
            "at": "2026-11-22T08:00:00Z",
            "need": "return_item",
            "title": "Return an item",
            "outcome": "failed",
        }
    ],
    "pages": [
        {
            "path": "/tents/nest",
            "title": "Nest 2 | Kodama",
            "sku": "KT-601",
            "product": "Nest 2 Tent",
            "seconds": 90,
            "at": "2026-11-19T08:00:00Z",
        },
        {
            "path": "/about",
            "title": "About us",
            "sku": None,
            "product": None,
            "seconds": 0,
            "at": "2026-11-19T07:59:00Z",
        },
    ],
    "earlier": [],
}


def seat(site: Site, name: str = "Mei", **values: Any) -> str:
    """An agent of this name with an account as given, online at first; a link that lets them in."""
    link = site.desk_link(name)
    with write_transaction(site.engine) as session:
        agent = session.execute(select(Agent).where(Agent.name == name)).scalar_one()
        agent.role, agent.presence, agent.seen_at = Role.AGENT.value, Presence.ONLINE.value, None
        agent.capacity, agent.skills, agent.languages, agent.active = 3, [], [], True
        for key, value in values.items():
            setattr(agent, key, value)
    return link


def add_skill(site: Site, skill: str = "returns", title: str = "Returns") -> None:
    """What a conversation can be passed on to."""
    titles = dict.fromkeys(("en", "zh-Hans", "zh-Hant", "ja"), title)
    with write_transaction(site.engine) as session:
        session.merge(Skill(id=skill, titles=titles, categories=[]))


def add_canned(site: Site) -> None:
    """Ready replies in English."""
    with write_transaction(site.engine) as session:
        for place, (shortcut, text) in enumerate(CANNED.items()):
            reply = CannedReply(shortcut=shortcut, place=place, texts={"en": text})
            reply.updated_at = utcnow()
            session.add(reply)


def asks(site: Site, text: str = "A person, please", language: str = "en") -> Customer:
    """A customer whose wish for a person has just been committed."""
    customer = site.customer(language)
    customer.send(text=text)
    site.answer("One moment", wanted="asked")
    return customer


def mark(site: Site, customer: Customer, **values: Any) -> str:
    """Write into a conversation what the bot would have found; the conversation's id."""
    conversation_id = str(site.conversation(customer).id)
    with write_transaction(site.engine) as session:
        conversation = session.get(Conversation, conversation_id)
        for key, value in values.items():
            setattr(conversation, key, value)
    return conversation_id


class DeskTab:
    """One tab with the desk."""

    def __init__(
        self,
        link: str,
        context: BrowserContext,
        language: str = "en",
        panels: dict[str, Any] | None = None,
        presence: str | None = None,
    ) -> None:
        """Come in by a link, online unless said; `panels` are answers in place of the server's."""
        self.words = strings(language)["desk"]
        self.context = context
        self.page: Page = context.new_page()
        self.page.add_init_script(LOOKING)
        for address, answer in (panels or {}).items():
            self.page.route(address, answered(answer))
        self.page.goto(link)
        expect(self.page.locator("#list h3").first).to_be_visible()
        if presence is not None:
            self.choose(presence)

    def choose(self, presence: str) -> None:
        """Be online, busy or away."""
        state = self.page.get_by_role("combobox", name=self.words["presence"]["title"])
        with self.page.expect_response("**/me/presence"):
            state.select_option(presence)

    def offer(self) -> Locator:
        """The strip of what is offered."""
        return self.page.locator("#offers .offer")

    def accept(self) -> None:
        """Accept what is offered first."""
        self.page.get_by_role("button", name=self.words["offer"]["accept"]).first.click()
        expect(self.box()).to_be_focused()

    def row(self, conversation_id: str) -> Locator:
        """A conversation in the list."""
        return self.page.locator(f"#list [data-conversation='{conversation_id}']")

    def open(self, conversation_id: str) -> None:
        """Show a conversation."""
        self.row(conversation_id).click()
        expect(self.page.get_by_role("heading", level=2).first).to_be_focused()

    def box(self) -> Locator:
        """Where one writes to the customer."""
        return self.page.get_by_role("textbox", name=self.words["placeholder"])

    def note_box(self) -> Locator:
        """Where one writes to colleagues."""
        return self.page.get_by_role("textbox", name=self.words["note"]["placeholder"])

    def button(self, name: str) -> Locator:
        """A button of exactly this name."""
        return self.page.get_by_role("button", name=name, exact=True)

    def log(self) -> Locator:
        """What was said."""
        return self.page.get_by_role("log")

    def notice(self) -> Locator:
        """What the page tells the agent."""
        return self.page.locator("#notice")

    def tab_to(self, target: Locator, most: int = 60) -> None:
        """Press Tab until this has the focus."""
        for _ in range(most):
            self.page.keyboard.press("Tab")
            if target.evaluate("(element) => element === document.activeElement"):
                return
        raise AssertionError("the keyboard doesn't get there")


class DeskPage(DeskTab):
    """The desk of a site, for an agent with an account as given."""

    def __init__(
        self,
        site: Site,
        context: BrowserContext,
        name: str = "Mei",
        language: str = "en",
        panels: dict[str, Any] | None = None,
        presence: str | None = None,
        **values: Any,
    ) -> None:
        """Come in."""
        link = f"{site.url}{seat(site, name, **values)}"
        super().__init__(link, context, language, panels, presence)


def answered(body: Any) -> Callable[[Route], None]:
    """Answer with this, or with the status that it is."""

    def fulfil(route: Route) -> None:
        if isinstance(body, int):
            route.fulfill(
                status=body, json={"error": {"code": "gone", "message": "", "remedy": ""}}
            )
        else:
            route.fulfill(json=body)

    return fulfil
