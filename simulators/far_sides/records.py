"""What the far sides that are CRMs share: records with fields, and people who edit them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from simulators.far_sides.side import FarSide, Task

CUSTOM = (
    *("task", "state", "owner", "patient", "urgency", "outcome", "actionable", "attempts", "note"),
    *("asked_by", "asked_at", "red_flags"),
)


@dataclass
class Row:
    """A record."""

    id: str
    fields: dict[str, Any]
    made: datetime
    changed: datetime
    version: int = 1


class Crm(FarSide):
    """A far side whose tasks are records with the custom fields of docs/how-to/connect-a-crm.md."""

    prefix: ClassVar[str]
    suffix: ClassVar[str] = ""
    own: ClassVar[Mapping[str, str]]
    """The side's own names of `status`, `subject`, `text` and what else a task has."""
    words: ClassVar[Mapping[str, Any]]
    """What a person chooses for each state of FHIR Task."""
    unique: ClassVar[bool] = True
    """Whether the key is: else people can copy a task with it."""

    def forget(self) -> None:
        """See FarSide."""
        self.rows: list[Row] = []
        self._versions = 1000

    def tasks(self) -> Sequence[Task]:
        """See FarSide."""
        with self.lock:
            return [self._task(row) for row in self.rows if row.fields.get(self.named("task"))]

    def edit(
        self,
        task: UUID,
        *,
        status: str | None = None,
        owner: str | None = None,
        end: Mapping[str, Any] | None = None,
    ) -> None:
        """See FarSide."""
        fields: dict[str, Any] = {}
        if status is not None:
            fields |= self.chosen(status)
        if owner is not None:
            fields[self.named("owner")] = owner
        for name, value in _flat(end or {}).items():
            fields[self.named(name)] = self.typed(value)
        with self.lock:
            (row,) = self.find(str(task))
            self.change(row, fields)

    def duplicate(self, task: UUID) -> bool:
        """See FarSide."""
        with self.lock:
            if not self.unique:
                (row,) = self.find(str(task))
                self.rows.append(replace(row, id=self.new_id(), fields=dict(row.fields)))
        return not self.unique

    def chosen(self, status: str) -> Mapping[str, Any]:
        """Return the fields that a person sets who chooses this state."""
        return {self.own["status"]: self.words[status]}

    def typed(self, value: Any) -> Any:
        """Return a value as this side keeps it."""
        return value

    def named(self, name: str) -> str:
        """Return the name of a custom field."""
        return f"{self.prefix}{name}{self.suffix}"

    def known_fields(self) -> frozenset[str]:
        """Return every field that can be written."""
        return frozenset({*self.own.values(), *map(self.named, CUSTOM)})

    def find(self, key: str) -> list[Row]:
        """Return the records with this key."""
        return [row for row in self.rows if row.fields.get(self.named("task")) == key]

    def stamp(self) -> datetime:
        """Return the time of a change as this side writes it down."""
        return self.now()

    def new_id(self) -> str:
        """Return an id that no record has."""
        return f"{len(self.rows) + 1:06d}"

    def change(self, row: Row, fields: Mapping[str, Any]) -> None:
        """Write fields of a record."""
        self._versions += 1
        row.fields.update(fields)
        row.changed, row.version = self.stamp(), self._versions

    def add(self, fields: Mapping[str, Any]) -> Row:
        """Make a record."""
        self._versions += 1
        now = self.stamp()
        row = Row(self.new_id(), dict(fields), now, now, self._versions)
        self.rows.append(row)
        return row

    def _task(self, row: Row) -> Task:
        fields = row.fields
        subject, text = (str(fields.get(self.own[name]) or "") for name in ("subject", "text"))
        owner = fields.get(self.named("owner")) or None
        key = UUID(fields[self.named("task")])
        return Task(key, row.id, str(fields.get(self.own["status"])), owner, subject, text)


def _flat(end: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the fields of an end; those of a symptom check as a form has them."""
    check = end.get("symptom_check")
    flat = {name: value for name, value in end.items() if name != "symptom_check"}
    if check:
        flat |= {"asked_by": check["answered_by"], "asked_at": check["at"]}
        flat["red_flags"] = ";".join(check.get("red_flags", ()))
    return flat
