"""What the API itself refuses, before any command runs.

ApiRefusal
├── Unauthenticated        no token, or nobody's
├── Forbidden              known, but not allowed
│   └── MemoryPrivate      another's memory, not shared
├── MalformedBody          not JSON
├── WrongContentType       JSON, said to be something else
├── BodyTooLarge           over the limit of a request
└── NothingThere           no such thing to read
"""


class ApiRefusal(Exception):
    """A request that can't be served. `details` are for the client, never a secret."""

    code = "refused"

    def __init__(self, message: str, **details: object) -> None:
        super().__init__(message)
        self.message = message
        self.details = details


class Unauthenticated(ApiRefusal):
    """No token came, or nobody's."""

    code = "unauthenticated"


class Forbidden(ApiRefusal):
    """The token's owner may not do this."""

    code = "forbidden"


class MemoryPrivate(Forbidden):
    """The policy of whose memory it is does not share it with who asks."""

    code = "memory_private"


class MalformedBody(ApiRefusal):
    """The body is not JSON (RFC 8259): syntax, encoding, lone surrogates, NaN, nesting."""

    code = "malformed_json"


class WrongContentType(ApiRefusal):
    """The body is not said to be JSON."""

    code = "unsupported_media_type"


class BodyTooLarge(ApiRefusal):
    """The body is over the limit; the rest of it was not read."""

    code = "payload_too_large"


class NothingThere(ApiRefusal):
    """There is nothing of this kind, or not of this id."""

    code = "not_found"
