"""What varies in a line is replaced by one sign a kind, so that like lines get one shape.

The signs are private-use characters, so that no word of a line can be taken for one. A line is
cut into chunks that hold a digit, a dot or a slash; what a chunk is made of is remembered.
"""

import re
from functools import lru_cache
from ipaddress import IPv6Address

IP, HOST, NUMBER, PATH, ZERO = "\ue000", "\ue001", "\ue002", "\ue003", "\ue004"
SIGNS = IP + HOST + NUMBER + PATH + ZERO
_FOREIGN = {ord(sign): "?" for sign in SIGNS}
_PLAIN = re.compile(rf"[^{SIGNS}]*\Z")

_CHUNK = re.compile(
    r"(?<![A-Za-z0-9_:.+\-/%])[A-Za-z_:+\-%]*[0-9./][A-Za-z0-9_:.+\-/%]*"
    r"|(?<=host=)[A-Za-z][A-Za-z0-9_-]{1,62}(?![\w.:/])"
)
_OCTETS = r"\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}"
_PARTS = re.compile(
    rf"""
      (?P<url>(?<=://).+)
    | (?P<v4>(?<![\w.]){_OCTETS}(?!\w|[.-]\w))
    | (?P<time>(?<![\w:])\d{{1,2}}:\d\d:\d\d(?:\.\d+|:\d+)?(?![\w:]))
    | (?P<v6>(?<![\w:.])(?:[0-9A-Fa-f]{{0,4}}:){{2,7}}(?:{_OCTETS}|[0-9A-Fa-f]{{0,4}})(?![\w:]))
    | (?P<path>(?<![\w./:])/(?!{_OCTETS}|/)[^:]+)
    | (?P<id>(?<!\w)(?:
          [0-9A-Fa-f]{{8}}-(?:[0-9A-Fa-f]{{4}}-){{3}}[0-9A-Fa-f]{{12}}
        | (?=[A-Fa-f]{{0,15}}\d)[0-9A-Fa-f]{{8,}})(?!\w)
      | (?<!\w)[+-]?\d(?:[\w%]|-(?=\w)|[:.,/+](?=\d))*
      | (?<=[A-Za-z_])\d\d[\w-]* )
    """,
    re.VERBOSE,
)
_HOST = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9_-]{0,62}\.)+[A-Za-z][A-Za-z0-9-]{1,62}")
_ROLE = re.compile(
    r"""(?<![a-z0-9])(?:
          (?:[a-z]{1,12}[_.-])?(?:r?host|client|remote|src|source|peer)
              (?:[_.-]?(?:host|hostname|name|addr|address|ip))?["']{0,2}\s?[=:]\s?
        | (?:from|to|at|client)\s{1,2}
        )["'<(\[]{0,2}$""",
    re.VERBOSE | re.IGNORECASE,
)
_NAMED = re.compile(r"(?<![A-Za-z0-9])(?:r|remote_?|client_?|src_?)host=$")


@lru_cache(maxsize=4_096)
def address(text: str) -> str:
    """The address `text` says, in its one way of writing; empty if it is none.

    IPv4 mapped into IPv6 (RFC 4291, 2.5.5.2) is its IPv4 address.
    """
    if ":" not in text:
        octets = text.split(".")
        plain = all(o == str(int(o)) and int(o) < 256 for o in octets if o.isdecimal())
        return text if plain and len(octets) == 4 else ""
    if not text.strip(":"):
        return ""
    try:
        found = IPv6Address(text)
    except ValueError:
        return ""
    return str(found.ipv4_mapped or found)


@lru_cache(maxsize=16_384)
def _chunk(text: str) -> tuple[str, tuple[str, ...], bool]:
    """The signs for a chunk, the addresses in it, and whether it could name a host."""
    if text.isdigit():
        return (ZERO if text == "0" else NUMBER), (), False
    found: list[str] = []

    def sign(match: re.Match[str]) -> str:
        kind = match.lastgroup
        if kind == "id":
            return ZERO if match[0] == "0" else NUMBER
        if kind in {"v4", "v6"}:
            known = address(match[0])
            if known:
                found.append(known)
                return IP
            return NUMBER if any(map(str.isdecimal, match[0])) else match[0]
        return NUMBER if kind == "time" else PATH

    return _PARTS.sub(sign, text), tuple(found), _HOST.match(text) is not None


def mask(text: str) -> tuple[str, list[str]]:
    """The shape of `text`, and the addresses and hosts in it in the order of their signs."""
    if not text.isascii():
        text = text.translate(_FOREIGN) if _PLAIN.match(text) is None else text
    found: list[str] = []

    def sign(match: re.Match[str]) -> str:
        whole = match[0]
        shape, addresses, host = _chunk(whole)
        if addresses:
            found.extend(addresses)
        elif host or whole.isalpha():
            return _host(text, match.start(), whole, shape, found)
        return shape

    return _CHUNK.sub(sign, text), found


def _host(text: str, start: int, whole: str, shape: str, found: list[str]) -> str:
    """The signs for what may be a host: it is one only with a word before it that says so."""
    before = text[max(0, start - 48) : start]
    name = _HOST.match(whole)
    if name is not None and _ROLE.search(before):
        rest = whole[name.end() :]
        if not rest[:1].isalnum() and rest[:1] != "_" and text[start + len(whole) :][:1] != "(":
            found.append(name[0].lower())
            return HOST + _chunk(rest)[0] if rest else HOST
    elif name is None and _NAMED.search(before):
        found.append(whole.lower())
        return HOST
    return shape
