"""Mistakes that people make in YAML, each in a copy of a real file, told with its remedy."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from tenin.language.yamlfile import read_yaml
from tenin.training.check.findings import Code, Finding
from tenin.training.check.mistakes import find_mistakes
from tenin.training.check.project import read_project
from tenin.training.check.sources import read_source
from tenin.training.check.whole import check

PROJECT = Path(__file__).parents[4]
NLU = "data/nlu/en/track_order.yml"
JA = "data/nlu/ja/returns_policy.yml"
SAID = "data/responses/track_order.yml"
HANS = "data/nlu/zh-Hans/greet.yml"
RULES = "data/rules/track_order.yml"


class Case(NamedTuple):
    """A mistake: in which file, what is replaced by what, and what is told of it."""

    file: str
    old: str
    new: str
    code: Code
    at: str  # words on the line that is named, after the change
    remedy: str


CASES = {
    "a tab": Case(NLU, "    examples: |", "\texamples: |", Code.TAB, "examples:", "spaces"),
    "a tab before a sentence": Case(
        NLU, "      - tracking\n", "\t- tracking\n", Code.TAB, "- tracking", "spaces"
    ),
    "a tab in responses": Case(
        SAID, "      condition:", "\t  condition:", Code.TAB, "condition", "spaces"
    ),
    "no colon": Case(
        NLU,
        "- intent: track_order",
        "- intent track_order",
        Code.NO_COLON,
        "- intent",
        "`intent: `",
    ),
    "no colon before a block": Case(
        NLU, "examples: |", "examples |", Code.NO_COLON, "examples |", "`examples: `"
    ),
    "no colon after the first word": Case(NLU, "nlu:", "nlu", Code.NO_COLON, "nlu", "`nlu: `"),
    "no colon after a reply's name": Case(
        SAID,
        "  utter_order_paid:",
        "  utter_order_paid",
        Code.NO_COLON,
        "  utter_order_paid",
        "`utter_order_paid: `",
    ),
    "no colon before a text": Case(
        SAID, '- text: "We have', '- text "We have', Code.NO_COLON, '- text "We', "`text: `"
    ),
    "no colon within braces": Case(
        SAID,
        "type: slot, name: language, value: en}",
        "type: slot, name: language, value en}",
        Code.UNKNOWN_KEY,
        "value en}",
        "mean 'value'",
    ),
    "an equals sign": Case(
        NLU, "intent: track_order", "intent = track_order", Code.NO_COLON, "intent =", "`intent: `"
    ),
    "no space after the colon": Case(
        NLU, "intent: track", "intent:track", Code.NO_SPACE_AFTER_COLON, "intent:", "`intent: track"
    ),
    "no space after the colon in a text": Case(
        SAID,
        '- text: "We have',
        '- text:"We have',
        Code.NO_SPACE_AFTER_COLON,
        '- text:"We',
        "`text: ",
    ),
    "indented too little": Case(
        NLU, "    examples: |", "   examples: |", Code.INDENT, "examples", "as many spaces"
    ),
    "indented too much": Case(
        SAID, "      condition:", "       condition:", Code.INDENT, "condition", "as many spaces"
    ),
    "a sentence indented too little": Case(
        NLU, "      - tracking\n", "   - tracking\n", Code.INDENT, "- tracking", "spaces"
    ),
    "a sentence indented too much": Case(
        NLU, "      - tracking\n", "        - tracking\n", Code.INDENT, "- tracking", "as many"
    ),
    "a reply that isn't indented": Case(
        SAID,
        "  utter_order_paid:",
        "utter_order_paid:",
        Code.INDENT,
        "utter_order_paid:",
        "below `responses:`",
    ),
    "a quote that isn't closed": Case(
        SAID, "of the order you'd like", "of the \"order you'd like", Code.QUOTES, "of the", '\\"'
    ),
    "a quote that ends too early": Case(
        SAID,
        '{expected:date}."',
        "{expected:date}.",
        Code.QUOTES,
        "We have received",
        'end it with "',
    ),
    "a quote within single ones": Case(
        SAID,
        '- text: "We have received the payment for order {order_number}, and it will be packed',
        "- text: 'We've received the payment for order {order_number}, and it will be packed",
        Code.QUOTES,
        "- text: 'We've",
        'Begin and end it with "',
    ),
    "typographic quotes": Case(
        SAID,
        '- text: "订单 {order_number} 已付款，正在等待打包，预计{expected:date}送达。"',
        "- text: “订单 {order_number} 已付款，正在等待打包，预计{expected:date}送达。”",
        Code.TYPOGRAPHIC_QUOTES,
        "- text: “",
        'plain double quotes: "…"',
    ),
    "a typographic quote at the end": Case(
        SAID,
        '打包，预计{expected:date}送达。"',
        "打包，预计{expected:date}送达。”",
        Code.TYPOGRAPHIC_QUOTES,
        "已付款",
        "plain one",
    ),
    "single typographic quotes": Case(
        "menus.yml",
        'en: "Where is my order?"',
        "en: ‘Where is my order?’",
        Code.TYPOGRAPHIC_QUOTES,
        "track_order: {en: ‘",
        'plain double quotes: "…"',
    ),
    "a full-width colon": Case(
        HANS, "intent: greet", "intent：greet", Code.FULL_WIDTH_COLON, "intent：", "`intent: `"
    ),
    "a full-width colon before a block": Case(
        HANS, "examples: |", "examples：|", Code.FULL_WIDTH_COLON, "examples：", "`examples: `"
    ),
    "a full-width colon after a reply's name": Case(
        SAID,
        "  utter_order_paid:",
        "  utter_order_paid：",
        Code.FULL_WIDTH_COLON,
        "utter_order_paid：",
        "`utter_order_paid: `",
    ),
    "a full-width colon within braces": Case(
        "menus.yml",
        'zh-Hans: "我的订单到哪了"',
        'zh-Hans："我的订单到哪了"',
        Code.FULL_WIDTH_COLON,
        "我的订单到哪了",
        "`zh-Hans: `",
    ),
    "a full-width hyphen before an entry": Case(
        HANS, "  - intent", "  － intent", Code.FULL_WIDTH_SIGN, "intent", "`- `"
    ),
    "a full-width hyphen before a sentence": Case(
        HANS, "      - 你好\n", "      －你好\n", Code.FULL_WIDTH_SIGN, "－你好", "`- `"
    ),
    "a dash before a sentence": Case(
        NLU, "      - tracking\n", "      – tracking\n", Code.FULL_WIDTH_SIGN, "– tracking", "`- `"
    ),
    "a wide space after the hyphen": Case(
        HANS, "      - 你好\n", "      -　你好\n", Code.FULL_WIDTH_SIGN, "-　你好", "`- `"
    ),
    "wide spaces before a line": Case(
        HANS, "    examples: |", "　　examples: |", Code.FULL_WIDTH_SIGN, "examples", "plain space"
    ),
    "a full-width comma": Case(
        "menus.yml",
        '"Where is my order?", zh-Hans',
        '"Where is my order?"， zh-Hans',
        Code.FULL_WIDTH_SIGN,
        "Where is my order",
        "plain ,",
    ),
    "no hyphen before an entry": Case(
        RULES,
        "      - intent: track_order\n",
        "      intent: track_order\n",
        Code.NO_HYPHEN,
        "intent",
        "`- `",
    ),
    "no hyphen before a sentence": Case(
        NLU, "      - tracking\n", "      tracking\n", Code.NO_HYPHEN, "tracking", "`- `"
    ),
    "no space after the hyphen of a sentence": Case(
        NLU, "      - tracking\n", "      -tracking\n", Code.NO_HYPHEN, "-tracking", "`- `"
    ),
    "no space after the hyphen of an entry": Case(
        NLU, "  - intent", "  -intent", Code.NO_HYPHEN, "-intent", "`- `"
    ),
    "a bullet before a sentence": Case(
        NLU, "      - tracking\n", "      • tracking\n", Code.NO_HYPHEN, "• tracking", "`- `"
    ),
    "no bar": Case(NLU, "examples: |", "examples:", Code.NO_BAR, "examples:", "`examples: |`"),
    "no bar, and sentences that aren't YAML": Case(
        NLU,
        "examples: |\n      - where is my order\n",
        "examples:\n      - where: is: my order\n",
        Code.NO_BAR,
        "examples:",
        "`examples: |`",
    ),
    "what no other code has": Case(
        NLU, "nlu:\n", "nlu:\n...\n---\n", Code.NOT_YAML, "---", "Compare the line"
    ),
    "a key twice": Case(
        NLU,
        "  - intent: track_order\n",
        "  - intent: track_order\n    intent: greet\n",
        Code.KEY_TWICE,
        "intent: greet",
        "Take one of them out",
    ),
    "a reply twice": Case(
        SAID,
        "  utter_order_packed:",
        "  utter_order_paid:",
        Code.KEY_TWICE,
        "utter_order_paid:",
        "Take one of them out",
    ),
    "a key misspelt": Case(
        NLU, "examples:", "exmaples:", Code.UNKNOWN_KEY, "exmaples", "mean 'examples'"
    ),
    "a key in another form": Case(
        NLU, "intent:", "intents:", Code.UNKNOWN_KEY, "intents", "mean 'intent'"
    ),
    "a key misspelt in a reply": Case(
        SAID, "      buttons:", "      button:", Code.UNKNOWN_KEY, "button:", "mean 'buttons'"
    ),
    "a setting misspelt": Case(
        "tenin.yml", "  port: 8080", "  prot: 8080", Code.UNKNOWN_KEY, "prot", "mean 'port'"
    ),
    "a key of nothing": Case(
        NLU, "nlu:\n", "colour: red\nnlu:\n", Code.UNKNOWN_KEY, "colour", "version, nlu"
    ),
    "a text where a list belongs": Case(
        "menus.yml",
        "choices: [",
        "choices: orders # [",
        Code.NOT_THE_SCHEMA,
        "choices: orders",
        "a list of menus and needs",
    ),
    "a word where a number belongs": Case(
        "tenin.yml", "port: 8080", "port: eighty", Code.NOT_THE_SCHEMA, "eighty", "a whole number"
    ),
    "a part that is missing": Case(
        SAID,
        "      condition: [{type: slot, name: language, value: en}]\n"
        '      custom: {offer: [human_agent]}\n    - text: "Please send',
        '      custom: {offer: [human_agent]}\n    - text: "Please send',
        Code.NOT_THE_SCHEMA,
        "I'll gladly look that up",
        "condition:",
    ),
    "a need in capitals": Case(
        NLU,
        "intent: track_order",
        "intent: Track order",
        Code.NOT_THE_SCHEMA,
        "Track",
        "small letters",
    ),
    "a bracket that isn't closed": Case(
        "menus.yml",
        'ja: "注文した商品は今どこですか"}',
        'ja: "注文した商品は今どこですか"',
        Code.BRACKETS,
        "track_order: {",
        "as many }",
    ),
    "a bracket too many": Case(
        SAID,
        "condition: [{type: slot, name: language, value: en}]",
        "condition: [{type: slot, name: language, value: en}]]",
        Code.BRACKETS,
        "value: en}]]",
        "as many }",
    ),
    "a placeholder without quotes": Case(
        SAID,
        '- text: "订单 {order_number} 已付款，正在等待打包，预计{expected:date}送达。"',
        "- text: {order_number}",
        Code.NOT_THE_SCHEMA,
        "{order_number}",
        "between double quotes",
    ),
    "a colon in a text without quotes": Case(
        SAID,
        '- text: "订单 {order_number} 已付款，正在等待打包，预计{expected:date}送达。"',
        "- text: Order paid: it will be packed",
        Code.NEEDS_QUOTES,
        "Order paid:",
        "between double quotes",
    ),
    "a star before a text without quotes": Case(
        SAID,
        '- text: "订单 {order_number} 已付款，正在等待打包，预计{expected:date}送达。"',
        "- text: *Good news*",
        Code.NEEDS_QUOTES,
        "*Good news*",
        "between double quotes",
    ),
    "an exclamation before a text": Case(
        SAID,
        '- text: "订单 {order_number} 已付款，正在等待打包，预计{expected:date}送达。"',
        "- text: !Attention please",
        Code.NEEDS_QUOTES,
        "!Attention",
        "between double quotes",
    ),
    "another need's file": Case(
        NLU, "intent: track_order", "intent: greet", Code.FILE_NAME, "intent: greet", "greet.yml"
    ),
}


def copied(root: Path, file: str, target: str | None = None) -> Path:
    """A copy of a real file in a project of its own."""
    copy = root / (target or file)
    copy.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(PROJECT / file, copy)
    return copy


def found_in(root: Path, file: str) -> list[Finding]:
    """What is found in one file of a project that has hardly another."""
    across = {"T1", "T2", "T3", "T4", "T5"}
    return [each for each in check(root) if each.file == file and each.code[:2] not in across]


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_mistake_is_told_with_its_line_and_remedy(tmp_path: Path, case: Case) -> None:
    file = copied(tmp_path, case.file)
    text = file.read_text(encoding="utf-8")
    assert case.old in text
    file.write_text(text.replace(case.old, case.new, 1), encoding="utf-8")
    [finding] = found_in(tmp_path, case.file)
    line = file.read_text(encoding="utf-8").split("\n")[finding.line - 1]
    assert (finding.code, case.at in line) == (case.code.value, True), f"{finding} // {line}"
    assert case.remedy in finding.remedy, finding
    assert finding.words


@pytest.mark.parametrize("file", sorted({case.file for case in CASES.values()}))
def test_a_good_file_has_none_of_them(tmp_path: Path, file: str) -> None:
    copied(tmp_path, file)
    assert found_in(tmp_path, file) == []


def test_the_lines_of_the_projects_own_files_look_like_no_mistake() -> None:
    project = read_project(PROJECT)
    assert len(project.sources) > 600
    for name, source in project.sources.items():
        kind = project.kinds.get(name)
        keys = kind.keys if kind else frozenset[str]()
        assert find_mistakes(source.text, keys) == [], name
        assert source.findings == [], name


def test_values_are_read_as_the_bot_reads_them() -> None:
    for source in read_project(PROJECT).sources.values():
        assert source.value == read_yaml(source.path), source.name


def as_gbk(raw: bytes) -> bytes:
    return raw.decode().encode("gb18030")


def as_utf_16(raw: bytes) -> bytes:
    return raw.decode().encode("utf-16")


def as_utf_16_without_mark(raw: bytes) -> bytes:
    return raw.decode().encode("utf-16-le")


def with_bom(raw: bytes) -> bytes:
    return b"\xef\xbb\xbf" + raw


def with_hidden_sign(raw: bytes) -> bytes:
    return raw.replace(b"intent", b"\x08intent", 1)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (as_gbk, "GBK"),
        (as_utf_16, "UTF-16"),
        (as_utf_16_without_mark, "UTF-16"),
        (with_bom, "BOM"),
        (with_hidden_sign, "U+0008"),
    ],
)
def test_a_wrong_encoding_is_told_and_hides_nothing(
    tmp_path: Path, change: Callable[[bytes], bytes], words: str
) -> None:
    file = copied(tmp_path, HANS)
    text = file.read_text(encoding="utf-8").replace("intent: greet", "intent: goodbye", 1)
    file.write_bytes(change(text.encode()))
    encoding, name = sorted(found_in(tmp_path, HANS), key=lambda finding: finding.code)
    assert (encoding.code, name.code) == (Code.ENCODING.value, Code.FILE_NAME.value)
    assert words in encoding.message
    assert "UTF-8" in encoding.remedy or "anew" in encoding.remedy


def test_japanese_saved_as_shift_jis_is_told(tmp_path: Path) -> None:
    file = copied(tmp_path, JA)
    text = file.read_text(encoding="utf-8").encode("shift_jis", "ignore")
    file.write_bytes(text)
    assert "Shift-JIS" in found_in(tmp_path, JA)[0].message


def test_line_ends_of_windows_are_no_fault(tmp_path: Path) -> None:
    file = copied(tmp_path, NLU)
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert found_in(tmp_path, NLU) == []


@pytest.mark.parametrize(
    ("name", "code", "remedy"),
    [
        ("data/nlu/en/track_order.yaml", Code.ENDING, "track_order.yml"),
        ("data/nlu/en/track_order.txt", Code.ENDING, "track_order.yml"),
        ("data/nlu/en/track_order.yml.txt", Code.ENDING, "track_order.yml"),
        ("data/nlu/track_order.yml", Code.WRONG_FOLDER, "data/nlu/<language>/<name>.yml"),
        ("data/responses/track_order.yml", Code.WRONG_FOLDER, "data/nlu/<language>/<name>.yml"),
        ("data/nlu/ja/track_order.yml", Code.WRONG_LANGUAGE, "folder of its language"),
    ],
)
def test_examples_in_the_wrong_place_are_told(
    tmp_path: Path, name: str, code: Code, remedy: str
) -> None:
    copied(tmp_path, NLU, name)
    [finding] = found_in(tmp_path, name)
    assert finding.code == code.value
    assert remedy in finding.remedy


@pytest.mark.parametrize(
    ("file", "target", "code"),
    [
        (SAID, "data/nlu/en/track_order.yml", Code.WRONG_FOLDER),
        (RULES, "data/responses/track_order.yml", Code.WRONG_FOLDER),
        ("menus.yml", "data/responses/menus.yml", Code.WRONG_FOLDER),
        ("data/nlu/zh-Hant/greet.yml", "data/nlu/zh-Hans/greet.yml", Code.WRONG_LANGUAGE),
        ("data/nlu/zh-Hans/greet.yml", "data/nlu/zh-Hant/greet.yml", Code.WRONG_LANGUAGE),
        ("data/nlu/zh-Hans/track_order.yml", "data/nlu/en/track_order.yml", Code.WRONG_LANGUAGE),
        ("data/nlu/ja/track_order.yml", "data/nlu/zh-Hans/track_order.yml", Code.WRONG_LANGUAGE),
        ("menus.yml", "menus.yaml", Code.ENDING),
    ],
)
def test_a_file_of_another_kind_or_language_is_told(
    tmp_path: Path, file: str, target: str, code: Code
) -> None:
    copied(tmp_path, file, target)
    [finding] = found_in(tmp_path, target)
    assert finding.code == code.value
    assert finding.remedy


def test_an_empty_file_is_told(tmp_path: Path) -> None:
    file = tmp_path / NLU
    file.parent.mkdir(parents=True)
    file.write_text("# later\n", encoding="utf-8")
    [finding] = found_in(tmp_path, NLU)
    assert (finding.code, finding.message) == ("T018", "The file holds nothing.")


def test_all_mistakes_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    file = copied(tmp_path, SAID)
    text = file.read_text(encoding="utf-8")
    for old, new in (
        ("  utter_order_paid:", "  utter_order_paid："),
        ("  utter_order_packed:", "  utter_order_packed"),
        ('- text: "Order {order_number} has been', "- text: Order: {order_number} has been"),
    ):
        assert old in text
        text = text.replace(old, new, 1)
    file.write_text(text, encoding="utf-8")
    codes = {finding.code for finding in found_in(tmp_path, SAID)}
    assert codes == {"T003", "T008", "T006"} or codes == {"T003", "T008", "T020"}


def test_a_file_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    source = read_source(tmp_path, tmp_path / "data" / "gone.yml")
    [finding] = source.findings
    assert (finding.code, finding.file) == (Code.NOT_LOADED.value, "data/gone.yml")
