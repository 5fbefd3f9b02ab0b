"""Memory stays flat, and what was forgotten is owned up to."""

from dataclasses import replace
from random import Random

from services.cognition.statistical import LIMITS, Line, Notebook
from tests.unit.statistical.logs import failed, found, mined, recounted, stored

SMALL = replace(
    LIMITS,
    cites=50,
    cites_all=400,
    cites_late=5,
    sources=30,
    signatures=20,
    shapes=64,
    templates=40,
    successes=40,
    streams=4,
    addresses_each=16,
)


def test_a_count_beyond_the_cited_lines_says_at_least() -> None:
    texts = [failed("192.0.2.7")[1] for _ in range(2500)]
    finding = found(texts)[0]
    assert (finding.count, finding.capped) == (2000, True)
    assert "at least 2,000 times" in finding.claim
    assert any("2,500 in all" in fact for fact in finding.facts)
    assert recounted(finding, stored(texts)).outcome == "passed"


def test_every_table_is_bounded_whatever_comes() -> None:
    random = Random(5)
    notebook = Notebook(limits=SMALL)

    def line(at: int) -> Line:
        address = f"10.{random.randrange(99)}.{random.randrange(99)}.1"
        kinds = (
            f"Failed password for u{at} from {address}",
            f"Accepted password for u{at} from {address}",
            f"ERROR {random.randbytes(4).hex()}q broke {random.randbytes(3).hex()}z",
            f"{random.randbytes(30)!r} failed w{at}",
            " ".join("abcdefg"[random.randrange(7)] for _ in range(random.randrange(60))),
        )
        return Line(f"s{at % 9}", at // 50, at % 50, random.choice(kinds))

    for start in range(0, 6000, 500):
        notebook.read(line(at) for at in range(start, start + 500))
        sizes = notebook.sizes()
        assert sizes["shapes"] <= SMALL.shapes
        assert sizes["filed"] <= SMALL.shapes
        assert sizes["sources"] <= SMALL.sources
        assert sizes["signatures"] <= SMALL.signatures
        assert sizes["templates"] <= SMALL.templates
        assert sizes["places"] <= SMALL.streams
        assert sizes["successes"] <= SMALL.successes
        most = SMALL.cites_all + SMALL.cites_late * SMALL.sources * SMALL.signatures_each
        assert sizes["cites"] <= most + SMALL.cites_late * SMALL.signatures


def test_a_source_that_may_have_been_forgotten_is_counted_as_at_least() -> None:
    notebook = Notebook(limits=SMALL)
    texts = [failed(f"10.0.0.{n}")[1] for n in range(60) for _ in range(6)]
    notebook.read(stored(texts))
    kept = [f for f in notebook.findings() if f.kind == "failing_source"]
    assert len(kept) == SMALL.sources
    assert all(finding.capped for finding in kept)


def test_what_is_forgotten_gives_its_room_back() -> None:
    notebook = Notebook(limits=SMALL)
    for at in range(80):
        notebook.read(stored([failed(f"10.0.0.{at}")[1]] * 5, first=at))
    notebook.read(stored([failed("192.0.2.7")[1]] * 40, first=90))
    counted = {finding.subject: finding.count for finding in notebook.findings()}
    assert counted["192.0.2.7"] > SMALL.cites_late


def test_the_worst_source_outlives_a_flood_of_others() -> None:
    notebook = Notebook(limits=SMALL)
    flood = [failed(f"10.0.{n // 250}.{n % 250}")[1] for n in range(2000)]
    for at in range(0, 2000, 20):
        notebook.read(stored([failed("192.0.2.7")[1], *flood[at : at + 20]], first=at))
    assert notebook.findings()[0].subject in {"192.0.2.7", ""}
    assert "192.0.2.7" in {finding.subject for finding in notebook.findings()}


def test_a_line_of_ten_megabytes_in_pieces_is_read() -> None:
    piece = "x" * 65_536
    texts = ["Failed password for root from 192.0.2.7 " + piece] + [piece] * 160
    assert mined(texts).findings() == []
    assert mined([texts[0]] * 6).findings()[0].count == 6


def test_pathological_lines_are_read_in_time() -> None:
    for part in (
        "a.",
        "1.1.",
        "::",
        "from a.",
        '"\\',
        "[",
        "-",
        "host=",
        '] "',
        "1-",
        "x=[",
        "message repeated 1 times: [",
        '[01/May/2031:10:00:00 +0000] "',
        "failed ",
    ):
        mined([part * (65_536 // len(part))] * 20)
