"""`make screenshots`: every page of the console, at desk and phone width, light and dark.

On the demo with virtual patients. All go to var/screenshots; those that docs show to docs/pictures.
"""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, sync_playwright
from rich.progress import track

from simulators.programs import script
from tests.browser.people import Worker, sign_in
from tests.fixtures.chromium import ARGUMENTS

ROOT: Final = Path(__file__).parents[2]
ALL: Final = ROOT / "var" / "screenshots"
SHOWN: Final = ROOT / "docs" / "pictures"
# Who sees which pages, by the name of the picture.
PAGES: Final = {
    "Cora Coordinator": {
        "worklist": "/worklist",
        "worklist-technical": "/worklist?queue=technical",
        "patient": "/patients/{patient}?span=90d",
        "task": "/tasks/{task}",
        "register": "/register",
        "import": "/register/import",
        "held": "/held",
        "account": "/account",
        "styleguide": "/styleguide",
    },
    "Tess Technician": {"install": "/install", "fleet": "/fleet"},
    "Ada Administrator": {
        "people": "/people",
        "programs": "/programs",
        "connectors": "/connectors",
        "break-glass": "/break-glass",
    },
    "Otto Auditor": {"audit": "/audit"},
}
IN_DOCS: Final = ("worklist-desk-light", "patient-desk-light", "task-desk-light",
    "worklist-phone-dark", "install-phone-light", "patient-desk-dark")  # fmt: skip
CONSOLE: Final = re.compile(r"http://localhost:\d+")


@contextmanager
def demo(folder: str) -> Iterator[str]:
    """Run the demo; give the address of its console."""
    command = [script("hearthline-sim"), "demo", "--virtual", "--folder", folder]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout is not None
            for line in running.stdout:
                if found := CONSOLE.search(line):
                    yield found.group()
                    return
            raise SystemExit("The demo ended before its console was there.")
        finally:
            running.terminate()


def take(browser: Browser, origin: str) -> None:
    """Take all pictures."""
    shutil.rmtree(ALL, ignore_errors=True)
    where = _somebody(sign_in(browser, origin, "Cora Coordinator"))
    for name, pages in track(PAGES.items(), "Pictures"):
        for phone in (False, True):
            for dark in (False, True):
                worker = sign_in(browser, origin, name, phone=phone, dark=dark)
                suffix = f"{'phone' if phone else 'desk'}-{'dark' if dark else 'light'}"
                for title, path in pages.items():
                    worker.visit(path.format(**where))
                    worker.page.wait_for_timeout(700)  # charts draw themselves
                    worker.page.screenshot(path=ALL / f"{title}-{suffix}.png")
                worker.page.context.close()


def _somebody(worker: Worker) -> dict[str, str]:
    """Return the task at the top of the worklist, and its patient."""
    page = worker.visit("/worklist")
    task = page.locator("li.task a.title").first.get_attribute("href") or ""
    patient = page.locator("li.task .whom a").first.get_attribute("href") or ""
    worker.page.context.close()
    return {"task": task.rpartition("/")[2], "patient": patient.rpartition("/")[2]}


def main() -> None:
    """Take them, and put those that docs show where docs find them."""
    path = shutil.which("chromium")
    if path is None:
        raise SystemExit("There is no Chromium; `make setup` installs it.")
    with tempfile.TemporaryDirectory() as folder, demo(folder) as origin, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        take(browser, origin)
        browser.close()
    SHOWN.mkdir(parents=True, exist_ok=True)
    for name in IN_DOCS:
        shutil.copy(ALL / f"{name}.png", SHOWN / f"{name}.png")


if __name__ == "__main__":
    main()
