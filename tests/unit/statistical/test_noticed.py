"""What is noticed while reading."""

from services.cognition.statistical import Notebook
from tests.unit.statistical.logs import failed, filler, stored


def test_new_kinds_of_message_are_noticed_once() -> None:
    notebook = Notebook()
    first = notebook.read(stored(filler(40)))
    assert (first.lines, first.new_templates) == (40, 1)
    assert first.new == ("session opened for user ops by (uid=*)",)
    again = notebook.read(stored(filler(40), first=9))
    assert (again.lines, again.new_templates, again.new) == (40, 0, ())


def test_failures_are_noticed_with_their_weight() -> None:
    noticed = Notebook().read(stored(failed("192.0.2.7") * 4))
    assert noticed.failing == 8
    assert noticed.top == (("authentication failure", 4), ("Failed password", 4))
    assert noticed.text.startswith("Read 12 lines; 8 tell of a failure: 'authentication failure' 4")


def test_failing_and_succeeding_are_never_one_template() -> None:
    texts = [f"Failed password for u{n} from 192.0.2.7 port 1 ssh2" for n in range(9)]
    texts += [f"Accepted password for u{n} from 192.0.2.7 port 1 ssh2" for n in range(9)]
    noticed = Notebook().read(stored(texts))
    assert noticed.new_templates == 2


def test_what_failed_is_never_taken_for_a_name_that_varies() -> None:
    verbs = [
        "open",
        "read",
        "save",
        "send",
        "load",
        "find",
        "bind",
        "fork",
        "lock",
        "move",
        "sync",
        "copy",
        "stop",
        "list",
        "exec",
    ]
    texts = [f"failed to {verb} it now" for verb in verbs for _ in range(9)]
    notebook = Notebook()
    notebook.read(stored(texts))
    assert len(notebook.read(stored(texts, first=9)).top) == 5


def test_nothing_is_noticed_in_nothing() -> None:
    assert Notebook().read([]).text == "Read 0 lines; 0 tell of a failure. 0 new kinds of message."
