"""The errors of this package; each message speaks to a person."""

from pathlib import Path


class PackError(ValueError):
    """This rule pack cannot be used."""

    def __init__(self, path: Path, line: int | None, reason: str) -> None:
        self.path, self.line, self.reason = path, line, reason
        place = f"{path}:{line}" if line else str(path)
        super().__init__(f"{place}: {' '.join(reason.split())}")


class ChannelError(ValueError):
    """A channel to people is set up wrongly."""

    def __init__(self, where: str, reason: str) -> None:
        super().__init__(f"{where}: {reason}")


class OverrideError(ValueError):
    """Other limits that do not fit a rule."""

    def __init__(self, rule: str, reason: str) -> None:
        super().__init__(f"{rule}: {reason}")
