"""What the desk begins with; that it is complete is seen to by `tenin check`."""

from __future__ import annotations

from tenin.desk.desk_file import FILE, load_desk_file
from tests.unit.house.tree import PROJECT

DESK = load_desk_file(PROJECT / FILE)


def test_the_first_reply_asks_for_a_moment() -> None:
    first = DESK.canned[0]
    assert DESK.skills
    assert (first.shortcut, first.texts["zh-Hans"]) == ("wait", "稍等，我先看一下前面的对话")
    assert len(DESK.canned) >= 15
