"""One day at a clinic, in a real browser, on the real programs and the simulated radio.

A technician installs a hub; a reading arrives; a coordinator sees the task appear, calls, asks for
symptoms, closes it; an auditor finds every step. Then axe looks at every page of every role.
"""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page, expect

from simulators.home_file import HomeFile
from simulators.site import Home, free_port
from tests.browser.people import Worker, sign_in
from tests.fixtures.clinic import Clinic, digits_in, edge, open_clinic
from tests.fixtures.whole_site import SECRETS, ZONE, wall

SOON_MS = 60_000  # for what other programs do
LAST = Path(__file__).parents[2] / "var" / "browser"
NAME = "Rosa Beispiel"
GIVEN, FAMILY = NAME.split()
METER = SECRETS["meter"]
LOW = "45"  # mg/dL: below 54, at once and of the highest priority
STEPS = (
    "hub.register",
    "hub.invite",
    "hub.confirm",
    "device.pair",
    "install.receipt",
    "worklist.view",
    "task.take",
    "task.view",
    "contact.add",
    "task.complete",
)


@dataclass
class Day:
    """The clinic, who works there, and what came of it."""

    clinic: Clinic
    browser: Browser
    origin: str
    folder: Path
    running: ExitStack
    workers: dict[str, Worker] = field(default_factory=dict)
    patient: str = ""
    hub: str = ""
    home: Home | None = None
    task: str = ""

    def worker(self, name: str, *, phone: bool = False) -> Worker:
        if name not in self.workers:
            self.workers[name] = sign_in(self.browser, self.origin, name, phone=phone)
        return self.workers[name]


@pytest.fixture(scope="module")
def day(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    with ExitStack() as running:
        folder, port = tmp_path_factory.mktemp("day"), free_port()
        clinic = open_clinic(folder, running, port, HEARTHLINE_DEMO_SIGN_IN="true")
        clinic.gateway.call("user", "demo", "--organisation", clinic.organisation)
        day = Day(clinic, chromium, f"http://localhost:{port}", folder / "home", running)
        yield day
        for name, worker in day.workers.items():  # what they saw last, where something failed
            worker.page.screenshot(path=LAST / f"{name}.png", full_page=True)
            worker.page.context.close()


def test_a_coordinator_registers_a_patient(day: Day) -> None:
    page = day.worker("Cora Coordinator").visit("/register")
    typed = {
        "given_name": GIVEN,
        "family_name": FAMILY,
        "birth_date": "1949-05-07",
        "phone": "+43 1 4000 0",
        "address": "1 Example Lane, second floor",
        "timezone": ZONE,
        "consent_on": f"{datetime.now(ZoneInfo(ZONE)):%Y-%m-%d}",
    }
    for name, text in typed.items():
        page.locator(f"[name={name}]").fill(text)
    page.locator("[name=language]").select_option("en")
    page.get_by_label("They said yes").check()
    page.get_by_role("button", name="Register", exact=True).click()
    page.wait_for_url(re.compile(r"/register/[0-9a-f-]{36}"))
    day.patient = page.url.rpartition("/")[2].partition("?")[0]
    expect(page.locator("main")).to_contain_text(f"{NAME} is registered")


def test_a_technician_installs_a_hub(day: Day) -> None:
    page = day.worker("Tess Technician", phone=True).visit("/install")
    page.get_by_role("button", name=f"New hub {NAME}").click()
    page.wait_for_url(re.compile(r"/install/[0-9a-f-]{36}$"))
    day.hub = page.url.rpartition("/")[2]
    _enrol(day, page)
    _pair(page)
    day.home = _home(day)
    expect(page.locator("#checklist")).to_contain_text("Online", timeout=SOON_MS)


def _enrol(day: Day, page: Page) -> None:
    """Show the code, be the box that reads it, type the digits that it shows."""
    page.get_by_role("button", name="Show the invitation").click()
    expect(page.locator(".qr svg")).to_be_visible()
    invitation = page.locator("#invitation-text").input_value()
    box = edge(day.folder, "enroll", invitation)
    assert box.stdout is not None
    page.locator("input[name=typed]").fill(digits_in(box.stdout.readline), timeout=SOON_MS)
    page.get_by_role("button", name="They are the same").click()
    assert box.wait(60) == 0, box.stdout.read()
    box.stdout.close()


def _pair(page: Page) -> None:
    page.get_by_text("Or what stands on the device").click()
    page.locator("input[name=address]").fill(METER)
    page.locator("select[name=profile]").select_option("generic_glucometer")
    page.get_by_role("button", name="Pair", exact=True).click()
    expect(page.locator("#pair")).to_contain_text("Not heard yet", timeout=SOON_MS)


def _home(day: Day) -> Home:
    """Switch the box on, beside a meter that holds back; it is nobody's before it is paired."""
    low = {"after_s": 1, "device_time": wall(-timedelta(seconds=3)), "glucose": LOW}
    meter = {"address": METER, "kind": "glucometer", "name": "Meter", "measurements": [low]}
    file = HomeFile.model_validate({"seed": 1, "zone": ZONE, "devices": [meter]})
    (day.folder / "home.json").write_text(file.model_dump_json())
    home = Home(day.folder, day.hub, hold=True, settings={"HEARTHLINE_RENEW_SECONDS": "2"})
    day.running.callback(home.stop)
    home.start_radio()
    home.start_agent()
    return home


def test_a_coordinator_sees_the_task_appear_and_closes_it(day: Day) -> None:
    page = day.worker("Cora Coordinator").visit("/worklist")
    expect(page.locator("#rows")).to_contain_text("Nothing to do here")
    page.evaluate("window.notLoadedAgain = true")
    assert day.home is not None
    day.home.begin()
    row = page.locator("li.task").filter(has_text=NAME)
    expect(row).to_contain_text(f"Glucose {LOW} mg/dL", timeout=SOON_MS)
    assert page.evaluate("window.notLoadedAgain")
    row.get_by_role("button", name="Take").click()
    expect(row).to_contain_text("Cora Coordinator", timeout=SOON_MS)
    row.get_by_role("link", name=re.compile("Glucose")).click()
    page.wait_for_url(re.compile(r"/tasks/[0-9a-f-]{36}$"))
    day.task = page.url.rpartition("/")[2]
    _call(page)
    _close(page)


def _call(page: Page) -> None:
    page.locator("select[name=channel]").select_option("telephone")
    page.locator("select[name=with_whom]").select_option("patient")
    page.get_by_role("button", name="Reached").click()
    expect(page.locator("#calls")).to_contain_text("Cora Coordinator", timeout=SOON_MS)


def _close(page: Page) -> None:
    """A red task does not close without its checklist; with it, it does."""
    page.locator("select[name=urgency]").select_option("clinician_4h")
    page.locator("select[name=outcome]").select_option("technique_taught")
    page.get_by_label("Yes, it was worth the call").check()
    page.get_by_label("The patient or a carer, by telephone or video").check()
    page.get_by_role("button", name="Close the task").click()
    expect(page.locator("#wrong")).to_be_visible(timeout=SOON_MS)
    page.get_by_role("button", name="None of these").click()
    page.locator("select[name=answered_by]").select_option("patient")
    page.get_by_role("button", name="Close the task").click()
    page.wait_for_url(re.compile(r"/worklist"), timeout=SOON_MS)
    expect(page.get_by_role("status").filter(has_text="Showed how to measure")).to_be_visible()
    expect(page.locator("#rows")).to_contain_text("Nothing to do here", timeout=SOON_MS)


def test_the_technician_leaves_with_a_receipt(day: Day) -> None:
    page = day.worker("Tess Technician", phone=True).visit(f"/install/{day.hub}")
    page.get_by_role("button", name="Test and make the receipt").click(timeout=SOON_MS)
    page.wait_for_url(re.compile(r"/receipt$"), timeout=SOON_MS)
    assert "mg/dL" not in page.inner_text("main")  # no health value for a technician


def test_an_auditor_finds_every_step(day: Day) -> None:
    page = day.worker("Otto Auditor").visit("/audit")
    said = page.inner_text("main")
    for step in STEPS:
        assert step in said or _found(page, day, step), step
    audit = day.clinic.gateway.call("audit", "verify")
    assert audit


def _found(page: Page, day: Day, step: str) -> bool:
    page.goto(f"{day.origin}/audit?action={step}")
    return step in page.inner_text("main")


PAGES = {
    "Tess Technician": [
        "/install",
        "/install/{hub}",
        "/install/{hub}/receipt",
        "/fleet",
        "/worklist",
    ],
    "Cora Coordinator": [
        "/worklist",
        "/held",
        "/patients",
        "/patients/{patient}",
        "/tasks/{task}",
        "/register/{patient}",
        "/register/import",
        "/account",
    ],
    "Clive Clinician": ["/patients/{patient}", "/register"],
    "Ada Administrator": [
        "/people",
        "/programs",
        "/connectors",
        "/care-teams",
        "/break-glass",
        "/fleet",
    ],
    "Otto Auditor": ["/audit", "/audit?patient={patient}", "/people", "/styleguide"],
}


CARRY = ("Tess Technician", "Cora Coordinator")


@pytest.mark.parametrize("name", PAGES)
def test_no_page_keeps_anybody_out(day: Day, name: str) -> None:
    """WCAG 2.2 AA as far as axe can see it, at the desk, and dark where people carry telephones."""
    barriers = []
    for phone in (False, True) if name in CARRY else (False,):
        worker = sign_in(day.browser, day.origin, name, phone=phone, dark=phone)
        for path in PAGES[name]:
            worker.visit(path.format(patient=day.patient, task=day.task, hub=day.hub))
            barriers += worker.barriers()
        worker.page.context.close()
    assert not barriers, "\n".join(barriers)
