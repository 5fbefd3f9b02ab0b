"""HTTP answers in a log: the common and combined formats, quoted requests, status keys.

Formats: the Common Log Format of NCSA httpd and what extends it; a quoted request line with
the status after it; a `status` key of JSON or key=value logs.
"""

import re
from dataclasses import dataclass

from services.cognition.statistical.lines.mask import address
from services.cognition.statistical.lines.phrase import Phrase
from services.cognition.statistical.lines.words import words

_LOGGED = re.compile(
    r'(?P<clf>\[\d{2}/[A-Z][a-z]{2}/\d{4}:[^\]"]{8,24}\] "(?:[^"\\]|\\.)*")'
    r"[\s,]+(?P<clf_status>[1-5]\d\d)(?![\d.])"
    r'|"[A-Z]{3,10} [^"]* HTTP/\d(?:\.\d)?"[\s,]+(?:status:?\s)?(?P<status>[1-5]\d\d)(?![\d.])'
)
_KEYED = re.compile(
    r"(?<![a-z])status(?:_?code)?[\"']?\s?[=:]\s?[\"']?(?P<status>[1-5]\d\d)(?![\w.])",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"(?<![\w.])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]*:[0-9A-Fa-f:.]+)(?!\w)")
_NAME = re.compile(r"(?=.*[A-Za-z])[\w-]+(?:\.[\w-]+)+$", re.ASCII)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to a request.

    Attributes:
        status: the HTTP status.
        source: who asked, if the format has a place for it.
        logged: the whole line is an access log's, so that no word of it says anything more.
    """

    status: int
    source: str
    logged: bool

    @property
    def signature(self) -> Phrase:
        """The signature of all answers of this status."""
        return Phrase(f"HTTP {self.status}", f"http-{self.status}")

    @property
    def failing(self) -> bool:
        """Whether it is an error of the client or of the server."""
        return self.status >= 400 and self.status not in words().excused

    @property
    def blamed(self) -> bool:
        """Whether it is the client's error."""
        return self.failing and self.status < 500


def _asker(before: str, common: bool) -> str:
    parts = before.split()
    place = parts[-3] if common and len(parts) > 2 else ""
    if place and _ADDRESS.fullmatch(place) and address(place):
        return address(place)
    for match in _ADDRESS.finditer(before[-400:]):
        if address(match[0]):
            return address(match[0])
    return place.lower() if _NAME.match(place) else ""


def answer(text: str) -> Answer | None:
    """The HTTP answer a line tells of; None if it tells of none."""
    if '" ' in text and ("HTTP/" in text or '] "' in text):
        match = _LOGGED.search(text)
        if match is not None:
            common = match["clf"] is not None
            status = int(match["clf_status"] or match["status"])
            return Answer(status, _asker(text[: match.start()], common), True)
    if "tatus" in text or "TATUS" in text:
        match = _KEYED.search(text)
        if match is not None:
            return Answer(int(match["status"]), "", False)
    return None
