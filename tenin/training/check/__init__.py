"""`tenin check`: all that can be known of the project's files without training.

`whole.check` gives every finding at once; `commands` prints them. A module for each subject, each
of which looks at one `project.Project` and adds to it; codes are in `findings` and explained in
docs/checks.md.
"""
