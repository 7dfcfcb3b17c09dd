"""Work by the keyboard, in a real browser: live rows, dialogs, charts, dark, Spanish."""

import re
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from uuid import UUID

import pytest
import uvicorn
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Route,
    expect,
)

from gateway.access.rights import Role
from gateway.access.session import COOKIE
from gateway.storage.database import Connection
from simulators.site import free_port
from tests.browser.people import PHONE
from tests.fixtures.console import Console
from tests.integration.web.work import add_patient, add_reading, add_task, evaluated

SOON_MS = 60_000  # on a shared machine
expect.set_options(timeout=SOON_MS)


@pytest.fixture(scope="module")
def origin(console: Console) -> Iterator[str]:
    port = free_port()
    config = uvicorn.Config(
        console.app, port=port, lifespan="off", log_config=None, timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    yield f"http://localhost:{port}"
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="module")
def patient(console: Console) -> UUID:
    organisation = console.organisations[0]
    with console.database.transaction() as connection:
        patient = add_patient(connection, organisation, "Grace Hopper")
        values = {"systolic": ("mm[Hg]", 150), "diastolic": ("mm[Hg]", 90)}
        add_reading(connection, organisation, patient, console.now(), values)
    return patient


@pytest.fixture
def context(console: Console, chromium: Browser, origin: str) -> Iterator[BrowserContext]:
    cookie = console.client(Role.COORDINATOR).cookies[COOKIE]
    with closing(chromium.new_context(locale="en-US")) as context:
        # Chromium takes a __Host- cookie from a secure address only, and sends it to localhost.
        there = origin.replace("http://", "https://")
        context.add_cookies([{"name": COOKIE, "value": cookie, "url": there, "secure": True}])
        context.set_default_timeout(SOON_MS)
        yield context


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    page = context.new_page()
    wrong: list[str] = []

    def said(message: ConsoleMessage) -> None:
        if "Content Security" in message.text:
            wrong.append(message.text)

    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", said)
    yield page
    assert wrong == []


def a_task(console: Console, patient: UUID, **more: object) -> UUID:
    with console.database.transaction() as connection:
        return add_task(connection, console.organisations[0], patient, **more)


def test_a_task_appears_and_is_taken_by_one_key(
    console: Console, patient: UUID, page: Page, origin: str
) -> None:
    page.goto(f"{origin}/worklist")
    expect(page.locator("#rows")).to_contain_text("Nothing to do here")
    expect(page.locator("#live")).to_have_attribute("data-state", "here")
    task = a_task(console, patient)
    row = page.locator(f"#t-{task}")
    expect(row).to_contain_text("Systolic 184 mmHg")
    page.keyboard.press("j")
    expect(row.locator("[data-open]")).to_be_focused()
    page.keyboard.press("t")
    expect(row).to_contain_text("Coordinator 0 (you)")
    expect(page.locator("#toasts")).to_contain_text("You have it")
    # What looks again by itself leaves the focus where it is.
    expect(row.locator("[data-open]")).to_be_focused()


def test_a_task_that_is_taken_on_its_own_page_can_be_closed_there(
    console: Console, patient: UUID, page: Page, origin: str
) -> None:
    with console.database.transaction() as connection:
        task = add_task(connection, console.organisations[0], patient, title="Pulse high")
    page.goto(f"{origin}/tasks/{task}")
    expect(page.get_by_text("Take the task first")).to_be_visible()
    page.get_by_role("button", name="Take", exact=True).click()
    expect(page.get_by_role("button", name="Close the task")).to_be_visible()


def test_single_keys_are_switched_off_by_who_does_not_want_them(
    console: Console, patient: UUID, page: Page, origin: str
) -> None:
    task = a_task(console, patient, priority="P4")
    page.goto(f"{origin}/worklist")
    page.get_by_role("button", name="Keys").click()
    page.get_by_label("Use single keys in this browser").uncheck()
    page.keyboard.press("Escape")
    page.locator(f"#t-{task} [data-open]").focus()
    for key in ("t", "?", "s"):
        page.keyboard.press(key)
    expect(page.locator("dialog[open]")).to_have_count(0)
    page.reload()
    expect(page.locator(f"#t-{task}")).to_contain_text("Nobody has it")
    page.keyboard.press("?")
    expect(page.locator("dialog[open]")).to_have_count(0)


def test_a_dialog_asks_and_closes_by_itself(
    console: Console, patient: UUID, page: Page, origin: str
) -> None:
    task = a_task(console, patient, priority="P3", title="Weight gain within a week")
    page.goto(f"{origin}/worklist")
    row = page.locator(f"#t-{task}")
    row.locator("[data-open]").focus()
    page.keyboard.press("s")
    dialog = page.locator("#ask")
    expect(dialog).to_be_visible(timeout=SOON_MS)
    dialog.locator("input[name=reason]").fill("At the dentist.")
    dialog.locator("input[name=reason]").press("Enter")
    expect(dialog).to_be_hidden(timeout=SOON_MS)
    expect(row).to_contain_text("snoozed until")


def test_low_ones_are_ticked_and_taken_together(
    console: Console, patient: UUID, page: Page, origin: str
) -> None:
    tasks = [a_task(console, patient, priority="P4") for _ in range(2)]
    page.goto(f"{origin}/worklist?priority=P4")
    for task in tasks:
        page.locator(f"#t-{task} input[type=checkbox]").check()
    expect(page.locator("#bulk")).to_contain_text("2 ticked")
    page.locator("#bulk").get_by_role("button", name="Take", exact=True).click()
    for task in tasks:
        expect(page.locator(f"#t-{task}")).to_contain_text("(you)")
    expect(page.locator("#bulk")).to_be_hidden()


def test_a_name_is_found_while_it_is_typed(
    console: Console, patient: UUID, page: Page, origin: str
) -> None:
    with console.database.transaction() as connection:
        other = add_patient(connection, console.organisations[0], "Alan Turing")
    mine, others = a_task(console, patient), a_task(console, other)
    page.goto(f"{origin}/worklist")
    page.keyboard.press("/")
    page.keyboard.type("turi")
    expect(page.locator(f"#t-{mine}")).to_have_count(0)
    expect(page.locator(f"#t-{others}")).to_be_visible()
    assert "turi" not in page.url


def test_a_search_is_not_undone_by_a_look_that_began_before_it(
    console: Console, patient: UUID, page: Page, origin: str
) -> None:
    def looks(request: Request) -> bool:
        return "x-background" in request.headers

    page.goto(f"{origin}/worklist")
    expect(page.locator("#live")).to_have_attribute("data-state", "here")
    held: list[Route] = []

    def hold(route: Route) -> None:
        if looks(route.request):
            held.append(route)  # its answer would be the whole list, and late
        else:
            route.continue_()

    page.route("**/worklist", hold)
    with page.expect_request(looks, timeout=SOON_MS):
        a_task(console, patient)
    with page.expect_event("requestfailed", looks, timeout=SOON_MS):
        page.locator("#named").fill("nobody is called so")
    expect(page.locator("#rows")).to_contain_text("No task is like that")
    assert held


def test_the_keys_are_told_and_lead_to_places(page: Page, origin: str) -> None:
    page.goto(f"{origin}/worklist")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_contain_text("Take the task")
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("p")
    page.wait_for_url(re.compile("/patients$"))


def test_charts_are_drawn_and_described(patient: UUID, page: Page, origin: str) -> None:
    page.goto(f"{origin}/patients/{patient}")
    canvas = page.locator("#c-pressure canvas")
    expect(canvas).to_have_attribute("aria-label", re.compile("Systolic, Diastolic: 2 points"))
    page.locator("#c-pressure summary").click()
    expect(page.locator("#c-pressure details table")).to_contain_text("150")
    page.keyboard.press("]")
    page.wait_for_url(re.compile("span=90d"))


def test_a_reading_that_arrives_moves_values_and_charts_and_takes_nothing_away(
    console: Console, page: Page, origin: str
) -> None:
    with console.database.transaction() as connection:
        patient = add_patient(connection, console.organisations[0], "Alan Turing")
        a_pulse(console, connection, patient, 61, minutes_ago=30)
    page.goto(f"{origin}/patients/{patient}")
    canvas = page.locator("#c-pulse canvas")
    expect(canvas).to_have_attribute("aria-label", re.compile("1 points.*last 61"))
    page.locator("#c-pulse summary").click()
    expect(page.locator("#c-pulse details table")).to_contain_text("61")
    page.locator("#text").fill("Half a no")
    canvas.evaluate("canvas => { canvas.dataset.same = 'yes' }")
    with console.database.transaction() as connection:
        a_pulse(console, connection, patient, 67)
    expect(page.locator("#c-pulse .row b")).to_contain_text("67")
    expect(canvas).to_have_attribute("aria-label", re.compile("2 points.*last 67"))
    expect(page.locator("#c-pulse details table")).to_contain_text("67")
    # The chart is the same one, the table stays open, and who types goes on typing.
    expect(canvas).to_have_attribute("data-same", "yes")
    expect(page.locator("#text")).to_be_focused()
    page.keyboard.type("te")
    expect(page.locator("#text")).to_have_value("Half a note")
    # What was never measured before has its chart at once.
    with console.database.transaction() as connection:
        glucose = {"glucose": ("mg/dL", 99)}
        place = (console.organisations[0], patient, console.now())
        evaluated(connection, add_reading(connection, *place, glucose))
    expect(page.locator("#c-glucose canvas")).to_be_visible()


def a_pulse(
    console: Console, connection: Connection, patient: UUID, pulse: int, minutes_ago: int = 0
) -> None:
    at = console.now() - timedelta(minutes=minutes_ago)
    values = {"pulse": ("/min", pulse)}
    evaluated(connection, add_reading(connection, console.organisations[0], patient, at, values))


def test_on_a_telephone_the_contact_comes_before_the_end(
    console: Console, patient: UUID, page: Page, origin: str
) -> None:
    task = a_task(console, patient, title="Pulse low")
    console.client(Role.COORDINATOR).post(f"/tasks/{task}/take", headers={"hx-request": "true"})
    page.goto(f"{origin}/tasks/{task}")
    reached, close = page.locator("#reached"), page.locator("#close")
    beside, end = reached.bounding_box(), close.bounding_box()
    assert beside is not None
    assert end is not None
    assert beside["x"] > end["x"] + end["width"]
    page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
    above, end = reached.bounding_box(), close.bounding_box()
    assert above is not None
    assert end is not None
    assert above["y"] + above["height"] <= end["y"]
    # Also for who hears the page, or goes through it by the keyboard.
    assert page.evaluate(
        "document.querySelector('#reached').compareDocumentPosition("
        "document.querySelector('#close')) & Node.DOCUMENT_POSITION_FOLLOWING"
    )


def test_light_dark_and_spanish_are_kept(page: Page, origin: str) -> None:
    page.goto(f"{origin}/worklist")
    before = page.evaluate("getComputedStyle(document.body).color")
    page.locator("[data-do=theme]").click()
    assert page.evaluate("getComputedStyle(document.body).color") != before
    page.get_by_role("link", name="Español").click()
    expect(page.locator("h1")).to_have_text("Lista de trabajo")
    assert page.locator("html").get_attribute("lang") == "es"
    assert page.locator("html").get_attribute("data-theme") == "dark"
