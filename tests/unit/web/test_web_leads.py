"""The leads' calls and pages: what they change, who may, and what happens when two change it."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import delete, select

from tenin.clock import utcnow
from tenin.conversation.models import Conversation, Handoff
from tenin.database import read_transaction, write_transaction
from tenin.desk import audit, help_routes, lead_pages, lead_store, leads, visitors
from tenin.desk.desk_file import FILE, load_desk_file
from tenin.desk.models import Agent, AuditEntry, DeskSetting, Skill
from tenin.desk.seed import seed
from tenin.language.languages import configured
from tenin.pages.rendering import strings
from tenin.training.missed import decisions, export
from tests.agent import DeskAgent
from tests.system import PROJECT
from tests.unit.web.refusals import assert_error
from tests.unit.web.served import Site

READY = configured().ready
API = "/desk/api/lead"
EVERY_CALL = [
    (method, route.path.replace("{id}", "1"))
    for route in leads.routes
    for method in sorted(route.methods - {"HEAD"})
]
EVERY_PAGE = [route.path for route in lead_pages.routes]


def in_all(text: str) -> dict[str, str]:
    return dict.fromkeys(READY, text)


@pytest.fixture(autouse=True)
def no_hours_set(request: pytest.FixtureRequest) -> None:
    """Here the hours are those of policy.yml, not the tests' own that never close."""
    if "site" in request.fixturenames:
        with write_transaction(request.getfixturevalue("site").engine) as session:
            session.execute(delete(DeskSetting))


@pytest.fixture
def lead(site: Site) -> DeskAgent:
    """A lead."""
    return site.agent("Lea", "lead")


@pytest.fixture
def admin(site: Site) -> DeskAgent:
    """An admin."""
    return site.agent("Ada", "admin")


def get(who: DeskAgent, path: str) -> Any:
    answer = who.http.get(f"{API}/{path}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return answer.json()


def put(who: DeskAgent, path: str, body: Any, method: str = "PUT") -> httpx.Response:
    return who.http.request(method, f"{API}/{path}", json=body)


def audited(site: Site) -> list[tuple[str, str | None, str | None]]:
    with read_transaction(site.engine) as session:
        rows = session.execute(select(AuditEntry).order_by(AuditEntry.id)).scalars()
        return [
            (row.action, row.agent_name, row.subject)
            for row in rows
            if row.action not in ("link_made", "link_used", "account_made")
        ]


def the_agent(who: DeskAgent, name: str) -> dict[str, Any]:
    [found] = [each for each in get(who, "agents")["agents"] if each["name"] == name]
    return dict(found)


def add_skills(site: Site, *names: str) -> None:
    with write_transaction(site.engine) as session:
        for name in names:
            session.add(Skill(id=name, titles=in_all(name.title()), categories=[]))


def conversations(site: Site, count: int = 1, **values: Any) -> list[str]:
    ids = [f"{number:032x}" for number in range(count)]
    now = utcnow()
    with write_transaction(site.engine) as session:
        for each in ids:
            session.add(
                Conversation(
                    id=each,
                    channel="web",
                    language="en",
                    created_at=now,
                    updated_at=now,
                    **values,
                )
            )
    return ids


# who may


@pytest.mark.parametrize("role", ["agent", "trainer"])
def test_whoever_is_no_lead_gets_to_nothing(site: Site, role: str) -> None:
    other = site.agent("Mei", role)
    before = site.rows()
    for method, path in EVERY_CALL:
        assert_error(other.http.request(method, path, json={}), 403, "not_allowed")
    for path in EVERY_PAGE:
        answer = other.http.get(path)
        assert answer.status_code == 403
        assert "<form" not in answer.text
        assert answer.headers["content-type"].startswith("text/html")
    after = site.rows()
    before.pop("desk_session"), after.pop("desk_session")
    assert after == before


def test_strangers_are_sent_to_sign_in(open_site: Site) -> None:
    http = open_site.http({"x-tenin-desk": "1"})
    for method, path in EVERY_CALL:
        assert_error(http.request(method, path, json={}), 401, "not_signed_in")
    for path in EVERY_PAGE:
        answer = http.get(path, follow_redirects=False)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/desk/sign-in")


def test_a_change_comes_from_the_desks_own_page(site: Site, admin: DeskAgent) -> None:
    del admin.http.headers["x-tenin-desk"]
    changing = [each for each in EVERY_CALL if each[0] != "GET"]
    assert len(changing) == 10
    for method, path in changing:
        assert_error(admin.http.request(method, path, json={}), 403, "not_from_the_desk")


@pytest.mark.parametrize(
    "value",
    [
        {"role": "admin"},
        {"name": "X"},
        {"login": "x"},
        {"active": False},
        {"password": "abcdefghijk"},
    ],
    ids=str,
)
def test_accounts_themselves_are_an_admins(
    site: Site, lead: DeskAgent, value: dict[str, Any]
) -> None:
    own = the_agent(lead, "Lea")
    body = {"version": own["version"], **value}
    assert_error(put(lead, f"agents/{own['id']}", body, "PATCH"), 403, "not_allowed")
    new = {"login": "new", "name": "New"}
    assert_error(put(lead, "agents", new, "POST"), 403, "not_allowed")
    assert the_agent(lead, "Lea") == own
    assert len(get(lead, "agents")["agents"]) == 1


# agents


def test_a_lead_says_what_an_agent_serves(site: Site, lead: DeskAgent, mei: DeskAgent) -> None:
    add_skills(site, "orders", "repairs")
    agent = the_agent(lead, "Mei")
    assert (agent["skills"], agent["languages"], agent["capacity"]) == ([], [], 3)
    assert "password_hash" not in agent
    body = {"version": agent["version"], "skills": ["orders"], "languages": ["ja"], "capacity": 2}
    answer = put(lead, f"agents/{agent['id']}", body, "PATCH")
    assert answer.status_code == 200
    changed = answer.json()["agent"]
    assert changed == the_agent(lead, "Mei")
    assert (changed["skills"], changed["languages"], changed["capacity"]) == (["orders"], ["ja"], 2)
    assert audited(site) == [("account_changed", "Lea", "mei")]
    # What was seen before is no longer so.
    for version in (agent["version"], "0" * 16):
        stale = {"version": version, "capacity": 9}
        assert_error(put(lead, f"agents/{agent['id']}", stale, "PATCH"), 409, "changed_meanwhile")
    assert the_agent(lead, "Mei") == changed


@pytest.mark.parametrize(
    ("value", "status", "code"),
    [
        ({"skills": ["nothing"]}, 422, "no_such_skill"),
        ({"skills": "orders"}, 422, "not_a_list"),
        ({"languages": ["tlh"]}, 422, "no_such_language"),
        ({"languages": [1]}, 422, "not_a_list"),
        ({"capacity": 0}, 422, "capacity_wrong"),
        ({"capacity": "2"}, 422, "capacity_wrong"),
        ({"role": "king"}, 422, "no_such_role"),
        ({"role": "agent"}, 409, "last_admin"),
        ({"active": False}, 409, "last_admin"),
        ({"login": "mei"}, 409, "login_taken"),
        ({"login": ""}, 422, "login_empty"),
        ({"name": " "}, 422, "name_empty"),
        ({"password": "short"}, 422, "password_too_short"),
        ({"password": 7}, 422, "password_not_text"),
        ({"presence": "online"}, 422, "unknown_value"),
        ({"version": None}, 422, "no_version"),
    ],
    ids=str,
)
def test_a_value_that_an_account_cannot_have(
    site: Site, admin: DeskAgent, mei: DeskAgent, value: dict[str, Any], status: int, code: str
) -> None:
    own = the_agent(admin, "Ada")
    body = {"version": own["version"], **value}
    assert_error(put(admin, f"agents/{own['id']}", body, "PATCH"), status, code)
    assert the_agent(admin, "Ada") == own
    assert audited(site) == []


def test_an_account_that_is_not_there(admin: DeskAgent) -> None:
    for name in ("nobody", "%00", "x" * 400):
        body = {"version": "0" * 16, "capacity": 1}
        assert_error(put(admin, f"agents/{name}", body, "PATCH"), 404, "no_such_account")


def test_an_admin_makes_an_account_and_switches_it_off(site: Site, admin: DeskAgent) -> None:
    body = {
        "login": "Kenta",
        "name": "Kenta Sato",
        "role": "lead",
        "languages": ["ja"],
        "capacity": 4,
        "password": "four words in a row",
    }
    answer = put(admin, "agents", body, "POST")
    assert answer.status_code == 201, answer.text
    made = answer.json()["agent"]
    assert (made["login"], made["role"], made["has_password"]) == ("kenta", "lead", True)
    assert_error(put(admin, "agents", body, "POST"), 409, "login_taken")
    off = {"version": made["version"], "active": False, "password": "other words in a row"}
    assert put(admin, f"agents/{made['id']}", off, "PATCH").json()["agent"]["active"] is False
    assert audited(site) == [
        ("account_changed", "Ada", "kenta"),
        ("password_changed", "Ada", "kenta"),
    ]


# skills


def a_skill(key: str = "orders", *needs: str) -> dict[str, Any]:
    return {"id": key, "titles": in_all("Orders"), "categories": list(needs)}


def test_skills_are_saved_as_a_whole(site: Site, lead: DeskAgent) -> None:
    empty = get(lead, "skills")
    assert empty["skills"] == []
    wanted = [a_skill("orders", "track_order"), a_skill("repairs", "faq/warranty_repair")]
    answer = put(lead, "skills", {"version": empty["version"], "skills": wanted})
    assert answer.status_code == 200, answer.text
    assert answer.json() == get(lead, "skills")
    assert answer.json()["skills"] == wanted
    assert_error(
        put(lead, "skills", {"version": empty["version"], "skills": []}), 409, "changed_meanwhile"
    )
    [waiting] = conversations(site, owner="queue", skill="repairs")
    kept = {"version": answer.json()["version"], "skills": wanted[:1]}
    assert put(lead, "skills", kept).json()["skills"] == wanted[:1]
    with read_transaction(site.engine) as session:
        assert session.get(Conversation, waiting).skill is None
    assert audited(site) == [("skills_changed", "Lea", None)] * 2


def test_what_the_desk_begins_with_can_be_saved_again(site: Site, lead: DeskAgent) -> None:
    begun = load_desk_file(PROJECT / FILE)
    with write_transaction(site.engine) as session:
        seed(session, begun)
    there = get(lead, "skills")
    assert {each["id"] for each in there["skills"]} == {skill.id for skill in begun.skills}
    page = lead.http.get("/desk/leads/skills").text
    for need in (need for skill in begun.skills for need in skill.categories):
        assert f'value="{need}" checked' in page
    answer = put(lead, "skills", there)
    assert answer.status_code == 200, answer.text
    assert answer.json() == there
    for reply in get(lead, "canned")["canned"]:
        answer = put(lead, f"canned/{reply['id']}", reply)
        assert answer.status_code == 200, answer.text
    assert audited(site) == []


def test_a_skill_in_use_stays(site: Site, lead: DeskAgent) -> None:
    add_skills(site, "orders", "repairs")
    me = the_agent(lead, "Lea")
    body = {"version": me["version"], "skills": ["orders"]}
    assert put(lead, f"agents/{me['id']}", body, "PATCH").status_code == 200
    reply = {"shortcut": "r", "skill": "repairs", "texts": in_all("Yes")}
    assert put(lead, "canned", reply, "POST").status_code == 200
    there = get(lead, "skills")
    for kept in (there["skills"][:1], there["skills"][1:]):
        gone = {"version": there["version"], "skills": kept}
        assert_error(put(lead, "skills", gone), 409, "skill_in_use")
    assert get(lead, "skills") == there


@pytest.mark.parametrize(
    ("skills", "code"),
    [
        (None, "not_a_list"),
        (["orders"], "not_a_list"),
        ([a_skill("")], "bad_skill_id"),
        ([a_skill("Orders")], "bad_skill_id"),
        ([a_skill("-")], "bad_skill_id"),
        ([a_skill(), a_skill()], "skill_doubled"),
        ([a_skill("orders", "no_need")], "unknown_category"),
        ([a_skill("a", "track_order"), a_skill("b", "track_order")], "category_doubled"),
        ([{**a_skill(), "categories": "track_order"}], "not_a_list"),
        ([{**a_skill(), "titles": {"en": "Orders"}}], "missing_language"),
        ([{**a_skill(), "titles": in_all(" ")}], "missing_language"),
        ([{**a_skill(), "titles": {**in_all("x"), "tlh": "x"}}], "unknown_language"),
        ([{**a_skill(), "titles": in_all("x" * 61)}], "text_too_long"),
        ([a_skill(f"s{number}") for number in range(51)], "too_many"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_skills_that_are_refused(site: Site, lead: DeskAgent, skills: Any, code: str) -> None:
    body = {"version": get(lead, "skills")["version"], "skills": skills}
    assert_error(put(lead, "skills", body), 422, code)
    assert get(lead, "skills")["skills"] == []


# hours


WEEK = {"mon": [["09:00", "12:00"], ["13:00", "18:00"]], "sat": [["22:00", "02:00"]]}


def test_hours_are_policys_until_a_lead_sets_others(site: Site, lead: DeskAgent) -> None:
    before = get(lead, "hours")
    assert before["zone"] == "Asia/Shanghai"
    assert before["week"]["sun"] == [["09:00", "21:00"]]
    lead.http.headers["accept-language"] = "en"
    body = {"version": before["version"], "zone": "Europe/Berlin", "week": WEEK}
    preview = put(lead, "hours/preview", body, "POST").json()
    answer = put(lead, "hours", body)
    assert answer.status_code == 200, answer.text
    after = answer.json()
    assert after == get(lead, "hours")
    assert (after["zone"], after["week"]["mon"], after["week"]["tue"]) == (
        "Europe/Berlin",
        WEEK["mon"],
        [],
    )
    assert after["says"] == preview["says"]
    assert "Monday 9:00–12:00 and 13:00–18:00" in after["says"]
    assert "22:00–2:00 the next day" in after["says"]
    lead.http.headers["accept-language"] = "zh-CN"
    assert "周一9:00–12:00和13:00–18:00" in get(lead, "hours")["says"]
    assert_error(put(lead, "hours", body), 409, "changed_meanwhile")
    assert audited(site) == [("hours_changed", "Lea", None)]


def test_holidays_stand_beside_the_week(site: Site, lead: DeskAgent) -> None:
    before = get(lead, "holidays")
    days = [
        {"date": "2026-12-31", "name": "", "spans": [["09:00", "12:00"]]},
        {"date": "2026-12-25", "name": "Christmas", "spans": []},
    ]
    answer = put(lead, "holidays", {"version": before["version"], "holidays": days})
    assert answer.json()["holidays"] == days[::-1]
    assert get(lead, "hours")["holidays"] == days[::-1]
    # The week that policy.yml gives still holds.
    with read_transaction(site.engine) as session:
        assert session.execute(select(DeskSetting.name)).scalars().all() == ["holidays"]
    stale = {"version": before["version"], "holidays": []}
    assert_error(put(lead, "holidays", stale), 409, "changed_meanwhile")
    assert audited(site) == [("holidays_changed", "Lea", None)]


@pytest.mark.parametrize(
    ("zone", "week", "code"),
    [
        ("Mars/Olympus", {}, "bad_zone"),
        (None, {}, "bad_zone"),
        ("../etc/passwd", {}, "bad_zone"),
        ("UTC", None, "bad_hours"),
        ("UTC", {"monday": []}, "bad_hours"),
        ("UTC", {"mon": [["09:00", "13:00"], ["12:00", "18:00"]]}, "bad_hours"),
        ("UTC", {"mon": [["09:00", "09:00"]]}, "bad_hours"),
        ("UTC", {"mon": [["9am", "5pm"]]}, "bad_hours"),
        ("UTC", {"mon": [["", ""]]}, "bad_hours"),
        ("UTC", {"mon": [["09:00"]]}, "bad_hours"),
    ],
    ids=str,
)
def test_hours_that_are_refused(
    site: Site, lead: DeskAgent, zone: Any, week: Any, code: str
) -> None:
    before = get(lead, "hours")
    body = {"version": before["version"], "zone": zone, "week": week}
    assert_error(put(lead, "hours", body), 422, code)
    assert_error(put(lead, "hours/preview", body, "POST"), 422, code)
    assert get(lead, "hours") == before
    assert_error(put(lead, "hours", {**body, "version": 3}), 422, "no_version")


@pytest.mark.parametrize(
    ("holidays", "code"),
    [
        (None, "not_a_list"),
        ({}, "not_a_list"),
        ([{"date": "2026-02-30"}], "bad_hours"),
        ([{"date": ""}], "bad_hours"),
        (["2026-12-25"], "bad_hours"),
        ([{"date": "2026-12-25"}, {"date": "2026-12-25"}], "bad_hours"),
        ([{"date": "2026-12-25", "spans": [["10:00", "12:00"], ["11:00", "13:00"]]}], "bad_hours"),
        ([{"date": f"{2000 + n}-12-25"} for n in range(401)], "too_many"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_holidays_that_are_refused(lead: DeskAgent, holidays: Any, code: str) -> None:
    body = {"version": get(lead, "holidays")["version"], "holidays": holidays}
    assert_error(put(lead, "holidays", body), 422, code)
    assert get(lead, "holidays")["holidays"] == []


# canned replies


def a_reply(shortcut: str = "wait", text: str = "One moment, {customer}.") -> dict[str, Any]:
    return {"shortcut": shortcut, "skill": None, "texts": in_all(text)}


def test_canned_replies_are_added_changed_put_in_order_and_removed(
    site: Site, lead: DeskAgent
) -> None:
    add_skills(site, "orders")
    put(lead, "canned", a_reply("wait"), "POST")
    answer = put(
        lead, "canned", {**a_reply("/order", "{{{order}}} {agent}"), "skill": "orders"}, "POST"
    )
    assert answer.status_code == 200, answer.text
    wait, order = answer.json()["canned"]
    assert (wait["shortcut"], order["shortcut"], order["skill"]) == ("wait", "order", "orders")
    changed = {**a_reply("moment"), "version": wait["version"]}
    answer = put(lead, f"canned/{wait['id']}", changed)
    assert [each["shortcut"] for each in answer.json()["canned"]] == ["moment", "order"]
    assert_error(put(lead, f"canned/{wait['id']}", changed), 409, "changed_meanwhile")
    removal = {"version": wait["version"]}
    assert_error(put(lead, f"canned/{wait['id']}", removal, "DELETE"), 409, "changed_meanwhile")
    swapped = put(lead, "canned", {"order": [order["id"], wait["id"]]}).json()["canned"]
    assert [each["shortcut"] for each in swapped] == ["order", "moment"]
    for order_of in ([wait["id"]], [wait["id"], wait["id"]], [wait["id"], order["id"], 99]):
        assert_error(put(lead, "canned", {"order": order_of}), 409, "changed_meanwhile")
    removal = {"version": order["version"]}
    left = put(lead, f"canned/{order['id']}", removal, "DELETE").json()["canned"]
    assert [each["shortcut"] for each in left] == ["moment"]
    assert [action for action, _, _ in audited(site)] == [
        "canned_added",
        "canned_added",
        "canned_changed",
        "canned_ordered",
        "canned_removed",
    ]


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ({"shortcut": None}, "shortcut_empty"),
        ({"shortcut": " / "}, "shortcut_empty"),
        ({"shortcut": "a b"}, "bad_shortcut"),
        ({"shortcut": "x" * 33}, "bad_shortcut"),
        ({"shortcut": "a\u0007"}, "bad_shortcut"),
        ({"shortcut": "THERE"}, "shortcut_doubled"),
        ({"skill": "nothing"}, "unknown_skill"),
        ({"skill": 1}, "unknown_skill"),
        ({"texts": None}, "missing_language"),
        ({"texts": {"en": "Hello"}}, "missing_language"),
        ({"texts": in_all("")}, "missing_language"),
        ({"texts": {**in_all("Hello"), "tlh": "nuqneH"}}, "unknown_language"),
        ({"texts": in_all("Hello {name}")}, "unknown_placeholder"),
        ({"texts": in_all("Hello {customer.name}")}, "unknown_placeholder"),
        ({"texts": in_all("Hello {customer:date}")}, "unknown_placeholder"),
        ({"texts": in_all("Hello {customer")}, "unknown_placeholder"),
        ({"texts": in_all("Hello {0}")}, "unknown_placeholder"),
        ({"texts": in_all("x" * 20_000)}, "text_too_long"),
        ({"texts": in_all("a\0b")}, "text_not_characters"),
        ({"texts": in_all(7)}, "text_not_text"),  # type: ignore[arg-type]
    ],
    ids=lambda value: str(value)[:50].replace("\x00", "0").replace("\u0007", "7"),
)
def test_a_canned_reply_that_is_refused(lead: DeskAgent, value: dict[str, Any], code: str) -> None:
    [there] = put(lead, "canned", a_reply("there"), "POST").json()["canned"]
    if code == "text_too_long":
        value = {"texts": {**in_all("x"), "en": "x" * 20_000}}
    assert_error(put(lead, "canned", {**a_reply(), **value}, "POST"), 422, code)
    if code != "shortcut_doubled":
        body = {**a_reply(), **value, "version": there["version"]}
        assert_error(put(lead, f"canned/{there['id']}", body), 422, code)
    assert get(lead, "canned")["canned"] == [there]


def test_a_canned_reply_that_is_not_there(lead: DeskAgent) -> None:
    for name in ("0", "7", "-1", "x", "9" * 30, "%00", "１"):
        for method in ("PUT", "DELETE"):
            body = {**a_reply(), "version": "0" * 16}
            assert_error(put(lead, f"canned/{name}", body, method), 404, "no_such_reply")
    for order in (None, ["1"], [True], {}):
        assert_error(put(lead, "canned", {"order": order}), 422, "not_a_list")


# figures and the log


def test_figures_by_agent_and_skill_and_as_a_file(site: Site, lead: DeskAgent) -> None:
    add_skills(site, "orders")
    [conversation] = conversations(site)
    asked = utcnow() - timedelta(seconds=5)
    with write_transaction(site.engine) as session:
        session.add(
            Handoff(
                conversation_id=conversation,
                reason="asked",
                skill="orders",
                language="en",
                awaiting="live",
                asked_at=asked,
                agent_id="x",
                agent_name="=Mei",
                taken_at=asked + timedelta(seconds=2),
            )
        )
    found = get(lead, "figures")
    assert (found["from"], found["zone"]) == (found["to"], "Asia/Shanghai")
    [agent], [skill] = found["agents"], found["skills"]
    assert (agent["name"], skill["name"]) == ("=Mei", "Orders")
    for each in (agent, skill, found["total"]):
        assert (each["asked"], each["served"], each["waiting_median"]) == (1, 1, 2)
        assert (each["resolved"], each["rating_mean"]) == (0, None)
    assert found["now"] == {"waiting": 0, "serving": 1}
    answer = lead.http.get(f"{API}/figures.csv", headers={"accept-language": "ja"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert f'filename="figures-{found["from"]}.csv"' in answer.headers["content-disposition"]
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert rows[0][:3] == ["日付", "区分", "名称"]
    assert [row[:4] for row in rows[1:]] == [
        [found["from"], "担当者", "'=Mei", "1"],
        [found["from"], "スキル", "Orders", "1"],
        [found["from"], "合計", "", "1"],
    ]
    week = lead.http.get(f"{API}/figures.csv?from=2026-01-01&to=2026-01-07").text
    assert len(week.strip().splitlines()) == 8


@pytest.mark.parametrize(
    "query",
    [
        "day=",
        "day=today",
        "day=2026-02-30",
        "day=20261122",
        "day=2026-11-22%00",
        "day=１２３４-11-22",
        "day=0001-01-01",
        "from=2026-11-22",
        "to=2026-11-22",
        "from=2026-11-22&to=2026-11-21",
        "from=2025-01-01&to=2026-11-22",
    ],
)
def test_days_without_figures(lead: DeskAgent, query: str) -> None:
    for path in ("figures", "figures.csv"):
        assert_error(lead.http.get(f"{API}/{path}?{query}"), 422, "bad_day")
    page = lead.http.get(f"/desk/leads/figures?{query}")
    assert page.status_code in (200, 303)


def test_the_log_is_read_back_page_by_page(lead: DeskAgent) -> None:
    for number in range(3):
        put(lead, "canned", a_reply(f"r{number}"), "POST")
    entries = get(lead, "audit")["entries"]
    assert [each["subject"] for each in entries[:3]] == ["r2", "r1", "r0"]
    assert entries[0]["agent"]["name"] == "Lea"
    older = get(lead, f"audit?before={entries[1]['id']}")["entries"]
    assert older == entries[2:]
    for before in ("x", "-1", "", "9" * 19):
        assert_error(lead.http.get(f"{API}/audit?before={before}"), 422, "bad_entry")
    page = lead.http.get("/desk/leads/audit", headers={"accept-language": "zh-TW"})
    assert "新增罐頭回覆" in page.text
    assert lead.http.get("/desk/leads/audit?before=x").status_code == 303


# pages


@pytest.mark.parametrize("language", READY)
def test_every_page_shows_what_there_is(site: Site, lead: DeskAgent, language: str) -> None:
    add_skills(site, "orders")
    put(lead, "canned", a_reply("wait<b>"), "POST")
    lead.http.headers["accept-language"] = language
    for path in EVERY_PAGE[1:]:
        answer = lead.http.get(path)
        assert answer.status_code == 200, path
        assert answer.headers["cache-control"] == "no-store"
        assert f'<html lang="{language}">' in answer.text
        assert "wait<b>" not in answer.text
        assert 'name="password"' not in answer.text  # an admin's
    assert lead.http.get("/desk/leads").headers["location"] == "/desk/leads/figures"


def test_only_an_admin_sees_the_forms_of_accounts(admin: DeskAgent) -> None:
    assert admin.http.get("/desk/leads/agents").text.count('name="password"') == 2


def test_two_leads_at_once(site: Site, lead: DeskAgent) -> None:
    """Both saw the same; the one who comes second is told, and nothing is lost."""
    other = site.agent("Lou", "lead")
    seen = get(lead, "skills"), get(other, "skills")
    first = put(lead, "skills", {"version": seen[0]["version"], "skills": [a_skill("mine")]})
    assert first.status_code == 200
    second = {"version": seen[1]["version"], "skills": [a_skill("theirs")]}
    assert_error(put(other, "skills", second), 409, "changed_meanwhile")
    with read_transaction(site.engine) as session:
        assert session.execute(select(Skill.id)).scalars().all() == ["mine"]
        assert len(session.execute(select(Agent)).scalars().all()) == 2


def test_errors_put_into_words_are_errors_the_server_gives() -> None:
    package = Path(leads.__file__).parents[1]
    sources = "".join(path.read_text(encoding="utf-8") for path in package.rglob("*.py"))
    for code in strings("en")["leads"]["errors"]:
        assert f'"{code}"' in sources, code


def test_the_log_has_words_for_what_is_done() -> None:
    modules = [audit, lead_store, decisions, export, help_routes, visitors]
    names = {
        value
        for module in modules
        for name, value in vars(module).items()
        if name.isupper() and isinstance(value, str) and re.fullmatch("[a-z]+_[a-z_]+", value)
    }
    assert len(names) >= 22
    assert names == set(strings("en")["leads"]["audit"]["actions"])
    package = Path(audit.__file__).parents[1]
    writing = {
        path.stem
        for path in package.rglob("*.py")
        if "audit.record(" in path.read_text(encoding="utf-8")
    }
    of_audit = {"access", "accounts", "sign_in"}  # write the names that `audit` has
    assert writing == {module.__name__.rpartition(".")[2] for module in modules[1:]} | of_audit
