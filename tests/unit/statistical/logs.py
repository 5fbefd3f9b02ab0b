"""Made-up logs, and short ways to have them read."""

from collections.abc import Iterable, Mapping, Sequence

from services.cognition.statistical import Finding, Line, Notebook, Recount, recount
from services.cognition.statistical.limits import LIMITS
from services.cognition.statistical.lines.reading import Reader, Reading
from services.cognition.statistical.lines.structured import structured

BATCH = 40


def stored(texts: Iterable[str], source: str = "app.log", first: int = 7) -> list[Line]:
    """The texts as stored lines, 40 a batch."""
    return [Line(source, first + at // BATCH, at % BATCH, text) for at, text in enumerate(texts)]


def mined(texts: Iterable[str]) -> Notebook:
    """A notebook that has read the texts."""
    notebook = Notebook()
    notebook.read(stored(texts))
    return notebook


def found(texts: Iterable[str]) -> Sequence[Finding]:
    """What is found in the texts."""
    return mined(texts).findings()


def counts(texts: Iterable[str]) -> dict[str, int]:
    """The failing sources found in the texts, with their counts."""
    return {f.subject: f.count for f in found(texts) if f.kind == "failing_source"}


def bursts(texts: Iterable[str]) -> dict[str, int]:
    """The error bursts found in the texts, with their counts."""
    return {f.signature: f.count for f in found(texts) if f.kind == "error_burst"}


def says(text: str) -> Reading:
    """What one line says."""
    return Reader(LIMITS).read(text, structured(text, LIMITS) if text[:1] == "{" else None)


def blamed(text: str) -> str:
    """Whom a line blames; empty for nobody."""
    reading = says(text)
    return reading.source if reading.blamed else ""


def cited(lines: Iterable[Line], cites: Mapping[int, Sequence[int]]) -> list[Line]:
    """The cited ones of these lines."""
    return [line for line in lines if line.number in cites.get(line.position, ())]


def recounted(finding: Finding, lines: Iterable[Line]) -> Recount:
    """The finding's own count, made again."""
    return recount(finding.spec, cited(lines, finding.cites))


def sshd(message: str, pid: int = 4711, second: int = 0) -> str:
    """A line as syslog writes it."""
    return f"Mar  3 04:{second // 60 % 60:02}:{second % 60:02} edge sshd[{pid}]: {message}"


def failed(source: str, user: str = "root", second: int = 0) -> list[str]:
    """All that one failed login leaves behind."""
    return [
        sshd(f"pam_unix(sshd:auth): authentication failure; logname= uid=0 rhost={source} ", 1),
        sshd(f"Failed password for {user} from {source} port {40000 + second} ssh2", 1, second),
        sshd(f"Connection closed by {source} [preauth]", 1, second),
    ]


def accepted(source: str, user: str = "ops") -> str:
    """A good login."""
    return sshd(f"Accepted publickey for {user} from {source} port 50022 ssh2: RSA SHA256:abc")


def filler(count: int) -> list[str]:
    """Lines that tell of nothing."""
    return [sshd(f"session opened for user ops by (uid={at})", at, at) for at in range(count)]
