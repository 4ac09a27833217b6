"""A product that is back: who waits for it hears of it by itself, once, whatever is killed when."""

from __future__ import annotations

import itertools
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, event, insert, select, update
from sqlalchemy.engine import Engine

from tenin.clock import utcnow
from tenin.conversation import restock
from tenin.conversation.transcript import new_conversation
from tenin.database import make_engine, read_transaction, write_transaction
from tenin.restock_watch import tell_restocked
from tenin.shop.models import product_text, products, restock_wishes
from tests.answers import is_wording_of, voice
from tests.mail_server import mail_server
from tests.unit.web.conftest import SiteMaker
from tests.unit.web.served import make_root
from tests.unit.web.test_web_mail import MAIL

SKU, OTHER = "KT-603", "KS-104"
ADDRESS = "lin@shop.example"
PATIENCE = 20


@dataclass
class Shops:
    """The two databases of a project root, and what is in them."""

    root: Path

    def __post_init__(self) -> None:
        """Open both."""
        self.engine = make_engine(f"sqlite:///{self.root}/var/tenin.db")
        self.shop = make_engine(f"sqlite:///{self.root}/var/shop.db")

    def close(self) -> None:
        """Let go of both."""
        self.engine.dispose()
        self.shop.dispose()

    def wished(self, sku: str = SKU, language: str = "en", address: str | None = None) -> str:
        """A conversation in which a product was wished for; the shop's list has it too."""
        with write_transaction(self.engine) as session:
            conversation = str(new_conversation(session, "web", language).id)
            restock.wish(session, conversation, sku, address)
        with write_transaction(self.shop) as session:
            product = session.execute(select(products.c.id).where(products.c.sku == sku)).scalar()
            session.execute(
                insert(restock_wishes).values(
                    product_id=product,
                    contact=address or restock.reference(conversation),
                    language=language,
                    wished_at=utcnow(),
                )
            )
        return conversation

    def stock(self, sku: str, pieces: int = 3) -> None:
        with write_transaction(self.shop) as session:
            session.execute(update(products).where(products.c.sku == sku).values(stock=pieces))

    def watch(self) -> list[str]:
        return tell_restocked(self.engine, self.shop, voice())

    def rows(self, engine: Engine, statement: str) -> list[Any]:
        with engine.connect() as connection:
            return list(connection.exec_driver_sql(statement))

    def lines(self, conversation: str) -> list[str]:
        found = self.rows(self.engine, "SELECT conversation_id, text FROM line ORDER BY id")
        return [row.text for row in found if row.conversation_id == conversation]

    def untold_in_shop(self) -> int:
        return len(self.rows(self.shop, "SELECT 1 FROM restock_wishes WHERE told_at IS NULL"))


@pytest.fixture
def shops(tmp_path: Path, databases: Path) -> Iterator[Shops]:
    """Databases of the test's own."""
    tmp_path.joinpath("root").mkdir()
    opened = Shops(make_root(tmp_path / "root", databases))
    yield opened
    opened.close()


def test_nothing_is_said_until_it_is_back(shops: Shops) -> None:
    first, second, third = shops.wished(), shops.wished(language="ja"), shops.wished(OTHER)
    assert shops.watch() == []
    shops.stock(SKU)
    assert shops.watch() == [first, second]
    assert shops.watch() == []
    for conversation, language in ((first, "en"), (second, "ja")):
        [line] = shops.lines(conversation)
        assert is_wording_of("utter_restock_back", language, line)
    assert shops.lines(third) == []
    assert shops.untold_in_shop() == 1
    shops.stock(SKU, 0)
    shops.stock(SKU)
    assert shops.watch() == []  # back again, but nobody wished anew


def test_withdrawn_from_sale_nothing_is_said_and_the_wish_kept(shops: Shops) -> None:
    conversation, japanese = shops.wished(), shops.wished(language="ja")
    with read_transaction(shops.shop) as session:
        product = session.execute(select(products.c.id).where(products.c.sku == SKU)).scalar()
        texts = session.execute(
            select(product_text).where(product_text.c.product_id == product)
        ).mappings()
        texts = [dict(each) for each in texts]
    with write_transaction(shops.shop) as session:
        of_it = product_text.c.product_id == product
        session.execute(delete(product_text).where(of_it))
        session.execute(insert(product_text), [each for each in texts if each["language"] == "ja"])
    shops.stock(SKU)
    assert shops.watch() == [japanese]
    assert shops.lines(conversation) == []
    with write_transaction(shops.shop) as session:
        session.execute(insert(product_text), [each for each in texts if each["language"] == "en"])
    assert shops.watch() == [conversation]


def test_many_wishes_are_told_and_one_that_can_t_be_keeps_none_waiting(
    shops: Shops, caplog: pytest.LogCaptureFixture
) -> None:
    wished = [shops.wished() for _ in range(5)]
    shops.stock(SKU)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("tenin.restock_watch.AT_ONCE", 2)
        broken = wished[1]
        known = restock.lock_conversation

        def lock(session: Any, conversation_id: str) -> Any:
            if conversation_id == broken:
                raise OSError("the disk is full")
            return known(session, conversation_id)

        patched.setattr("tenin.conversation.restock.lock_conversation", lock)
        assert shops.watch() == [each for each in wished if each != broken]
    assert "could not be told" in caplog.text
    assert shops.watch() == [broken]


def killed_at(shops: Shops, step: int) -> bool:
    """Let a process watch that is killed at its `step`th statement or commit; whether it was."""
    child = os.fork()
    if child == 0:
        try:
            own = Shops(shops.root)
            steps = itertools.count()

            def count(*_: Any) -> None:
                if next(steps) == step:
                    os.kill(os.getpid(), signal.SIGKILL)

            for engine in (own.engine, own.shop):
                event.listen(engine, "before_cursor_execute", count)
                event.listen(engine, "commit", count)
            own.watch()
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0
    return False


def test_killed_anywhere_each_is_told_exactly_once(tmp_path: Path, databases: Path) -> None:
    """Between the shop's list and the notice, between the notice and its mark, in each commit."""
    for step in itertools.count():
        folder = tmp_path / str(step)
        folder.mkdir()
        shops = Shops(make_root(folder, databases))
        wished = [shops.wished(address=ADDRESS), shops.wished(language="ja")]
        shops.stock(SKU)
        shops.close()
        killed = killed_at(shops, step)
        told_before = sum(len(shops.lines(each)) for each in wished)
        told_after = shops.watch()
        assert told_before + len(told_after) == 2, step
        assert [len(shops.lines(each)) for each in wished] == [1, 1], step
        assert len(shops.rows(shops.engine, "SELECT 1 FROM mail_content")) == 1, step
        assert shops.untold_in_shop() == 0, step
        assert shops.watch() == []
        shops.close()
        if not killed:
            assert step > 20
            break


def test_two_processes_tell_it_once(shops: Shops) -> None:
    wished = [shops.wished() for _ in range(6)]
    shops.stock(SKU)
    shops.close()
    children = []
    for _ in range(3):
        child = os.fork()
        if child == 0:
            try:
                Shops(shops.root).watch()
                os._exit(0)
            finally:
                os._exit(1)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0]
    assert [len(shops.lines(each)) for each in wished] == [1] * 6


def test_the_web_tier_tells_it_by_itself_in_the_chat_and_by_mail(make_site: SiteMaker) -> None:
    with mail_server() as server:
        site = make_site(**MAIL, EMAIL_PORT=server.port, NOTICES_RESTOCK_SECONDS=0.2)
        customer = site.customer("zh-Hant")
        conversation = site.conversation(customer).id
        with write_transaction(site.engine) as session:
            restock.wish(session, conversation, SKU, ADDRESS)
        shop = make_engine(site.settings.shop.database_url)
        with write_transaction(shop) as session:
            session.execute(update(products).where(products.c.sku == SKU).values(stock=1))
        shop.dispose()
        lines = customer.read_until(lambda lines, _: bool(lines), PATIENCE)
        deadline = time.monotonic() + PATIENCE
        while not server.received:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        time.sleep(0.6)
        assert len(customer.lines()) == len(server.received) == 1
    assert is_wording_of("utter_restock_back", "zh-Hant", lines[0]["text"])
    assert lines[0]["author"] == "system"
    assert lines[0]["text"] in server.received[0].get_content()
