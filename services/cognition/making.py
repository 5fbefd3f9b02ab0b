"""Makes the thinkers that the settings name."""

from collections.abc import Mapping

from domain.ports import Thinker
from services.cognition.openai.settings import OpenAISettings
from services.cognition.thinkers import STATISTICAL, Chosen, Thinkers


def make_thinkers(
    statistical: Thinker,
    models: Mapping[str, OpenAISettings],
    default: str,
    tools: Mapping[str, str],
) -> Thinkers:
    """Make every thinker there is.

    Args:
        statistical: the one that is always there, and answers where a model does not.
        models: models by the name of their thinker; those of one server share its limits.
        default: who thinks for a persona whose tags name none.
        tools: what can be proposed, name to what it does.
    """
    made = {STATISTICAL: Chosen(statistical)}
    if not models:
        return Thinkers(made, default)
    from services.cognition.openai.endpoint import endpoints, key_of  # noqa: PLC0415 - slow to load
    from services.cognition.openai.thinker import OpenAIThinker  # noqa: PLC0415 - the same

    there = endpoints(models.values())
    for name, each in models.items():
        thinker = OpenAIThinker(each, there[key_of(each)], tools)
        fallback = statistical if each.fallback else None
        made[name] = Chosen(thinker, fallback, each.retries, thinker.standing)
    return Thinkers(made, default, [endpoint.close for endpoint in there.values()])
