"""The life of alerts in tests: a clock to be set, channels that remember, rosters."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from alerting.notifiers.console import Console
from alerting.pipeline.escalate import To
from alerting.ports import Delivered, Message, Outcome
from alerting.roster import Contact, Person, Roster, default_roster
from gateway.care.deliver import Delivery
from gateway.life import live
from gateway.storage.database import Database
from gateway.storage.rosters import add_roster
from tests.fixtures.site import Site
from tests.integration.alerting.homes import NOW, evaluate

START = NOW + timedelta(minutes=1)  # after everything that was stored


@dataclass
class Post:
    """A channel that delivers into a list; `answers` are given instead, first come first served."""

    sent: list[Message] = field(default_factory=list)
    answers: list[Outcome | Exception] = field(default_factory=list)

    def send(self, message: Message) -> Outcome:
        answer = self.answers.pop(0) if self.answers else Delivered()
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, Delivered):
            self.sent.append(message)
        return answer


@dataclass
class Clinic:
    """A site whose clock the test sets; its people are told by `post`."""

    database: Database
    site: Site
    post: Post = field(default_factory=Post)
    now: datetime = START

    def evaluate(self) -> int:
        return evaluate(self.database, lambda: self.now)

    def live(self) -> None:
        """Let tasks climb, and messages go, until nothing is due."""
        delivery = Delivery({"console": Console(), "sms": self.post, "email": self.post})
        with self.database.connect(autocommit=True) as connection:
            while live(connection, self.now) + delivery.deliver(connection, self.now):
                pass

    def wait(self, **time: float) -> None:
        self.now += timedelta(**time)
        self.live()

    def told(self) -> list[str]:
        """Return what was delivered since the last time, in words."""
        said = [f"{m.address} {m.purpose} {m.priority} {m.tasks}" for m in self.post.sent]
        self.post.sent.clear()
        return said

    def roster(self, **more: object) -> None:
        with self.database.transaction() as connection:
            add_roster(connection, self.site.organisation, roster(**more), "test", self.now)


def roster(**more: object) -> Roster:
    """Return a roster of a nurse, to whom all goes, and a lead, who is the default."""
    given: dict[str, object] = {
        "persons": {name: person(name) for name in ("nurse", "lead")},
        "routes": [{"to": To(kind="person", name="nurse")}],
        "default": To(kind="person", name="lead"),
        "ladders": default_roster().ladders,
    }
    return Roster.model_validate(given | more)


def person(name: str, channels: Iterable[str] = ("sms",)) -> Person:
    return Person(contacts=tuple(Contact(channel=each, address=name) for each in channels))
