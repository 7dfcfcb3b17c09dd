"""Which devices were paired once: so a refusal can be told from a bond that was lost."""

from pathlib import Path
from uuid import UUID

from edge_agent.logs import log


class Bonds:
    """Ids of devices, one a line in a file. Without a file they last as long as the agent."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._known = _read(path)

    def __contains__(self, device: UUID) -> bool:
        return device in self._known

    def note(self, device: UUID) -> None:
        """A connection that asked for a bond has come up, so there is one."""
        if device in self._known:
            return
        self._known.add(device)
        if self._path is None:
            return
        new = self._path.with_suffix(".new")
        try:
            new.write_text("".join(f"{known}\n" for known in sorted(self._known)), "ascii")
            new.replace(self._path)
        except OSError as error:  # a full disk: only the word for a later problem is at stake
            log.warning("bonds_not_kept", error=type(error).__name__)


def _read(path: Path | None) -> set[UUID]:
    if path is None:
        return set()
    try:
        return {UUID(line) for line in path.read_text("ascii").split()}
    except (OSError, ValueError):
        return set()
