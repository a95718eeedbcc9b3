"""What people wait for in a browser: the review page in Chromium, and the next case after a submit.

`python -m bench.pages` starts the product on a database of its own, reviews cases by keys alone, and ends with 1 where
a budget is missed. Budgets hold on a machine that does nothing else.
"""

import argparse
import statistics
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from playwright.sync_api import Browser, Page, sync_playwright

from bench import cases, workbench
from bench.measures import Measure, tell
from tests.browser.conftest import FLAGS

LCP_MS, CLS, KEY_MS, NEXT_MS = 800, 0.02, 100, 150
WATCH = """
window.seen = {lcp: 0, cls: 0, keys: [], next: []};
const watch = (type, each, more) =>
  new PerformanceObserver((list) => list.getEntries().forEach(each)).observe({type, buffered: true, ...more});
watch("largest-contentful-paint", (entry) => { seen.lcp = entry.startTime; });
watch("layout-shift", (entry) => { if (!entry.hadRecentInput) seen.cls += entry.value; });
const painted = (then) => requestAnimationFrame(() => setTimeout(then));
addEventListener("keydown", (event) => {
  const began = event.timeStamp;
  if (event.ctrlKey && event.key === "Enter") {
    const title = document.querySelector("h1[data-autofocus]").textContent;
    const look = () => {
      if (document.querySelector("h1[data-autofocus]")?.textContent === title) return requestAnimationFrame(look);
      painted(() => seen.next.push(performance.now() - began));
    };
    requestAnimationFrame(look);
  } else {
    painted(() => seen.keys.push(performance.now() - began));
  }
}, true);
"""
OPEN = "[...document.querySelectorAll('fieldset[data-crit]')].filter((card) => !card.querySelector(':checked')).length"


@dataclass(frozen=True)
class Options:
    visits: int
    reviews: int


def measures(options: Options) -> Iterator[Measure]:
    seeded = workbench.Options(
        cases=max(50, 2 * options.reviews),
        annotators=1,
        seconds=0,
        handouts=0,
        autosaves=0,
        chaos=False,
        plain=False,
        jobs=False,
        seed=1,
    )
    with workbench.product(seeded) as (stack, sessions), sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        first = start(chromium, stack.url, sessions[0])
        address = first.url
        first.context.close()
        visits = [visit(chromium, address, sessions[0], stack.url) for _ in range(options.visits)]
        yield under("largest paint of a first visit", [lcp for lcp, _ in visits], LCP_MS)
        shifted = max(cls for _, cls in visits)
        yield Measure("layout shift of a first visit", f"{shifted:.3f}", f"≤ {CLS}", shifted <= CLS)
        page = watched(chromium, stack.url, sessions[0])
        page.goto(address)
        for _ in range(options.reviews):
            review(page)
        seen = page.evaluate("window.seen")
        yield under("from a key to its paint", seen["keys"], KEY_MS)
        yield under("from submit to the next case", seen["next"], NEXT_MS)
        yield Measure("layout shift over a session", f"{seen['cls']:.3f}", f"≤ {CLS}", seen["cls"] <= CLS)
        chromium.close()


def start(chromium: Browser, url: str, session: str) -> Page:
    """A page that shows the person's next case."""
    page = watched(chromium, url, session)
    page.goto(f"{url}/p/{cases.SLUG}/queue/")
    page.locator("form[action$='/review/next/'] button").first.click()
    page.locator("#review-form").wait_for()
    return page


def watched(chromium: Browser, url: str, session: str) -> Page:
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    context.add_cookies([{"name": "sessionid", "value": session, "url": url}])
    context.add_init_script(WATCH)
    return context.new_page()


def visit(chromium: Browser, address: str, session: str, url: str) -> tuple[float, float]:
    """Largest paint and layout shift of the address, with nothing cached."""
    page = watched(chromium, url, session)
    page.goto(address, wait_until="networkidle")
    seen = page.evaluate("window.seen")
    page.context.close()
    return seen["lcp"], seen["cls"]


def review(page: Page) -> None:
    """Answer every criterion by its first key, and go on to the next case."""
    done = page.evaluate("window.seen.next.length")
    while left := page.evaluate(OPEN):
        page.keyboard.press("1")
        if page.evaluate(OPEN) == left:
            page.keyboard.press("n")
    page.keyboard.press("Control+Enter")
    while page.evaluate("window.seen.next.length") == done:
        page.wait_for_timeout(20)  # the figure is written once another title is painted


def under(what: str, found: list[float], budget: int) -> Measure:
    """The 95th percentile, or the longest of a few, held to a budget in milliseconds."""
    worst = statistics.quantiles(found, n=20)[-1] if len(found) >= 20 else max(found)
    value = f"{statistics.median(found):.0f} ms, at worst {worst:.0f} ms"
    return Measure(what, value, f"≤ {budget} ms", worst <= budget)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.pages", description=__doc__)
    parser.add_argument("--visits", type=int, default=5, help="first visits with nothing cached (default 5)")
    parser.add_argument("--reviews", type=int, default=20, help="cases reviewed by keys (default 20)")
    return tell(measures(Options(**vars(parser.parse_args(arguments)))))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
