"""A task in a line and in a few: the words that a person reads at the far side.

`Work` holds only what the destination's contents allow, so nothing is left out here.
"""

from typing import Final

from gateway.connectors.ports import Work

TIME: Final = "%Y-%m-%d %H:%M UTC"


def subject(work: Work) -> str:
    """Return the line: `P1 Blood pressure very high`."""
    return f"{work.priority} {work.title}"


def body(work: Work) -> str:
    """Return the lines: why, until when, where to read more."""
    lines = [work.sentence] if work.sentence else []
    lines += [f"- {each.measured_at:{TIME}}: {each.sentence}" for each in work.evidence]
    lines += [f"Due {work.due_at:{TIME}}. Queue: {work.queue}.", f"Hearthline: {work.link}"]
    return "\n".join(lines)
