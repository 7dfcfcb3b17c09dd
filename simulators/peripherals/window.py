"""When a device advertises: a window after a measurement, and again while something waits."""

import asyncio
from collections.abc import Callable


class Window:
    """Open or shut; tells `changed` each time that it becomes the other."""

    def __init__(self, changed: Callable[[], None], ended: Callable[[], None]) -> None:
        self._changed = changed
        self._ended = ended
        self._timer: asyncio.TimerHandle | None = None
        self.open = False

    def open_for(self, seconds: float) -> None:
        """Open, or stay open for so long from now."""
        self._stop_timer()
        self._timer = asyncio.get_running_loop().call_later(seconds, self._run_out)
        self._set(is_open=True)

    def shut(self) -> None:
        """Shut at once; `ended` is not called."""
        self._stop_timer()
        self._set(is_open=False)

    def _run_out(self) -> None:
        self.shut()
        self._ended()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _set(self, *, is_open: bool) -> None:
        if self.open != is_open:
            self.open = is_open
            self._changed()
