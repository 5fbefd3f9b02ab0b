"""Who thinks: whether each model is reached, and whether personas have a thinker they can pay."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from domain.asking import REPLY
from domain.events.lifecycle import Identity
from domain.limits import Limits
from services.cli.checks.finding import Finding, fine, warning, wrong
from services.cli.checks.scene import Scene
from services.cli.screen import count, visible
from services.cognition.openai.settings import OpenAISettings
from services.cognition.thinkers import named_in

if TYPE_CHECKING:
    import httpx2

PATIENCE_SECS: Final = 3.0
"""How long a server may take to say which models it has."""
_SHOWN: Final = 120


@dataclass(frozen=True, slots=True)
class _Thinks:
    """A persona that lives, and who thinks for it."""

    persona_id: str
    thinker: str
    identity: Identity
    limits: Limits


def models(scene: Scene) -> Sequence[Finding]:
    """Ask each model's server which models it has; nothing is spent."""
    there = scene.settings.models
    if not there:
        return [fine("thinkers", f"no model is set: {scene.settings.default_thinker} thinks")]
    return asyncio.run(_all_asked(there))


def nameless(scene: Scene) -> Finding | None:
    """See that every persona alive has a thinker: one without never thinks."""
    names = scene.settings.thinker_names
    lost = [each for each in _living(scene) if each.thinker not in names]
    if not lost:
        return None
    name, first = _short(lost[0].thinker), _short(lost[0].persona_id)
    alike = sum(each.thinker == lost[0].thinker for each in lost)
    found = f"there is no thinker {name!r} for {count(alike, 'persona')}: {first}"
    return wrong("thinker names", found, f"add [thinkers.{name}] to perpetua.toml, or reap {first}")


def means(scene: Scene) -> Sequence[Finding]:
    """Warn of personas whose policy can't pay for a prompt of their model, or for its time."""
    models = scene.settings.models
    living = [each for each in _living(scene) if each.thinker in models] if models else []
    return [
        each for each in (_too_poor(scene, living), _too_hasty(models, living)) if each is not None
    ]


def _too_poor(scene: Scene, living: Sequence[_Thinks]) -> Finding | None:
    needed = dict[tuple[str, tuple[str, ...]], int]()
    for each in living:
        key = each.thinker, each.limits.allowed_tools
        if key not in needed:
            needed[key] = _least_budget(scene, each)
        if each.limits.token_budget_per_minute < needed[key]:
            found = (
                f"{_short(each.persona_id)} may use {each.limits.token_budget_per_minute:,} tokens"
                f" a minute, and a prompt of {each.thinker} needs a budget of {needed[key]:,}"
            )
            fix = "spawn another with more token_budget_per_minute: 20,000, better 60,000"
            return warning("thinker tokens", found, fix)
    return None


def _too_hasty(models: Mapping[str, OpenAISettings], living: Sequence[_Thinks]) -> Finding | None:
    short = [
        each for each in living
        if each.limits.compute_ms_per_minute < models[each.thinker].timeout_secs * 1_000
    ]  # fmt: skip
    if not short:
        return None
    first, timeout = short[0], models[short[0].thinker].timeout_secs
    found = (
        f"{_short(first.persona_id)} has {first.limits.compute_ms_per_minute:,} ms a minute, so"
        f" its calls end before the {timeout:g} s that {first.thinker} may take"
        f" ({count(len(short), 'persona')} in all)"
    )
    fix = "give such personas more compute_ms_per_minute, or set a shorter timeout_secs"
    return warning("thinker time", found, fix)


def _least_budget(scene: Scene, who: _Thinks) -> int:
    """Return the tokens a minute that a prompt needs, in the step that needs most."""
    from services.cognition.openai.document import Tool
    from services.cognition.openai.fitting import Frame
    from services.cognition.request import least_budget

    tools = [Tool(n, t.does) for n, t in scene.settings.gate.tools.items() if n != REPLY]
    frame = Frame(tools, scene.settings.models[who.thinker].structured)
    return least_budget(who.identity, who.limits, frame.least_bytes)


def _living(scene: Scene) -> Iterator[_Thinks]:
    rows = scene.ask(
        "select persona_id, identity, limits, tags from view_personas"
        " where status <> 'reaped' and identity is not null order by position",
        "view_personas",
    )
    for persona_id, identity, limits, tags in rows:
        thinker = named_in(tags or ()) or scene.settings.default_thinker
        yield _Thinks(
            persona_id,
            thinker,
            Identity.model_validate_json(identity),
            Limits.model_validate_json(limits),
        )


async def _all_asked(there: Mapping[str, OpenAISettings]) -> list[Finding]:
    return list(await asyncio.gather(*(_asked(name, each) for name, each in there.items())))


async def _asked(name: str, model: OpenAISettings) -> Finding:
    """Ask one server what it has, with the key, the certificates and the proxy of a call."""
    import httpx2

    from services.cognition.openai.body import BodyRefused, bound
    from services.cognition.openai.endpoint import trust

    check, away = f"thinker {name}", f"see that it runs and base_url is right; {_meanwhile(model)}"
    key = model.api_key.get_secret_value() if model.api_key else None
    sent = {"Accept-Encoding": "identity"} | ({"Authorization": f"Bearer {key}"} if key else {})
    try:
        async with (
            asyncio.timeout(PATIENCE_SECS),
            httpx2.AsyncClient(
                verify=trust(model.base_url, model.ca_file),
                event_hooks={"response": [bound]},
                timeout=PATIENCE_SECS,
                follow_redirects=False,
            ) as client,
        ):
            answer = await client.get(f"{model.base_url}/models", headers=sent)
    except (TimeoutError, httpx2.TimeoutException):
        return warning(check, f"{model.base_url} says nothing in {PATIENCE_SECS:g} s", away)
    except BodyRefused:
        return fine(check, _described(model))
    except httpx2.HTTPError as broken:
        said = str(broken) or type(broken).__name__
        if "CERTIFICATE_VERIFY_FAILED" in said:
            found = f"the certificate of {model.base_url} is not trusted"
            return wrong(check, found, "if it should be, set ca_file to its authority's PEM file")
        return warning(check, f"{model.base_url} can't be reached: {_short(said)}", away)
    return _judged(check, model, answer)


def _judged(check: str, model: OpenAISettings, answer: "httpx2.Response") -> Finding:
    status = answer.status_code
    if status in (401, 403):
        name = "its api_key" if model.api_key else "no key"
        found = f"{model.base_url} refuses {name} with status {status}"
        return wrong(check, found, "set api_key to one of that server")
    if status == 429 or status >= 500:
        found = f"{model.base_url} answers with status {status}"
        return warning(check, found, f"see that the server is well; {_meanwhile(model)}")
    if answer.is_redirect:
        found = f"{model.base_url} sends callers elsewhere, and none of ours follows"
        return wrong(check, found, "set base_url to where it sends them")
    listed = _listed(answer)
    if listed and model.model not in listed:
        found = f"{model.base_url} lists {count(len(listed), 'model')}, and not {model.model}"
        return warning(check, found, "correct model, unless the server takes any name")
    return fine(check, _described(model))


def _listed(answer: "httpx2.Response") -> set[str]:
    """Return the models a server tells of; none if it tells something else."""
    try:
        told: Any = answer.json()
        return {str(each["id"]) for each in told["data"]} if answer.is_success else set()
    except (ValueError, LookupError, TypeError):
        return set()


def _meanwhile(model: OpenAISettings) -> str:
    return f"meanwhile {model.fallback or 'nobody'} thinks in its place"


def _described(model: OpenAISettings) -> str:
    from services.cognition.openai.prices import price_of

    found = f"{model.model} at {model.base_url} is reached"
    if model.structured != "json_schema":
        found += f", answers are asked for as {model.structured}: more of them are malformed"
    if (model.price or price_of(model.model)) is None:
        found += ", its price is not known: its cost counts as 0 unless you set `price`"
    if model.fallback is None:
        found += ", without a fallback: nobody thinks while it does not answer"
    return found


def _short(text: str) -> str:
    shown = visible(text)
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}..."
