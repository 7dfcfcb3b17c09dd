"""Sequence numbers as ranges, first and last included, as bodies on the wire list them."""

from collections.abc import Iterable

Span = tuple[int, int]


def merge(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Return the same numbers in as few ranges as possible, in order."""
    merged: list[Span] = []
    for first, last in sorted(spans):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return tuple(merged)


def of(seqs: Iterable[int]) -> tuple[Span, ...]:
    """Return single numbers as ranges."""
    return merge((seq, seq) for seq in seqs)
