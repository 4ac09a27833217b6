"""Who owns a conversation, what was said in it, what waits to be handled and delivered.

No framework in here: neither Rasa nor Starlette. Both tiers come to these
functions with a SQLAlchemy session whose transaction is theirs to end.
"""
