"""RFC 8785: one form and one hash for what is equal, and a refusal for what has no such form."""

from hashlib import sha256

import pytest

from domain.canonical import canonical, canonical_hash
from domain.errors import InvalidInput


def test_what_is_equal_has_one_form_and_the_hash_of_its_bytes() -> None:
    form = '{"a":"\u20ac","b":[1,null,true]}'
    assert canonical({"b": [1.0, None, True], "a": "\u20ac"}) == form
    assert (
        canonical_hash({"a": "\u20ac", "b": [1, None, True]}) == sha256(form.encode()).hexdigest()
    )


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**53 + 1, "\ud800", object()])
def test_what_has_no_such_form_is_refused(value: object) -> None:
    for make in (canonical, canonical_hash):
        with pytest.raises(InvalidInput, match="not canonical JSON"):
            make({"value": value})
