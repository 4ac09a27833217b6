"""Messages that are alike stand in one group, which keeps its name and its decision."""

from __future__ import annotations

import pytest

from tenin.database import read_transaction, write_transaction
from tenin.forgetting import forget
from tenin.training.corpus import TRAINED, read_file
from tenin.training.missed import decisions, likeness
from tenin.training.missed.decisions import Group
from tenin.training.missed.likeness import Message, group
from tests.unit.conversation.room import PROJECT, after
from tests.unit.missed.served import Shop

NLU = PROJECT / TRAINED
DUTY = ["who pays customs duty", "do i have to pay customs duty", "is customs duty included"]
RENT = ["can i rent a tent", "do you rent out tents", "tent rental possible?"]


def shown(shop: Shop, language: str | None = None) -> list[Group]:
    with read_transaction(shop.engine) as session:
        return decisions.groups(session, language)


@pytest.mark.parametrize(
    ("language", "alike", "other"),
    [
        ("en", DUTY, RENT),
        (
            "zh-Hans",
            ["关税谁来付", "关税是我付吗", "要付关税吗"],
            ["帐篷可以租吗", "能租帐篷吗", "有没有帐篷出租"],
        ),
        (
            "zh-Hant",
            ["關稅誰要付", "關稅是我付嗎", "要付關稅嗎"],
            ["帳篷可以租嗎", "能租帳篷嗎", "有沒有帳篷出租"],
        ),
        (
            "ja",
            ["関税は誰が払いますか", "関税は払うのですか", "関税はかかりますか"],
            ["テントは借りられますか", "テントのレンタルはありますか", "テントを借りたい"],
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_wording_alone_makes_groups(language: str, alike: list[str], other: list[str]) -> None:
    common = [
        each.text for file in (NLU / language).glob("d*.yml") for each in read_file(file, language)
    ]
    found = group([Message(text) for text in (*alike, *other)], common).groups
    assert len(set(found[:3])) == 1
    assert len(set(found[3:])) == 1
    assert found[0] != found[3]


def test_what_the_bot_takes_them_for_brings_together() -> None:
    texts = ["is my parcel lost", "the courier never came by"]
    alone = group([Message(each) for each in texts]).groups
    assert alone[0] != alone[1]
    same = group([Message(f"{each} parcel", {"track_order": 0.4}) for each in texts]).groups
    assert same[0] == same[1]


def test_numbers_that_were_masked_are_alike() -> None:
    assert likeness.pieces("[order_number] late") == likeness.pieces("late [order_number]")
    assert likeness.pieces("?!") == [" "]


def test_nothing_leaves_its_group() -> None:
    first = group([Message("who pays customs duty", group="a"), Message(RENT[0], group="a")])
    assert first.groups == ["a", "a"]
    assert group([]).groups == []


def test_the_largest_and_most_costly_come_first(shop: Shop) -> None:
    for text in DUTY:
        shop.say(shop.room.begin(), text)
    for at, text in enumerate(RENT):
        one = shop.room.begin()
        shop.say(one, text, seconds=at)
        if at:
            shop.say(one, "a person please", "human_agent", seconds=at + 1, wanted="asked")
    for text in ("xylophone", "quinoa"):
        shop.say(shop.room.begin(), text)
    shop.look()
    found = shown(shop)
    assert [len(each.messages) for each in found] == [3, 3, 1, 1]
    assert {each.text for each in found[0].messages} == set(RENT)
    assert found[0].persons == 2
    assert found[0].reasons == {"refused": 3, "person": 2}
    assert found[0].name == found[0].messages[0].text
    assert shown(shop, "ja") == []


def test_new_messages_join_their_group_and_its_name_stays(shop: Shop) -> None:
    for text in DUTY:
        shop.say(shop.room.begin(), text)
    shop.look()
    [before] = shown(shop)
    shop.say(shop.room.begin(), "so who pays the customs duty", seconds=1_500)
    for text in RENT:
        shop.say(shop.room.begin(), text, seconds=1_500)
    shop.look(after(2_000))
    found = {len(each.messages): each for each in shown(shop)}
    assert found.keys() == {4, 3}
    assert found[4].id == before.id
    assert found[4].version != before.version


def test_what_joins_a_dismissed_group_is_dismissed(shop: Shop) -> None:
    for text in DUTY:
        shop.say(shop.room.begin(), text)
    shop.look()
    [first] = shown(shop)
    with write_transaction(shop.engine) as session:
        assert decisions.dismiss(session, first.id) == 3
    shop.say(shop.room.begin(), "so who pays the customs duty", seconds=1_500)
    shop.look(after(2_000))
    assert shown(shop) == []
    assert [row.decision for row in shop.missed()] == ["dismissed"] * 4


def test_what_joins_an_accepted_group_waits_with_its_need_proposed(shop: Shop) -> None:
    for text in DUTY:
        shop.say(shop.room.begin(), text, others={"faq/shipping_cost": 0.4})
    shop.look()
    [first] = shown(shop)
    assert first.needs == ("faq/shipping_cost",)
    with write_transaction(shop.engine) as session:
        decisions.accept(session, first.id, "faq/duty", ["faq/shipping_cost"])
    shop.say(shop.room.begin(), "so who pays the customs duty", seconds=1_500)
    shop.look(after(2_000))
    [again] = shown(shop)
    assert (again.id, again.needs[0], again.decided) == (first.id, "faq/duty", 3)
    assert len(again.messages) == 1


def test_a_group_whose_conversations_are_erased_is_gone(shop: Shop) -> None:
    ones = [shop.room.begin() for _ in DUTY]
    for one, text in zip(ones, DUTY, strict=True):
        shop.say(one, text)
    shop.look()
    assert len(shown(shop)) == 1
    with write_transaction(shop.engine) as session:
        forget(session, ones, after(90))
    assert shown(shop) == []


def test_what_is_too_much_at_once_is_grouped_at_the_next_look(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(likeness, "MOST", 4)
    for text in DUTY:
        shop.say(shop.room.begin(), text)
    shop.look()
    assert [row.group_id is None for row in shop.missed()] == [False, False, True]
    shop.look(after(2_000))
    assert [len(each.messages) for each in shown(shop)] == [3]
