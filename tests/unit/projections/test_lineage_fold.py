"""Lineage, folded: who descends from whom is told by the child alone."""

from domain.recorded import Recorded
from projections.personas import fold
from tests.unit.projections.given import History


def spawned_rows(batch: list[Recorded]) -> dict[str, dict[str, object]]:
    [statement] = fold(batch)
    return {row["persona_id"]: dict(row) for row in statement.rows}


def test_a_child_names_its_parent_and_the_parents_row_is_left_alone() -> None:
    history = History().spawned("root").spawned("child", parent="root", depth=1)
    root, child = history.recorded
    assert spawned_rows([child])["child"]["parent_id"] == "root"
    assert spawned_rows([child]).keys() == {"child"}
    assert spawned_rows([root])["root"]["parent_id"] is None


def test_a_child_in_another_swarm_may_come_before_its_parent() -> None:
    history = History().spawned("root", "one").spawned("child", "two", parent="root", depth=1)
    root, child = history.recorded
    assert spawned_rows([child, root]) == spawned_rows([root, child])
    assert spawned_rows([child])["child"]["swarm_id"] == "two"


def test_identity_is_kept_to_the_letter_even_where_a_text_column_could_not_hold_it() -> None:
    history = History().spawned("a", name="n\0", charter='quote " backslash \\u0000 漢字')
    identity = str(spawned_rows(history.recorded)["a"]["identity"])
    assert "\0" not in identity
    assert '"n\\u0000"' in identity
