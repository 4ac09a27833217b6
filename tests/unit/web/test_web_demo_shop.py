"""The demo shop's sign-in: only for invented customers, only where it is open, by its page."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import httpx
import jwt
import pytest
from itsdangerous import URLSafeTimedSerializer

from tenin.database import make_engine, write_transaction
from tenin.demo_shop import COOKIE, SALT
from tenin.language.languages import configured
from tenin.shop.goods_files import read_goods, store_goods
from tenin.shop.sample_data import forget_demo
from tests.system import PROJECT
from tests.unit.web.conftest import SiteMaker
from tests.unit.web.refusals import refused
from tests.unit.web.served import Site

EMMA = {"email": "emma.clarke@example.com", "word": "kodama"}


def token_of(page: httpx.Response) -> str | None:
    """What the page gives the chat: None if it says nothing of who is signed in."""
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"
    found = re.search(r'/widget.js[^>]* data-customer="([^"]*)"', page.text)
    return found.group(1) if found else None


def test_in_and_out(open_site: Site) -> None:
    http = open_site.http({"accept-language": "en"})
    assert token_of(http.get("/")) == ""
    answer = http.post("/demo/sign-in?lang=ja", data=EMMA)
    assert (answer.status_code, answer.headers["location"]) == (303, "/?lang=ja")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    page = http.get("/")
    token = token_of(page)
    assert token
    assert "Emma Clarke" in page.text
    session = http.post("/chat/session", json={"customer": token})
    assert session.json()["signed_in"] is True
    assert jwt.decode(token, options={"verify_signature": False})["aud"] == "tenin"
    assert http.post("/demo/sign-out").status_code == 303
    assert token_of(http.get("/")) == ""


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"email": EMMA["email"]},
        {**EMMA, "word": ""},
        {**EMMA, "word": "Kodama2"},
        {**EMMA, "word": "こだま"},
        {**EMMA, "email": ""},
        {**EMMA, "email": "nobody@example.com"},
        {**EMMA, "email": "' OR 1=1 --"},
        {**EMMA, "email": "a\0b@example.com"},
    ],
    ids=str,
)
def test_a_wrong_word_or_name_is_said_on_the_page(open_site: Site, form: dict[str, str]) -> None:
    http = open_site.http({"accept-language": "en"})
    answer = http.post("/demo/sign-in", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/?lang=en&sign_in=failed")
    assert "set-cookie" not in answer.headers
    assert 'role="alert"' in http.get(answer.headers["location"]).text


def test_a_shops_own_customers_are_never_signed_in_here(make_site: SiteMaker) -> None:
    site = make_site()
    engine = make_engine(site.settings.shop.database_url)
    with write_transaction(engine) as session:
        session.connection().exec_driver_sql(
            "INSERT INTO customers (id, name, email, language) "
            "VALUES (900, 'Real Person', 'real@shop.test', 'en')"
        )
    engine.dispose()
    http = site.http()
    answer = http.post("/demo/sign-in", data={"email": "real@shop.test", "word": "kodama"})
    assert answer.headers["location"].endswith("sign_in=failed")
    signed = URLSafeTimedSerializer(site.settings.secret, salt=SALT).dumps("900")
    page = http.get("/", headers={"cookie": f"{COOKIE}={signed}"})
    assert token_of(page) == ""
    assert "Real Person" not in page.text


@pytest.mark.parametrize("value", ["", "x", "a.b.c", "{signed}x", "ÿ", "x" * 5_000], ids=len)
def test_a_forged_cookie_signs_nobody_in(open_site: Site, value: str) -> None:
    secret = open_site.settings.secret
    signed = URLSafeTimedSerializer(secret, salt=SALT).dumps("1")
    other = URLSafeTimedSerializer(secret, salt="tenin.desk").dumps("1")
    odd = URLSafeTimedSerializer(secret, salt=SALT).dumps({"id": 1})
    for each in (value.format(signed=signed), other, odd):
        headers = {"cookie": f"{COOKIE}={each}".encode("latin-1")}
        assert token_of(open_site.http().get("/", headers=headers)) == ""


@pytest.mark.parametrize(
    "settings",
    [
        {"DEMO_SIGN_IN_WORD": ""},
        {"IDENTITY_SECRET": "a secret that shop and chat share"},
    ],
    ids=str,
)
def test_where_it_is_closed_nobody_signs_in(make_site: SiteMaker, settings: dict[str, str]) -> None:
    site = make_site(**settings)
    signed = URLSafeTimedSerializer(site.settings.secret, salt=SALT).dumps("1")
    page = site.http().get("/", headers={"cookie": f"{COOKIE}={signed}"})
    assert token_of(page) is None
    assert "/demo/" not in page.text
    with refused(site, 404, "no_demo_sign_in") as send:
        send("POST", "/demo/sign-in", data={**EMMA, "word": ""})
        send("POST", "/demo/sign-in", data=EMMA)
        send("POST", "/demo/sign-out")


def test_another_sites_form_signs_nobody_in(open_site: Site) -> None:
    for came_from in ("cross-site", "same-site"):
        with refused(open_site, 403, "from_another_site") as send:
            for path in ("/demo/sign-in", "/demo/sign-out"):
                send("POST", path, data=EMMA, headers={"sec-fetch-site": came_from})


def test_what_is_no_form_is_refused(open_site: Site) -> None:
    with refused(open_site, 400, "not_a_form") as send:
        send("POST", "/demo/sign-in", content=b"email=\xff\xfe")
        send("POST", "/demo/sign-in", content=b"a=1&" * 60)
    with refused(open_site, 413, "body_too_large") as send:
        send("POST", "/demo/sign-in", content=b"a" * 70_000)


def test_a_shop_with_its_own_goods_sees_them_under_its_own_name(
    make_site: SiteMaker, tmp_path: Path
) -> None:
    site = make_site()
    policy = site.settings.root / "policy.yml"
    text = policy.read_text(encoding="utf-8").replace("{en: Kodama,", "{en: Yama Tea,")
    policy.unlink()  # a link to the project's
    policy.write_text(text, encoding="utf-8")
    goods = tmp_path / "goods"
    goods.mkdir()
    shutil.copy(PROJECT / "docs/trainers/goods_tea.yml", goods / "tea.yml")
    engine = make_engine(site.settings.shop.database_url)
    with write_transaction(engine) as session:
        forget_demo(session)
        store_goods(session, read_goods(goods, configured().ready), rest_goes=True)
    engine.dispose()
    site.stop()
    site.start()  # the wording is read at the start
    http = site.http({"accept-language": "en"})
    page = http.get("/")
    assert token_of(page) is None or token_of(page) == ""
    assert "<title>Yama Tea</title>" in page.text
    assert "Spring Sencha" in page.text
    assert "Kodama" not in page.text
    assert "/demo/sign-in" not in page.text  # nobody is left who could be signed in
    [picture, *_] = re.findall(r'<img src="(/static/products/[^"]*)"', page.text)
    assert http.get(picture).status_code == 200
    lead = site.agent(role="admin").http
    for path in ("/desk", "/desk/leads", "/desk/blueprints", "/desk/train/try"):
        desk = lead.get(path, headers={"accept-language": "en"}, follow_redirects=True)
        assert desk.status_code == 200
        assert "Yama Tea" in desk.text, path
