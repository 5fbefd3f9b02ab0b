"""Parts of the input that deserve a watcher of their own."""

from services.cognition.statistical import Focus, Notebook
from tests.unit.statistical.logs import accepted, failed, filler, mined, stored


def many() -> list[str]:
    sources = [f"192.0.2.{n}" for n in range(1, 9)]
    return [line for source in sources for at in range(8) for line in failed(source, second=at)]


def test_a_signature_with_many_sources_deserves_one_watcher() -> None:
    (focus,) = mined(filler(20) + many()).deserves_a_watcher()
    assert (focus.signature, focus.key) == ("Failed password", "watch-failed-password")
    assert "64 so far of 8 sources" in focus.charter


def test_another_line_of_the_same_incidents_deserves_no_watcher_of_its_own() -> None:
    texts = many() * 4 + [failed(f"host{n % 2}.example.net")[0] for n in range(20)]
    assert [focus.signature for focus in mined(texts).deserves_a_watcher()] == ["Failed password"]


def test_a_quiet_input_deserves_none() -> None:
    assert not mined(filler(300)).deserves_a_watcher()
    assert not mined([accepted("192.0.2.1")] * 300).deserves_a_watcher()


def test_a_watcher_finds_what_is_in_its_focus_and_nothing_else() -> None:
    texts = many() + [f"ERROR queue {n} full" for n in range(90)]
    focused = Notebook(Focus("Failed password"))
    focused.read(stored(texts))
    assert {f.signature for f in focused.findings()} == {"Failed password"}
    assert [f.count for f in focused.findings()] == [8] * 8
    assert not focused.deserves_a_watcher()


def test_a_watcher_still_weighs_failures_against_successes() -> None:
    focused = Notebook(Focus("Failed password"))
    focused.read(stored(failed("192.0.2.1") * 9 + [accepted("192.0.2.1")] * 30))
    assert focused.findings() == []


def test_the_key_of_a_focus_hangs_on_its_signature_only() -> None:
    assert Focus("authentication failures", "a").key == Focus("Authentication  failure", "b").key
    assert len(Focus("x" * 500).key) <= 128
    assert len(Focus("x" * 500).name) <= 128
