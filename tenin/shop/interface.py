"""What a shop is asked for: one interface for the demo shop and for a real shop's adapter.

`database_shop` answers from the shop's own tables, `http_shop` asks a shop's API. Actions know
only this. Whoever asks has proved who they are before (`tenin.conversation.identity`): a shop
trusts the numbers and customer ids that it is given, except in `proved`.

Every call may raise ShopError: the shop is down, too slow, or answers nonsense.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal, Protocol


class ShopError(Exception):
    """The shop can't be reached, is too slow or answered nonsense; nothing is known to be done."""


class NotAllowedError(Exception):
    """A change that the order's state or the shop's terms don't allow; carries the quote."""

    def __init__(self, quote: "Quote") -> None:
        """Keep the quote that says why."""
        super().__init__(quote.reason)
        self.quote = quote


@dataclass(frozen=True)
class Customer:
    """A customer as the shop knows them."""

    id: str
    name: str
    language: str


@dataclass(frozen=True)
class OrderItem:
    """One line of an order; the price is that of one piece."""

    id: str
    sku: str
    name: str
    size: str | None
    colour: str | None
    quantity: int
    price: Decimal


@dataclass(frozen=True)
class Order:
    """An order as its customer may see it; days are the shop's.

    `destination` says where it goes without the full address (a city, the end of a postcode).
    `status` is one of `tenin.shop.models.ORDER_STATUSES`.
    """

    number: str
    status: str
    placed_on: date
    items: tuple[OrderItem, ...]
    total: Decimal
    currency: str
    carrier: str | None
    tracking_number: str | None
    shipped_on: date | None
    expected_on: date | None
    delivered_on: date | None
    destination: str | None


@dataclass(frozen=True)
class Cancel:
    """Cancel a whole order that has not left."""

    order: str


@dataclass(frozen=True)
class ChangeAddress:
    """Send an order that has not left to another address."""

    order: str
    address: str


@dataclass(frozen=True)
class ChangeItem:
    """Another size, colour or quantity of one item before dispatch; None leaves it as it is.

    A quantity of 0 takes the item out.
    """

    order: str
    item: str
    size: str | None = None
    colour: str | None = None
    quantity: int | None = None


@dataclass(frozen=True)
class Return:
    """Send pieces of one item back for money, within the terms."""

    order: str
    item: str
    quantity: int = 1
    reason: str | None = None


@dataclass(frozen=True)
class Exchange:
    """Send one piece back for another size or colour of the same product."""

    order: str
    item: str
    size: str | None = None
    colour: str | None = None


@dataclass(frozen=True)
class Urge:
    """Ask the carrier or the warehouse to hurry."""

    order: str


Change = Cancel | ChangeAddress | ChangeItem | Return | Exchange | Urge

Reason = Literal[
    "unknown_order",
    "unknown_item",
    "already_shipped",
    "already_cancelled",
    "already_delivered",
    "not_delivered",
    "return_time_over",
    "already_asked",
    "not_in_stock",
    "nothing_changes",
    "too_many",
]


@dataclass(frozen=True)
class Quote:
    """What a change would do, before anybody says yes to it; or why it can't be done.

    `fee` is what the customer pays for it, `refund` what comes back, `extra` what is still to be
    paid (a dearer quantity), in `currency`; `refund_days` how many days the money takes. When it
    is not allowed, `instead` names the needs that can be done instead ("return_item").
    """

    allowed: bool
    reason: Reason | None = None
    fee: Decimal = Decimal(0)
    refund: Decimal = Decimal(0)
    extra: Decimal = Decimal(0)
    currency: str = ""
    refund_days: int | None = None
    instead: tuple[str, ...] = ()


@dataclass(frozen=True)
class Done:
    """A change that was made, once, under the shop's reference for it."""

    reference: str
    quote: Quote


@dataclass(frozen=True)
class Refund:
    """Money on its way back; `state` is requested, approved or paid."""

    reference: str
    order: str
    state: Literal["requested", "approved", "paid"]
    amount: Decimal
    currency: str
    requested_on: date
    expected_on: date | None
    paid_on: date | None


@dataclass(frozen=True)
class Invoice:
    """An invoice: its number and the document (HTML), in the customer's language."""

    number: str
    order: str
    issued_on: date
    document: str


class Shop(Protocol):
    """A shop. Blocking; numbers are as customers write them, normalised by the shop."""

    def proved(self, number: str, contact: str) -> str | None:
        """The order's stored number if `contact` is its customer's; wrong and absent are alike."""

    def customer(self, customer_id: str) -> Customer | None:
        """The customer of a signed-in identity."""

    def orders(self, customer_id: str, language: str, limit: int = 10) -> list[Order]:
        """The customer's orders, the newest first."""

    def order(self, number: str, language: str) -> Order | None:
        """One order, goods and carrier named in `language`."""

    def quote(self, change: Change) -> Quote:
        """What the change would do and cost; never changes anything."""

    def change(self, change: Change, key: str) -> Done:
        """Make the change, all of it or nothing; the same `key` again gives the same answer.

        Raises NotAllowedError when it is not allowed (any more).
        """

    def refunds(self, number: str) -> list[Refund]:
        """The refunds of an order, the newest first."""

    def invoice(self, number: str, language: str) -> Invoice | None:
        """The invoice of an order; None for one that is cancelled or not there."""

    def wish_restock(self, sku: str, contact: str, language: str) -> bool:
        """Note that somebody wants to hear when a product is back; False if it is in stock.

        Tenin tells them itself. `contact` is an e-mail address, or "chat:" and a reference.
        """
