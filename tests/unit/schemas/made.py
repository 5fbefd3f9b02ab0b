"""Events of any class, with anything in their fields that may be in them."""

from datetime import UTC, datetime
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

from hypothesis import strategies as st
from pydantic import BaseModel

M = TypeVar("M", bound=BaseModel)

TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
LONG = st.integers(-(2**63), 2**63 - 1)
DOUBLE = st.floats(allow_nan=False)
TIME = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))
PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: TEXT, int: LONG, float: DOUBLE, bool: st.booleans(), datetime: TIME,
}  # fmt: skip


def events(model: type[M]) -> st.SearchStrategy[M]:
    """Return a strategy that makes instances of a model, with every field filled."""
    fields = {name: _values(info.annotation) for name, info in model.model_fields.items()}
    return st.builds(model, **fields)


def _values(annotation: Any) -> st.SearchStrategy[Any]:
    if annotation in PLAIN:
        return PLAIN[annotation]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return events(annotation)
    [inner] = [a for a in get_args(annotation) if a not in (NoneType, Ellipsis)]
    if get_origin(annotation) in (Union, UnionType):
        return st.none() | _values(inner)
    return st.lists(_values(inner), max_size=3).map(tuple)
