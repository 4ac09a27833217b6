"""Tenin, the person behind the shop's counter: a customer-service chatbot a shop runs itself.

`docs/architecture.md` is the map: what each room holds and how a message travels through them.
"""

__version__ = "0.1.0"
