"""A picture as lines: at any size, with all that matters, and nothing that could do harm."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from services.cli.picture.columns import ASCII
from services.cli.picture.drawn import drawn
from services.cli.picture.parts import age
from services.picture.picture import Bus, Picture, Source, Store, Thinking
from tests.unit.cli.pictures import (
    NOON,
    PLACE,
    approval,
    mind,
    model,
    picture,
    supposition,
    words,
)


def plain(shown: Picture, width: int = 100, height: int | None = 40, **more: Any) -> list[str]:
    lines = drawn(
        shown, more.pop("place", PLACE), more.pop("said", ()), width=width, height=height, **more
    )
    return [line.plain.rstrip() for line in lines]


def text(shown: Picture, **more: Any) -> str:
    return "\n".join(plain(shown, **more))


@pytest.mark.parametrize("width", [60, 61, 80, 99, 100, 137, 250])
@pytest.mark.parametrize("height", [15, 16, 24, 25, 50, 120])
def test_it_fits_and_every_part_is_there(width: int, height: int) -> None:
    lines = drawn(picture(), PLACE, words(30), width=width, height=height)
    assert len(lines) <= height
    assert {cell_len(line.plain) for line in lines} == {width}
    whole = "\n".join(line.plain for line in lines)
    for part in ("WAITING FOR YOU  3", "PERSONAS", "HYPOTHESIS", "INPUTS", "LATEST", "root"):
        assert part in whole
    assert "http://127.0.0.1:8080" in whole
    assert "b4f30000" in whole


@pytest.mark.parametrize("width", [40, 50, 59])
def test_on_a_narrow_terminal_it_still_says_who_and_what(width: int) -> None:
    dropping = Source("swarm", "/var/log/auth.log", 1_520, 120.4, 7)
    told = text(picture(minds=(mind("root"),), sources=(dropping,)), width=width, height=30)
    for part in ("root", "observe", "/auth.log", "1,520", "DROPPED", "7", "Deny 10.0"):
        assert part in told


@given(
    width=st.integers(1, 300),
    height=st.integers(1, 100),
    minds=st.lists(st.integers(-1, 20), max_size=30),
    waiting=st.integers(0, 60),
    said=st.integers(0, 30),
    name=st.text(max_size=40),
)
def test_it_fits_whatever_there_is(
    width: int, height: int, minds: list[int], waiting: int, said: int, name: str
) -> None:
    shown = picture(
        minds=tuple(
            mind(f"{number}{name}", f"{parent}{name}" if parent < number else None, name=name)
            for number, parent in enumerate(minds)
        ),
        approvals=tuple(approval(n, title=name) for n in range(min(waiting, 50))),
        waiting=waiting,
        suppositions=(supposition(name),),
        live=1_000,
    )
    lines = drawn(shown, PLACE, words(said), width=width, height=height)
    assert len(lines) <= height
    assert {cell_len(line.plain) for line in lines} <= {width}
    assert all(line.plain.isprintable() for line in lines)


@pytest.mark.parametrize(
    "evil", ["\x1b[2J", "a\rb", "[red]x[/red]", "\u202eabc", "x\ny", "\x9b31m", "\x07", "\t"]
)
def test_nothing_from_outside_reaches_the_terminal_as_it_is(evil: str) -> None:
    shown = picture(
        minds=(mind(evil, name=evil, waits_for=evil),),
        approvals=(approval(1, title=evil, risk=evil),),
        suppositions=(supposition(evil, persona_id=evil, outcome=evil),),
        sources=(Source("swarm", evil, 1, None, 0),),
        models=(model(evil, state="open", why=evil),),
    )
    lines = drawn(shown, PLACE, words(0), width=100, height=40)
    assert all(line.plain.isprintable() for line in lines)
    if evil.startswith("[red]"):
        assert sum(evil in line.plain for line in lines) >= 4


def test_personas_are_a_tree_the_busiest_families_first() -> None:
    minds = (
        mind("quiet", pace=0), mind("root", pace=1),
        mind("slow", "root", pace=2), mind("fast", "root", pace=80), mind("of-quiet", "quiet", 5),
    )  # fmt: skip
    lines = plain(picture(minds=minds))
    rows = [line.split()[:2] for line in lines[lines.index("") :] if "Name of" in line]
    assert [row[0] if row[0] != "└" else f"└ {row[1]}" for row in rows] == [
        "root", "└ fast", "└ slow", "quiet", "└ of-quiet",
    ]  # fmt: skip


def test_of_hundreds_the_busiest_are_shown_with_those_above_them_and_how_many_more() -> None:
    many = [mind(f"p{n}", pace=n) for n in range(40)]
    chain = [mind("top", pace=0), mind("mid", "top", pace=0), mind("deep", "mid", pace=500)]
    shown = picture(minds=(*chain[:1], *many, *chain[1:]), live=990)
    said = text(shown, height=24)
    assert "└ deep" in said
    assert "top " in said
    assert "p39" in said
    assert "p0 " not in said
    [more] = [line for line in said.splitlines() if line.startswith("and ") and "more" in line]
    rows = said.count("Name of")
    assert more == f"and {990 - rows:,} more"


def test_what_runs_out_first_is_what_is_told_of_the_credits() -> None:
    def left(**changes: Any) -> str:
        return text(picture(minds=(mind("a", **changes),)))

    assert "5.0s cpu  50%" in left()
    assert "1,000 tok   5%" in left(tokens_left=1_000)
    assert "0.0s cpu   0%" in left(cpu_ms_left=0, cpu_ms_a_minute=0)
    assert "2M tok 100%" in left(tokens_left=2_000_000, tokens_a_minute=1, cpu_ms_left=10_000)
    assert " tok " not in left(tokens_left=None, cpu_ms_left=None, status="reaped")


def test_who_waits_says_for_what() -> None:
    assert "waits for budget until 12:01 UTC" in text(
        picture(minds=(mind("a", status="paused", waits_for="budget until 12:01 UTC"),))
    )
    assert "Nobody lives here." in text(picture(minds=(), live=0))


def test_what_waits_has_an_id_to_paste_and_the_rest_is_counted() -> None:
    shown = picture(approvals=tuple(approval(n) for n in range(40)), waiting=1_040)
    lines = plain(shown, height=30)
    at = next(n for n, line in enumerate(lines) if line.startswith("WAITING"))
    assert lines[at] == "WAITING FOR YOU  1,040   perpetua approve ID"
    assert lines[at + 1].split() == ["high", "5m", "b4f30000", "Deny", "10.0.0.0"]
    shown_rows = sum("Deny" in line for line in lines)
    assert f"and {1_040 - shown_rows:,} more" in lines
    assert "short-id" in text(picture(approvals=(approval(1, proposal_id="short-id"),)))
    assert "WAITING" not in text(picture(approvals=()))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"thinking": Thinking("elsewhere", None, None)}, "not thinking here"),
        ({"thinking": Thinking("disabled", None, None)}, "cognition is disabled"),
        ({"store": Store(9, 4, None)}, "store at 9, views 4 behind"),
        ({"store": Store(9, 0, "view x is stopped")}, "view x is stopped"),
        ({"bus": Bus("kafka:9092", 7, None)}, "kafka 7 behind"),
        ({"bus": Bus("kafka:9092", 7, "nobody publishes")}, "kafka: nobody publishes"),
        (
            {"models": (model("large", state="half-open", since=NOON, why="status 500"),)},
            "thinker large is half-open since ",
        ),
        (
            {"models": (model("large", state="open", since=NOON, why="status 500"),)},
            f"thinker large is open since {NOON.astimezone():%H:%M:%S}: status 500",
        ),
        ({"models": (model("large", state="stopped", why="too much"),)}, "is stopped: too much"),
        ({"sources": (Source("s", "x.log", 5, None, 3),)}, "-             3"),
    ],
)
def test_health_is_told(changes: dict[str, Any], says: str) -> None:
    for width in (60, 120):
        assert says in text(picture(**changes), width=width, height=20)


def test_models_are_counted_with_the_calls_of_their_server() -> None:
    shown = picture(models=(model("large"), model("small"), model("far", url="http://far/v1")))
    assert "3 models, 6 calls" in text(shown, width=80)
    assert "thinker" not in text(shown, width=80)


def test_a_picture_that_may_be_old_says_so_first() -> None:
    from dataclasses import replace

    lines = plain(picture(), place=replace(PLACE, trouble="it does not answer"), height=15)
    assert lines[0] == "it does not answer"


def test_the_newest_words_are_shown_at_the_bottom() -> None:
    lines = plain(picture(), height=20, said=words(50))
    assert lines[-1].endswith("said 49")


def test_where_there_is_no_unicode_none_is_drawn() -> None:
    said = text(picture(), width=60, height=30, glyphs=ASCII, said=words(3))
    assert said.isascii()
    assert "` child" in said


@pytest.mark.parametrize(
    ("past", "said"),
    [
        (timedelta(seconds=-5), "0s"), (timedelta(seconds=59), "59s"), (timedelta(hours=1), "1h"),
        (timedelta(minutes=59), "59m"), (timedelta(days=4_000), "999d"),
    ],
)  # fmt: skip
def test_an_age_is_short(past: timedelta, said: str) -> None:
    assert age(past) == said


def test_drawing_is_quick_and_the_same_each_time() -> None:
    long = "x" * 100_000
    shown = picture(suppositions=tuple(supposition(long) for _ in range(50)), at=NOON)
    assert plain(shown, width=200, height=60) == plain(shown, width=200, height=60)
