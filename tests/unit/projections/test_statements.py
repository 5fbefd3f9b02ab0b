"""Statements: rows as one parameter, merged into what is there."""

import json

import pytest

from projections.statement import KNOWN, LATEST, SUM, Statement, upsert
from tests.unit.projections.given import NOON


def test_an_upsert_names_its_columns_once_for_insert_and_once_for_merge() -> None:
    sql = upsert("t", "id", n=SUM, at=LATEST, what=KNOWN)
    assert sql == (
        "insert into t as old (id, n, at, what) select id, n, at, what"
        " from json_populate_recordset(null::t, %s::json) on conflict (id) do update set"
        " n = old.n + excluded.n, at = greatest(old.at, excluded.at),"
        " what = coalesce(excluded.what, old.what)"
    )


def test_rows_become_one_json_parameter_with_times_in_iso_form() -> None:
    parameter = Statement("", [{"n": 1, "at": NOON}, {"n": 2, "at": None}]).parameter
    assert json.loads(parameter) == [
        {"n": 1, "at": "2026-08-01T12:00:00.123456+00:00"},
        {"n": 2, "at": None},
    ]


def test_nul_is_replaced_in_texts_and_lists_and_nothing_else_is() -> None:
    escaped = '{"nul":"\\u0000"}'
    parameter = Statement("", [{"a": "x\0y", "b": ("\0",), "c": escaped, "d": 3}]).parameter
    assert json.loads(parameter) == [{"a": "x\ufffdy", "b": ["\ufffd"], "c": escaped, "d": 3}]


def test_a_value_no_column_takes_is_refused() -> None:
    with pytest.raises(TypeError, match="object"):
        _ = Statement("", [{"a": object()}]).parameter
