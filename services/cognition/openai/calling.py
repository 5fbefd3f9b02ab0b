"""One call over HTTP. Whatever goes wrong has a name, and says whether anything was used."""

import asyncio
import ssl
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from math import isfinite
from time import time
from typing import Any, Final

import httpx2
import openai
from openai import AsyncOpenAI, Omit

from domain.events.cognition import Usage
from domain.thinking import Unanswered
from services.cognition.openai.body import BodyRefused
from services.cognition.openai.endpoint import Endpoint
from services.cognition.openai.settings import OpenAISettings

MOST_TOLD_CHARS: Final = 200
NOT_SENT: Final = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)
NO_QUOTA: Final = "insufficient_quota"
"""Code of a 429 that waiting does not help: nobody has paid."""


ADVICE: Final = {
    "response_format": 'structured = "json_object" or "text"',
    "max_tokens": "max_tokens_parameter",
    "temperature": "another temperature, or none",
}
"""What a server may not take of a request, and the setting that leaves it out."""


class Refused(Unanswered):
    """The server is well and says no to this thinker: its key, its model, its request."""


class Calling:
    """Makes the calls of one thinker."""

    def __init__(self, settings: OpenAISettings, endpoint: Endpoint) -> None:
        self._settings = settings
        self._endpoint = endpoint
        key = settings.api_key.get_secret_value() if settings.api_key else None
        self._key = key
        self._client = AsyncOpenAI(
            api_key="none",  # else the library takes what the environment holds
            base_url=settings.base_url,
            http_client=endpoint.http,
            max_retries=0,
        )
        self._headers: dict[str, str | Omit] = {
            "Authorization": f"Bearer {key}" if key else Omit(),
            "OpenAI-Organization": Omit(),
            "OpenAI-Project": Omit(),
        }

    async def call(self, body: Mapping[str, Any], timeout_secs: float) -> bytes:
        """Ask once; return the body of the answer.

        Raises:
            Unanswered: there is none; `usage` is None where the server may have worked.
        """
        try:
            async with asyncio.timeout(timeout_secs):
                answer = await self._client.chat.completions.with_raw_response.create(
                    **body, timeout=timeout_secs, extra_headers=self._headers
                )
        except (TimeoutError, openai.APITimeoutError) as late:
            sent = not isinstance(late.__cause__, NOT_SENT)
            raise self._fault(f"no answer within {timeout_secs:g} s", used=sent) from None
        except openai.APIStatusError as refusal:
            raise self._refused(refusal) from None
        except openai.APIConnectionError as broken:
            raise self._broken(broken.__cause__ or broken) from None
        except BodyRefused as refused:
            raise self._fault(str(refused), retryable=False) from None
        except openai.OpenAIError as wrong:
            raise self._fault(self._told(f"{type(wrong).__name__}: {wrong}")) from None
        content: bytes = answer.http_response.content
        return content

    def _broken(self, cause: BaseException) -> Unanswered:
        """Tell of a connection that failed or broke."""
        said = self._told(str(cause) or type(cause).__name__)
        if "CERTIFICATE_VERIFY_FAILED" in said or isinstance(cause, ssl.SSLCertVerificationError):
            why = f"its certificate is not trusted; if it should be, set ca_file ({said})"
            return self._fault(why, used=False, retryable=False)
        if isinstance(cause, NOT_SENT):
            return self._fault(f"can't be reached: {said}", used=False)
        return self._fault(f"the connection broke: {said}")

    def _refused(self, refusal: openai.APIStatusError) -> Unanswered:
        """Tell of a status that is no success."""
        status = refusal.status_code
        said = refusal.message.removeprefix(f"Error code: {status}").removeprefix(" - ")
        why = f"status {status}: {self._told(said)}" if said else f"status {status}"
        after = self._held(refusal.response.headers)
        if status == httpx2.codes.TOO_MANY_REQUESTS and refusal.code != NO_QUOTA:
            return self._fault(why, used=False, again_after_secs=after)
        if status >= 500 or status in (408, 409):
            return self._fault(why, again_after_secs=after)
        advice = {
            401: "; check api_key",
            403: "; check api_key and what it may use",
            404: "; check base_url and model",
        }.get(status, "; check base_url" if status < 400 else "")
        for word, what in ADVICE.items():
            if status < 500 and word in why:
                advice = f"; set {what}"
        where = self._settings.base_url
        return Refused(f"{where}: {why}{advice}", usage=Usage(), retryable=False)

    def _held(self, headers: httpx2.Headers) -> float | None:
        """Let the endpoint rest as long as the server asks for; return how long that is."""
        asked = retry_after(headers)
        return None if asked is None else self._endpoint.hold(asked)

    def no_completion(self, said: str) -> Unanswered:
        """Tell of an answer that is no chat completion; what was sent is somebody else's word."""
        return self._fault(self._told(said))

    def _fault(
        self,
        why: str,
        *,
        used: bool = True,
        retryable: bool = True,
        again_after_secs: float | None = None,
    ) -> Unanswered:
        return Unanswered(
            f"{self._settings.base_url}: {why}",
            usage=None if used else Usage(),
            retryable=retryable,
            again_after_secs=again_after_secs,
        )

    def _told(self, said: str) -> str:
        """Return what a server says as one short line without our key, which some repeat."""
        line = " ".join(said.split())
        line = "".join(each if each.isprintable() else "?" for each in line)
        hidden = line.replace(self._key, "***") if self._key else line
        return hidden[:MOST_TOLD_CHARS]


def retry_after(headers: httpx2.Headers) -> float | None:
    """Return how long a server asks to be left alone (RFC 9110, 10.2.3), in seconds."""
    told = headers.get("retry-after", "").strip()
    try:
        secs = float(told)
    except ValueError:
        try:
            secs = parsedate_to_datetime(told).timestamp() - time()
        except ValueError:
            return None
    return secs if isfinite(secs) and secs > 0 else None
