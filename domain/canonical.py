"""The one form of JSON, RFC 8785: what is equal has the same bytes in it, and so the same hash."""

from hashlib import sha256
from typing import Any

import rfc8785

from domain.errors import InvalidInput


def canonical(value: Any) -> str:
    """Return RFC 8785 JSON.

    Raises:
        InvalidInput: NaN, an integer beyond 2^53, or no JSON at all.
    """
    try:
        return rfc8785.dumps(value).decode()
    except (rfc8785.CanonicalizationError, ValueError) as wrong:
        raise InvalidInput(f"not canonical JSON: {wrong}") from wrong


def canonical_hash(value: Any) -> str:
    """Return the SHA-256 of a value in RFC 8785 form, hex.

    Raises:
        InvalidInput: as `canonical`.
    """
    return sha256(canonical(value).encode()).hexdigest()
