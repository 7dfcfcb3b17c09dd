"""The one shape of all stages, so that they can be put in a row."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol, TypeVar

In = TypeVar("In", contravariant=True)
Out = TypeVar("Out", covariant=True)


class Stage(Protocol[In, Out]):
    """One step of the pipeline: what the step before said in, what remains or follows out."""

    def __call__(self, items: Sequence[In], now: datetime, /) -> Sequence[Out]:
        """Decide without IO."""
        ...
