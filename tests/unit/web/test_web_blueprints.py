"""The desk's pages of blueprints: for agents alone, in the reader's language, whole."""

from __future__ import annotations

import pytest

from tenin.desk.blueprints import routes
from tenin.journey.reading import read_all
from tests.agent import DeskAgent
from tests.system import PROJECT
from tests.unit.web.served import Site

PAGES = ["/desk/blueprints", "/desk/blueprints/return_item", "/desk/blueprints/nothing"]


def test_every_page_is_tried_below() -> None:
    assert len(routes) == 2


@pytest.mark.parametrize("path", PAGES)
def test_strangers_are_sent_to_sign_in(open_site: Site, path: str) -> None:
    for cookie in ("", "tenin_desk=made.up.value"):
        answer = open_site.http({"cookie": cookie} if cookie else None).get(path)
        assert answer.status_code == 303
        assert answer.headers["location"] == f"/desk/sign-in?next={path}"
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("role", ["agent", "lead", "trainer", "admin"])
def test_every_role_may_read_them(site: Site, role: str) -> None:
    answer = site.agent("Kai", role).http.get("/desk/blueprints")
    assert answer.status_code == 200
    trains, serves = role in ("trainer", "admin"), role != "trainer"
    assert ('href="/desk/train/try"' in answer.text) is trains
    assert ('href="/desk"' in answer.text) is serves


def test_the_list_names_every_blueprint(mei: DeskAgent) -> None:
    answer = mei.http.get("/desk/blueprints", headers={"accept-language": "ja"})
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    for blueprint in read_all(PROJECT).blueprints:
        assert blueprint.title["ja"] in answer.text
        assert f"/desk/blueprints/{blueprint.key}" in answer.text


def test_a_drawing_stands_in_its_page(mei: DeskAgent) -> None:
    answer = mei.http.get(
        "/desk/blueprints/return_item", headers={"accept-language": "zh-TW,zh;q=0.9"}
    )
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert "<svg" in answer.text
    assert "<?xml" not in answer.text
    assert read_all(PROJECT).personas["emma"].name["zh-Hant"] in answer.text


@pytest.mark.parametrize("name", ["nothing", "..%2Fdomain", "personas%2Femma", "return_item.yml"])
def test_a_blueprint_that_is_not_there_is_a_page_that_says_so(mei: DeskAgent, name: str) -> None:
    answer = mei.http.get(f"/desk/blueprints/{name}", headers={"accept": "text/html"})
    assert answer.status_code == 404
    assert "<svg" not in answer.text
