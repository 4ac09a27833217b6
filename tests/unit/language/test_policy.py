"""The shop's terms: read by the names of their placeholders, and every fault named with remedy."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tenin.language.fill import fill
from tenin.language.languages import load_languages
from tenin.language.policy import Policy, PolicyError, check_policy, load_policy

ROOT = Path(__file__).parents[3]
READY = load_languages(ROOT / "languages.yml").ready
GOOD = """
shop:
  name: {en: Kodama, zh-Hans: 木灵}
shipping:
  cutoff: "16:00"
  days: 2
  share: 2.5
  fee: {amount: "12.00", currency: CNY}
  fee_by_language:
    en: {amount: 2, currency: USD}
    zh-Hans: {amount: 12, currency: CNY}
payment:
  shared: [Visa, PayPal]
  methods: {en: [Alipay, Visa], zh-Hans: [支付宝, Visa]}
"""


def load(folder: Path, text: str) -> Policy:
    path = folder / "policy.yml"
    path.write_text(text, encoding="utf-8")
    return load_policy(path, ["en", "zh-Hans"])


def test_terms_go_by_the_names_of_their_placeholders(tmp_path: Path) -> None:
    assert load(tmp_path, GOOD).values("en", "en") == {
        "shop_name": "Kodama",
        "shipping_cutoff": "16:00",
        "shipping_days": 2,
        "shipping_share": 2.5,
        "shipping_fee": (Decimal("12.00"), "CNY"),
        "shipping_fee_by_language": (Decimal(2), "USD"),
        "payment_shared": ("Visa", "PayPal"),
        "payment_methods": ("Alipay", "Visa"),
    }


def test_each_language_has_its_own_text_list_and_money(tmp_path: Path) -> None:
    values = load(tmp_path, GOOD).values("zh-Hans", "en")
    assert values["shop_name"] == "木灵"
    assert values["payment_methods"] == ("支付宝", "Visa")
    assert values["shipping_fee_by_language"] == (Decimal(12), "CNY")
    assert values["shipping_days"] == 2


def test_the_default_stands_in_and_a_term_in_neither_is_left_out(tmp_path: Path) -> None:
    policy = load(tmp_path, "shop:\n  name: {en: Kodama}\n  motto: {zh-Hans: 慢慢来}\n")
    assert policy.values("zh-Hans", "en") == {"shop_name": "Kodama", "shop_motto": "慢慢来"}
    assert policy.values("en", "en") == {"shop_name": "Kodama"}


def test_amounts_are_exact(tmp_path: Path) -> None:
    money = "shipping:\n  fee: {amount: 0.10, currency: CNY}\n"
    assert load(tmp_path, money).values("en", "en")["shipping_fee"] == (Decimal("0.1"), "CNY")


def test_terms_fill_placeholders(tmp_path: Path) -> None:
    text = "{shipping_fee:money} {shipping_days:days} {shipping_cutoff:time} {payment_methods:list}"
    policy = load(tmp_path, GOOD)
    assert fill(text, policy.values("en", "en"), "en") == "CN¥12 2 days 4:00 PM Alipay and Visa"
    assert fill(text, policy.values("zh-Hans", "en"), "zh-Hans") == (
        "¥12 2天 下午4:00 支付宝和Visa"
    )


@pytest.mark.parametrize(
    ("text", "named", "remedy"),
    [
        ("", "must hold topics", "below each its terms"),
        ("- returns\n", "must hold topics", "below each its terms"),
        ("returns: 30\n", "'returns' must hold terms", "Write it as 'returns: {days: 30}'"),
        ("returns: {}\n", "'returns' must hold terms", "Write it as"),
        ("returns: [days]\n", "'returns' must hold terms", "Write it as"),
        ("a: {b_c: 1}\na_b: {c: 2}\n", "'a_b_c' is made by two", "Rename one"),
        ("a: {b_c: {en: x}}\na_b: {c: 2}\n", "'a_b_c' is made by two", "Rename one"),
        ("a: {b_c: 1}\na_b: {c: {en: x}}\n", "'a_b_c' is made by two", "Rename one"),
        ("re-turns: {days: 1}\n", "'re-turns' and 'days' make no", "Use letters, digits"),
        ("returns: {the days: 1}\n", "'returns' and 'the days' make no", "Use letters, digits"),
        ("2: {days: 1}\n", "2 and 'days' make no", "Use letters, digits"),
        ("returns: {days: {en: 1, fr: 2}}\n", "'returns_days' has fr", "Correct the code"),
        ("fee: {of: {amount: 1}}\n", "'fee_of' has amount", "Correct the code"),
        ("fee: {of: {amount: x, currency: CNY}}\n", "'fee_of' is no money", "Write it as {amount"),
        ("fee: {of: {amount: , currency: CNY}}\n", "'fee_of' is no money", "Write it as {amount"),
        ("fee: {of: {amount: .nan, currency: CNY}}\n", "'fee_of' is no money", "Write it as"),
        ("fee: {of: {amount: .inf, currency: CNY}}\n", "'fee_of' is no money", "Write it as"),
        ("fee: {of: {amount: 1, currency: }}\n", "'fee_of' is no money", "Write it as"),
        ("fee: {of: {amount: 1, currency: 元}}\n", "'fee_of' is no money", "Write it as"),
        ("fee: {of: {amount: [1], currency: CNY}}\n", "'fee_of' is no money", "Write it as"),
        ("fee: {of: {en: {amount: 1}}}\n", "'fee_of' is no money", "Write it as {amount"),
        ("returns: {days: }\n", "'returns_days' has no value", "Give a number, a text, a list"),
        ("returns: {days: true}\n", "'returns_days' has no value", "Give a number"),
        ("returns: {days: ' '}\n", "'returns_days' has no value", "Give a number"),
        ("returns: {days: .nan}\n", "'returns_days' has no value", "Give a number"),
        ("returns: {days: []}\n", "'returns_days' has no value", "Give a number"),
        ("returns: {days: [1, 2]}\n", "'returns_days' has no value", "Give a number"),
        ("returns: {days: 2026-11-22}\n", "'returns_days' has no value", "Give a number"),
        ("returns: {days: {en: }}\n", "'returns_days' has no value", "Give a number"),
        ("returns: {days: 1}\nreturns: {days: 2}\n", "line 2: .*duplicate key", "Correct the YAML"),
        ("returns: {\n", "line 2: ", "Correct the YAML there"),
    ],
)  # fmt: skip
def test_every_fault_names_file_and_remedy(
    tmp_path: Path, text: str, named: str, remedy: str
) -> None:
    with pytest.raises(PolicyError, match=named) as raised:
        load(tmp_path, text)
    assert str(tmp_path / "policy.yml") in str(raised.value)
    assert remedy in str(raised.value)


def test_a_file_that_is_not_there_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"policy\.yml"):
        load_policy(tmp_path / "policy.yml", ["en"])


def test_a_missing_language_is_found(tmp_path: Path) -> None:
    policy = load(tmp_path, GOOD.replace(", zh-Hans: 木灵", ""))
    assert check_policy(policy, ["en"]) == []
    assert check_policy(policy, ["en", "zh-Hans"]) == [
        f"{tmp_path / 'policy.yml'}: the term 'shop_name' isn't there in 'zh-Hans'. Add "
        f"'zh-Hans: …' to it."
    ]


def test_the_projects_own_policy_is_complete() -> None:
    policy = load_policy(ROOT / "policy.yml", READY)
    assert check_policy(policy, READY) == []
    assert policy.by_language
    assert policy.shared


@pytest.mark.parametrize("language", READY)
def test_the_projects_own_terms_can_be_said(language: str) -> None:
    """Each in the format that its name promises."""
    values = load_policy(ROOT / "policy.yml", READY).values(language, "en")
    said: dict[str, str] = {}
    for name, value in values.items():
        said[name] = fill(f"{{{name}:{form_of(name, value)}}}", values, language)
    assert all(text.strip() for text in said.values())
    assert "12" in said["shipping_fee"]


def form_of(name: str, value: Any) -> str:
    last = name.rpartition("_")[2]
    if isinstance(value, tuple):
        return "money" if isinstance(value[0], Decimal) else "list"
    if last in ("opens", "closes", "cutoff"):
        return "time"
    if last in ("days", "minutes", "months"):
        return last
    return "number" if isinstance(value, (int, float)) else ""
