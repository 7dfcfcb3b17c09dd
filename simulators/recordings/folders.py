"""Where the public recordings lie, if they are on this machine at all."""

from pathlib import Path
from typing import Final

REPOSITORY: Final = Path(__file__).parents[2]


def find_recordings(folder: Path | None = None) -> Path | None:
    """Return `folder`, else the data folder beside the repository, else None.

    The recordings are not part of the project; everything works without them, with virtual
    patients instead.
    """
    beside = REPOSITORY.parent.joinpath("shared", "data")
    chosen = beside if folder is None else folder
    return chosen if chosen.is_dir() else None
