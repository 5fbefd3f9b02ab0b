"""A setting that is wrong is told in one line; a key is never shown."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from services.cognition.openai.settings import OpenAISettings

URL = "http://127.0.0.1:11434/v1"


def made(**changes: Any) -> OpenAISettings:
    return OpenAISettings(**({"base_url": URL, "model": "m"} | changes))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"base_url": "localhost:8000"}, "give a URL like"),
        ({"base_url": "ftp://host/v1"}, "give a URL like"),
        ({"base_url": "http://"}, "give a URL like"),
        ({"base_url": "http://host:99999/v1"}, "give a URL like"),
        ({"base_url": "http://[::1/v1"}, "give a URL like"),
        ({"base_url": "http://host/v1\nHost: other"}, "give a URL like"),
        ({"base_url": "https://user:word@host/v1"}, "api_key"),
        ({"base_url": "https://host/v1?key=1"}, "api_key"),
        ({"model": ""}, "at least 1 character"),
        ({"api_key": "two words"}, "one word of ASCII"),
        ({"api_key": "sk-\N{EN DASH}"}, "one word of ASCII"),
        ({"timeout_secs": 0}, "greater than 0"),
        ({"max_tokens": 10}, "greater than or equal to 64"),
        ({"concurrency": 0}, "greater than or equal to 1"),
        ({"structured": "xml"}, "'json_schema', 'json_object' or 'text'"),
        ({"fallback": "magic"}, "statistical"),
        ({"ca_file": "/nowhere.pem"}, "PEM file"),
        ({"ca_file": __file__}, "PEM file"),
        ({"price": {"input_micro_usd": -1, "output_micro_usd": 0}}, "greater than or equal to 0"),
        ({"tempreature": 1}, "Extra inputs"),
    ],
)
def test_a_wrong_setting_is_told_in_one_line(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError) as wrong:
        made(**changes)

    message = wrong.value.errors()[0]["msg"]
    assert told in message
    assert "\n" not in message


def test_a_url_is_the_same_with_and_without_its_last_slash() -> None:
    assert made(base_url=URL + "/").base_url == made().base_url == URL


def test_a_key_is_not_shown_and_an_empty_one_is_none() -> None:
    assert "sk-secret" not in repr(made(api_key="sk-secret"))
    assert made(api_key=" ").api_key is None
    key = made(api_key=" sk-secret\n").api_key
    assert key and key.get_secret_value() == "sk-secret"


def test_a_file_of_authorities_is_read_at_once(tmp_path: Path) -> None:
    empty = tmp_path / "ca.pem"
    empty.write_text("")
    with pytest.raises(ValidationError, match="PEM file"):
        made(ca_file=empty)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://api.openai.com/v1", "max_completion_tokens"),
        ("https://eu.api.openai.com/v1", "max_completion_tokens"),
        ("https://mine.openai.azure.com/openai/v1", "max_completion_tokens"),
        ("https://notopenai.com/v1", "max_tokens"),
        (URL, "max_tokens"),
    ],
)
def test_the_limit_is_called_as_the_server_calls_it(url: str, name: str) -> None:
    assert made(base_url=url).limit_parameter == name
    given = made(base_url=url, max_tokens_parameter="max_tokens")
    assert given.limit_parameter == "max_tokens"
