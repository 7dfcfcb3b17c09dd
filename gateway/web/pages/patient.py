"""One patient in one window: who, charts, work, equipment, limits, what was, what counts."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from alerting.silence import WHY, Cause
from alerting.words import template
from gateway.access.restricted import may_see, must_see
from gateway.access.rights import Right
from gateway.api.call import Call, needs
from gateway.api.site_rules import SiteRules
from gateway.care.evaluate import in_force
from gateway.care.rules_of import rules_of
from gateway.errors import WrongInput
from gateway.storage.alert_list import WantedAlerts, list_alerts
from gateway.storage.billing import billing
from gateway.storage.care_teams import members
from gateway.storage.consents import consents_of, withdrawn
from gateway.storage.contacts import Author, list_contacts
from gateway.storage.notes import NewNote, add_note, list_notes
from gateway.storage.patient_page import (
    Bucket,
    Latest,
    buckets,
    ended,
    keep_plans,
    latest,
    silent,
    units_of,
    usual,
    without_number,
)
from gateway.storage.patients import devices_of, show_patient
from gateway.storage.readings import Point, Whose, names_of, points
from gateway.storage.registrations import find_registered
from gateway.storage.rules import Scope, scopes
from gateway.storage.worklist import Wanted, worklist
from gateway.web import labels, series, vitals
from gateway.web.answers import done, words_of
from gateway.web.limits import bands_of, rests_for
from gateway.web.looking import saw
from gateway.web.pages.live import live_from
from gateway.web.templates import page

router = APIRouter(prefix="/patients/{patient}", include_in_schema=False)
Reader = Annotated[Call, needs(Right.PATIENTS_READ)]
Charts = Annotated[Call, needs(Right.READINGS_READ)]
SpanKey = Annotated[str, Query(max_length=4)]
# More points than this on a chart are days.
MOST_POINTS: Final = 4000
TAKES_PART: Final = frozenset({"valid", "questionable"})
MOST_ROWS: Final = 500


@router.get("")
def show(
    call: Reader, request: Request, patient: UUID, rules: SiteRules, span: SpanKey = vitals.USUAL
) -> Response:
    """Show a patient, or ask for the reason where the record is closed."""
    if not may_see(call, patient):
        return RedirectResponse(f"/patients/{patient}/break-glass", 303)
    saw(call, request, "patient.view", [patient])
    keep_plans(call.connection)
    who, connection = find_registered(call.connection, patient), call.connection
    over = vitals.span(span)
    names = names_of(connection, _whose(call, patient, over))
    newest = {each.name: each for each in _latest(call, patient, over, names)}
    mute = _without_number(call, patient, over, newest.values())
    team = who.details.care_team_id
    month = call.now.astimezone(ZoneInfo(who.details.timezone)).date().replace(day=1)
    shown: dict[str, Any] = {
        "patient": who,
        "row": show_patient(connection, patient, call.now, call.who.id),
        "span": over,
        "spans": vitals.SPANS,
        "charts": vitals.charts(n for n in names if n not in mute),
        "titled": vitals.titled,
        "latest": newest,
        "tasks": worklist(
            connection, Wanted(patient=patient, viewer=call.who.id), call.now, limit=50
        ),
        "ended": ended(connection, patient),
        "contacts": list_contacts(connection, patient=patient, limit=10),
        "notes": list_notes(connection, patient, limit=10),
        "devices": devices_of(connection, patient),
        "silences": silent(connection, patient),
        "causes": {cause.value: WHY[cause] for cause in Cause},
        "rules": rules_of(connection, rules, patient, call.now),
        "bands_of": bands_of,
        "rests_for": rests_for,
        "team": members(connection, team) if team else (),
        "billing": billing(connection, patient, month) if call.who.may(Right.TIME_READ) else None,
        "consent_withdrawn": withdrawn(consents_of(connection, patient)),
        "labels": labels,
        "relations": labels.RELATION,
        "may_work": call.who.may(Right.TASKS_WORK),
    }
    shown |= {"live": live_from(request, patient), "live_of": str(patient)}
    return page(request, "patient.html", call.who, **shown)


@router.get("/charts")
def charts(
    call: Charts, request: Request, patient: UUID, rules: SiteRules, span: SpanKey = vitals.USUAL
) -> JSONResponse:
    """Return all charts of a time, as numbers."""
    must_see(call, patient)
    saw(call, request, "reading.points", [patient])
    zone = show_patient(call.connection, patient, call.now, call.who.id).timezone
    over = vitals.span(span)
    whose = _whose(call, patient, over)
    names = list(names_of(call.connection, whose))
    rows, by = _rows(call, whose, names, over, zone)
    wanted = WantedAlerts(
        patient=patient, since=whose.since, before=whose.until, viewer=call.who.id
    )
    alerts = list_alerts(call.connection, wanted, call.now, limit=200)
    found = list_notes(call.connection, patient, since=whose.since, limit=200)
    around = series.Around(
        rules=in_force_for(call, patient, rules),
        usual=usual(call.connection, patient, names, zone, call.now),
        alerts=alerts,
        notes=found,
        units=units_of(call.connection, call.who.organisation),
    )
    words = words_of(request, call.who)
    told = [series.chart(vital, rows, around) for vital in vitals.charts(names)]
    for each in told:
        for one in (*each["series"], *each["usual"], *each["limits"]):
            one["title"] = str(words.say(vitals.titled(one["name"])).unescape())
    return JSONResponse(
        {
            "zone": zone,
            "by": by,
            "since": whose.since.timestamp(),
            "until": whose.until.timestamp(),
            "charts": told,
            "alerts": series.alerts(alerts, rules),
            "notes": series.notes(found),
        }
    )


@router.get("/table/{key}")
def table(
    call: Charts, request: Request, patient: UUID, key: str, span: SpanKey = vitals.USUAL
) -> HTMLResponse:
    """Show a chart as a table: every reading, or what the days, weeks and months have."""
    must_see(call, patient)
    saw(call, request, "reading.points", [patient])
    zone = show_patient(call.connection, patient, call.now, call.who.id).timezone
    over = vitals.span(span)
    whose = _whose(call, patient, over)
    names = [
        n
        for vital in vitals.charts(names_of(call.connection, whose))
        if vital.key == key
        for n in vital.names
    ]
    rows, by = _rows(call, whose, names, over, zone, all_of_them=True)
    newest = sorted(rows, key=series.at, reverse=True)
    shown: dict[str, Any] = {"rows": newest[:MOST_ROWS], "by": by, "zone": zone, "most": MOST_ROWS}
    shown |= {"more": len(newest) > MOST_ROWS, "titled": vitals.titled}
    return page(request, "patient_table.html", call.who, **shown)


@router.post("/note")
def note(
    call: Annotated[Call, needs(Right.TASKS_WORK)],
    request: Request,
    patient: UUID,
    text: Annotated[str, Form(min_length=1, max_length=4000)],
    about: Annotated[str, Form(max_length=30)] = "",
) -> Response:
    """Write a note; it stands on the charts at its moment."""
    must_see(call, patient)
    zone = ZoneInfo(show_patient(call.connection, patient, call.now, call.who.id).timezone)
    try:
        moment = datetime.fromisoformat(about).replace(tzinfo=zone) if about else None
    except ValueError:
        raise WrongInput("A moment is a date with a time of day.") from None
    by = Author(id=call.who.id, name=call.who.name)
    add_note(call.connection, patient, NewNote(text=text, about=moment), by, call.now)
    call.audit("note.add", patient=patient)
    words, said = words_of(request, call.who), template("The note is written down.")
    return done(request, words, said, f"/patients/{patient}")


def in_force_for(call: Call, patient: UUID, rules: SiteRules) -> tuple[Any, ...]:
    """Return the rules that judge a patient now, as they judge."""
    scope = scopes(call.connection, [patient], call.now).get(patient, Scope())
    return tuple(in_force(scope.rules(rules.values()), scope.overrides, call.now, patient))


def _whose(call: Call, patient: UUID, over: vitals.Span) -> Whose:
    since = call.now - over.length
    return Whose(organisation=call.who.organisation, patient=patient, since=since, until=call.now)


def _without_number(
    call: Call, patient: UUID, over: vitals.Span, newest: Iterable[Latest]
) -> set[str]:
    """Return what needs no chart: only where the newest is no number it is looked further."""
    doubted = [each.name for each in newest if each.number is None]
    return without_number(call.connection, patient, doubted, call.now - over.length, call.now)


def _latest(call: Call, patient: UUID, over: vitals.Span, names: tuple[str, ...]) -> Any:
    return latest(call.connection, patient, list(names), call.now - over.length, call.now)


def _rows(
    call: Call,
    whose: Whose,
    names: list[str],
    over: vitals.Span,
    zone: str,
    *,
    all_of_them: bool = False,
) -> tuple[list[Point] | list[Bucket], str | None]:
    """Return points, or buckets where there would be too many; and by what they are."""
    if over.by is None:
        found = points(call.connection, whose, names)
        if len(found) <= MOST_POINTS:
            return [one for one in found if all_of_them or one.validity in TAKES_PART], None
    by = over.by or "day"
    return list(buckets(call.connection, whose, names, by, zone)), by
