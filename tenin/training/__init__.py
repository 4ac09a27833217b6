"""The trainers' workshop: what stands in the files, its check, trying, adding, measuring.

Works on the project's files without Rasa; what a change does to the bot is seen here before it is
trained.
"""
