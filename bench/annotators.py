"""Annotators without think time: they take the next case, answer and submit; unruly ones do all that people do."""

import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import psycopg

from bench.browser import Browser, Page, ReviewForm, review_form, version_in

NAME = "bench"  # of our own connections, whose work is none of the product's
LULL_SECONDS = 0.3
REAP_SECONDS = 0.5  # how often leases are ended here; the product's own job is less hasty
REFUSALS = {403, 404, 409, 422}
RELEASE = """
WITH locked AS MATERIALIZED (
    SELECT id FROM review_case WHERE id = (SELECT case_id FROM review_assignment WHERE id = %(pk)s)
    FOR NO KEY UPDATE
), freed AS (
    UPDATE review_assignment held SET status = 'expired' FROM locked
    WHERE held.case_id = locked.id AND held.id = %(pk)s AND held.status = 'active' RETURNING held.seat_id
)
UPDATE review_seat SET is_free = true FROM freed WHERE id = freed.seat_id
"""
LAPSE = (
    "UPDATE review_assignment SET lease_ends_at = now() - interval '1 second' WHERE id = %(pk)s AND status = 'active'"
)
WORDS = "The hidden test looks at a path that the instruction does not name, so a sound solution would fail it."


@dataclass(frozen=True)
class Orders:
    """What an annotator has to know."""

    url: str
    database: str
    queue: str
    following: str  # where the next case is asked for
    autosaves: int
    detours: bool  # whether every third case is given back, to start again from the queue
    chaos: bool
    plain: bool  # whether a submission and the page that follows are two requests, as without scripts
    seed: int


@dataclass
class Diary:
    """What one annotator saw: seconds by what they did, submissions the server took, and what went wrong."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)

    def note(self, what: str, page: Page, *, may_refuse: bool) -> Page:
        """Keep how an act went; a refusal is an error only where nothing gave reason for one."""
        self.seconds.setdefault(what, []).append(page.seconds)
        self.done[what] += 1
        if may_refuse and page.status in REFUSALS:
            self.refused[f"{what} {page.status}"] += 1
        elif page.status >= 400:
            self.errors.append(f"{what}: {page.status} at {page.path}: {page.text[:300]}")
        return page


class Annotator:
    """One person at one browser."""

    def __init__(self, orders: Orders, session: str, number: int) -> None:
        self.orders, self.session = orders, session
        self.browser = Browser(orders.url, session)
        self.random = random.Random(orders.seed * 1000 + number)  # noqa: S311  # a dice, not a secret
        self.diary = Diary()
        self.last: tuple[ReviewForm, dict[str, str]] | None = None
        self._rounds = 0
        self._database: psycopg.Connection | None = None

    def work(self, goes_on: Callable[[], bool]) -> Diary:
        """Answer cases until told to stop or none is left."""
        self.browser.get(self.orders.queue)
        page: Page | None = None
        while goes_on() and (page := self._with_case(page)):
            page = self._one(page)
        return self.diary

    def _with_case(self, page: Page | None) -> Page | None:
        """A page that holds a case: the one at hand, or the next of the queue; None once there is none for a while."""
        for _ in range(5):
            if page is not None and review_form(page.text):
                return page
            if page is not None:
                time.sleep(LULL_SECONDS)
            page = self._do("next", self.browser.post(self.orders.following, {}, htmx=True))
        return None

    def _do(self, what: str, page: Page) -> Page:
        return self.diary.note(what, page, may_refuse=self.orders.chaos)

    def _one(self, page: Page) -> Page | None:
        form = review_form(page.text)
        if form is None:
            raise RuntimeError(f"{page.path} holds no case")
        self._rounds += 1
        if self.orders.chaos and self.random.random() < 0.4:
            return self.random.choice(UNRULY)(self, form)
        if self.orders.detours and self._rounds % 3 == 0:
            self._release(form)
            self.browser.get(self.orders.queue)
            return None
        return self._submit(form)

    # --- What everybody does -------------------------------------------------
    def _fields(self, form: ReviewForm) -> dict[str, str]:
        """Answers to every criterion: mostly the first of its scale, with a rationale where it is another."""
        fields = dict(form.hidden)
        for name, values in form.choices.items():
            other = self.random.random() < 0.02
            fields[name] = self.random.choice(values) if other else values[0]
            fields[f"{name}-rationale"] = WORDS if fields[name] != values[0] else ""
        return fields

    def _autosave(self, form: ReviewForm, fields: dict[str, str]) -> None:
        page = self._do("autosave", self.browser.post(form.save, fields, htmx=True))
        fields["version"] = version_in(page.text) or fields["version"]

    def _submit(self, form: ReviewForm) -> Page:
        fields = self._fields(form)
        for _ in range(self.orders.autosaves):
            self._autosave(form, fields)
        self.last = form, fields
        if self.orders.plain:
            sent = self._do("submit", self.browser.send(form.action, fields))
            return self._do("next", self.browser.get(sent.leads_to))
        return self._do("submit", self.browser.post(form.action, fields, htmx=True))

    def _release(self, form: ReviewForm) -> None:
        """Give the case back unanswered, as the end of a lease does."""
        self._sql(RELEASE, assignment_of(form))

    def _sql(self, statement: str, pk: str) -> None:
        if self._database is None:
            self._database = psycopg.connect(self.orders.database, autocommit=True, application_name=NAME)
        self._database.execute(statement.encode(), {"pk": pk})

    # --- What unruly people do -----------------------------------------------
    def _both(self, what: str, path: str, fields: dict[str, str]) -> Page:
        """The same form from two windows at the same moment."""
        other, pages = Browser(self.orders.url, self.session), []
        other.cookies, other.token = dict(self.browser.cookies), self.browser.token
        start = threading.Barrier(2)

        def send(browser: Browser) -> None:
            start.wait()
            pages.append(browser.post(path, fields, htmx=True))

        threads = [threading.Thread(target=send, args=(browser,)) for browser in (self.browser, other)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for page in pages:
            self._do(what, page)
        return pages[0]

    def double_submit(self, form: ReviewForm) -> Page:
        self.last = form, self._fields(form)
        return self._both("double submit", form.action, self.last[1])

    def race_for_next(self, form: ReviewForm) -> Page | None:
        self._submit(form)
        return self._both("race for next", self.orders.following, {})

    def replay(self, form: ReviewForm) -> Page | None:
        """The form before this one once more, as it was and under another key; then this one."""
        if self.last is not None:
            old, fields = self.last
            self._do("replay", self.browser.post(old.action, fields, htmx=True))
            forged = {**fields, "idempotency_key": str(uuid.uuid4())}
            self._do("replay under another key", self.browser.post(old.action, forged, htmx=True))
        return self._do("submit", self.browser.post(form.action, self._fields(form), htmx=True))

    def stale_save(self, form: ReviewForm) -> Page:
        fields = self._fields(form)
        self._autosave(form, dict(fields))
        fields[f"{next(iter(form.choices))}-rationale"] = "Other words than those of the window that saved first."
        page = self._do("stale save", self.browser.post(form.save, fields, htmx=True))
        if page.status != 409:
            self.diary.errors.append(f"a stale save was answered by {page.status}")
        return self.browser.get(form.address)

    def skip(self, form: ReviewForm) -> Page:
        return self._do("skip", self.browser.post(f"{form.address}skip/", {"reason": "expertise"}))

    def undo(self, form: ReviewForm) -> Page | None:
        """Submit, take it back while that is possible, and submit anew."""
        self._submit(form)
        page = self._do("undo", self.browser.post(f"{form.address}undo/", {}))
        again = review_form(page.text)
        if again is None or again.action != form.action:
            return None
        return self._do("submit", self.browser.post(again.action, self._fields(again), htmx=True))

    def abandon(self, form: ReviewForm) -> Page | None:
        """Let the lease lapse, and hand the old form in just when the seat is taken away."""
        self._sql(LAPSE, assignment_of(form))
        time.sleep(self.random.random() * 2 * REAP_SECONDS)
        return self._do("submit after the lease", self.browser.post(form.action, self._fields(form), htmx=True))


UNRULY = (
    Annotator.double_submit,
    Annotator.race_for_next,
    Annotator.replay,
    Annotator.stale_save,
    Annotator.skip,
    Annotator.undo,
    Annotator.abandon,
)


def assignment_of(form: ReviewForm) -> str:
    return form.address.rstrip("/").rpartition("/")[2]
