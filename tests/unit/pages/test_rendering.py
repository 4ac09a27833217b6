"""The pages in every language: whole, safe, without a script or style of their own in them."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from jinja2 import UndefinedError
from markupsafe import Markup, escape

from tenin.desk.shell import TRAINERS_PAGES
from tenin.journey.gallery import Shown, drawn
from tenin.language.languages import configured
from tenin.pages.rendering import STATIC, NoWordingError, render, strings, wordings
from tenin.shop.catalogue import ProductView
from tenin.training.try_pages import STATUS, told
from tests.system import PROJECT

TEMPLATES = STATIC.parent / "templates"
SCRIPTS = sorted(STATIC.rglob("*.js"))
FILES = sorted(path.stem for path in (STATIC / "locale" / "en").iterdir())
KEY = re.compile(rf"""["'`]((?:{"|".join(FILES)})\.(?!css|js)[\w.]*(?:\$\{{[^}}]*\}})?)""")
IMPORT = re.compile(r"""^(?:import|export) [^"]*"(\.[^"]+)";$""", re.MULTILINE)
PARTS = re.compile(r"""\[("common"[^\]]*)\]""")

TENT = ProductView(
    sku="KT-601",
    category="camping",
    category_name="Tents and camping",
    name="Nest 2 Tent",
    description="A freestanding tent for two.",
    reason="Every part can be ordered on its own.",
    price=Decimal("1299.00"),
    currency="CNY",
    in_stock=True,
    image="/static/products/camping.svg",
)
SHOE = replace(TENT, sku="KS-101", category="shoes", category_name="Shoes", name="Moss Shoes")
DEMO_ORDER = {"number": "202611190042", "email": "lin@example.com"}

each_language = pytest.mark.parametrize("language", wordings())


class Elements(HTMLParser):
    """The start tags of a page, and what stands inside its scripts and styles."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.inline = ""
        self._inside = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside in ("script", "style"):
            self.inline += data.strip()


FRAME = {
    "account": {"name": "Tao", "role": "trainer"},
    "serves": True,
    "shop": "Kodama",
    "sign_out": "Sign out",
    "token": "a-token",
    "brand": "For trainers",
    "pages": TRAINERS_PAGES,
}
EXPLAINED = {
    "text": "where is <b>1</b>",
    "language": "en",
    "tokens": ["where", "<i>"],
    "need": "track_order",
    "refused": False,
    "ranking": [
        {"need": "track_order", "confidence": 0.95},
        {"need": "inform", "confidence": 0.05},
    ],
    "second": "greet",
    "near": ["greet"],
    "about": "greet",
    "entities": [{"entity": "size", "text": "M", "value": "m", "start": 0, "end": 1}],
    "words": [{"word": "where", "weight": 0.5}, {"word": "is", "weight": -0.25}],
    "against": "inform",
    "nearest": [
        {
            "text": "where is it",
            "need": "track_order",
            "file": "data/nlu/en/track_order.yml",
            "line": 9,
            "likeness": 0.5,
        }
    ],
    "action": "order_form",
    "reply": "Which order?",
    "buttons": ["Orders"],
}
ACCOUNT = {"open": True, "customer": None, "token": "", "word": "kodama", "failed": False}
LIN = {"id": "1", "name": "Lin <b>", "email": "lin@example.com"}


def shop(
    language: str, products: list[ProductView] | None = None, account: dict[str, Any] | None = None
) -> str:
    return render(
        "shop.html",
        language=language,
        languages=configured(),
        strings=strings(language)["shop"],
        products=[SHOE, TENT] if products is None else products,
        demo_order=DEMO_ORDER,
        shop="Kodama",
        account=account or ACCOUNT,
        customers=[LIN],
    )


def pages(language: str) -> dict[str, str]:
    words = strings(language)
    return {
        "shop": shop(language),
        "shop signed in": shop(language, account={**ACCOUNT, "customer": LIN, "token": "a.b.c"}),
        "shop not signed in": shop(language, account={**ACCOUNT, "failed": True}),
        "shop without": shop(language, account={**ACCOUNT, "open": False}),
        "widget": render(
            "widget.html", language=language, languages=configured(), strings=words["embed"]
        ),
        "desk": render("desk.html", language=language, strings=words["desk"], shop="Kodama"),
        **{
            f"try {what}": render(
                "desk_train_try.html",
                language=language,
                strings=words["train"],
                languages=configured(),
                longest=4000,
                text="where",
                chosen="en",
                found=found and told(found, {}, language),
                problem=problem,
                frame=words["train"],
                page="try",
                **FRAME,
            )
            for what, found, problem in (
                ("first", None, None),
                ("found", EXPLAINED, None),
                ("refused", {**EXPLAINED, "refused": True, "nearest": [], "words": []}, None),
                *((name, None, name) for name in words["train"]["trying"]["problems"]),
            )
        },
        "blueprints": render(
            "desk_blueprints.html",
            language=language,
            strings=words["desk"],
            frame=words["train"],
            page="blueprints",
            **FRAME,
            blueprints=[Shown("return_item", "Sending boots back", "Emma", 10)],
        ),
        "blueprint": render(
            "desk_blueprint.html",
            language=language,
            strings=words["desk"],
            frame=words["train"],
            page="blueprints",
            **FRAME,
            blueprint=Shown("return_item", "Sending boots back", "Emma", 10),
            drawing=Markup(drawn(PROJECT, "return_item", language, lambda *_: "")[1]),
        ),
        "closed": render("desk_closed.html", language=language, strings=words["desk"]),
        **{
            f"sign in {said}": render(
                "desk_sign_in.html",
                language=language,
                strings=words["desk"],
                token="a-token",
                next="",
                login="mei",
                said=said,
                minutes=minutes,
            )
            for said in (None, "wrong", "stale", "signed_out", "locked")
            for minutes in (1, 15)
        },
        **{
            f"account {said}": render(
                "desk_account.html",
                language=language,
                strings=words["desk"],
                token="a-token",
                account={"name": "Mei", "login": "mei", "role": "lead"},
                has_password=said != "saved",
                home="/desk",
                said=said,
                minutes=15,
            )
            for said in (None, "saved", "locked", *words["desk"]["account"]["errors"])
        },
        "not allowed": render(
            "desk_not_allowed.html",
            language=language,
            strings=words["desk"],
            account={"name": "Mei", "role": "trainer"},
            home="/desk/blueprints",
        ),
        **{
            f"invoice {kind}": render(
                "invoice_closed.html", language=language, strings=words["invoice"], kind=kind
            )
            for kind in ("bad", "none", "expired", "failed")
        },
        **{
            f"mail {state}": render(
                "mail_stop.html", language=language, strings=words["mail_stop"], state=state
            )
            for state in ("ask", "done", "gone")
        },
        **{
            f"error {status}": render(
                "error.html", language=language, strings=words["error"], status=status
            )
            for status in (404, 405, 500)
        },
    }


def leaves(words: Any, path: str = "") -> dict[str, str]:
    if isinstance(words, str):
        return {path: words}
    found: dict[str, str] = {}
    for key, value in words.items():
        found |= leaves(value, f"{path}.{key}" if path else key)
    return found


@each_language
def test_every_page_renders_in_its_language(language: str) -> None:
    for name, html in pages(language).items():
        assert f'<html lang="{language}">' in html, name
        assert "{{" not in html, name
        assert "{%" not in html, name


@each_language
def test_content_security_policy_can_forbid_everything_inline(language: str) -> None:
    for name, html in pages(language).items():
        page = Elements(html)
        assert page.inline == "", name
        for tag, attributes in page.found:
            assert tag != "style", name
            assert "style" not in attributes, (name, tag)
            assert not [key for key in attributes if key.startswith("on")], (name, tag)
            if tag == "script":
                assert attributes.get("src"), name
            for key in ("src", "href"):
                address = attributes.get(key)
                assert address is None or address[0] in "/?#", (name, address)


@each_language
def test_files_the_pages_name_are_there(language: str) -> None:
    for name, html in pages(language).items():
        for tag, attributes in Elements(html).found:
            for address in (attributes.get("src"), attributes.get("href")):
                if address and address.startswith("/static/") and "/products/" not in address:
                    file = STATIC / address.removeprefix("/static/")
                    assert file.is_file(), (name, tag, address)


@each_language
def test_shop_shows_products_order_and_widget(language: str) -> None:
    html = shop(language, [SHOE, replace(TENT, in_stock=False)])
    words = strings(language)["shop"]
    for expected in (
        "Moss Shoes",
        "Nest 2 Tent",
        "1,299",
        DEMO_ORDER["number"],
        DEMO_ORDER["email"],
        words["in_stock"],
        words["sold_out"],
        'id="KT-601"',
        "/static/products/camping.svg",
    ):
        assert expected in html
    scripts = [attributes for tag, attributes in Elements(html).found if tag == "script"]
    assert [(script["src"], script.get("data-language")) for script in scripts] == [
        ("/widget.js", language),
        ("/static/shop/shop.js", None),
    ]


def test_language_switch_marks_the_language_of_the_page() -> None:
    links = {
        attributes["href"]: "aria-current" in attributes
        for tag, attributes in Elements(shop("zh-Hans")).found
        if tag == "a" and attributes.get("hreflang")
    }
    assert links == {f"?lang={code}": code == "zh-Hans" for code in configured().ready}


def test_products_of_one_category_stand_on_one_shelf() -> None:
    html = shop("en", [SHOE, replace(SHOE, sku="KS-102"), TENT])
    shelves = [
        attributes["id"]
        for tag, attributes in Elements(html).found
        if tag == "section" and "id" in attributes and attributes["id"] != "cart"
    ]
    assert shelves == ["shoes", "camping"]


@each_language
def test_whatever_fails_of_a_try_is_said(language: str) -> None:
    problems = strings(language)["train"]["trying"]["problems"]
    assert problems.keys() == {*STATUS, "bot_failed"}
    for problem, said in problems.items():
        assert str(escape(said)) in pages(language)[f"try {problem}"]


def test_what_comes_from_data_is_escaped() -> None:
    html = shop("en", [replace(TENT, name="<script>alert(1)</script>", image='x" onerror="y')])
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert 'onerror="y' not in html


def test_a_missing_variable_is_an_error_not_a_gap() -> None:
    with pytest.raises(UndefinedError):
        render("error.html", language="en", strings=strings("en")["error"])


def test_an_unknown_language_is_named_with_the_remedy() -> None:
    for language in ("tlh", "../locale/en", "index"):
        with pytest.raises(NoWordingError, match=r"index\.json"):
            strings(language)


def test_pages_speak_the_languages_that_are_ready() -> None:
    index = json.loads((STATIC / "locale" / "index.json").read_text(encoding="utf-8"))
    assert tuple(index["languages"]) == configured().ready
    assert index["default"] == configured().default
    folders = {path.name for path in (STATIC / "locale").iterdir() if path.is_dir()}
    assert set(index["languages"]) <= folders <= set(configured().names)


@each_language
def test_languages_have_the_same_keys_and_placeholders(language: str) -> None:
    default, other = leaves(strings(configured().default)), leaves(strings(language))
    assert default.keys() == other.keys()
    for key, words in other.items():
        assert words.strip(), key
        # A plural form for one may leave the number out.
        if not key.endswith(".one"):
            wanted = set(re.findall(r"\{\w+\}", default[key]))
            assert set(re.findall(r"\{\w+\}", words)) == wanted, key


def used_in_scripts() -> set[str]:
    return {key for path in SCRIPTS for key in KEY.findall(path.read_text(encoding="utf-8"))}


def test_every_key_the_scripts_use_exists() -> None:
    present = leaves(strings("en"))
    used = used_in_scripts()
    assert len(used) > 50
    for key in used:
        if "${" in key:  # the rest is known at run time only
            assert any(name.startswith(key.partition("$")[0]) for name in present), key
        else:
            assert any(name == key or name.startswith(f"{key}.") for name in present), key


def loaded_with(entry: Path) -> set[Path]:
    """A module and all that it imports at once."""
    found, waiting = set(), [entry]
    while waiting:
        path = waiting.pop().resolve()
        if path not in found:
            found.add(path)
            imported = IMPORT.findall(path.read_text(encoding="utf-8"))
            waiting.extend(path.parent / name for name in imported)
    return found


@pytest.mark.parametrize(
    "entry", [path for path in SCRIPTS if "loadStrings(" in path.read_text("utf-8")], ids=str
)
def test_a_page_loads_the_parts_of_the_wording_that_its_scripts_use(entry: Path) -> None:
    if entry.name == "strings.js":
        return
    source = entry.read_text(encoding="utf-8")
    loaded = set(re.findall(r"\"(\w+)\"", PARTS.findall(source)[0]))
    modules = loaded_with(entry)
    if entry.name == "form.js":  # of the leads' pages, each of which loads its own module besides
        modules |= {path.resolve() for path in entry.parent.glob("*.js")}
    keys = {key for path in modules for key in KEY.findall(path.read_text(encoding="utf-8"))}
    assert {key.partition(".")[0] for key in keys} <= loaded


def test_every_string_is_used() -> None:
    used = used_in_scripts()
    exact = {key for key in used if "${" not in key}
    beginnings = tuple(key.partition("$")[0] for key in used if "${" in key)
    templates = "".join(path.read_text(encoding="utf-8") for path in TEMPLATES.glob("*.html"))
    for key in leaves(strings("en")):
        section, _, rest = key.partition(".")
        if section == "error":
            continue  # chosen by status, rendered for each above
        names = {rest, rest.removeprefix("closed."), rest.partition(".")[0]}
        in_template = any(
            re.search(rf"(?:strings|words)\.{re.escape(name)}\b", templates) for name in names
        )
        plural = key.rpartition(".")[0]
        in_script = key in exact or plural in exact or key.startswith(beginnings)
        assert in_template or in_script, key


def test_errors_put_into_words_are_errors_the_server_gives() -> None:
    package = STATIC.parent.parent
    sources = "".join(path.read_text(encoding="utf-8") for path in package.rglob("*.py"))
    for code in (*strings("en")["errors"], *strings("en")["upload"]["errors"]):
        # One that is put together from a kind stands in the documentation of what raises it.
        assert f'"{code}"' in sources or f"`{code}`" in sources, code


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.relative_to(STATIC).as_posix())
def test_scripts_build_nodes_and_stand_alone(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    for forbidden in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert forbidden not in source
    for imported in re.findall(r"""^import\b[^;]*?["']([^"']+)["'];""", source, re.MULTILINE):
        assert imported.startswith("."), imported
        assert (path.parent / imported).is_file(), imported
    assert not re.search(r"[\u3040-\u30ff\u4e00-\u9fff]", source), "wording belongs to locale/"
