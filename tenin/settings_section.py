"""What the sections of the settings are made of, and how an address in them is checked."""

import re
from urllib.parse import urlsplit

from pydantic import BaseModel, validator

LOOPBACK = ("127.0.0.1", "::1", "localhost")
HEADER_VALUE = re.compile(r"[!-~]+")
HOST = r"(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])"
ORIGIN = re.compile(rf"(https?)://{HOST}(?::([0-9]{{1,5}}))?")
DEFAULT_PORTS = {"http": "80", "https": "443"}


class Section(BaseModel):
    """Settings of one subject, which never change while a process runs."""

    class Config:
        """An unknown setting is a mistake."""

        extra = "forbid"
        allow_mutation = False

    @validator("*", pre=True)
    def _no_yes_or_no(cls, value: object) -> object:
        # YAML reads `port: yes` as true, and pydantic reads true as the number 1.
        if isinstance(value, bool):
            raise ValueError("yes, no, true and false are no values for this setting")
        return value


def checked_api_url(value: str, example: str, token_variable: str) -> str:
    """Return the address of an API that is called with a token.

    Raises ValueError, with the remedy, for what is none, holds a secret, or would show the token
    on the way. `example` is such an address; `token_variable` is where the token belongs.
    """
    try:
        url = urlsplit(value)
        host, _ = url.hostname, url.port
    except ValueError:
        host = None
    if not host or url.scheme not in ("http", "https") or not HEADER_VALUE.fullmatch(value):
        raise ValueError(f"this is no address such as {example}")
    if url.username is not None or url.query or url.fragment:
        raise ValueError(
            f"an address alone is needed, as {example}: the token goes into "
            f"{token_variable}, and nothing after ? or #"
        )
    if url.scheme == "http" and host not in LOOPBACK:
        raise ValueError(
            "http would show the token and the customers to everybody on the way: "
            "begin it with https (http is for this machine alone, as http://127.0.0.1:8070)"
        )
    return value


def checked_origin(value: object) -> str:
    """Return a site as a browser names it in the header Origin, as in https://shop.example.

    Raises ValueError, with the remedy, for what a browser would never send.
    """
    text = str(value).strip().lower().removesuffix("/")
    if "*" in text:
        raise ValueError(f"{value!r}: each site is named by itself, as in https://shop.example")
    if not text.isascii():
        raise ValueError(f"{value!r}: write the name as browsers send it, beginning with xn--")
    found = ORIGIN.fullmatch(text)
    if found is None or int(found[2] or 0) > 65_535:
        raise ValueError(
            f"{value!r} is no site: write https:// and the host alone, without a path, "
            "as in https://shop.example"
        )
    scheme, port = found.groups()
    return text.removesuffix(f":{port}") if port == DEFAULT_PORTS[scheme] else text
