"""Settings: flag > variable > file > default, and one line for a wrong one."""

import shutil
from pathlib import Path

import pytest

from services.settings import Settings, SettingsError, default_home, load

EXAMPLE = Path(__file__).parents[3] / "docs" / "perpetua.toml"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PERPETUA_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_example_file_says_the_defaults(home: Path) -> None:
    shutil.copy(EXAMPLE, home / "perpetua.toml")
    from_file = load()
    (home / "perpetua.toml").unlink()

    assert from_file == load()


def test_a_flag_goes_before_a_variable_and_a_variable_before_the_file(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "perpetua.toml").write_text("port = 1111\n")
    assert load().port == 1111
    monkeypatch.setenv("PERPETUA_PORT", "2222")
    assert load().port == 2222
    assert load(port=3333).port == 3333


def test_an_empty_variable_is_as_none(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "perpetua.toml").write_text("port = 1111\n")
    monkeypatch.setenv("PERPETUA_PORT", "")
    monkeypatch.setenv("PERPETUA_KAFKA", "")
    assert (load().port, load().kafka) == (1111, None)
    monkeypatch.setenv("PERPETUA_HOME", "")
    assert load().home == default_home()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("port = 99999\n", "port"),
        ("prot = 1\n", "prot"),
        ("[gate]\nfodler = 1\n", "gate.fodler"),
        ("port = \n", "perpetua.toml"),
        ("[cognition]\nloop_interval_ms = 5\n", "cognition.loop_interval_ms"),
    ],
)
def test_a_wrong_setting_is_named_in_one_line(home: Path, text: str, named: str) -> None:
    (home / "perpetua.toml").write_text(text)
    with pytest.raises(SettingsError) as wrong:
        load()

    assert named in str(wrong.value)
    assert "\n" not in str(wrong.value)


def test_nothing_is_allowed_by_default_but_notes_replies_and_approved_denials() -> None:
    allowed = {(rule.tool, rule.targets, rule.max_risk) for rule in Settings().gate.allow}

    assert allowed == {
        ("file.append", ("deny.list",), "high"),
        ("notify", ("*",), "low"), ("reply", ("*",), "low"),
    }  # fmt: skip


def test_a_model_by_variables_thinks_for_everybody(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load().default_thinker == "statistical"
    monkeypatch.setenv("PERPETUA_LLM_BASE_URL", "http://127.0.0.1:11434/v1/")
    monkeypatch.setenv("PERPETUA_LLM_MODEL", "small")
    monkeypatch.setenv("PERPETUA_LLM_API_KEY", "sk-1")

    settings = load()
    assert settings.default_thinker == "openai"
    model = settings.models["openai"]
    assert (model.base_url, model.model) == ("http://127.0.0.1:11434/v1", "small")
    assert "sk-1" not in repr(settings)


def test_models_have_names_and_one_of_them_may_be_the_default(home: Path) -> None:
    (home / "perpetua.toml").write_text(
        '[cognition]\nthinker = "large"\n'
        '[thinkers.large]\nbase_url = "https://example.org/v1"\nmodel = "l"\n'
    )
    assert load().default_thinker == "large"
    assert load().models["large"].fallback == "statistical"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('llm_base_url = "http://h/v1"\n', "set both PERPETUA_LLM_BASE_URL and PERPETUA_LLM_MODEL"),
        ('llm_base_url = "h"\nllm_model = "m"\n', "PERPETUA_LLM_BASE_URL: give a URL"),
        (
            'llm_base_url = "http://h/v1"\nllm_model = "m"\n'
            '[thinkers.openai]\nbase_url = "http://i/v1"\nmodel = "n"\n',
            "there are two thinkers 'openai'",
        ),
        ('[cognition]\nthinker = "larg"\n', "there is no [thinkers.larg]"),
        (
            '[thinkers.statistical]\nbase_url = "http://h/v1"\nmodel = "m"\n',
            "thinkers.statistical: that name is taken",
        ),
    ],
)
def test_a_thinker_that_can_not_be_is_told_in_one_line(home: Path, text: str, told: str) -> None:
    (home / "perpetua.toml").write_text(text)
    with pytest.raises(SettingsError) as wrong:
        load()

    assert told in str(wrong.value)
    assert "\n" not in str(wrong.value)


@pytest.mark.parametrize(
    "text",
    [
        '[thinkers.a]\nbase_url = "http://h/v1"\nmodel = "m"\napi_key = "sk very secret"\n',
        'llm_base_url = "http://h/v1"\nllm_model = "m"\nllm_api_key = "sk very secret"\n',
        'database_url = ["postgresql://u:very secret@h/d"]\n',
        '[thinkers.a]\nbase_url = "http://u:secret@h/v1"\nmodel = "m"\n',
        '[thinkers.a]\nbase_url = "http://h/v1?key=secret"\nmodel = "m"\n',
    ],
)
def test_what_may_be_a_secret_is_not_shown(home: Path, text: str) -> None:
    (home / "perpetua.toml").write_text(text)
    with pytest.raises(SettingsError) as wrong:
        load()

    assert "secret" not in str(wrong.value)


def test_a_variable_that_is_no_json_is_told_as_one(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PERPETUA_THINKERS", "{")
    with pytest.raises(SettingsError) as wrong:
        load()

    assert "thinkers" in str(wrong.value)
    assert "its variable must hold JSON" in str(wrong.value)
    assert "perpetua.toml" not in str(wrong.value)
