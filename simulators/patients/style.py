"""How pictures look: colours that colour-blind people can tell apart, few lines, small files."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# Okabe and Ito's palette.
BLUE: Final = "#0072B2"
ORANGE: Final = "#D55E00"
GREEN: Final = "#009E73"
PURPLE: Final = "#CC79A7"
SKY: Final = "#56B4E9"
GREY: Final = "#8A8A8A"
INK: Final = "#333333"

SETTINGS: Final[dict[Any, Any]] = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "axes.titlesize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#E6E6E6",
    "grid.linewidth": 0.6,
    "axes.axisbelow": True,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "svg.fonttype": "none",
    # Without it, the names inside an SVG are new each time.
    "svg.hashsalt": "hearthline",
    "savefig.facecolor": "white",
}
NO_DATE: Final[dict[str, dict[str, Any]]] = {
    ".svg": {"Date": None, "Creator": None},
    ".png": {"Software": None},
}


@contextmanager
def drawing() -> Iterator[None]:
    """Draw in our style within."""
    with rc_context(SETTINGS):
        yield


def save(figure: Figure, path: Path) -> None:
    """Write the picture, the same octets each time."""
    figure.savefig(path, dpi=110, metadata=NO_DATE[path.suffix.lower()])


def guide(axes: Axes, *levels: float) -> None:
    """Draw thin lines where clinicians begin to look."""
    for level in levels:
        axes.axhline(level, color=GREY, linewidth=0.8, linestyle=(0, (4, 3)), zorder=1)
