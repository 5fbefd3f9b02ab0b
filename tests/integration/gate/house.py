"""What one process has: store, views, executor, gate."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from domain.aggregates import Proposal
from domain.canonical import canonical
from domain.events import Event
from domain.events.gate import Action
from domain.limits import Limits
from services.clock import new_id
from services.commands import cognition, lifecycle, observation, proposing
from services.commands.lifecycle import Ceilings, NewPersona
from services.executor import Executor
from services.gate.actuators import Actuators, actuators
from services.gate.gate import Gate
from services.gate.policy import Policy
from services.gate.settings import GateSettings
from services.gate.steps import Steps
from services.inputs.lines import batches_of
from services.settings import Settings
from services.store.codec import decode
from services.store.recorder import Recorder
from services.views import Views

H = TypeVar("H", bound="House")

TOOLS = ("file.append", "notify")


class House:
    """One process, and short words for what tests do in it."""

    def __init__(
        self,
        store: Recorder,
        database: str,
        home: Path,
        gate: GateSettings | None = None,
        tools: Actuators | None = None,
    ) -> None:
        self.store = store
        self.settings = Settings(home=home, gate=gate or GateSettings())
        self.folder = self.settings.actions_folder
        self.executor = Executor(store, 12)
        self.views = Views(store, database)
        self.gate = Gate(self.executor, store, self.views, self.settings, database, tools)
        held = actuators(self.settings) if tools is None else tools
        self.steps = Steps(self.executor, store, Policy(self.settings.gate), held, database)

    def close(self) -> None:
        self.views.close()
        self.executor.close()

    def spawn(
        self,
        persona_id: str,
        parent_id: str | None = None,
        swarm_id: str | None = None,
        tools: tuple[str, ...] = TOOLS,
        share_with: tuple[str, ...] = (),
    ) -> None:
        new = NewPersona(
            persona_id=persona_id, name="n", role="r", charter="c", parent_id=parent_id,
            swarm_id=swarm_id, limits=Limits(allowed_tools=tools, share_with=share_with),
        )  # fmt: skip
        context = self.executor.context("user:eve")
        self.executor.run(context, lambda unit: lifecycle.spawn(unit, new, Ceilings()))

    def observe(self, text: str, swarm_id: str = "swarm-core") -> int:
        """Store a text; return its position."""
        context = self.executor.context("user:eve")
        batches = batches_of(text.encode())
        return self.executor.run(
            context, lambda unit: observation.observe(unit, swarm_id, "test.log", batches)
        ).position

    def think(self, persona_id: str = "ann", content: str = "hm") -> tuple[int, str]:
        """Append a thought; return its position and id."""
        context = self.executor.context(f"persona:{persona_id}")
        thought = cognition.Thought(phase="reflect", content=content)
        done = self.executor.run(context, lambda unit: cognition.think(unit, persona_id, thought))
        return done.position, done.result.event_id

    def compress(self, persona_id: str, snapshot_id: str) -> tuple[int, str]:
        """Append a snapshot; return its position and event id."""
        context = self.executor.context("system:scheduler")
        done = self.executor.run(
            context,
            lambda unit: cognition.compress(
                unit, unit.persona(persona_id), snapshot_id=snapshot_id, summary="all quiet",
                persona_scope=(persona_id,), from_position=1, to_position=2, thoughts_in=1,
            ),
        )  # fmt: skip
        return done.position, done.result.event_id

    def propose(
        self, *refs: str, tool: str = "file.append", target: str = "deny.list",
        line: str | None = "192.0.2.7", risk: str = "high", persona_id: str = "ann",
    ) -> str:  # fmt: skip
        """Propose to append a line, or nothing at all; return the proposal's id."""
        action = None
        if line is not None:
            arguments = canonical({"line": line})
            action = Action(tool=tool, target=target, arguments=arguments)
        new = proposing.NewProposal(
            proposal_id=new_id(), title="Deny it", rationale="It fails", risk=risk,
            evidence_refs=refs or (f"{self.first_observation}#0,2",), action=action,
        )  # fmt: skip
        context = self.executor.context(f"persona:{persona_id}")
        self.executor.run(context, lambda unit: proposing.propose(unit, persona_id, new))
        return new.proposal_id

    def note(self, line: str = "many errors") -> str:
        """Propose what needs nobody's approval; return the proposal's id."""
        return self.propose(tool="notify", target="ops", line=line, risk="low")

    def approve(self, proposal_id: str) -> Proposal:
        """Approve what is shown, as a person would."""
        shown = self.gate.show(proposal_id)
        return self.gate.approve(self.executor.context("user:eve"), proposal_id, shown.shown_hash)

    @property
    def first_observation(self) -> int:
        return self.store.read(0, 1, topics=["observation.received"])[0].position

    def events(self, proposal_id: str) -> list[Event]:
        """Return what happened to a proposal, in order."""
        return [decode(s.state) for s in self.store.stream(f"proposal/{proposal_id}")]

    def topics(self, proposal_id: str) -> list[str]:
        return [event.topic for event in self.events(proposal_id)]

    def lines(self, file: str = "deny.list") -> list[str]:
        """Return the lines of a file, without the keys."""
        path = self.folder / file
        if not path.exists():
            return []
        return [line.split(" # perpetua:")[0] for line in path.read_text().splitlines()]


@contextmanager
def houses(
    kind: Callable[..., H], open_store: Callable[[], Recorder], database: str, home: Path
) -> Iterator[Callable[..., H]]:
    """Open what one process has, as often as asked for; all share the store and the folder."""
    opened: list[H] = []

    def open_one(**options: object) -> H:
        opened.append(kind(open_store(), database, home, **options))
        return opened[-1]

    yield open_one
    for house in opened:
        house.close()


def begun(house: H) -> H:
    """Let a root persona `ann` have seen three lines."""
    house.spawn("ann")
    house.observe("first\nsecond\nthird\n")
    return house
