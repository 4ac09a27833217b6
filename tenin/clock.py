"""The one place that asks what time it is."""

from __future__ import annotations

from datetime import datetime, timezone


def utcnow() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(timezone.utc)
