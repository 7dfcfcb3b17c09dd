"""Translates sentences that were filled in before they were stored, as those of tasks are.

The template is found again by its words, the longest first; what filled it is copied, or translated
likewise. A sentence of which any part is not known stays in English as a whole.
"""

import re
from functools import lru_cache
from string import Formatter
from typing import Final

from alerting.languages import ENGLISH, read
from alerting.words import template

# What `alerting.findings.sentence` writes; the label is a rule's, the reason a template of its own.
FRAMES: Final = (
    template("{label} {value} at {time} on {day} {reason}."),
    template("{label} {value} at {time} {reason}."),
)
DOUBTFUL: Final = template("{value} (questionable, to be measured again)")
_SHAPES: Final = {"time": r"\d\d:\d\d", "day": r"\d{4}-\d\d-\d\d"}
# What is copied: numbers with their units, days, times, and a device's own words for no number.
_COPIED: Final = re.compile(
    r"[-+]?[\d.,:%/ -]*( ?(mmHg|kPa|mg/dL|mmol/L|kg|lb|°C|°F|beats/min|%|h|min))?|HI|LO"
)

Pattern = tuple[re.Pattern[str], str]


@lru_cache(4096)
def filled(text: str, language: str) -> str:
    """Return a stored sentence in a language, in English where it is not known."""
    if language == ENGLISH or not text:
        return text
    known = _known(language)
    for frame in FRAMES:
        found = _pattern(frame).fullmatch(text)
        if found and known.get(found["label"]):
            reason = _inner(found["reason"], language)
            if reason is not None and frame in known:
                value = _inner(found["value"], language) or found["value"]
                said = {"label": known[found["label"]], "value": value, "reason": reason}
                parts = found.groupdict() | said
                return known[frame].format(**parts)
    return _inner(text, language) or text


def _inner(text: str, language: str) -> str | None:
    """Return a part in a language, None where it is no template of ours."""
    known = _known(language)
    if text in known:
        return known[text]
    if _COPIED.fullmatch(text):
        return text
    for pattern, into in _patterns(language):
        found = pattern.fullmatch(text)
        parts = (
            {name: _inner(part, language) for name, part in found.groupdict().items()}
            if found
            else {}
        )
        if parts and None not in parts.values():
            return into.format(**parts)
    return None


@lru_cache
def _known(language: str) -> dict[str, str]:
    return {str(message.id): str(message.string) for message in read(language) if message.string}


@lru_cache
def _patterns(language: str) -> tuple[Pattern, ...]:
    """Return what has to be filled in, the most words first."""
    every = [(text, into) for text, into in _known(language).items() if _names(text)]
    every = [pair for pair in every if pair[0] not in FRAMES and _letters(pair[0]) > 1]
    every.sort(key=lambda pair: -_letters(pair[0]))
    return tuple((_pattern(text), into) for text, into in every)


def _pattern(text: str) -> re.Pattern[str]:
    seen: set[str] = set()
    parts = []
    for words, name, _, _ in Formatter().parse(text):
        parts.append(re.escape(words))
        if name:
            shape = _SHAPES.get(name, ".+?") if text in FRAMES else ".+?"
            parts.append(f"(?P={name})" if name in seen else f"(?P<{name}>{shape})")
            seen.add(name)
    return re.compile("".join(parts))


def _names(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def _letters(text: str) -> int:
    return sum(len(words) for words, _, _, _ in Formatter().parse(text))
