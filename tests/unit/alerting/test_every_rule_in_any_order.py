"""Whatever the kind: order of arrival, order of rules, restarts and doubles change no episode.

For every rule in the packs and every one that docs/rules.md shows, so for every kind there is.
"""

import re
import tempfile
from collections.abc import Iterable, Sequence
from datetime import timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from random import Random

import pytest

from alerting.bands import sent
from alerting.extent import extent
from alerting.model import Episode, Observation, Rule
from alerting.packs.loader import load_pack, load_packs
from alerting.pipeline.decisions import Late, Open
from alerting.pipeline.evaluate import Evaluate
from alerting.rules import ALWAYS, anything, concerned, kinds
from device_profiles.reading import Validity
from tests.unit.alerting.make import NOON, episodes, observe
from tests.unit.alerting.register import Register
from tests.unit.alerting.test_order_of_arrival import batches
from tests.unit.alerting.test_rules_in_docs import SHOWN

CHARTS, MOST = 4, 60  # more only until one breaks the rule
USUAL = {"mmol/L": "6.1", "kPa": "16.5", "[degF]": "98.2", "[lb_av]": "176", "Cel": "36.8"}
USUAL_OF = {"systolic": "124", "diastolic": "76", "glucose": "110", "spo2": "96", "weight": "80"}
VALIDITY = (*[Validity.VALID] * 7, Validity.QUESTIONABLE)


def _shown() -> Iterable[Rule]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "shown.yaml"
        path.write_text("pack: shown\nrules:\n" + "".join(SHOWN), "utf-8")
        return load_pack(path)


PACKS = load_packs()
RULES = tuple(PACKS.values()) + tuple(rule for rule in _shown() if rule.key not in PACKS)
OPENING = tuple(rule for rule in RULES if rule.kind != "jump")  # that one holds, and opens nothing


def draw(rule: Rule, random: Random) -> list[Observation]:
    """Draw 40 readings of what a rule reads, near its bounds, over hours or weeks."""
    flags = getattr(rule, "flags", ()) or ("none",)
    step, n, chart = random.choice((0.5, 1, 6, 24)), count(1), list[Observation]()
    for at in random.sample(range(50), 40):
        name = random.choice(rule.components)
        unit = random.choice(sent(name) or ("1",))
        usual = Decimal(USUAL.get(unit) or USUAL_OF.get(name, "72"))
        # What it is, or how far it is from what is usual, or more each time.
        bound = random.choice(_bounds(rule, name) or [usual])
        number = random.choice((usual, usual + at * bound / 20, usual + bound, bound, bound + 1))
        hour = at * step + random.random()
        one = observe(name, f"{number:f}", hour=hour, unit=unit, n=next(n))
        mark = frozenset(random.sample(tuple(flags), 1))
        chart.append(one.model_copy(update={"flags": mark, "validity": random.choice(VALIDITY)}))
    return chart


def _bounds(rule: Rule, name: str) -> list[Decimal]:
    """Return the numbers of a rule's bounds; of a composite one those of this component."""
    said = rule.model_dump_json()
    own = re.findall(rf'"component":"{name}","is":({{[^}}]*}})', said)
    return [Decimal(found) for found in re.findall(r"[<>]=? (-?[\d.]+)", "".join(own) or said)]


def _by_key(found: Sequence[Episode]) -> dict[str, list[Episode]]:
    return {rule.key: [e for e in found if e.rule.key == rule.key] for rule in OPENING}


@pytest.mark.parametrize("rule", OPENING, ids=lambda rule: rule.key)
def test_no_order_and_no_double_changes_an_episode(rule: Rule) -> None:
    found = 0
    for seed in range(MOST):
        if found and seed >= CHARTS:
            break
        random = Random(f"{rule.key} {seed}")  # noqa: S311
        chart = draw(rule, random)
        expected = episodes(rule, chart)
        found += len(expected)
        arriving = [one for batch in batches(chart, random) for one in batch]
        assert episodes(rule, list({one.order: one for one in arriving}.values())) == expected
        # A restart: what was under way is lost, and all of it comes again.
        register = Register((rule,))
        for batch in batches(chart, random):
            register.decide(frozenset(one.reading_id for one in batch))
            known = {one.reading_id for one in register.chart}
            register.arrive([one for one in batch if one.reading_id not in known])
        again = register.decide(frozenset(one.reading_id for one in chart))
        assert [each for each in again if not isinstance(each, Late)] == []
        assert register.unresolved(rule) == register.goes_on(rule)
    assert found, "no chart of these broke the rule"


def test_the_order_of_rules_changes_no_episode() -> None:
    for seed in range(CHARTS):
        random = Random(seed)  # noqa: S311
        chart = [one for rule in random.sample(OPENING, 4) for one in draw(rule, random)[:12]]
        for at, one in enumerate(chart):
            chart[at] = one.model_copy(update={"reading_id": type(one.reading_id)(int=at + 1)})
        shuffled = random.sample(OPENING, len(OPENING))
        assert _by_key(Evaluate(shuffled)(chart, NOON + timedelta(days=60))) == _by_key(
            Evaluate(OPENING)(chart, NOON + timedelta(days=60))
        )


@pytest.mark.parametrize("rule", OPENING, ids=lambda rule: rule.key)
def test_what_need_not_be_judged_would_have_said_nothing(rule: Rule) -> None:
    """Of few readings, so that often none of them is beyond a limit."""
    kind, spared = kinds()[rule.kind], 0
    for seed in range(MOST):
        random = Random(f"{rule.key} {seed}")  # noqa: S311
        some = random.sample(draw(rule, random), random.choice((1, 2, 5, 20)))
        name = random.choice(rule.components)
        one = concerned(rule.reads, [each for each in some if each.component == name])
        if (within := extent(one)) and not kind.may_fire(rule, within):
            spared += 1
            assert kind.of(rule, one, ALWAYS, None) == ()
    assert spared or kind.may_fire is anything


def test_every_kind_is_among_them() -> None:
    assert {rule.kind for rule in RULES} == set(kinds())


def test_yesterdays_weight_that_comes_after_todays_opens_the_alert() -> None:
    register = Register((PACKS["hf_weight_gain_day"],))
    today, yesterday = (
        observe("weight", kg, hour=h, unit="kg") for kg, h in (("83", 24), ("80", 0))
    )
    assert register.arrive([today]) == ()
    assert [type(each) for each in register.arrive([yesterday])] == [Open]
    assert [alert.evidence for alert in register.alerts.values()] == [{today.reading_id}]
