"""The chat on another site's page, by the one line, in a real browser.

Both sites are real and have origins of their own; the test plays the bot's worker.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from typing import Any

import jwt
import pytest
from playwright.sync_api import BrowserContext, Page, Request, expect

from tenin.conversation.transcript import Reply
from tests.browser.chat_page import PATIENCE, strings
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.widget.shop_site import ShopSite, shop_site
from tests.unit.web.conftest import SiteMaker, databases, make_site
from tests.unit.web.served import Site

__all__ = ["databases", "make_site"]

NewContext = Callable[..., BrowserContext]
WORDS = strings("en")["widget"]
each_size = pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])

# Before any script of the page: what moves on it, what its policy forbids, what the chat tells.
WATCH = """
window.seen = { shifts: [], violations: [], events: [] };
new PerformanceObserver((list) => {
  for (const { value } of list.getEntries()) window.seen.shifts.push(value);
}).observe({ type: "layout-shift", buffered: true });
document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => {
  window.seen.violations.push(`${violatedDirective} ${blockedURI}`);
});
for (const name of ["ready", "open", "close", "message", "unread"]) {
  document.addEventListener(`tenin:${name}`, ({ detail }) => {
    window.seen.events.push([name, detail]);
  });
}
"""
KEPT = """async () => ({
  cookies: document.cookie,
  local: { ...localStorage },
  session: { ...sessionStorage },
  databases: (await indexedDB.databases()).length,
  caches: window.caches ? (await caches.keys()).length : 0,
})"""
NOTHING = {"cookies": "", "local": {}, "session": {}, "databases": 0, "caches": 0}


@pytest.fixture
def shop() -> Iterator[ShopSite]:
    """A shop's own site."""
    with shop_site() as site:
        yield site


@pytest.fixture
def site(make_site: SiteMaker, shop: ShopSite) -> Site:
    """Tenin, whose chat that shop's pages may show."""
    return make_site(WEB_SITES=shop.url)


def come(context: BrowserContext, url: str) -> tuple[Page, list[Request]]:
    """Open a page; it, and what it asks for."""
    page = context.new_page()
    page.add_init_script(WATCH)
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request))
    page.goto(url)
    return page, asked


def launcher(page: Page) -> Any:
    return page.get_by_role("button", name=WORDS["open"])


def chat(page: Page, site: Site) -> None:
    """Open the chat, say something, and be answered."""
    launcher(page).click()
    box = page.get_by_role("textbox", name=WORDS["placeholder"])
    expect(box).to_be_focused(timeout=PATIENCE)
    box.fill("Are they warm?")
    box.press("Enter")
    expect(page.get_by_role("log")).to_contain_text("Are they warm?")
    claimed = None
    for _ in range(2):  # that the chat was opened, and the question
        claimed = until_claimed(page, site)
        site.commit(claimed, Reply(f"Very. {claimed.text}"))
        if claimed.text == "Are they warm?":
            break
    expect(page.get_by_role("log")).to_contain_text("Very. Are they warm?", timeout=PATIENCE)


def until_claimed(page: Page, site: Site) -> Any:
    for _ in range(PATIENCE // 100):
        try:
            return site.claim()
        except AssertionError:
            page.wait_for_timeout(100)
    return site.claim()


@each_size
def test_on_an_allowed_sites_page(
    shop: ShopSite, site: Site, new_context: NewContext, viewport: dict[str, int]
) -> None:
    shop.shows(site.url)
    page, _ = come(new_context(viewport=viewport), shop.url)
    chat(page, site)
    page.reload()  # the conversation is found again by what the shop's own page keeps
    launcher(page).or_(page.locator("tenin-chat .launcher")).first.click()
    expect(page.get_by_role("log")).to_contain_text("Very.", timeout=PATIENCE)


def test_on_any_other_sites_page_there_is_no_chat_but_a_word_why(
    shop: ShopSite, site: Site, new_context: NewContext, faults: list[str]
) -> None:
    shop.shows(site.url)
    context = new_context()
    with context.expect_console_message(lambda message: message.type == "error") as heard:
        page, asked = come(context, shop.same_by_name)
    assert "web.sites" in heard.value.text
    assert shop.same_by_name in heard.value.text
    page.wait_for_timeout(500)
    assert page.locator("tenin-chat").count() == 0
    assert [request.url for request in asked if request.url.startswith(site.url)] == [
        f"{site.url}/widget.js"
    ]
    # Its own script would not get further: not even what needs no leave of the browser's.
    called = page.evaluate(
        """async (url) => {
          const asks = [
            fetch(url, { method: "POST", headers: { Authorization: "x" }, body: "{}" }),
            fetch(url, { method: "POST", body: "{}" }),
          ];
          return (await Promise.allSettled(asks)).map(({ status }) => status);
        }""",
        f"{site.url}/chat/session",
    )
    assert called == ["rejected", "rejected"]
    assert site.rows()["conversation"] == []
    assert faults.pop(0).startswith(heard.value.text)
    assert all("CORS" in fault or "403" in fault for fault in faults), faults
    faults.clear()


@each_size
def test_nothing_is_kept_asked_or_moved_before_it_is_opened(
    shop: ShopSite, site: Site, new_context: NewContext, viewport: dict[str, int]
) -> None:
    # A body that lays out its children is moved by whatever takes a place in it.
    style = "<style>body { display: flex; justify-content: space-between; gap: 20px }</style>"
    shop.shows(site.url, head=style)
    context = new_context(viewport=viewport)
    page, asked = come(context, shop.url)
    expect(launcher(page)).to_be_visible(timeout=PATIENCE)
    page.mouse.wheel(0, 300)
    page.wait_for_timeout(1500)
    assert page.evaluate(KEPT) == NOTHING
    assert context.cookies() == []
    assert page.evaluate("window.seen.shifts") == []
    ours = [request for request in asked if request.url.startswith(site.url)]
    assert len(ours) > 3
    for request in ours:
        path = request.url.removeprefix(site.url)
        assert path == "/widget.js" or path.startswith("/static/"), path
        assert request.method == "GET"
        assert "cookie" not in request.headers
    assert site.rows()["conversation"] == []

    launcher(page).click()
    page.wait_for_timeout(500)
    assert "tenin.session" in page.evaluate(KEPT)["local"], "what is measured can be seen"


def test_it_comes_when_the_page_has_loaded(
    shop: ShopSite, site: Site, new_context: NewContext
) -> None:
    shop.shows(site.url, body='<img src="/slow.png" alt="">')
    context = new_context()
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(shop.url, wait_until="domcontentloaded")
    page.wait_for_timeout(1500)
    assert f"{site.url}/widget.js" in asked
    assert not [url for url in asked if "/static/" in url], "the page comes first"
    shop.picture.set()
    expect(launcher(page)).to_be_visible(timeout=PATIENCE)


def test_it_comes_at_once_for_who_is_busy_or_asks_for_it(
    shop: ShopSite, site: Site, new_context: NewContext
) -> None:
    shop.shows(site.url, body='<img src="/slow.png" alt="">')
    page = new_context().new_page()
    page.goto(shop.url, wait_until="domcontentloaded")
    page.wait_for_function("Boolean(customElements.get('tenin-chat'))")
    page.get_by_role("button", name="Buy").click()
    expect(launcher(page)).to_be_visible(timeout=PATIENCE)

    other = new_context().new_page()
    other.goto(shop.url, wait_until="domcontentloaded")
    other.evaluate(
        """async () => {
          await customElements.whenDefined("tenin-chat");
          await document.querySelector("tenin-chat").open();
        }"""
    )
    expect(other.get_by_role("dialog")).to_be_visible(timeout=PATIENCE)


@each_size
def test_under_a_strict_policy(
    shop: ShopSite,
    site: Site,
    new_context: NewContext,
    viewport: dict[str, int],
    faults: list[str],
) -> None:
    directives = [
        "default-src 'none'",
        f"script-src {site.url}",
        f"connect-src {site.url}",
        f"img-src {site.url}",
        "style-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        "require-trusted-types-for 'script'",
    ]
    shop.headers = {"content-security-policy": "; ".join(directives)}
    options = 'data-colour="#ffd34d" data-position="left" data-heading="Ask us"'
    shop.shows(site.url, options)
    shop.page = shop.page.replace('<link rel="icon" href="data:,">', "")
    page, _ = come(new_context(viewport=viewport), shop.url)
    chat(page, site)
    page.keyboard.press("Escape")
    expect(launcher(page)).to_be_visible()
    assert page.evaluate("window.seen.violations") == []
    assert faults == []
    blocked = (
        "document.body.append(Object.assign(document.createElement('style'), {textContent: 'a{}'}))"
    )
    page.evaluate(blocked)
    page.wait_for_timeout(200)
    assert page.evaluate("window.seen.violations.length") == 1, "what is measured can be seen"
    assert len(faults) == 1, faults
    faults.clear()


def test_the_interface_and_what_it_tells(
    shop: ShopSite, site: Site, new_context: NewContext
) -> None:
    shop.shows(site.url)
    page, _ = come(new_context(), shop.url)
    page.evaluate("document.querySelector('tenin-chat').open()")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible(timeout=PATIENCE)
    assert page.evaluate("document.querySelector('tenin-chat').opened") is True
    claimed = until_claimed(page, site)
    site.commit(claimed, Reply("Welcome, secret 4711"))
    expect(page.get_by_role("log")).to_contain_text("Welcome", timeout=PATIENCE)
    page.evaluate("document.querySelector('tenin-chat').close()")
    expect(dialog).to_be_hidden()
    assert page.evaluate("document.querySelector('tenin-chat').opened") is False

    page.evaluate("document.querySelector('tenin-chat').open()")
    page.get_by_role("textbox", name=WORDS["placeholder"]).fill("One more")
    page.keyboard.press("Enter")
    claimed = until_claimed(page, site)
    page.evaluate("document.querySelector('tenin-chat').close()")
    site.commit(claimed, Reply("Secret 4712"))
    expect(
        page.get_by_role("button", name=WORDS["open_unread"]["one"].format(count=1))
    ).to_be_visible(timeout=PATIENCE)
    events = page.evaluate("window.seen.events")
    names = [name for name, _ in events]
    assert names[:2] == ["ready", "open"]
    assert names.count("open") == 2
    assert names.count("close") == 2
    assert ["message", {"author": "customer"}] in events
    assert ["message", {"author": "bot"}] in events
    assert events[-1] in (["message", {"author": "bot"}], ["unread", {"count": 1}])
    assert ["unread", {"count": 1}] in events
    assert "ecret" not in str(events), "what is said is between the customer and the shop"


def test_who_is_signed_in_before_and_after_it_has_loaded(
    shop: ShopSite, make_site: SiteMaker, new_context: NewContext
) -> None:
    secret = "a secret that shop and chat share"
    site = make_site(WEB_SITES=shop.url, IDENTITY_SECRET=secret)

    def token(customer: str) -> str:
        until = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
        return jwt.encode({"sub": customer, "aud": "tenin", "exp": until}, secret, "HS256")

    shop.shows(site.url, body='<img src="/slow.png" alt="">')
    page = new_context().new_page()
    page.goto(shop.url, wait_until="domcontentloaded")
    page.evaluate(
        """async (token) => {
          await customElements.whenDefined("tenin-chat");
          const chat = document.querySelector("tenin-chat");
          chat.identify(token);
          await chat.open();
        }""",
        token("1"),
    )
    page.wait_for_function("localStorage.getItem('tenin.customer') === '1'", timeout=PATIENCE)
    first = page.evaluate("localStorage.getItem('tenin.session')")
    page.evaluate("document.querySelector('tenin-chat').signOut()")
    page.wait_for_function(
        "(old) => ![null, old].includes(localStorage.getItem('tenin.session'))",
        arg=first,
        timeout=PATIENCE,
    )
    assert page.evaluate("localStorage.getItem('tenin.customer')") is None
    page.evaluate("(token) => document.querySelector('tenin-chat').signIn(token)", token("2"))
    page.wait_for_function("localStorage.getItem('tenin.customer') === '1'", timeout=PATIENCE)


COLOURS = """() => {
  const root = document.querySelector("tenin-chat").shadowRoot;
  const { backgroundColor, color } = getComputedStyle(root.querySelector("header"));
  return [backgroundColor, color];
}"""


def test_the_options(shop: ShopSite, site: Site, new_context: NewContext) -> None:
    shop.shows(
        site.url,
        'data-language="ja" data-heading="Ask us" data-position="left" data-colour="#7b1fa2" '
        'data-launcher="none" data-page=\'{"kind": "product", "sku": "S-1", "title": "Socks"}\'',
    )
    page, _ = come(new_context(), shop.url)
    page.wait_for_function("window.seen.events.length", timeout=PATIENCE)
    expect(page.locator("tenin-chat .launcher")).to_be_hidden()
    page.get_by_role("button", name="Buy").focus()
    page.evaluate("document.querySelector('tenin-chat').open()")
    dialog = page.get_by_role("dialog", name="Ask us")
    expect(dialog).to_be_visible()
    box = dialog.bounding_box()
    assert box is not None
    assert box["x"] < 40
    assert page.evaluate(COLOURS) == ["rgb(123, 31, 162)", "rgb(255, 253, 248)"]
    expect(page.get_by_role("textbox", name=strings("ja")["widget"]["placeholder"])).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Buy")).to_be_focused()

    # They may change while the page is open.
    page.evaluate(
        """() => {
          const chat = document.querySelector("tenin-chat");
          chat.setAttribute("heading", "Another");
          chat.setAttribute("position", "right");
          chat.setAttribute("colour", "");
          chat.removeAttribute("launcher");
        }"""
    )
    page.locator("tenin-chat .launcher").click()
    box = page.get_by_role("dialog", name="Another").bounding_box()
    assert box is not None
    assert box["x"] > 400
    assert page.evaluate(COLOURS)[0] == "rgb(44, 90, 69)"
