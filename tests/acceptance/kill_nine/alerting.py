"""The same site with a worker that tells somebody of readings that break rules."""

import random
import threading
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import UUID

from alerting.model import Observation
from alerting.packs.loader import load_packs
from alerting.pipeline.escalate import To
from alerting.pipeline.evaluate import Evaluate
from alerting.roster import Contact, Person, Roster, default_roster
from gateway.errors import GatewayError
from gateway.storage.database import Connection
from gateway.storage.rosters import add_roster
from simulators.programs import Program
from tests.acceptance.kill_nine.parts import Process
from tests.acceptance.kill_nine.schedule import Event, Measure, Strike
from tests.acceptance.kill_nine.site import Site

PARTS = ("worker", "ingest", "postgres")
SECONDS = 4
SECRET = "whsec_" + b64encode(bytes(24)).decode()
OBSERVED = """
SELECT v.reading_id, v.measured_at, r.received_at, r.stored_at, v.name AS component, v.unit,
    v.validity, v.number, v.absent, v.ordinal, r.flags
FROM reading_value v JOIN reading r ON r.id = v.reading_id AND r.measured_at = v.measured_at"""
EVIDENCE = "SELECT rule_key, alert_id, reading_id FROM alert_reading"
ALERTS = """
SELECT a.id, a.rule_key, a.state, a.task_id IS NOT NULL OR EXISTS (
    SELECT FROM suppression s WHERE s.alert_id = a.id) AS answered FROM alert a"""
TASKS = """
SELECT rule_key, direction, count(*) FILTER (WHERE closed_at IS NULL) AS open, count(*) AS all
FROM task GROUP BY 1, 2"""
# Of what opened and ended in one evaluation, nobody needs to be told.
UNTOLD = """
SELECT count(*) AS count FROM task t WHERE rule_key = ANY(%s)
AND closed_by IS DISTINCT FROM 'worker'
AND NOT EXISTS (SELECT FROM notification n WHERE n.tasks @> ARRAY[t.id])"""
LEFT = """
SELECT (SELECT count(*) FROM duty) + (SELECT count(*) FROM notification WHERE state = 'due')
  + (SELECT count(*) FROM escalation WHERE next_action_at <= now()) AS count"""
# A new schedule's episodes get tasks and messages of their own, not those of the one before.
OVER = """
UPDATE task SET status = 'cancelled', closed_at = now(), closed_by = 'test', closed_reason = 'over'
WHERE closed_at IS NULL"""
LONG_AGO = "UPDATE notification SET created_at = created_at - interval '10 minutes'"
MESSAGES = "SELECT id, state FROM notification WHERE channel = 'webhook'"


class Post(ThreadingHTTPServer):
    """A receiver of webhooks that never dies, and remembers every message by its id."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Receive)
        self.received: list[tuple[str, bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"


class _Receive(BaseHTTPRequestHandler):
    server: Post

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.received.append((self.headers["webhook-id"], body))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def telling(site: Site, folder: Path) -> Iterator[Post]:
    """Set up who is told, and run a worker; the site's devices show what breaks rules."""
    with Post() as post:
        threading.Thread(target=post.serve_forever, daemon=True).start()
        (folder / "gateway" / "notifiers.toml").write_text(f'[webhook]\nsecrets = ["{SECRET}"]\n')
        with site.database.transaction() as connection:
            _load_roster(connection, post.url)
        ingest = site.parts["ingest"]
        assert isinstance(ingest, Process)
        log = ingest.program.log.with_name("worker")
        program = Program("hearthline-gateway", ["worker"], log, ingest.program.environment)
        worker = site.parts["worker"] = Process("worker", program)
        site.shows = breaking
        worker.begin()
        yield post
        worker.end()
        post.shutdown()


def _load_roster(connection: Connection, url: str) -> None:
    person = Person(contacts=(Contact(channel="webhook", address=url),))
    nurse = To(kind="person", name="nurse")
    given = {"persons": {"nurse": person}, "routes": [{"to": nurse}], "default": nurse}
    roster = Roster.model_validate(given | {"ladders": default_roster().ladders})
    rows = connection.execute("SELECT id FROM organisation").fetchall()
    for row in rows:
        add_roster(connection, row["id"], roster, "test", datetime.now(UTC))


def breaking(device: str, number: int) -> dict[str, str]:
    """Return what a device shows: high, low or good, no two alike."""
    if device == "cuff":
        systolic = (186, 118, 82, 119)[number // 8 % 4] + number % 8
        return {"systolic": str(systolic), "diastolic": str(62 + number % 37), "pulse": "71"}
    return {"glucose": str((56, 100, 255, 105)[number // 6 % 4] + number % 12)}


def schedule(seed: int) -> list[Event]:
    """Each device measures in each second; two to six are killed meanwhile."""
    chance = random.Random(seed)  # noqa: S311 - a schedule, not a secret
    events: list[Event] = [
        Measure(second + chance.uniform(0.3, 0.5), device, 1)
        for second in range(SECONDS)
        for device in ("cuff", "meter")
    ]
    events += [
        Strike(
            chance.uniform(0, SECONDS),
            chance.choice(PARTS),
            chance.uniform(0, 0.4),
            whole=chance.random() < 0.7,
        )
        for _ in range(chance.randint(2, 6))
    ]
    events.sort(key=lambda event: event.at)
    return [*events, Measure(SECONDS + 0.4, "cuff", 1), Measure(SECONDS + 0.4, "meter", 1)]


def nothing_left(site: Site) -> bool:
    """Say whether all is evaluated and everybody told."""
    assert not site.fallen(), f"fell without being struck: {site.fallen()}"
    try:
        with site.database.transaction() as connection:
            row = connection.execute(LEFT).fetchone()
    except GatewayError:
        return False  # on its way back
    return row is not None and row["count"] == 0


def end_shift(site: Site) -> None:
    """Close all tasks, and let the messages be of some time ago."""
    with site.database.transaction() as connection:
        connection.execute(OVER)
        connection.execute(LONG_AGO)


def judge_alerts(site: Site, post: Post) -> Counter[str]:
    """Hold what there is against what the readings alone say; return what was counted."""
    with site.database.transaction() as connection:
        observed = [Observation(**row) for row in connection.execute(OBSERVED)]
        held = {
            (r["rule_key"], r["reading_id"]): r["alert_id"] for r in connection.execute(EVIDENCE)
        }
        alerts = connection.execute(ALERTS).fetchall()
        tasks = connection.execute(TASKS).fetchall()
        untold = connection.execute(UNTOLD, [list({r["rule_key"] for r in alerts})]).fetchone()
        messages = connection.execute(MESSAGES).fetchall()
    rules = tuple(rule for rule in load_packs().values() if rule.programme is None)
    episodes = Evaluate(rules)(observed, datetime.now(UTC))
    broke = {(e.rule.key, reading) for e in episodes for reading in e.readings}
    assert broke == set(held), "a reading that breaks a rule is evidence once, and no other is"
    homes = [{held[e.rule.key, reading] for reading in e.readings} for e in episodes]
    assert all(len(found) == 1 for found in homes), "an episode has one alert"
    assert {id_ for found in homes for id_ in found} == {row["id"] for row in alerts}
    assert all(row["answered"] for row in alerts), "an alert has a task, or a reason for none"
    assert all(row["open"] <= 1 for row in tasks), "two tasks for one episode"
    assert untold is not None
    assert untold["count"] == 0, "a task of which nobody was told"
    return Counter(
        episodes=len(episodes), alerts=len(alerts), tasks=sum(row["all"] for row in tasks)
    ) + judge_messages(messages, post)


def judge_messages(rows: list[dict[str, Any]], post: Post) -> Counter[str]:
    """Every message was sent, and who got one twice got it with the same id and text."""
    received = Counter(id_ for id_, _ in post.received)
    assert {UUID(id_) for id_ in received} == {r["id"] for r in rows if r["state"] == "sent"}
    assert {row["state"] for row in rows} <= {"sent", "cancelled"}
    assert len(set(post.received)) == len(received), "one id, two texts"
    return Counter(messages=len(received), sent_again=received.total() - len(received))
