"""A small project in which nothing is wrong, so that each test can spoil one thing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

EXAMPLES = {
    "en": {
        "greet": ["hello there", "good morning", "hi", "hey you"],
        "faq/returns_policy": [
            "until when can I send it back",
            "what are your terms",
            "may I swap",
        ],
        "track_order": ["where is my parcel", "has it left yet", "track 202611050042", "no news"],
    },
    "ja": {
        "greet": ["こんにちは", "おはようございます", "どうも", "はじめまして"],
        "faq/returns_policy": ["いつまで返品できますか", "返品の条件は", "合わなければ返せますか"],
        "track_order": ["荷物はどこですか", "もう発送しましたか", "まだ届きません", "配達の状況は"],
    },
}
HELD_OUT = {
    "en": {
        "greet": "evening all,yo,howdy friend,anyone around,greetings,morning,sup,are you awake",
        "faq/returns_policy": "how long do I have,is a swap ok,return window,sale goods too,"
        "without the tag,worn once,opened box,underwear as well",
        "track_order": "any sign of it,still waiting,did you ship,which carrier has it,"
        "when is it here,number 202611050043,stuck in customs,two weeks gone",
    },
    "ja": {
        "greet": "やあ,こんばんは,お世話になります,ハロー,いますか,もしもし,よろしく,今大丈夫",
        "faq/returns_policy": "何日まで平気,タグなしでも,セール品は,開けた後は,下着は,送料は誰,"
        "一度着た服,箱がない時",
        "track_order": "今どの辺り,来ないんだけど,出荷は済んだ,どこの会社が運ぶ,いつ着くの,"
        "税関で止まってる,二週間たった,番号で調べて",
    },
}
SAID = {
    "en": {
        "utter_greet": "Hello! How can I help?",
        "utter_faq/returns_policy": "You have {returns_days:days}.",
        "utter_ask_track_order_form_order_number": "Which number?",
        "utter_tracked": "Order {order_number} is on its way.",
    },
    "ja": {
        "utter_greet": "こんにちは。ご用件をどうぞ。",
        "utter_faq/returns_policy": "{returns_days:days}以内にどうぞ。",
        "utter_ask_track_order_form_order_number": "番号を教えてください。",
        "utter_tracked": "ご注文{order_number}は配送中です。",
    },
}
REPLY_FILES = {
    "greet": ["utter_greet"],
    "returns_policy": ["utter_faq/returns_policy"],
    "track_order": ["utter_ask_track_order_form_order_number", "utter_tracked"],
}
OTHERS = {
    "languages.yml": """\
default: en
languages:
  en: {name: English, ready: true}
  ja: {name: 日本語, ready: true}
  zh-Hans: {name: 简体中文}
  zh-Hant: {name: 繁體中文}
""",
    "domain.yml": """\
version: "3.1"
intents:
  - faq
  - greet
  - track_order
entities:
  - order_number
slots:
  order_number:
    type: text
    mappings:
      - {type: from_entity, entity: order_number}
forms:
  track_order_form:
    required_slots: [order_number]
actions:
  - action_track_order
  - validate_track_order_form
""",
    "config.yml": """\
recipe: default.v1
language: en
pipeline:
  - name: WhitespaceTokenizer
policies:
  - name: RulePolicy
""",
    "menus.yml": """\
titles:
  track_order: {en: "Where is it?", ja: "今どこですか"}
  faq/returns_policy: {en: "Returns", ja: "返品"}
back: {en: "Back", ja: "戻る"}
menus:
  start:
    title: {en: "Menu", ja: "メニュー"}
    prompt: {en: "What is it about?", ja: "どのようなご用件ですか"}
    choices: [orders, faq/returns_policy]
  orders:
    title: {en: "Orders", ja: "ご注文"}
    prompt: {en: "Your order?", ja: "ご注文についてですか"}
    choices: [track_order]
""",
    "policy.yml": """\
returns:
  days: 30
""",
    "desk.yml": """\
skills:
  orders:
    titles: {en: "Orders", ja: "ご注文"}
    categories: [track_order]
canned:
  - shortcut: wait
    skill: orders
    texts: {en: "One moment, {customer}.", ja: "{customer}様、少々お待ちください。"}
questions:
  - categories: [track_order]
    asks: {en: "Which one?", ja: "どちらですか"}
    answers:
      - {en: "The last", ja: "最後のもの"}
      - {en: "Another", ja: "別のもの"}
""",
    "invitations.yml": """\
invitations:
  lingers:
    when: {page: [cart], seconds: 30}
    text: {en: "May we help?", ja: "お手伝いしましょうか"}
""",
    "data/rules/talk.yml": """\
version: "3.1"
rules:
  - rule: Greeted
    steps:
      - intent: greet
      - action: utter_greet
  - rule: Answered
    steps:
      - intent: faq
      - action: utter_faq
  - rule: Asked for the number
    steps:
      - intent: track_order
      - action: track_order_form
      - active_loop: track_order_form
  - rule: The number is known
    condition:
      - active_loop: track_order_form
    steps:
      - action: track_order_form
      - active_loop: null
      - slot_was_set:
          - requested_slot: null
      - action: action_track_order
""",
    "tests/stories/test_stories.yml": """\
version: "3.1"
stories:
  - story: Greeted in other words
    steps:
      - user: |
          salutations
        intent: greet
      - action: utter_greet
""",
    "tests/dialogues/en/orders.yml": """\
- dialogue: An order is found
  turns:
    - {said: "where did it go", answered: utter_ask_track_order_form_order_number}
    - {said: "202611050042", answered: [utter_tracked]}
""",
    "actions/track_order.py": '''\
"""Looks an order up."""

NAME = "action_track_order"
FORM = "validate_track_order_form"


def run(dispatcher, order_number):
    dispatcher.utter_message(response="utter_tracked", order_number=order_number)
''',
}


def files() -> dict[str, str]:
    """Every file of the project by its name."""
    found = dict(OTHERS)
    for language, needs in EXAMPLES.items():
        for need, sentences in needs.items():
            end = need.rpartition("/")[2]
            found[f"data/nlu/{language}/{end}.yml"] = nlu(need, sentences)
            graded = HELD_OUT[language][need].split(",")
            found[f"tests/nlu/{language}/{end}.yml"] = nlu(need, graded)
    for name, replies in REPLY_FILES.items():
        lines = ['version: "3.1"', "responses:"]
        for reply in replies:
            lines.append(f"  {reply}:")
            for language, texts in SAID.items():
                lines += wording(texts[reply], language)
        found[f"data/responses/{name}.yml"] = "\n".join(lines) + "\n"
    return found


def nlu(need: str, sentences: list[str]) -> str:
    """A file of examples."""
    lines = ['version: "3.1"', "nlu:", f"  - intent: {need}", "    examples: |"]
    return "\n".join([*lines, *(f"      - {each}" for each in sentences)]) + "\n"


def wording(text: str, language: str) -> list[str]:
    """The lines of one wording of a reply."""
    return [
        f'    - text: "{text}"',
        f"      condition: [{{type: slot, name: language, value: {language}}}]",
    ]


def write(root: Path, content: Mapping[str, str]) -> Path:
    """Write files below a folder, and give the folder."""
    for name, text in content.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root
