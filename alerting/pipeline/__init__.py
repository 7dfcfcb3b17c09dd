"""One stage per file: evaluate, deduplicate, open. Items in, items out, without IO."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from alerting.model import Episode, Rule
from alerting.pipeline.decisions import Decision
from alerting.pipeline.deduplicate import Deduplicate, StoredAlert
from alerting.pipeline.open import Decide


def decide(
    rules: Iterable[Rule],
    episodes: Sequence[Episode],
    stored: Sequence[StoredAlert],
    news: frozenset[UUID],
    now: datetime,
) -> tuple[Decision, ...]:
    """Run the stages after Evaluate for one patient.

    `rules` are those that were evaluated, `news` the readings that are evaluated now.
    """
    matches = Deduplicate(stored, frozenset(rule.key for rule in rules))(episodes, now)
    return Decide(news)(matches, now)
