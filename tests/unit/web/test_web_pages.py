"""The pages: what is on them, that nothing runs on them but our own files, and their headers."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import PurePosixPath
from urllib.parse import urlsplit

import httpx
import pytest
from sqlalchemy.engine import Engine

from tenin.database import make_engine, read_transaction
from tenin.language.languages import configured
from tenin.pages.rendering import STATIC
from tenin.pages.static_files import SMALLER, minified
from tenin.shop.catalogue import list_products
from tenin.shop.sample_data import demo_order
from tenin.web import CONTENT_SECURITY_POLICY, SECURITY_HEADERS
from tests.agent import DeskAgent
from tests.unit.web.conftest import SiteMaker
from tests.unit.web.served import Site

HTML = "text/html,application/xhtml+xml,*/*;q=0.8"
ADDRESSES = [
    "/",
    "/?lang=zh-Hans",
    "/?lang=%22%3E%3Cscript%3E",
    "/widget",
    "/desk/sign-in",
    "/desk/enter?key=x",
    "/x",
]
FILES = sorted(path.relative_to(STATIC).as_posix() for path in STATIC.rglob("*") if path.is_file())
TYPES = {
    ".js": {"text/javascript", "application/javascript"},  # a module of another type never runs
    ".css": {"text/css"},
    ".svg": {"image/svg+xml"},
    ".json": {"application/json"},
}


class Page(HTMLParser):
    """What a page holds: its text, its addresses, and whatever would run on it."""

    def __init__(self, html: str) -> None:
        """Read a page."""
        super().__init__(convert_charrefs=True)
        self.language: str | None = None
        self.texts: list[str] = []
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.inline: list[str] = []
        self._within: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at a tag and its attributes."""
        given = dict(attrs)
        if tag == "html":
            self.language = given.get("lang")
        if tag in ("script", "style"):
            self._within.append(tag)
            if tag == "style" or not given.get("src"):
                self.inline.append(f"<{tag}>")
        for name, value in attrs:
            if name == "style" or name.startswith("on") or name == "srcdoc":
                self.inline.append(f"{name}={value}")
            if name in ("href", "src", "action", "formaction") and value is not None:
                (self.links if tag in ("a", "form") else self.loaded).append(value)

    def handle_endtag(self, tag: str) -> None:
        """Come out of a tag."""
        if self._within and self._within[-1] == tag:
            self._within.pop()

    def handle_data(self, data: str) -> None:
        """Keep the text; text of a script or style is inline code."""
        if self._within and data.strip():
            self.inline.append(data.strip())
        elif data.strip():
            self.texts.append(" ".join(data.split()))

    @property
    def text(self) -> str:
        """All that can be read."""
        return "\n".join(self.texts)


@pytest.fixture
def browser(open_site: Site) -> httpx.Client:
    """A browser that wants pages."""
    return open_site.http({"accept": HTML, "accept-language": "en-GB,en;q=0.9"})


def assert_safe(answer: httpx.Response) -> Page:
    """The page loads our own files alone and runs nothing that stands in it."""
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    page = Page(answer.text)
    assert page.inline == []
    assert page.loaded
    for address in [*page.loaded, *page.links]:
        parts = urlsplit(address)
        assert (parts.scheme, parts.netloc) == ("", ""), address
    return page


@pytest.mark.parametrize("language", configured().ready)
@pytest.mark.parametrize("address", ADDRESSES)
def test_nothing_runs_on_a_page_but_our_files(open_site: Site, address: str, language: str) -> None:
    http = open_site.http({"accept": HTML, "accept-language": language})
    page = assert_safe(http.get(address))
    if "lang=" not in address:
        assert page.language == language
    for loaded in page.loaded:
        answer = http.get(loaded)
        assert answer.status_code == 200, loaded
        kind = answer.headers["content-type"].partition(";")[0]
        assert kind in TYPES[PurePosixPath(urlsplit(loaded).path).suffix], loaded


@pytest.mark.parametrize("language", configured().ready)
def test_the_open_desk_too(site: Site, mei: DeskAgent, language: str) -> None:
    answer = mei.http.get("/desk", headers={"accept-language": language})
    assert answer.status_code == 200
    page = assert_safe(answer)
    assert page.language == language
    for loaded in page.loaded:
        assert mei.http.get(loaded).status_code == 200


def test_every_answer_has_the_security_headers(open_site: Site, browser: httpx.Client) -> None:
    answers = [browser.get(address) for address in ADDRESSES]
    answers += [
        browser.get("/health"),
        browser.get("/static/widget/widget.js"),
        browser.get("/widget.js"),
        browser.get("/static/nothing"),
        browser.get("/static/locale/en/widget.json", headers={"if-none-match": "*"}),
        browser.head("/"),
        browser.post("/"),
        browser.get("/desk/"),  # a redirect
        browser.get("/desk/api/me"),
        browser.post("/chat/session", json={}),
        browser.post("/chat/session", content=b"{"),
        browser.get("/chat/stream"),
        browser.get(open_site.desk_link()),
    ]
    assert {answer.status_code for answer in answers} >= {200, 201, 303, 307, 400, 401, 403, 404}
    for answer in answers:
        where = f"{answer.request.method} {answer.request.url} {answer.status_code}"
        for name, value in SECURITY_HEADERS.items():
            assert answer.headers.get_list(name) == [value], where
        assert "server" not in answer.headers, where
    stream = open_site.stream(open_site.customer())
    assert SECURITY_HEADERS.items() <= {k.lower(): v for k, v in stream.headers.items()}.items()


def test_the_policy_lets_nothing_inline_run_and_nobody_frame() -> None:
    policy = dict(part.strip().split(" ", 1) for part in CONTENT_SECURITY_POLICY.split(";"))
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert "http" not in CONTENT_SECURITY_POLICY
    assert policy["default-src"] == policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["object-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["form-action"] == "'self'"
    assert SECURITY_HEADERS == {
        "content-security-policy": CONTENT_SECURITY_POLICY,
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",  # a desk link's key stays with us
        "cross-origin-opener-policy": "same-origin",
    }


@pytest.mark.parametrize("file", FILES)
def test_files_are_served_as_what_they_are(browser: httpx.Client, file: str) -> None:
    answer = browser.get(f"/static/{file}")
    assert answer.status_code == 200
    path = STATIC / file
    assert answer.content == (minified(path) if path.suffix in SMALLER else path.read_bytes())
    assert answer.headers["content-type"].partition(";")[0] in TYPES[PurePosixPath(file).suffix]


def shop_of(site: Site) -> Engine:
    return make_engine(site.settings.shop.database_url)


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_the_shop_shows_its_goods_and_the_order_to_ask_about(
    open_site: Site, browser: httpx.Client, language: str
) -> None:
    page = Page(browser.get(f"/?lang={language}").text)
    engine = shop_of(open_site)
    with read_transaction(engine) as session:
        products = list_products(session, language)
        number, email = demo_order(session)
    engine.dispose()
    assert page.language == language
    assert len(products) >= 24
    for product in products:
        assert product.name in page.texts
        assert " ".join(product.description.split()) in page.texts
        price = f"{product.price:,.2f}".removesuffix(".00")  # a round price is said without cents
        assert any(text.removesuffix(".00").endswith(price) for text in page.texts)
    assert {product.category_name for product in products} <= set(page.texts)
    assert number in page.texts
    assert email in page.texts
    other = {"en": "zh-Hans", "zh-Hans": "en"}[language]
    assert f"?lang={other}" in page.links
    assert "/widget.js" in page.loaded


@pytest.mark.parametrize(
    ("query", "accepted", "language"),
    [
        ("", "zh-CN,zh;q=0.9,en;q=0.8", "zh-Hans"),
        ("", "en-US,en;q=0.9", "en"),
        ("", "fr-FR,fr;q=0.9", "en"),
        ("", "", "en"),
        ("", "*", "en"),
        ("", ";;;,,,", "en"),
        ("?lang=zh-Hans", "en", "zh-Hans"),
        ("?lang=en", "zh-CN", "en"),
        ("?lang=", "zh-CN", "zh-Hans"),
        ("?lang=%00", "en", "en"),
        ("?lang=%3Cscript%3Ealert(1)%3C/script%3E", "en", "en"),
        ("?lang=" + "x" * 5_000, "en", "en"),
    ],
    ids=lambda value: value[:20],
)
def test_the_shops_language(open_site: Site, query: str, accepted: str, language: str) -> None:
    http = open_site.http({"accept": HTML, "accept-language": accepted})
    answer = http.get(f"/{query}")
    assert answer.status_code == 200
    assert Page(answer.text).language == language
    assert "alert(1)" not in answer.text


def test_what_the_shops_database_holds_is_only_text(make_site: SiteMaker) -> None:
    site = make_site()
    evil = "<script>alert(1)</script><img src=x onerror=alert(2)> \"'&"
    engine = shop_of(site)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE product_text SET name = ?, description = ?", (evil, evil)
        )
    engine.dispose()
    answer = site.http({"accept": HTML}).get("/")
    page = assert_safe(answer)
    assert page.texts.count(evil) >= 24
