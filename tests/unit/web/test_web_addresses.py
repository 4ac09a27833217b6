"""Forwarded headers are believed from configured proxies, and then only what those wrote."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import settings as tried
from hypothesis import strategies as st
from starlette.requests import Request

from tenin.settings import Settings, load_settings
from tenin.web import client_address

PROXIES = [ipaddress.ip_network(net) for net in ("10.0.0.0/8", "192.0.2.7", "2001:db8:1::/48")]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings that name three kinds of proxies."""
    proxies = ",".join(map(str, PROXIES))
    return load_settings(tmp_path_factory.mktemp("root"), {"TENIN_WEB_TRUSTED_PROXIES": proxies})


def request(peer: str | None, *forwarded: str) -> Request:
    """A request as it comes in from `peer`, with these headers X-Forwarded-For."""
    headers = [(b"x-forwarded-for", value.encode("latin-1")) for value in forwarded]
    client = None if peer is None else (peer, 4711)
    return Request({"type": "http", "method": "GET", "headers": headers, "client": client})


def is_proxy(address: str) -> bool:
    return any(ipaddress.ip_address(address) in net for net in PROXIES)


addresses = st.ip_addresses().map(lambda a: getattr(a, "ipv4_mapped", None) or a).map(str)
clients = addresses.filter(lambda address: not is_proxy(address))
proxies = st.one_of(
    st.ip_addresses(network="10.0.0.0/8"),
    st.just("192.0.2.7"),
    st.ip_addresses(network="2001:db8:1::/48"),
).map(str)
junk = st.text(st.characters(min_codepoint=32, max_codepoint=255, blacklist_characters=","))
anything = st.lists(st.one_of(addresses, proxies, junk), max_size=5)


def as_headers(parts: list[str], data: st.DataObject) -> list[str]:
    """The parts over one header or several, as proxies may write them."""
    headers: list[list[str]] = [[]]
    for part in parts:
        if headers[-1] and data.draw(st.booleans()):
            headers.append([])
        headers[-1].append(part)
    comma = data.draw(st.sampled_from([",", ", ", " ,\t"]))
    return [comma.join(header) for header in headers if header]


@tried(max_examples=60, database=None)
@given(peer=clients, spoofed=anything, data=st.data())
def test_of_a_stranger_no_header_is_believed(
    settings: Settings, peer: str, spoofed: list[str], data: st.DataObject
) -> None:
    assert client_address(request(peer, *as_headers(spoofed, data)), settings) == peer


@tried(max_examples=60, database=None)
@given(
    spoofed=anything,
    client=clients,
    between=st.lists(proxies, max_size=3),
    peer=proxies,
    data=st.data(),
)
def test_what_stands_before_the_client_is_ignored(
    settings: Settings,
    spoofed: list[str],
    client: str,
    between: list[str],
    peer: str,
    data: st.DataObject,
) -> None:
    headers = as_headers([*spoofed, client, *between], data)
    assert client_address(request(peer, *headers), settings) == client


@tried(max_examples=60, database=None)
@given(spoofed=anything, between=st.lists(proxies, min_size=1, max_size=3), peer=proxies)
def test_what_is_no_address_ends_the_way_at_the_last_proxy(
    settings: Settings, spoofed: list[str], between: list[str], peer: str
) -> None:
    forwarded = ",".join([*spoofed, "unknown", *between])
    assert client_address(request(peer, forwarded), settings) == between[0]


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        (None, ["198.51.100.1"], None),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", [""], "10.0.0.1"),
        ("10.0.0.1", [","], "10.0.0.1"),
        ("10.0.0.1", ["10.0.0.2"], "10.0.0.2"),
        ("192.0.2.8", ["198.51.100.1"], "192.0.2.8"),
        # A socket for both kinds shows IPv4 in the dress of IPv6.
        ("::ffff:10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("::ffff:198.51.100.1", [], "198.51.100.1"),
        ("10.0.0.1", ["::ffff:198.51.100.1"], "198.51.100.1"),
        # One address has one form, or its tries would not be counted together.
        ("10.0.0.1", ["2001:DB8:0::1"], "2001:db8::1"),
        ("10.0.0.1", ["fe80::1%" + "x" * 1_000], "fe80::1"),
        ("a socket", ["198.51.100.1"], "a socket"),
    ],
)
def test_the_forms_of_addresses(
    settings: Settings, peer: str | None, forwarded: list[str], address: str | None
) -> None:
    assert client_address(request(peer, *forwarded), settings) == address


def test_without_proxies_nobody_is_believed(tmp_path_factory: pytest.TempPathFactory) -> None:
    settings = load_settings(tmp_path_factory.mktemp("root"), {})
    for peer in ("127.0.0.1", "10.0.0.1", "::1"):
        assert client_address(request(peer, "198.51.100.1"), settings) == peer
