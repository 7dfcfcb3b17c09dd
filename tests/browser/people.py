"""A person with a browser of their own, signed in to the console, and axe beside them."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, Page

AXE: Final = Path(__file__).parents[2] / "var" / "npm" / "node_modules" / "axe-core" / "axe.min.js"
DESK: Final = {"width": 1280, "height": 900}
PHONE: Final = {"width": 390, "height": 844}
# What keeps somebody from using a page (axe's words); "moderate" and "minor" are advice.
GRAVE: Final = frozenset({"serious", "critical"})
RULES: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@dataclass
class Worker:
    """Somebody at work."""

    page: Page
    origin: str

    def visit(self, path: str) -> Page:
        """Go to a page; it must be there."""
        answer = self.page.goto(f"{self.origin}{path}", wait_until="domcontentloaded")
        assert answer is not None
        assert answer.ok, f"{path}: {answer.status}"
        return self.page

    def barriers(self) -> list[str]:
        """Return what axe finds grave on the page that is shown."""
        self.page.evaluate(AXE.read_text("utf-8"))
        found: dict[str, Any] = self.page.evaluate(
            "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})", RULES
        )
        return [
            f"{self.page.url}: {one['id']}: {json.dumps([node['target'] for node in one['nodes']])}"
            for one in found["violations"]
            if one["impact"] in GRAVE
        ]


def sign_in(
    browser: Browser, origin: str, name: str, *, phone: bool = False, dark: bool = False
) -> Worker:
    """Open a browser and be this demo person. Anything that a page logs as an error fails."""
    context = browser.new_context(
        viewport=PHONE if phone else DESK,  # type: ignore[arg-type]
        color_scheme="dark" if dark else "light",
        reduced_motion="reduce",
        bypass_csp=False,
    )
    page = context.new_page()
    page.on("pageerror", _fail)
    page.goto(f"{origin}/sign-in")
    page.get_by_role("button", name=name).click()
    page.wait_for_url(lambda url: "/sign-in" not in url)
    return Worker(page, origin)


def _fail(error: Exception) -> None:
    raise AssertionError(f"A script of the console failed: {error}")
