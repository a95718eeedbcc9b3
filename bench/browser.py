"""As much of a browser as an annotator needs: cookies, forms, redirects, one connection that stays open."""

import html
import http.client
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

PATIENCE_SECONDS = 60
FORM = re.compile(r'<form id="review-form".*?</form>', re.DOTALL)
INPUT = re.compile(r"<input\b[^>]*>")
TEXTAREA = re.compile(r"<textarea\b([^>]*)>(.*?)</textarea>", re.DOTALL)
ATTRIBUTE = re.compile(r'([\w-]+)="([^"]*)"')
FORM_URLENCODED = {"Content-Type": "application/x-www-form-urlencoded"}
HTMX = {"HX-Request": "true", "HX-Target": "main#main"}


@dataclass(frozen=True)
class Page:
    """An answer, where it came from after redirects, and how long that took."""

    status: int
    path: str
    text: str
    seconds: float
    leads_to: str = ""  # where a redirect that was not followed leads


@dataclass
class ReviewForm:
    """The form of a case: where it goes, its hidden fields, and what each criterion offers."""

    action: str
    save: str
    hidden: dict[str, str]
    choices: dict[str, list[str]] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """The page of the assignment."""
        return self.action.removesuffix("submit/")


class Browser:
    """One person's session with the server."""

    def __init__(self, url: str, session: str) -> None:
        where = urlsplit(url)
        self._connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=PATIENCE_SECONDS)
        self.cookies = {"sessionid": session}
        self.token = ""

    def get(self, path: str) -> Page:
        return self._follow("GET", path, None, {})

    def post(self, path: str, fields: Mapping[str, str], *, htmx: bool = False) -> Page:
        """Send a form with the token of the page it stood on, and follow where the answer leads."""
        body = urlencode({"csrfmiddlewaretoken": self.token, **fields})
        return self._follow("POST", path, body, {**FORM_URLENCODED, **(HTMX if htmx else {})})

    def send(self, path: str, fields: Mapping[str, str]) -> Page:
        """As `post`, up to where the answer leads."""
        began = time.perf_counter()
        body = urlencode({"csrfmiddlewaretoken": self.token, **fields})
        status, leads_to, text = self._ask("POST", path, body, FORM_URLENCODED)
        return Page(status, path, text, time.perf_counter() - began, leads_to)

    def _follow(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> Page:
        began = time.perf_counter()
        status, location, text = self._ask(method, path, body, headers)
        while status in {301, 302, 303} and location:
            path = location
            headers = {name: value for name, value in headers.items() if name.startswith("HX-")}
            status, location, text = self._ask("GET", path, None, headers)
        return Page(status, path, text, time.perf_counter() - began)

    def _ask(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> tuple[int, str, str]:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        self._connection.request(method, path, body, {"Cookie": cookies, **headers})
        answer = self._connection.getresponse()
        text = answer.read().decode()
        for header in answer.headers.get_all("Set-Cookie") or ():
            name, _, value = header.partition(";")[0].partition("=")
            self.cookies[name] = value
        if found := re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', text):
            self.token = found[1]
        return answer.status, answer.headers.get("Location") or answer.headers.get("HX-Location") or "", text


def review_form(text: str) -> ReviewForm | None:
    """The form of a case on a page; None where there is none."""
    if not (found := FORM.search(text)):
        return None
    own = dict(ATTRIBUTE.findall(found[0].partition(">")[0]))
    form = ReviewForm(own["action"], own.get("data-autosave", ""), {})
    outside = [tag for tag in INPUT.findall(text) if 'form="review-form"' in tag]
    for tag in (*INPUT.findall(found[0]), *outside):
        attributes = {name: html.unescape(value) for name, value in ATTRIBUTE.findall(tag)}
        name, value = attributes.get("name", ""), attributes.get("value", "")
        if attributes.get("type") == "radio" and re.fullmatch(r"c\d+", name):
            form.choices.setdefault(name, []).append(value)
        elif attributes.get("type") == "hidden" and name:
            form.hidden[name] = value
    return form


def version_in(text: str) -> str | None:
    """The version of the draft that an answer carries."""
    for tag in INPUT.findall(text):
        attributes = dict(ATTRIBUTE.findall(tag))
        if attributes.get("name") == "version":
            return attributes.get("value")
    return None
