"""Files that operators write, as connectors.toml: TOML with secrets; no value is quoted."""

import tomllib
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from gateway.errors import WrongInput


def read_tables(path: Path) -> Mapping[str, Any]:
    """Return what a file says, nothing without one. Raises WrongInput."""
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise WrongInput(f"{path} is not TOML.") from None
    except OSError as error:
        raise WrongInput(f"{path} cannot be read: {error.strerror}.") from None


def is_wrong(path: Path, read: Callable[[Path], object]) -> bool:
    """Say whether `read` raises WrongInput of the file now."""
    try:
        # Unlike mtime, ctime changes with its rights too; within one tick of it size or inode does.
        now = path.stat()
        return _is_wrong(path, read, (now.st_ctime_ns, now.st_size, now.st_ino))
    except FileNotFoundError:
        return False
    except OSError:
        return True


@lru_cache(maxsize=8)
def _is_wrong(path: Path, read: Callable[[Path], object], _changed: tuple[int, int, int]) -> bool:
    try:
        read(path)
    except WrongInput:
        return True
    return False
