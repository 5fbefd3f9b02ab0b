"""Who may speak: tokens of the operator, of people and of agents.

People's tokens are kept as SHA-256 only. An agent's token is nothing kept at all: its persona's id
and an HMAC of it (RFC 2104) under a secret of this home; a new secret revokes all of them.
"""

import base64
import binascii
import hashlib
import hmac
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from services.settings import Settings, SettingsError, User

OPERATOR_FILE: Final = "token"
AGENTS_FILE: Final = "agents.secret"
ROLES: Final = ("operator", "approver", "viewer")
"""What a person may be: everything; reads and decides on proposals; reads."""
_PREFIX: Final = b"agent."
_PURPOSE: Final = b"perpetua agent token v1\0"
_SHORTEST: Final = 16


@dataclass(frozen=True, slots=True)
class Principal:
    """Who speaks, and as what."""

    actor: str
    """`user:NAME` or `persona:ID`, as in events."""
    role: str
    """operator, approver, viewer or agent."""
    persona_id: str | None = None
    """The persona an agent speaks for, null for people."""


class Tokens:
    """Knows who a token belongs to, and issues those of agents."""

    def __init__(self, operator: str, users: Sequence[User], secret: bytes) -> None:
        """Take tokens as they are; `open` is what finds them.

        Raises:
            SettingsError: a person has a role that does not exist, or no SHA-256.
        """
        self.operator = operator
        """Token of the operator, to be shown at start."""
        self._secret = secret
        self._people = [(_digest(operator.encode()), Principal("user:operator", "operator"))]
        self._people += [
            (_of_user(user), Principal(f"user:{user.name}", user.role)) for user in users
        ]

    @classmethod
    def open(cls, settings: Settings) -> "Tokens":
        """Take the tokens of the settings; make, under the home folder, those that are missing.

        Raises:
            SettingsError: a file can't be read or made, or holds no token.
        """
        home = settings.home
        operator = settings.token or _kept(home / OPERATOR_FILE).decode(errors="replace")
        return cls(operator, settings.users, _kept(home / AGENTS_FILE))

    def who(self, token: bytes) -> Principal | None:
        """Return whose token it is, None if nobody's. Takes as long whoever's it is."""
        given = _digest(token)
        found: Principal | None = None
        for digest, principal in self._people:
            if hmac.compare_digest(digest, given):
                found = found or principal
        return found or self._agent(token)

    def issue(self, persona_id: str) -> str:
        """Return the token of a persona's agent: always the same while the secret is."""
        name = persona_id.encode()
        return (_PREFIX + _text(name) + b"." + _text(self._mac(name))).decode()

    def _agent(self, token: bytes) -> Principal | None:
        if not token.startswith(_PREFIX):
            return None
        name_text, _, mac_text = token[len(_PREFIX) :].partition(b".")
        try:
            name, mac = _bytes(name_text), _bytes(mac_text)
            persona_id = name.decode()
        except ValueError:
            return None
        if not hmac.compare_digest(self._mac(name), mac):
            return None
        return Principal(f"persona:{persona_id}", "agent", persona_id)

    def _mac(self, name: bytes) -> bytes:
        return hmac.digest(self._secret, _PURPOSE + name, "sha256")


def _of_user(user: User) -> bytes:
    if user.role not in ROLES:
        raise SettingsError(
            f"setting users: role of {user.name} must be one of {', '.join(ROLES)},"
            f" not {user.role!r}"
        )
    digest = user.token_sha256.strip().lower().encode()
    if len(digest) != 64 or not set(digest) <= set(b"0123456789abcdef"):
        raise SettingsError(f"setting users: token_sha256 of {user.name} must be 64 hex digits")
    return digest


def _digest(token: bytes) -> bytes:
    return hashlib.sha256(token).hexdigest().encode()


def _text(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


def _bytes(text: bytes) -> bytes:
    try:
        raw = base64.b64decode(text + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as wrong:
        raise ValueError("not base64url") from wrong
    if _text(raw) != text:
        raise ValueError("not the one spelling of its bytes")
    return raw


def _kept(path: Path) -> bytes:
    """Return what a file holds, for its owner only; make it if there is none."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _make(path)
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)
        kept = path.read_bytes().strip()
    except OSError as wrong:
        raise SettingsError(f"{path}: {wrong.strerror}: make it readable and writable") from None
    if len(kept) < _SHORTEST:
        raise SettingsError(f"{path} holds no token: delete it, then start again")
    return kept


def _make(path: Path) -> None:
    """Make a file in one piece; of several processes that do, one wins."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_urlsafe(32).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        draft.unlink()
