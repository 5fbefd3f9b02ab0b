"""Who gets in: tokens, people, and from where."""

from collections import Counter
from hashlib import sha256
from ipaddress import ip_address

from services.cli.checks.finding import Finding, fine, warning, wrong
from services.cli.checks.scene import Scene
from services.settings import SettingsError
from services.tokens import AGENTS_FILE, OPERATOR_FILE, Tokens

SHORTEST_TOKEN = 16


def token(scene: Scene) -> Finding:
    """See that nobody else may read the tokens that are kept."""
    files = [scene.settings.home / name for name in (OPERATOR_FILE, AGENTS_FILE)]
    for path in files:
        if path.exists() and path.stat().st_mode & 0o077:
            return wrong("token", f"others may read {path}", f"chmod 600 {path}")
    given = scene.settings.token
    if given is not None and len(given) < SHORTEST_TOKEN:
        found = f"the operator's has {len(given)} characters, and may be guessed"
        return warning(
            "token", found, f"set PERPETUA_TOKEN to at least {SHORTEST_TOKEN} random ones"
        )
    if given:
        return fine("token", "the operator's is set by PERPETUA_TOKEN or perpetua.toml")
    return fine("token", f"{files[0]}" if files[0].exists() else "made at the first start")


def users(scene: Scene) -> Finding | None:
    """See that people's tokens are well formed and nobody shares one."""
    people = scene.settings.users
    if not people:
        return None
    try:
        Tokens(scene.settings.token or "", people, b"")
    except SettingsError as bad:
        fix = "correct it: `printf %s TOKEN | sha256sum` makes one"
        return wrong("users", str(bad).removeprefix("setting users: "), fix)
    digests = [each.token_sha256.strip().lower() for each in people]
    if scene.settings.token and sha256(scene.settings.token.encode()).hexdigest() in digests:
        return wrong("users", "somebody has the operator's token", "give them one of their own")
    for digest, times in Counter(digests).items():
        if times > 1:
            who = [each.name for each, its in zip(people, digests, strict=True) if its == digest]
            return wrong(
                "users", f"{' and '.join(who)} have one token", "give each one of their own"
            )
    for name, times in Counter(each.name for each in people).items():
        if times > 1:
            found = f"{times} are named {name}: nobody can tell who of them approved"
            return warning("users", found, "give each a name of their own")
    return fine("users", f"{len(people)}, each with a token of their own")


def exposed(scene: Scene) -> Finding:
    """Warn of an address that others on the network reach, in plain text."""
    host = scene.settings.host
    if host == "localhost" or _is_loopback(host):
        return fine("exposed", f"{host} is reached from this machine only")
    found = f"{host} is reached from other machines, and tokens travel there unencrypted"
    fix = "serve on 127.0.0.1 behind a proxy with TLS"
    if scene.settings.token is not None and len(scene.settings.token) < SHORTEST_TOKEN:
        return wrong("exposed", f"{found}, with a token that may be guessed", fix)
    return warning("exposed", found, fix)


def origins(scene: Scene) -> Finding | None:
    """See that what browsers may let in are origins."""
    for origin in scene.settings.cors_origins:
        if origin == "*":
            found = "pages of any site may use a token that a browser holds"
            return warning("origins", found, "name the dashboard's origin in cors_origins")
        scheme, _, rest = origin.partition("://")
        if scheme not in ("http", "https") or not rest or "/" in rest:
            fix = "write it as a browser does: https://board.example, without a path"
            return wrong("origins", f"{origin} in cors_origins is no origin", fix)
    return None


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
