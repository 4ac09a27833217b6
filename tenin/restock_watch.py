"""Tells those who wished for it that a product is back; the web tier calls it again and again.

It stands between the rooms: the wishes are the conversations', the stock is the shop's. The
shop's own list is marked first. That can be repeated, and until `restock.tell` has committed the
wish is still there to be told; from then on nobody finds it any more.
"""

from __future__ import annotations

import logging
from collections.abc import Collection

from sqlalchemy.engine import Engine

from tenin.clock import utcnow
from tenin.conversation import restock
from tenin.conversation.voice import Voice
from tenin.database import read_transaction, write_transaction
from tenin.shop.restock import back_in_stock, mark_told

AT_ONCE = 100

logger = logging.getLogger(__name__)


def tell_restocked(engine: Engine, shop_engine: Engine, voice: Voice) -> list[str]:
    """Tell every wish whose product is back. A wish that can't be told keeps no other waiting.

    Returns:
        The conversations in which something was told.
    """
    with read_transaction(engine) as session:
        wanted = restock.waiting_for(session)
    if not wanted:
        return []
    with read_transaction(shop_engine) as session:
        back = back_in_stock(session, wanted)
    told: list[str] = []
    last = 0
    while batch := _untold(engine, back, last):
        last = batch[-1].id
        due = [each for each in batch if each.language in back[each.sku]]
        _mark_in_shop(engine, shop_engine, due)
        told += [each.conversation_id for each in due if _tell(engine, each, back[each.sku], voice)]
    return told


def _untold(engine: Engine, back: Collection[str], last: int) -> list[restock.Wish]:
    if not back:
        return []
    with read_transaction(engine) as session:
        return restock.untold(session, back, after=last, limit=AT_ONCE)


def _mark_in_shop(engine: Engine, shop_engine: Engine, wishes: list[restock.Wish]) -> None:
    if not wishes:
        return
    with read_transaction(engine) as session:
        contacts = restock.contacts(session, wishes)
    with write_transaction(shop_engine) as session:
        mark_told(session, contacts, utcnow())


def _tell(engine: Engine, wish: restock.Wish, names: dict[str, str], voice: Voice) -> bool:
    try:
        with write_transaction(engine) as session:
            return restock.tell(session, wish, names, voice)
    except Exception:
        logger.exception("wish %s could not be told; it is tried again", wish.id)
        return False
