"""The text-mining core of the `statistical` thinker: no model, no network, no clock, no chance.

It reads lines of any program's log and says, with numbers and citations, which sources fail
again and again and which errors burst. What it says is a pure fold of the lines: the same lines
in any batches give the same findings, in memory that stays flat however many lines come.

| to | look at |
|---|---|
| read lines, ask what was found | `notebook` (`Notebook`), `line` (`Line`), `noticed` (`Noticed`) |
| what a finding is | `finding` (`Finding`); who makes them: `failing`, `burst`, `explained` |
| check one again from raw lines | `recount` (`recount`) |
| what to do about one | `suggest` (`suggest`) |
| parts that deserve a watcher | `focus` (`Focus`), `watchers` |
| what one line says | `lines/` |
| what was raised before | `raised` (`Raised`) |
| what is counted, and cited | `sources`, `signatures`, `evidence`, `spike` |
| kinds of message | `filing`, `template`, `noticed` |
| every threshold and cap | `limits` |
"""

from services.cognition.statistical.finding import Finding
from services.cognition.statistical.focus import Focus
from services.cognition.statistical.limits import LIMITS, Limits
from services.cognition.statistical.line import Line
from services.cognition.statistical.notebook import Notebook
from services.cognition.statistical.noticed import Noticed
from services.cognition.statistical.recount import Recount, recount
from services.cognition.statistical.suggest import Suggested, suggest

__all__ = [
    "Finding",
    "Focus",
    "LIMITS",
    "Limits",
    "Line",
    "Notebook",
    "Noticed",
    "Recount",
    "Suggested",
    "recount",
    "suggest",
]
