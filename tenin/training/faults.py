"""The faults of what learns and measures, apart from it: to tell one, nothing heavy is imported."""


class UnderstandingError(ValueError):
    """The bot's understanding can't be learnt; the message is one line and names the remedy."""


class BaseError(ValueError):
    """There is nothing to compare with; the message is one line and names the remedy."""


class QualityError(ValueError):
    """quality.yml can't be used; the message is one line and names the remedy."""


class TrainedError(ValueError):
    """Stories or dialogues can't be run; the message is one line and names the remedy."""
