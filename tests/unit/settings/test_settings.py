"""Settings: where a value comes from, and what is said when one is wrong."""

import ipaddress
import multiprocessing
import stat
from pathlib import Path

import pytest
import yaml

from tenin.settings import SECTIONS, Settings, SettingsError, describe, load_settings

PROJECT = Path(__file__).parents[3]


def load(root: Path, text: str = "", **environ: str) -> Settings:
    if text:
        (root / "tenin.yml").write_text(text, encoding="utf-8")
    return load_settings(root, environ)


def fault(root: Path, text: str = "", **environ: str) -> str:
    with pytest.raises(SettingsError) as caught:
        load(root, text, **environ)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_without_file_and_environment_there_are_defaults(tmp_path: Path) -> None:
    settings = load(tmp_path)
    assert settings.root == tmp_path
    assert (settings.web.host, settings.web.port) == ("127.0.0.1", 8080)
    assert (settings.bot.port, settings.actions.port) == (5005, 5055)
    assert settings.database.url == f"sqlite:///{tmp_path}/var/tenin.db"
    assert settings.shop.database_url == f"sqlite:///{tmp_path}/var/shop.db"
    assert settings.path("var", "log") == tmp_path / "var/log"
    assert settings.web.trusted_proxies == ()


def test_the_projects_file_shows_every_setting_with_its_default(tmp_path: Path) -> None:
    written = yaml.safe_load((PROJECT / "tenin.yml").read_text(encoding="utf-8"))
    assert {name: set(keys) for name, keys in written.items()} == {
        name: set(keys) for name, keys in SECTIONS.items()
    }
    from_file = load(tmp_path, (PROJECT / "tenin.yml").read_text(encoding="utf-8"))
    (tmp_path / "tenin.yml").unlink()
    assert from_file == load(tmp_path)


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    text = "web:\n  port: 9000\n  host: 0.0.0.0\n"
    assert load(tmp_path, text).web.port == 9000
    settings = load(
        tmp_path, text, TENIN_WEB_PORT="9001", TENIN_WEB_TRUSTED_PROXIES="::1, 10.1.2.3/8"
    )
    assert (settings.web.port, settings.web.host) == (9001, "0.0.0.0")
    assert settings.web.trusted_proxies == (
        ipaddress.ip_network("::1"),
        ipaddress.ip_network("10.0.0.0/8"),
    )


def test_the_root_comes_from_the_environment(tmp_path: Path) -> None:
    (tmp_path / "tenin.yml").write_text("web:\n  port: 9000\n")
    assert load_settings(environ={"TENIN_ROOT": str(tmp_path)}).web.port == 9000
    with pytest.raises(SettingsError, match=r"TENIN_ROOT: .*/absent is no folder"):
        load_settings(environ={"TENIN_ROOT": str(tmp_path / "absent")})


def test_an_absolute_database_path_and_a_server_stay_as_they_are(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        TENIN_DATABASE_URL="postgresql://tenin:pass%2Fword@db/tenin",
        TENIN_SHOP_DATABASE_URL="sqlite:////elsewhere/shop.db",
    )
    assert settings.database.url == "postgresql://tenin:pass%2Fword@db/tenin"
    assert settings.shop.database_url == "sqlite:////elsewhere/shop.db"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("", ""),
        ("https://chat.shop.example", "https://chat.shop.example"),
        ("https://shop.example/chat/", "https://shop.example/chat"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_the_public_url_is_kept_without_a_slash_at_its_end(
    tmp_path: Path, given: str, kept: str
) -> None:
    settings = load(tmp_path, TENIN_WEB_PUBLIC_URL=given)
    assert settings.web.public_url == kept
    assert describe(settings)["web"]["public_url"] == kept


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("", ()),
        ("https://shop.example", ("https://shop.example",)),
        (
            "HTTPS://Shop.Example:443/, http://127.0.0.1:3000,http://[::1]:80",
            ("https://shop.example", "http://127.0.0.1:3000", "http://[::1]"),
        ),
        ("https://xn--r8jz45g.example:8443", ("https://xn--r8jz45g.example:8443",)),
    ],
)
def test_sites_are_kept_as_browsers_name_them(
    tmp_path: Path, given: str, kept: tuple[str, ...]
) -> None:
    settings = load(tmp_path, TENIN_WEB_SITES=given)
    assert settings.web.sites == kept
    assert describe(settings)["web"]["sites"] == list(kept)


@pytest.mark.parametrize(
    "url", ["https://shop.example", "http://127.0.0.1:8070/api", "http://[::1]:8070"]
)
def test_the_shops_api_has_an_address_and_a_token(tmp_path: Path, url: str) -> None:
    settings = load(tmp_path, TENIN_SHOP_API_URL=url, TENIN_SHOP_API_TOKEN="word")
    assert (settings.shop.api_url, settings.shop_api_token) == (url, "word")
    assert settings.shop.database_url == f"sqlite:///{tmp_path}/var/shop.db"


def test_settings_are_shown_without_secrets(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        TENIN_DATABASE_URL="postgresql://tenin:hidden-word@db/tenin",
        TENIN_SECRET="s" * 40,
        TENIN_BOT_TOKEN="hidden-token",
        TENIN_METRICS_TOKEN="hidden-token",
        TENIN_IDENTITY_SECRET="hidden-token of the shop, long enough",
        TENIN_EMAIL_PASSWORD="hidden-token",
        TENIN_SHOP_API_URL="https://shop.example/tenin",
        TENIN_SHOP_API_TOKEN="hidden-token",
        TENIN_WEB_TRUSTED_PROXIES="10.0.0.1",
    )
    shown = describe(settings)
    assert shown["database"]["url"] == "postgresql://tenin:***@db/tenin"
    assert shown["web"]["trusted_proxies"] == ["10.0.0.1/32"]
    assert shown["shop"]["api_url"] == "https://shop.example/tenin"
    assert set(shown) == set(SECTIONS)
    for text in (yaml.safe_dump(shown), repr(settings)):
        assert "hidden-token" not in text
        assert "s" * 40 not in text
    assert "hidden-word" not in yaml.safe_dump(shown)


@pytest.mark.parametrize(
    ("text", "place", "remedy"),
    [
        ("web:\n  port: eighty", "tenin.yml: web.port: ", "such as 8080, or remove the line"),
        ("web:\n  port: 70000", "tenin.yml: web.port: ", "65535"),
        ("web:\n  sites: https://a.example", "tenin.yml: web.sites: ", "as in [https://shop.ex"),
        ("web:\n  sites: ['*']", "tenin.yml: web.sites: ", "each site is named by itself"),
        ("web:\n  sites: [https://a.example/chat]", "tenin.yml: web.sites: ", "without a path"),
        ("web:\n  sites: [shop.example]", "tenin.yml: web.sites: ", "write https:// and the host"),
        ("web:\n  sites: ['https://a:99999']", "tenin.yml: web.sites: ", "is no site"),
        ("web:\n  sites: [https://例.example]", "tenin.yml: web.sites: ", "beginning with xn--"),
        ("web:\n  sites: ['null']", "tenin.yml: web.sites: ", "is no site"),
        ("web:\n  port: yes", "tenin.yml: web.port: ", "no values for this setting"),
        ("web:\n  port:", "tenin.yml: web.port: ", "remove the line"),
        ("web:\n  prot: 80", "tenin.yml: web.prot: ", "did you mean port?"),
        ("wep:\n  port: 80", "tenin.yml: wep: ", "did you mean web?"),
        ("zzz: 1", "tenin.yml: zzz: ", "there are database, shop, web"),
        ("web: 80", "tenin.yml: web: ", "write `host: …` on the next line"),
        ("- web", "tenin.yml: ", "begin with a line such as `web:`"),
        ("web:\n  port: [1", "tenin.yml: line 2", "correct that line"),
        ("secret: abc", "tenin.yml: secret: ", "set TENIN_SECRET"),
        ("web:\n  trusted_proxies: 10.0.0.1", "tenin.yml: web.trusted_proxies: ", "a list"),
        ("chat:\n  file_types: [exe]", "tenin.yml: chat.file_types: ", "jpeg, png, webp, pdf, txt"),
        ("chat:\n  file_types: png", "tenin.yml: chat.file_types: ", "a list is needed"),
        ("chat:\n  max_file_megabytes: 0", "tenin.yml: chat.max_file_megabytes: ", "such as 10"),
        ("web:\n  trusted_proxies: [proxy]", "tenin.yml: web.trusted_proxies: ", "proxy"),
        (
            "database:\n  url: nonsense",
            "tenin.yml: database.url: ",
            "such as sqlite:///var/tenin.db",
        ),
        ("database:\n  url: mysql://db/x", "tenin.yml: database.url: ", "neither sqlite nor"),
        ("database:\n  url: sqlite://", "tenin.yml: database.url: ", "needs a file"),
        (
            "database:\n  url: sqlite:///var/tenin.db?timeout=soon",
            "tenin.yml: database.url: ",
            "as in sqlite:///var/tenin.db?timeout=5",
        ),
        (
            "database:\n  url: postgresql://me:word@db/x",
            "tenin.yml: database.url: ",
            "set TENIN_DATABASE_URL in the environment",
        ),
        (
            "identity:\n  algorithm: none",
            "tenin.yml: identity.algorithm: ",
            "permitted: 'HS256', 'RS256'",
        ),
        ("identity:\n  secret: x", "tenin.yml: identity.secret: ", "set TENIN_IDENTITY_SECRET"),
        ("email:\n  password: x", "tenin.yml: email.password: ", "set TENIN_EMAIL_PASSWORD"),
        ("email:\n  host: mx.example", "tenin.yml or environment: email: ", "such as service@shop"),
        (
            "email: {host: mx.example, sender: a@b.example, user: a, tls: plain}",
            "tenin.yml or environment: email: ",
            "must not be plain",
        ),
        ('email:\n  host: "a b"', "tenin.yml: email.host: ", "does not match"),
        ("web:\n  public_url: chat.example", "tenin.yml: web.public_url: ", "as in https://chat"),
        ("web:\n  public_url: 'http://a.b?c'", "tenin.yml: web.public_url: ", "as in https://chat"),
        ("notices:\n  restock_seconds: 0", "tenin.yml: notices.restock_seconds: ", "0.1"),
        ("shop:\n  api_token: x", "tenin.yml: shop.api_token: ", "set TENIN_SHOP_API_TOKEN"),
        ("shop:\n  api_url: shop.example", "tenin.yml: shop.api_url: ", "such as https://shop"),
        ("shop:\n  api_url: ftp://shop.example", "tenin.yml: shop.api_url: ", "such as https"),
        ("shop:\n  api_url: https://", "tenin.yml: shop.api_url: ", "such as https://shop"),
        ("shop:\n  api_url: https://shop:x1", "tenin.yml: shop.api_url: ", "such as https://"),
        ('shop:\n  api_url: "https://a b/"', "tenin.yml: shop.api_url: ", "such as https://"),
        ("shop:\n  api_url: http://shop.example", "tenin.yml: shop.api_url: ", "with https"),
        ("shop:\n  api_url: http://127.0.0.1.nip/", "tenin.yml: shop.api_url: ", "with https"),
        (
            "shop:\n  api_url: https://me:word@shop.example",
            "tenin.yml: shop.api_url: ",
            "TENIN_SHOP_API_TOKEN",
        ),
        ("shop:\n  api_url: https://a.example/?key=1", "tenin.yml: shop.api_url: ", "after ?"),
        (
            "shop:\n  api_url: https://shop.example",
            "environment: TENIN_SHOP_API_TOKEN: missing",
            "leave shop.api_url empty",
        ),
        ("shop:\n  api_timeout_seconds: 0", "tenin.yml: shop.api_timeout_seconds: ", "such as 5"),
        ("bot:\n  port: 8080", "tenin.yml or environment: ", "web.port and bot.port are both 8080"),
        (
            "actions:\n  deadline_seconds: 20",
            "tenin.yml or environment: actions: ",
            "give_up_seconds must be greater",
        ),
    ],
)
def test_a_fault_in_the_file_names_place_and_remedy(
    tmp_path: Path, text: str, place: str, remedy: str
) -> None:
    message = fault(tmp_path, text)
    assert message.startswith(place)
    assert remedy in message
    assert "word@" not in message


@pytest.mark.parametrize(
    ("variable", "value", "remedy"),
    [
        ("TENIN_WEB_PORT", "eighty", "such as 8080, or unset it"),
        ("TENIN_WEB_PROT", "8080", "did you mean TENIN_WEB_PORT?"),
        ("TENIN_WEB_TRUSTED_PROXIES", "proxy.example", "does not appear to be"),
        ("TENIN_DATABASE_URL", "mysql://db/x", "neither sqlite nor postgresql"),
        ("TENIN_SECRET", "short", "a longer random text"),
        ("TENIN_IDENTITY_SECRET", "short", "a longer random text"),
        ("TENIN_SHOP_API_URL", "http://shop.example", "with https"),
        ("TENIN_SHOP_API_TOKEN", "two words", "in ASCII"),
        ("TENIN_SHOP_API_TOKEN", "line\n", "in ASCII"),
        ("TENIN_IDENTITY_ALGORITHM", "none", "permitted: 'HS256', 'RS256'"),
    ],
)
def test_a_fault_in_the_environment_names_the_variable(
    tmp_path: Path, variable: str, value: str, remedy: str
) -> None:
    message = fault(tmp_path, **{variable: value})
    assert message.startswith(f"environment: {variable}: ")
    assert remedy in message


def test_other_variables_are_nobodys_business(tmp_path: Path) -> None:
    load(tmp_path, TENIN_REQUIRE_ALL="1", TENIN_ROOT="/elsewhere", WEB_PORT="x", TENIN_WEBSITE="x")


def test_a_file_that_is_no_text_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "tenin.yml").write_bytes(b"web: \xff\xfe")
    assert fault(tmp_path).startswith("tenin.yml: can't be read")
    (tmp_path / "tenin.yml").write_text("web: a\x00b")
    assert fault(tmp_path).startswith("tenin.yml: ")


def test_settings_do_not_change(tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        load(tmp_path).web.port = 1


def test_the_secret_is_made_once_and_for_the_owner_alone(tmp_path: Path) -> None:
    secret = load(tmp_path).secret
    file = tmp_path / "var/secret"
    assert len(secret) >= 32
    assert load(tmp_path).secret == secret == file.read_text().strip()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(file.parent.iterdir()) == [file]


def test_the_secret_of_the_environment_makes_no_file(tmp_path: Path) -> None:
    assert load(tmp_path, TENIN_SECRET="s" * 32).secret == "s" * 32
    assert not (tmp_path / "var").exists()


def test_an_empty_secret_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var/secret").write_text("")
    with pytest.raises(SettingsError, match=r"var/secret: shorter than .* delete the file"):
        _ = load(tmp_path).secret


def _secret_of(root: Path) -> str:
    return load_settings(root, {}).secret


def test_processes_that_start_at_once_agree_on_the_secret(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        secrets = pool.map(_secret_of, [tmp_path] * 16)
    assert len(set(secrets)) == 1


CHATWOOT = {
    "TENIN_DESK_SERVES": "chatwoot",
    "TENIN_CHATWOOT_URL": "https://desk.shop.example/",
    "TENIN_CHATWOOT_ACCOUNT_ID": "3",
    "TENIN_CHATWOOT_INBOX_ID": "7",
    "TENIN_CHATWOOT_TOKEN": "a-token",
    "TENIN_CHATWOOT_WEBHOOK_SECRET": "a-secret",
}


def test_chatwoot_serves_where_it_is_named_with_its_secrets(tmp_path: Path) -> None:
    assert load(tmp_path).desk.serves == "tenin"
    settings = load(tmp_path, **CHATWOOT)
    assert settings.chatwoot.url == "https://desk.shop.example"
    assert (settings.chatwoot.account_id, settings.chatwoot.inbox_id) == (3, 7)
    assert (settings.chatwoot_token, settings.chatwoot_webhook_secret) == ("a-token", "a-secret")
    assert "a-token" not in str(describe(settings)) + repr(settings)
    assert "a-secret" not in str(describe(settings)) + repr(settings)


@pytest.mark.parametrize("missing", sorted(set(CHATWOOT) - {"TENIN_DESK_SERVES"}))
def test_chatwoot_does_not_serve_by_half(tmp_path: Path, missing: str) -> None:
    message = fault(tmp_path, **{key: value for key, value in CHATWOOT.items() if key != missing})
    key = missing.removeprefix("TENIN_CHATWOOT_").lower()
    assert f"chatwoot.{key}" in message or missing in message
    assert "or set desk.serves to tenin" in message


@pytest.mark.parametrize(
    ("url", "remedy"),
    [
        ("http://desk.shop.example", "begin it with https"),
        ("desk.shop.example", "such as https://chat.shop.example"),
        ("https://token@desk.shop.example", "TENIN_CHATWOOT_TOKEN"),
    ],
)
def test_chatwoots_address_shows_no_token(tmp_path: Path, url: str, remedy: str) -> None:
    assert remedy in fault(tmp_path, f"chatwoot:\n  url: {url}\n")


def test_chatwoot_on_this_machine_may_go_without_https(tmp_path: Path) -> None:
    settings = load(tmp_path, **{**CHATWOOT, "TENIN_CHATWOOT_URL": "http://127.0.0.1:3000"})
    assert settings.chatwoot.url == "http://127.0.0.1:3000"


def test_chatwoots_token_stands_in_no_file(tmp_path: Path) -> None:
    message = fault(tmp_path, "chatwoot:\n  token: abc\n")
    assert "set TENIN_CHATWOOT_TOKEN in the environment" in message
