"""Pages in a browser, offline: what they load, what sticks out, what axe-core has against them."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from autograder.browsers.browser import PHONE, WIDE


@dataclass
class Seen:
    """What was seen of a page in one way of looking at it."""

    way: str
    loaded: list[str] = field(default_factory=list)
    """Addresses that it asked for besides its own."""
    errors: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    """What axe-core finds, a sentence each."""
    sticks_out: int = 0
    """Pixels by which it is wider than the window."""
    leads_nowhere: list[str] = field(default_factory=list)
    """Links within the page without a target, or to something that cannot be seen when one has gone there."""


def look(opened: Browser, page: Path, links: bool = False) -> list[Seen]:
    """A page on a wide screen and on a phone, light and dark."""
    found = []
    for width, height in (WIDE, PHONE):
        for scheme in ("light", "dark"):
            seen = Seen(f"{page.name}, {width} px, {scheme}")
            context = opened.new_context(
                viewport={"width": width, "height": height}, color_scheme=scheme, offline=True, java_script_enabled=True
            )
            tab = context.new_page()
            address = page.absolute().as_uri()
            tab.on("request", lambda request, seen=seen: seen.loaded.append(request.url))
            tab.on("pageerror", lambda error, seen=seen: seen.errors.append(str(error)))
            tab.goto(address)
            seen.sticks_out = tab.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            results = Axe().run(tab).response["violations"]
            seen.violations = [f"{v['id']}: {v['nodes'][0]['html'][:200]}" for v in results]
            if links and (width, scheme) == (PHONE[0], "light"):
                seen.leads_nowhere = _dead_links(tab)
            context.close()
            seen.loaded = [url for url in seen.loaded if url.split("#")[0] != address and not url.startswith("data:")]
            found.append(seen)
    return found


_GO = """link => {
    location.hash = link;
    const target = document.getElementById(link.slice(1));
    if (!target) return "nothing";
    const shown = target.querySelector("div") || target;
    return shown.checkVisibility() && shown.getBoundingClientRect().height > 0 ? "" : "hidden";
}"""


def _dead_links(tab: Page) -> list[str]:
    links = tab.evaluate("[...document.querySelectorAll('a[href^=\"#\"]')].map(a => a.getAttribute('href'))")
    return [f"{link}: {there}" for link in links if (there := tab.evaluate(_GO, link))]


def printed_pages(opened: Browser, page: Path) -> int:
    """On how many A4 pages it is printed."""
    tab = opened.new_page()
    tab.goto(page.absolute().as_uri())
    margin = dict.fromkeys(("top", "bottom", "left", "right"), "1.2cm")
    data = tab.pdf(format="A4", margin=margin)
    tab.close()
    return len(re.findall(rb"/Type /Page\b", data))
