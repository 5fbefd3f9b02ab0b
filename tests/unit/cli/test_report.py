"""The report of a run, for people."""

from services.cli.report import NAMED, named


def test_of_many_inputs_the_first_are_named_and_the_rest_counted() -> None:
    names = [f"{number}.log" for number in range(1_300)]
    assert named(names[:1]) == "0.log"
    assert named(names[:NAMED]) == "0.log, 1.log, 2.log, 3.log, 4.log"
    assert named(names) == "0.log, 1.log, 2.log, 3.log, 4.log and 1,295 more"
