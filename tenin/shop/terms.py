"""The shop's terms as far as its orders go by them, in plain values.

Whoever makes a `DatabaseShop` fills them in from policy.yml: this room doesn't read it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Terms:
    """What the shop promises.

    `return_days` and `exchange_days` count from the day of delivery, `refund_working_days` from
    the day the goods are back (or the order was cancelled). `cancellation_fee` is in `currency`;
    `most_pieces` is how many pieces of one item an order may have. `shop_name` holds the shop's
    name by language.
    """

    return_days: int
    exchange_days: int
    cancellation_fee: Decimal
    refund_working_days: int
    currency: str
    most_pieces: int
    shop_name: Mapping[str, str]
