"""Custom actions, one module per need: slots in, use case called, utter_* out.

They run in the stock action server. No wording and no SQL here: what is said is
in data/responses, what is done in tenin/shop and tenin/conversation.
"""
