"""A project as small as a blueprint check can be: one journey of three steps, and its traces."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from tenin.journey import traces
from tenin.journey.model import NamedTest
from tenin.journey.traces import Turn

DIALOGUE = {"file": "tests/dialogues/en/blueprints.yml", "name": "Ann asks"}
FAULT = {"file": "tests/faults/test_down.py", "name": "test_shop_is_down"}
TEXT = {"en": "Words", "ja": "言葉"}
NOTHING = ("", (), (), (), ())

Change = Callable[["SmallProject"], Any]


class SmallProject:
    """What stands in its files, to be changed by a test before `write`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.blueprint: dict[str, Any] = {
            "title": TEXT,
            "persona": "ann",
            "dialogue": DIALOGUE,
            "stories": ["data/stories/doubt.yml"],
            "stages": [
                {
                    "stage": "doubt",
                    "steps": [
                        {
                            "step": "doubts",
                            "customer": dict(TEXT),
                            "evidence": dict(TEXT),
                            "frontstage": {"intent": "doubt", "responses": ["utter_doubt"]},
                            "peak": True,
                            "fail_points": [
                                {
                                    "fail_point": "down",
                                    "what": dict(TEXT),
                                    "recovery": dict(TEXT),
                                    "responses": ["utter_sorry"],
                                    "seen_in": dict(FAULT),
                                }
                            ],
                        },
                        {
                            "step": "tracks",
                            "customer": dict(TEXT),
                            "evidence": dict(TEXT),
                            "frontstage": {
                                "intent": "inform",
                                "form": "order_form",
                                "responses": ["utter_order"],
                            },
                            "backstage": {"actions": ["action_order"]},
                        },
                        {
                            "step": "asks",
                            "customer": dict(TEXT),
                            "evidence": dict(TEXT),
                            "frontstage": {"intent": "faq/fee", "responses": ["utter_faq/fee"]},
                            "end": True,
                        },
                    ],
                }
            ],
        }
        self.persona: dict[str, Any] = {
            "name": TEXT,
            "language": "en",
            **dict.fromkeys(("situation", "goal", "way_of_writing"), TEXT),
        }
        self.stories: dict[str, Any] = {
            "doubt": [{"intent": "doubt"}, {"action": "utter_doubt"}],
        }
        self.traced: dict[str, list[Turn]] = {
            "Ann asks": [
                Turn("doubt", (), ("utter_doubt",), ("utter_doubt",), ("bot",)),
                Turn(
                    "inform",
                    ("order_form",),
                    ("order_form", "action_order"),
                    ("utter_order",),
                    ("bot",),
                ),
                Turn("faq/fee", (), ("utter_faq",), ("utter_faq/fee",), ("bot",)),
            ],
            "test_shop_is_down": [Turn("doubt", (), (), ("utter_sorry",), ("bot",))],
        }

    @property
    def steps(self) -> list[dict[str, Any]]:
        """The journey's steps."""
        found: list[dict[str, Any]] = self.blueprint["stages"][0]["steps"]
        return found

    def write(self) -> None:
        """Write all files, then the traces."""
        actions = "class Order:\n    def name(self):\n        return 'action_order'\n"
        for name, content in {
            "languages.yml": {
                "default": "en",
                "languages": {
                    "en": {"name": "English", "ready": True},
                    "ja": {"name": "日本語", "ready": True},
                },
            },
            "domain.yml": {
                "intents": ["doubt", {"inform": {"use_entities": []}}, "faq", "human_agent"],
                "forms": {"order_form": {"required_slots": []}},
                "actions": ["action_order", "action_unwritten"],
            },
            "data/responses/all.yml": {
                "responses": {
                    f"utter_{name}": [TEXT] for name in ("doubt", "order", "sorry", "faq/fee")
                }
            },
            "data/rules/all.yml": {
                "rules": [
                    {"rule": "Fee", "steps": [{"intent": "faq"}, {"action": "utter_faq"}]},
                    {
                        "rule": "Order",
                        "steps": [{"action": "order_form"}, {"action": "action_order"}],
                    },
                ]
            },
            **{
                f"data/stories/{name}.yml": {"stories": [{"story": name, "steps": steps}]}
                for name, steps in self.stories.items()
            },
            "actions/order.py": actions,
            DIALOGUE["file"]: [{"dialogue": "Ann asks", "turns": []}],
            FAULT["file"]: "def test_shop_is_down():\n    pass\n",
            "blueprints/personas/ann.yml": self.persona,
            "blueprints/journey.yml": self.blueprint,
        }.items():
            file = self.root / name
            file.parent.mkdir(parents=True, exist_ok=True)
            if not isinstance(content, str):
                content = yaml.safe_dump(
                    content, allow_unicode=True, sort_keys=False, default_flow_style=False
                )
            file.write_text(content, encoding="utf-8")
        for test in (DIALOGUE, FAULT):
            if test["name"] in self.traced:
                traces.write(self.root, NamedTest(**test), self.traced[test["name"]])
