"""Tokens: whose they are, how they are kept, what forged ones are worth."""

import hashlib
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.settings import Settings, SettingsError, User
from services.tokens import AGENTS_FILE, OPERATOR_FILE, Principal, Tokens


def sha256(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def tokens(secret: bytes = b"a secret of these tests") -> Tokens:
    users = [
        User(name="ann", token_sha256=sha256("ann's token"), role="approver"),
        User(name="vic", token_sha256=sha256("vic's token").upper(), role="viewer"),
    ]
    return Tokens("the operator's token", users, secret)


def test_each_token_is_known_as_its_owner() -> None:
    assert tokens().who(b"the operator's token") == Principal("user:operator", "operator")
    assert tokens().who(b"ann's token") == Principal("user:ann", "approver")
    assert tokens().who(b"vic's token") == Principal("user:vic", "viewer")


@given(st.binary())
def test_any_other_token_is_nobodys(token: bytes) -> None:
    assert tokens().who(token) is None


@given(st.text(alphabet=st.characters(codec="utf-8"), min_size=1))
def test_an_agents_token_names_its_persona(persona_id: str) -> None:
    issued = tokens().issue(persona_id)
    assert issued.isascii()
    assert issued.isprintable()
    assert tokens().who(issued.encode()) == Principal(f"persona:{persona_id}", "agent", persona_id)


@given(st.integers(min_value=0), st.binary(min_size=1, max_size=1))
def test_an_agents_token_changed_anywhere_is_nobodys(place: int, byte: bytes) -> None:
    issued = tokens().issue("persona one").encode()
    place %= len(issued)
    changed = issued[:place] + byte + issued[place + 1 :]
    assert (tokens().who(changed) is None) == (changed != issued)


def test_an_agents_token_of_another_secret_is_nobodys() -> None:
    assert tokens(b"another secret").who(tokens().issue("p1").encode()) is None


def test_an_agents_token_is_not_valid_with_bytes_appended() -> None:
    issued = tokens().issue("p1").encode()
    assert tokens().who(issued + b"=") is None
    assert tokens().who(issued + b".") is None


def test_the_operators_token_is_made_once_and_kept_for_its_owner_only(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    first, second = Tokens.open(settings), Tokens.open(settings)
    assert first.operator == second.operator
    assert len(first.operator) >= 32
    assert first.issue("p1") == second.issue("p1")
    for name in (OPERATOR_FILE, AGENTS_FILE):
        assert (tmp_path / "home" / name).stat().st_mode & 0o777 == 0o600


def test_a_kept_token_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    Tokens.open(settings)
    (tmp_path / OPERATOR_FILE).chmod(0o644)
    Tokens.open(settings)
    assert (tmp_path / OPERATOR_FILE).stat().st_mode & 0o777 == 0o600


def test_of_many_who_start_at_once_all_have_the_same_token(tmp_path: Path) -> None:
    settings, found = Settings(home=tmp_path), set[str]()
    barrier = threading.Barrier(16)

    def start() -> None:
        barrier.wait()
        found.add(Tokens.open(settings).operator)

    threads = [threading.Thread(target=start) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == [AGENTS_FILE, OPERATOR_FILE]


def test_the_token_of_the_settings_comes_before_the_kept_one(tmp_path: Path) -> None:
    opened = Tokens.open(Settings(home=tmp_path, token="given by a setting"))
    assert opened.operator == "given by a setting"
    assert not (tmp_path / OPERATOR_FILE).exists()


def test_an_empty_token_file_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / OPERATOR_FILE).write_text("\n")
    with pytest.raises(SettingsError, match="holds no token: delete it"):
        Tokens.open(Settings(home=tmp_path))


@pytest.mark.parametrize(
    ("user", "why"),
    [
        (User(name="x", token_sha256=sha256("t"), role="king"), "role of x must be one of"),
        (User(name="x", token_sha256="not a digest"), "64 hex digits"),
    ],
)
def test_a_wrong_person_in_the_settings_is_told_in_one_line(user: User, why: str) -> None:
    with pytest.raises(SettingsError, match=why):
        Tokens("the operator's token", [user], b"secret")
