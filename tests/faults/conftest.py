"""What the faults of the worker alone are tried on: the bot room's own folder and database."""

from __future__ import annotations

import os

import pytest

from tenin.bot.runtime import Runtime, runtime
from tests.unit.bot.conftest import migrated_file, root
from tests.unit.web.conftest import databases, make_site

__all__ = ["databases", "make_site", "migrated_file", "root"]

# Hours long: `make nightly` alone has it.
collect_ignore = [] if "TENIN_FAULT_BOT_KILLS" in os.environ else ["test_bot_killed.py"]


@pytest.fixture
def here(root: object, monkeypatch: pytest.MonkeyPatch) -> Runtime:
    """A runtime whose web tier is nobody, and whose leases end when a test says so."""
    monkeypatch.setenv("TENIN_WEB_PORT", "9")
    monkeypatch.setenv("TENIN_TURN_LEASE_SECONDS", "600")
    runtime.cache_clear()
    return runtime()
