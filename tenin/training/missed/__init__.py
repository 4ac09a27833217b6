"""Learning from what was missed: customers' messages that the bot did not serve well.

`gathering` finds them in the conversations and keeps them masked (`models`), `likeness` groups
them, `decisions` is what a trainer does with a group, `export` writes what was accepted into the
files of the project. `commands` and `pages` are the two ways in. Nothing here trains.
"""
