"""Files in the chat and at the desk, in real browsers, with the real web tier between them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Locator, Page, Route, expect
from sqlalchemy import select

from tenin.conversation.models import Conversation, StoredFile
from tenin.database import read_transaction
from tests.browser.chat_page import PATIENCE, ChatPage, strings
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.desk_page import DeskPage
from tests.sent_files import HTML, PDF, picture
from tests.unit.web.conftest import SiteMaker, databases, emptied_site, make_site, site
from tests.unit.web.persons import locked, wait_for
from tests.unit.web.served import Site

__all__ = ["databases", "emptied_site", "make_site", "site"]

NewContext = Callable[..., BrowserContext]
LOCALES = {"en": "en-US", "zh-Hans": "zh-CN", "zh-Hant": "zh-TW", "ja": "ja-JP"}
PICTURES = os.environ.get("TENIN_PICTURES")  # a folder to keep what was seen
PHOTO = {"name": "broken box.jpg", "mimeType": "image/jpeg", "buffer": picture(size=(800, 600))}
SLIP = {"name": "返品票.pdf", "mimeType": "application/pdf", "buffer": PDF}
COLOURS = """(canvas) => {
  const at = (x) => [...canvas.getContext("2d").getImageData(x, canvas.height / 2, 1, 1).data];
  const name = ([red, , blue]) => (red > blue ? "red" : "blue");
  return [name(at(2)), name(at(canvas.width - 3))];
}"""


def seen(name: str, *pages: Page) -> None:
    if PICTURES:
        Path(PICTURES).mkdir(parents=True, exist_ok=True)
        for number, page in enumerate(pages, 1):
            page.screenshot(path=f"{PICTURES}/{name}-{number}.png")


class Visit:
    """A customer at the shop's page and the agent who serves them."""

    def __init__(
        self,
        site: Site,
        new_context: NewContext,
        language: str = "en",
        viewport: dict[str, int] | None = None,
    ) -> None:
        """Open the chat, have it asked for a person, and let Mei take it."""
        self.site = site
        context = new_context(LOCALES[language], viewport=viewport)
        self.chat = ChatPage(context, site.url, language).open()
        self.page, self.words = self.chat.page, strings(language)["upload"]
        self.id = self._begun()
        expect(self.attach()).to_have_count(0)
        wait_for(site, self.id)
        self.desk = DeskPage(
            site, new_context(LOCALES[language], viewport=viewport), "Mei", language
        )
        self.desk.accept()
        expect(self.attach()).to_be_visible(timeout=PATIENCE)

    def _begun(self) -> str:
        for _ in range(PATIENCE // 100):
            with read_transaction(self.site.engine) as session:
                found = session.execute(select(Conversation.id)).scalars().first()
            if found is not None:
                return str(found)
            self.page.wait_for_timeout(100)
        raise AssertionError("no conversation was begun")

    def attach(self) -> Locator:
        """The customer's button for files."""
        return self.page.get_by_role("button", name=self.words["attach"])

    def choose(self, *files: dict[str, Any]) -> None:
        """Choose files on the device, as by the button."""
        with self.page.expect_file_chooser() as chooser:
            self.attach().click()
        chooser.value.set_files(list(files))  # type: ignore[arg-type]

    def rows(self) -> Locator:
        """The files that are not sent yet."""
        return self.page.get_by_role("list", name=self.words["list"]).get_by_role("listitem")

    def kept(self) -> list[str]:
        """The names of what the server has."""
        with read_transaction(self.site.engine) as session:
            wanted = select(StoredFile.name).order_by(StoredFile.line_number)
            return list(session.execute(wanted).scalars())

    def fits(self) -> bool:
        """Whether nothing stands out of the page, or of the log."""
        return bool(
            self.page.evaluate(
                """() => {
                  const root = document.querySelector("tenin-chat").shadowRoot;
                  const log = root.querySelector(".log");
                  return log.scrollWidth <= log.clientWidth
                    && document.documentElement.scrollWidth <= window.innerWidth;
                }"""
            )
        )


@pytest.mark.parametrize(
    ("language", "viewport"),
    [("en", DESKTOP), ("ja", PHONE), ("zh-Hans", PHONE), ("zh-Hant", DESKTOP)],
    ids=["en desktop", "ja phone", "zh-Hans phone", "zh-Hant desktop"],
)
def test_a_photo_is_seen_by_both_and_an_answer_comes_with_a_file(
    site: Site, new_context: NewContext, language: str, viewport: dict[str, int]
) -> None:
    visit = Visit(site, new_context, language, viewport)
    seen(f"ready {language}", visit.page, visit.desk.page)
    visit.choose(PHOTO)
    shown = visit.chat.log().locator(".line.customer .file canvas")
    expect(shown).to_be_visible(timeout=PATIENCE)
    visit.page.wait_for_function(
        """() => {
          const root = document.querySelector("tenin-chat").shadowRoot;
          const canvas = root.querySelector(".file canvas");
          return canvas && canvas.style.width !== "";
        }"""
    )
    assert shown.evaluate(COLOURS) == ["red", "blue"]
    expect(visit.chat.log()).to_contain_text("broken box.jpg")
    expect(visit.rows()).to_have_count(0)
    assert visit.fits()

    image = visit.desk.log().get_by_role("img", name="broken box.jpg")
    expect(image).to_be_visible(timeout=PATIENCE)
    assert image.evaluate("(image) => image.decode().then(() => image.naturalWidth)") == 800
    words = strings(language)["upload"]
    with visit.desk.page.expect_download() as download:
        save = words["save"].replace("{name}", "broken box.jpg")
        visit.desk.log().get_by_role("link", name=save).click()
    assert download.value.suggested_filename == "broken box.jpg"

    with visit.desk.page.expect_file_chooser() as chooser:
        visit.desk.page.get_by_role("button", name=words["attach"]).click()
    chooser.value.set_files([SLIP])  # type: ignore[list-item]
    save = words["save"].replace("{name}", "返品票.pdf")
    given = visit.chat.log().get_by_role("button", name=save)
    expect(given).to_be_visible(timeout=PATIENCE)
    with visit.page.expect_download() as download:
        given.click()
    assert download.value.suggested_filename == "返品票.pdf"
    assert Path(download.value.path()).read_bytes() == PDF
    expect(visit.desk.log().locator(".line.agent .file")).to_contain_text("返品票.pdf")
    seen(f"sent {language}", visit.page, visit.desk.page)
    assert visit.kept() == ["broken box.jpg", "返品票.pdf"]

    # A reload shows it all again, also when the bot serves.
    with locked(site, visit.id) as (_, conversation):
        conversation.owner, conversation.agent_id, conversation.agent_name = "bot", None, None
    visit.page.reload()
    visit.chat.open()
    expect(visit.chat.log().locator(".file .picture canvas")).to_be_visible(timeout=PATIENCE)
    expect(visit.attach()).to_be_hidden()


def test_what_cant_be_sent_is_said_before_it_is_sent(site: Site, new_context: NewContext) -> None:
    visit = Visit(site, new_context)
    asked = []
    visit.page.on("request", lambda request: asked.append(request.url))
    visit.choose(
        {"name": "page.html", "mimeType": "text/html", "buffer": HTML},
        {"name": "empty.png", "mimeType": "image/png", "buffer": b""},
        {"name": "film.pdf", "mimeType": "application/pdf", "buffer": b"\0" * 10_000_001},
    )
    words = visit.words["errors"]
    types = "JPG, PNG, WEBP, PDF, TXT"
    expect(visit.rows().nth(0)).to_contain_text(words["file_type"].replace("{types}", types))
    expect(visit.rows().nth(1)).to_contain_text(words["file_empty"])
    expect(visit.rows().nth(2)).to_contain_text(words["file_too_large"].replace("{most}", "10 MB"))
    seen("refused", visit.page)
    assert not [url for url in asked if url.endswith("/chat/files")]
    for name in ("page.html", "empty.png", "film.pdf"):
        cancel = visit.words["cancel"].replace("{name}", name)
        visit.page.get_by_role("button", name=cancel).press("Enter")
    expect(visit.rows()).to_have_count(0)
    expect(visit.chat.box()).to_be_focused()
    assert visit.kept() == []


def test_what_the_server_refuses_is_said_in_words(
    site: Site, new_context: NewContext, faults: list[str]
) -> None:
    visit = Visit(site, new_context)
    visit.choose({"name": "photo.png", "mimeType": "image/png", "buffer": HTML})
    types = "JPG, PNG, WEBP, PDF, TXT"
    said = visit.words["errors"]["file_type"].replace("{types}", types)
    expect(visit.rows()).to_contain_text(said, timeout=PATIENCE)
    assert all("415" in fault for fault in faults)
    faults.clear()


def test_an_upload_outlives_a_lost_connection_and_is_one(
    site: Site, new_context: NewContext
) -> None:
    """Once the answer is lost, once the way there: the same key, one file."""
    visit = Visit(site, new_context)
    keys: list[str] = []

    def lose(route: Route) -> None:
        if route.request.method != "POST":
            return route.fallback()
        keys.append(str(route.request.headers["idempotency-key"]))
        if len(keys) == 1:
            return route.abort()
        if len(keys) == 2:
            route.fetch()  # it arrives, and nobody hears of it
            return route.abort()
        return route.continue_()

    visit.page.route("**/chat/files", lose)
    visit.choose(PHOTO, SLIP)
    expect(visit.rows().first).to_contain_text(visit.words["retrying"], timeout=PATIENCE)
    seen("retrying", visit.page)
    expect(visit.rows()).to_have_count(0, timeout=PATIENCE)
    expect(visit.chat.log().locator(".file")).to_have_count(2)
    assert len(set(keys[:3])) == 1
    assert len(set(keys)) == 2
    assert visit.kept() == ["broken box.jpg", "返品票.pdf"]


def test_an_upload_can_be_let_go(site: Site, new_context: NewContext) -> None:
    visit = Visit(site, new_context)
    visit.page.route(
        "**/chat/files",
        lambda route: route.abort() if route.request.method == "POST" else route.fallback(),
    )
    visit.choose(PHOTO)
    cancel = visit.words["cancel"].replace("{name}", "broken box.jpg")
    visit.page.get_by_role("button", name=cancel).click()
    expect(visit.rows()).to_have_count(0)
    visit.page.unroute("**/chat/files")
    visit.choose(SLIP)
    expect(visit.chat.log()).to_contain_text("返品票.pdf", timeout=PATIENCE)
    assert visit.kept() == ["返品票.pdf"]


def test_pasted_and_dropped(site: Site, new_context: NewContext) -> None:
    visit = Visit(site, new_context)
    transfer = """async ([bytes, name, type]) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([new Uint8Array(bytes)], name, { type }));
      return transfer;
    }"""
    png = list(picture("PNG"))
    given = visit.page.evaluate_handle(transfer, [png, "image.png", "image/png"])
    visit.chat.box().evaluate(
        """(box, clipboardData) => box.dispatchEvent(
             new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }))""",
        given,
    )
    expect(visit.chat.log()).to_contain_text("image.png", timeout=PATIENCE)
    given = visit.page.evaluate_handle(transfer, [list(PDF), "slip.pdf", "application/pdf"])
    panel = visit.page.get_by_role("dialog").first
    panel.dispatch_event("dragover", {"dataTransfer": given})
    seen("dropping", visit.page)
    panel.dispatch_event("drop", {"dataTransfer": given})
    expect(visit.chat.log()).to_contain_text("slip.pdf", timeout=PATIENCE)
    assert visit.kept() == ["image.png", "slip.pdf"]
    assert visit.chat.box().input_value() == ""


def test_a_photo_is_looked_at_large_by_keyboard(site: Site, new_context: NewContext) -> None:
    visit = Visit(site, new_context)
    visit.choose(PHOTO)
    name = visit.words["open"].replace("{name}", "broken box.jpg")
    small = visit.page.get_by_role("button", name=name)
    expect(small).to_be_visible(timeout=PATIENCE)
    small.press("Enter")
    large = visit.page.get_by_role("dialog", name="broken box.jpg")
    expect(large.get_by_role("img", name="broken box.jpg")).to_be_visible()
    seen("large", visit.page)
    visit.page.keyboard.press("Escape")
    expect(large).to_have_count(0)
    expect(small).to_be_focused()
    expect(visit.chat.box()).to_be_visible()


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_files_are_there_for_everybody(
    site: Site, new_context: NewContext, viewport: dict[str, int]
) -> None:
    """No fault by axe in what is sent, refused and shown; all of it has its place for the focus."""
    visit = Visit(site, new_context, viewport=viewport)
    visit.choose(PHOTO, {"name": "page.html", "mimeType": "text/html", "buffer": HTML})
    expect(visit.rows()).to_have_count(1, timeout=PATIENCE)
    expect(visit.chat.log().locator(".file .picture")).to_be_visible()
    expect(visit.rows().get_by_role("alert")).not_to_be_empty()
    small = visit.page.get_by_role("button", name=visit.words["open"].split("{")[0])
    small.focus()
    expect(small).to_be_focused()
    shadow = [{"fromShadowDom": ["tenin-chat", part]} for part in (".tray", ".file", ".attach")]
    found = Axe().run(visit.page, context={"include": shadow})
    assert found.violations_count == 0, found.generate_report()
    assert found.response["passes"]

    attach = visit.desk.page.locator(".attach")
    attach.focus()
    expect(attach).to_be_focused()
    with visit.desk.page.expect_file_chooser() as chooser:
        attach.press("Enter")
    bad = {"name": "page.html", "mimeType": "text/html", "buffer": HTML}
    chooser.value.set_files([bad])  # type: ignore[list-item]
    expect(visit.desk.page.locator(".tray li")).to_have_count(1)
    parts = [[part] for part in (".tray", ".file", ".attach")]
    found = Axe().run(visit.desk.page, context={"include": parts})
    assert found.violations_count == 0, found.generate_report()


def test_an_agents_file_outlives_a_lost_connection(site: Site, new_context: NewContext) -> None:
    visit = Visit(site, new_context)
    lost = []

    def lose(route: Route) -> None:
        lost.append(route.request.headers["idempotency-key"])
        if len(lost) == 1:
            route.fetch()  # it arrives, and nobody hears of it
            return route.abort()
        return route.continue_()

    visit.desk.page.route("**/conversations/*/files", lose)
    with visit.desk.page.expect_file_chooser() as chooser:
        visit.desk.page.get_by_role("button", name=visit.words["attach"]).click()
    chooser.value.set_files([PHOTO])  # type: ignore[list-item]
    row = visit.desk.page.locator(".tray li")
    expect(row).to_contain_text(visit.words["retrying"], timeout=PATIENCE)
    expect(row).to_have_count(0, timeout=PATIENCE)
    assert len(lost) == 2
    assert len(set(lost)) == 1
    assert visit.kept() == ["broken box.jpg"]
    expect(visit.chat.log().locator(".line.agent .picture canvas")).to_be_visible(timeout=PATIENCE)


def test_what_was_not_sent_goes_with_who_signs_out(site: Site, new_context: NewContext) -> None:
    """The next person at the device neither sees it nor sends it."""
    visit = Visit(site, new_context)
    posts = []

    def fail(route: Route) -> None:
        if route.request.method != "POST":
            return route.fallback()
        posts.append(route.request.url)
        return route.abort()

    visit.page.route("**/chat/files", fail)
    visit.choose(PHOTO, SLIP)
    expect(visit.rows()).to_have_count(2)
    expect(visit.rows().first).to_contain_text(visit.words["retrying"], timeout=PATIENCE)
    visit.page.evaluate(
        """() => {
          localStorage.setItem("tenin.customer", "1");
          document.querySelector("tenin-chat").signOut();
        }"""
    )
    expect(visit.rows()).to_have_count(0)
    expect(visit.attach()).to_be_hidden()
    visit.page.unroute("**/chat/files")
    sent = len(posts)
    visit.page.evaluate("() => window.dispatchEvent(new Event('online'))")
    visit.page.wait_for_timeout(3000)
    assert len(posts) == sent
    assert visit.kept() == []


@pytest.mark.parametrize("language", list(LOCALES))
def test_a_file_not_sent_when_the_page_is_left_is_named(
    site: Site, new_context: NewContext, language: str, faults: list[str]
) -> None:
    visit = Visit(site, new_context, language)
    visit.page.route(
        "**/chat/files",
        lambda route: route.abort() if route.request.method == "POST" else route.fallback(),
    )
    visit.choose(PHOTO, {**SLIP, "name": "receipt.txt", "buffer": b""})
    expect(visit.rows().first).to_contain_text(visit.words["retrying"], timeout=PATIENCE)
    visit.page.reload()
    visit.page.get_by_role("button", name=visit.chat.words["open"]).click()
    expect(visit.rows()).to_have_count(1, timeout=PATIENCE)  # the empty one had its word
    visit.page.unroute("**/chat/files")  # only now: before, another try might have sent it
    expect(visit.rows()).to_contain_text("broken box.jpg")
    expect(visit.rows()).to_contain_text(visit.words["lost"])
    assert visit.fits()
    seen(f"lost-{language}", visit.page)
    visit.rows().get_by_role("button", name=visit.words["cancel"].split("{")[0].strip()).click()
    expect(visit.rows()).to_have_count(0)
    expect(visit.attach()).to_be_visible(timeout=PATIENCE)
    visit.choose(PHOTO)
    expect(visit.chat.log().locator(".file")).to_have_count(1, timeout=PATIENCE)
    visit.page.reload()
    visit.page.get_by_role("button", name=visit.chat.words["open"]).click()
    expect(visit.chat.log().locator(".file")).to_have_count(1, timeout=PATIENCE)
    expect(visit.attach()).to_be_visible(timeout=PATIENCE)
    expect(visit.rows()).to_have_count(0)
    assert visit.page.evaluate("Object.keys(sessionStorage)") == []


@pytest.mark.parametrize("language", list(LOCALES))
def test_files_that_come_too_fast_say_when_they_go_out(
    make_site: SiteMaker, new_context: NewContext, language: str, faults: list[str]
) -> None:
    site = make_site(LIMITS_UPLOADS_BY_SESSION=3)  # the fourth after twenty seconds
    visit = Visit(site, new_context, language)
    small = [{**PHOTO, "name": f"{number}.jpg"} for number in range(4)]
    visit.choose(*[{**each, "buffer": picture(size=(8, 8))} for each in small])
    before, after = visit.words["limited"]["other"].split("{count}")
    waits = visit.rows().first.locator(".words")
    expect(waits).to_contain_text(before.strip(), timeout=PATIENCE)
    expect(waits).to_contain_text(after.strip())
    seen(f"limited-{language}", visit.page)
    expect(visit.rows()).to_have_count(0, timeout=PATIENCE)
    assert sorted(visit.kept()) == sorted(each["name"] for each in small)
    assert [fault for fault in faults if "429" not in fault] == []
    faults.clear()
