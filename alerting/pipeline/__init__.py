"""One stage per file: evaluate, deduplicate, open. Items in, items out, without IO."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from alerting.model import Observation, Rule
from alerting.pipeline.decisions import Decision
from alerting.pipeline.deduplicate import Deduplicate, StoredAlert
from alerting.pipeline.evaluate import Evaluate
from alerting.pipeline.open import Decide


def decide(
    rules: Sequence[Rule],
    observations: Sequence[Observation],
    stored: Sequence[StoredAlert],
    news: frozenset[UUID],
    now: datetime,
) -> tuple[Decision, ...]:
    """Run the stages for one patient; `news` are the readings that are evaluated now."""
    episodes = Evaluate(rules)(observations, now)
    matches = Deduplicate(stored, frozenset(rule.key for rule in rules))(episodes, now)
    return Decide(news)(matches, now)
