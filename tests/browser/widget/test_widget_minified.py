"""The scripts and styles as they are served, minified, mean what they meant: in a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tenin.pages.joined import JoinedFiles
from tenin.pages.rendering import STATIC
from tenin.pages.static_files import minified

SCRIPTS = sorted(STATIC.rglob("*.js"))
JOINED = JoinedFiles(STATIC, "widget/widget.js")
STYLES = sorted(STATIC.rglob("*.css"))
UNKNOWN = "a-name-that-leads-nowhere"

# A module is read to its end before its imports are looked for. The one import that leads nowhere
# then keeps it from running: what we hear is that import, or what could not be read.
READ = """async ([source, unknown]) => {
  const lines = new Blob([`import "${unknown}";`, source], { type: "text/javascript" });
  const url = URL.createObjectURL(lines);
  try {
    await import(url);
    return "it ran";
  } catch (error) {
    return `${error.name}: ${error.message}`;
  } finally {
    URL.revokeObjectURL(url);
  }
}"""
RULES = """([one, other]) => [one, other].map((css) => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  return [...sheet.cssRules].map((rule) => rule.cssText.replace(/\\s/g, ""));
})"""


def named(path: Path) -> str:
    return path.relative_to(STATIC).as_posix()


@pytest.mark.parametrize("path", SCRIPTS, ids=named)
def test_a_minified_script_can_be_read(blank: Page, path: Path) -> None:
    heard = blank.evaluate(READ, [minified(path).decode(), UNKNOWN])
    assert heard.startswith("TypeError"), heard
    assert UNKNOWN in heard


@pytest.mark.parametrize("name", sorted(JOINED.files))
def test_a_joined_script_can_be_read(blank: Page, name: str) -> None:
    heard = blank.evaluate(READ, [JOINED.packed(name).plain.decode(), UNKNOWN])
    assert heard.startswith("TypeError"), heard
    assert UNKNOWN in heard or "./" in heard


def test_no_name_of_a_joined_script_hides_one_of_the_browsers(blank: Page) -> None:
    """Modules that go out as one file share a scope: another may mean the browser's."""
    names = sorted({name for file in JOINED.files for name in JOINED.names(file)})
    assert {"Widget", "Panel"} <= set(names)
    assert blank.evaluate("(names) => names.filter((name) => name in window)", names) == []


def test_a_script_that_cannot_be_read_is_heard_of(blank: Page) -> None:
    heard = blank.evaluate(READ, ["export const a = `${`x`}", UNKNOWN])
    assert heard.startswith("SyntaxError")


@pytest.mark.parametrize("path", STYLES, ids=named)
def test_a_minified_style_has_the_same_rules(blank: Page, path: Path) -> None:
    before, after = blank.evaluate(
        RULES, [path.read_text(encoding="utf-8"), minified(path).decode()]
    )
    assert before == after
    assert before
