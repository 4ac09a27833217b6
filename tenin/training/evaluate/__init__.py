"""The quality gate, `tenin evaluate`: what a change makes of the held-out sentences.

`base` finds what to compare with, `asking` asks, `figures` counts and compares, `quality` says what
may not be lost, `report` and `picture` show it.
"""
