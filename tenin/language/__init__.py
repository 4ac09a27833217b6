"""What a message says and how Tenin words its answers; knows nothing of Rasa.

`languages`, `menus` and `wording` are light and serve the web tier too; `pipeline`
and `classification` need spaCy and scikit-learn and serve the bot tier.
"""
