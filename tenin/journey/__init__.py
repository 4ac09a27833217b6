"""The journey room: service blueprints, read, checked against the bot, and drawn.

`reading` makes `model` of `blueprints/*.yml`, `check` compares them with the project and with the
`traces` of passing tests, `drawing` makes the picture. Knows neither Rasa nor the web.
"""
