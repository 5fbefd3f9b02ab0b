"""Every refusal, by name. Each has a stable `code` and carries its numbers.

DomainError
├── InvalidInput           what was sent can't be meant
├── NotFound               no such thing
├── LimitExceeded          a hard limit said no
│   └── BudgetExhausted    ... until the next window
├── WrongState             not now, or not any more
├── NotAllowed             not by this actor
└── ShownHashRequired      not without saying what was shown
"""

from collections.abc import Sequence


class DomainError(Exception):
    """A rule said no. `details` are the numbers and ids behind the sentence."""

    code = "refused"

    def __init__(self, message: str, **details: object) -> None:
        super().__init__(message)
        self.message = message
        self.details = details


class InvalidInput(DomainError):
    """What was sent can't be meant."""

    code = "invalid_input"


class UnknownThinker(InvalidInput):
    """A tag asks for a thinker that is not there."""

    code = "unknown_thinker"

    def __init__(self, thinker: str, known: Sequence[str]) -> None:
        super().__init__(
            f"there is no thinker {thinker!r}: name one of {', '.join(known)}",
            field="tags", thinker=thinker, known=list(known),
        )  # fmt: skip


class NotFound(DomainError):
    """There is no such thing."""

    code = "not_found"


class LimitExceeded(DomainError):
    """A hard limit would be passed; nothing was done."""

    code = "limit_exceeded"


class WrongState(DomainError):
    """It can't be done now, or not any more."""

    code = "wrong_state"


class NotAllowed(DomainError):
    """This actor may not do it."""

    code = "not_allowed"


class PersonaNotFound(NotFound):
    """No persona has this id."""

    code = "persona_not_found"

    def __init__(self, persona_id: str) -> None:
        super().__init__(f"persona not found: {persona_id}", persona_id=persona_id)


class SwarmNotFound(NotFound):
    """No swarm has this id."""

    code = "swarm_not_found"

    def __init__(self, swarm_id: str) -> None:
        super().__init__(f"swarm not found: {swarm_id}", swarm_id=swarm_id)


class ProposalNotFound(NotFound):
    """No proposal has this id."""

    code = "proposal_not_found"

    def __init__(self, proposal_id: str) -> None:
        super().__init__(f"proposal not found: {proposal_id}", proposal_id=proposal_id)


class QuestionNotFound(NotFound):
    """No question of this id was put to a persona."""

    code = "question_not_found"

    def __init__(self, question_id: str) -> None:
        super().__init__(f"question not found: {question_id}", question_id=question_id)


class ReservationNotFound(NotFound):
    """This persona has no open reservation of this id."""

    code = "reservation_not_found"

    def __init__(self, reservation_id: str) -> None:
        super().__init__(f"no open reservation {reservation_id}", reservation_id=reservation_id)


class ClaimNotFound(NotFound):
    """Nobody works on this, or not any more."""

    code = "claim_not_found"

    def __init__(self, swarm_id: str, topic: str) -> None:
        super().__init__(
            f"nobody of {swarm_id} works on {topic}", swarm_id=swarm_id, topic=topic
        )  # fmt: skip


class PersonaReapedError(WrongState):
    """The persona has ended."""

    code = "persona_reaped"

    def __init__(self, persona_id: str) -> None:
        super().__init__(f"persona {persona_id} has been reaped", persona_id=persona_id)


class PersonaIsPaused(WrongState):
    """The persona may not think for now."""

    code = "persona_paused"

    def __init__(self, persona_id: str, reason: str) -> None:
        super().__init__(
            f"persona {persona_id} is paused: {reason}", persona_id=persona_id, reason=reason
        )


class IdTaken(WrongState):
    """The id is, or once was, another's; ids are never used twice."""

    code = "id_taken"

    def __init__(self, kind: str, taken: str) -> None:
        super().__init__(f"{kind} id already used: {taken}", kind=kind, id=taken)


class ForeignSwarm(WrongState):
    """A child there would escape the ceilings of its ancestors: they do not fund that swarm."""

    code = "foreign_swarm"

    def __init__(self, swarm_id: str, persona_id: str) -> None:
        super().__init__(
            f"{persona_id} may spawn into its own swarm, a new one or one it founded,"
            f" not into {swarm_id}",
            swarm_id=swarm_id, persona_id=persona_id,
        )  # fmt: skip


class BranchingLimitExceeded(LimitExceeded):
    """The parent has as many live children as it may."""

    code = "branching_limit_exceeded"

    def __init__(self, parent_id: str, actual: int, limit: int) -> None:
        super().__init__(
            f"branching limit reached: {parent_id} has {actual} live children of {limit}",
            parent_id=parent_id, actual=actual, limit=limit,
        )  # fmt: skip


class ClaimLimitExceeded(LimitExceeded):
    """The persona works on as much as it may."""

    code = "claim_limit_exceeded"

    def __init__(self, persona_id: str, actual: int, limit: int) -> None:
        super().__init__(
            f"claims of {persona_id} exceed limit {limit}: it holds {actual}",
            persona_id=persona_id, actual=actual, limit=limit,
        )  # fmt: skip


class SpawnDepthExceeded(LimitExceeded):
    """The child would be of too late a generation."""

    code = "spawn_depth_exceeded"

    def __init__(self, parent_id: str, actual: int, limit: int) -> None:
        super().__init__(
            f"spawn depth {actual} exceeds limit {limit} of {parent_id}",
            parent_id=parent_id, actual=actual, limit=limit,
        )  # fmt: skip


class SpawnQuotaExceeded(LimitExceeded):
    """A persona, a swarm or the fabric has had as many personas as it may."""

    code = "spawn_quota_exceeded"

    def __init__(self, account: str, which: str, actual: int, limit: int) -> None:
        super().__init__(
            f"{which} of {account} exceeds limit {limit}: {actual}",
            account=account, which=which, actual=actual, limit=limit,
        )  # fmt: skip


class WiderThanParent(LimitExceeded):
    """A child's limits reach beyond its parent's."""

    code = "policy_wider_than_parent"

    def __init__(self, parent_id: str, fields: dict[str, list[object]]) -> None:
        named = ", ".join(
            f"{k} {mine} exceeds limit {theirs}" for k, (mine, theirs) in fields.items()
        )
        super().__init__(
            f"policy wider than that of its parent {parent_id}: {named}",
            parent_id=parent_id, fields=fields,
        )  # fmt: skip


class BudgetExhausted(LimitExceeded):
    """The worst case of the call does not fit what is left.

    `period` says of what: of a minute, or of the lifetime ceiling, to which only what others have
    leased and not used comes back. Without `retry_after_secs` no time helps.
    """

    code = "budget_exhausted"

    def __init__(
        self,
        account: str,
        resource: str,
        *,
        needed: int,
        left: int,
        limit: int,
        period: str,
        retry_after_secs: int | None,
    ) -> None:
        super().__init__(
            f"{resource} budget of {account} exhausted:"
            f" {needed} needed, {left} left of {limit} per {period}",
            account=account, resource=resource, needed=needed, left=left, limit=limit,
            period=period, retry_after_secs=retry_after_secs,
        )  # fmt: skip
        self.resource = resource
        self.left = left
        self.retry_after_secs = retry_after_secs
        self.is_hopeless = needed > limit
        """Whether no time helps, whoever uses nothing meanwhile: it is more than the ceiling."""


class SnapshotIncomplete(WrongState):
    """The last snapshot leaves out decisions or questions that must be carried on."""

    code = "snapshot_incomplete"

    def __init__(self, persona_id: str, missing: list[str]) -> None:
        super().__init__(
            f"the last snapshot of {persona_id} does not cite {', '.join(missing)}",
            persona_id=persona_id, missing=missing,
        )  # fmt: skip


class ProposalWrongState(WrongState):
    """The proposal is at another step of the gate."""

    code = "proposal_wrong_state"

    def __init__(self, proposal_id: str, status: str, wanted: str) -> None:
        super().__init__(
            f"proposal {proposal_id} is {status}, not {wanted}",
            proposal_id=proposal_id, status=status,
        )  # fmt: skip


class ForeignVoter(NotAllowed):
    """A persona of another swarm has no vote on the proposal."""

    code = "foreign_voter"

    def __init__(self, proposal_id: str, persona_id: str, swarm_id: str) -> None:
        super().__init__(
            f"{persona_id} is not of swarm {swarm_id}, whose proposal {proposal_id} is",
            proposal_id=proposal_id, persona_id=persona_id, swarm_id=swarm_id,
        )  # fmt: skip


class ForeignClaimant(NotAllowed):
    """A persona of another swarm has no part in this one's work."""

    code = "foreign_claimant"

    def __init__(self, persona_id: str, swarm_id: str) -> None:
        super().__init__(
            f"{persona_id} is not of swarm {swarm_id}", persona_id=persona_id, swarm_id=swarm_id
        )


class ShownHashMismatch(WrongState):
    """What was approved is not what the proposal says now."""

    code = "shown_hash_mismatch"

    def __init__(self, proposal_id: str, given: str, expected: str) -> None:
        super().__init__(
            f"proposal {proposal_id} is not what was shown: hash {given}, now {expected}",
            proposal_id=proposal_id, given=given, expected=expected,
        )  # fmt: skip


class ShownHashRequired(DomainError):
    """An approval must say what was shown."""

    code = "shown_hash_required"

    def __init__(self, proposal_id: str) -> None:
        super().__init__(
            f"approve proposal {proposal_id} with the shown_hash of what was shown",
            proposal_id=proposal_id,
        )


class ApprovalExpired(WrongState):
    """The approval lapsed before it was used."""

    code = "approval_expired"

    def __init__(self, proposal_id: str, expired_at: str) -> None:
        super().__init__(
            f"the approval of {proposal_id} lapsed at {expired_at}",
            proposal_id=proposal_id, expired_at=expired_at,
        )  # fmt: skip


class TargetHeld(WrongState):
    """The same action is pending on the target, or was done."""

    code = "target_held"

    def __init__(self, target: str, holder: str, how: str) -> None:
        super().__init__(
            f"the same action on {target} is {how} by proposal {holder}",
            target=target, holder=holder, how=how,
        )  # fmt: skip


class TopicClaimed(WrongState):
    """Somebody else of the swarm works on it."""

    code = "topic_claimed"

    def __init__(self, topic: str, holder: str, expires_at: str) -> None:
        super().__init__(
            f"{holder} works on {topic} until {expires_at}",
            topic=topic, holder=holder, expires_at=expires_at,
        )  # fmt: skip


class LoopSuperseded(WrongState):
    """A newer loop runs these partitions; this one must stop."""

    code = "loop_superseded"

    def __init__(self, held: int, current: int) -> None:
        super().__init__(f"loop {held} was superseded by {current}", held=held, current=current)


class EventTooLarge(InvalidInput):
    """An event is over 512 KiB; refused before any write."""

    code = "event_too_large"

    def __init__(self, topic: str, actual: int, limit: int) -> None:
        super().__init__(
            f"{topic} of {actual} bytes exceeds limit {limit}",
            topic=topic, actual=actual, limit=limit,
        )  # fmt: skip


class IdempotencyKeyReused(WrongState):
    """The idempotency key came before, with another body."""

    code = "idempotency_key_reused"

    def __init__(self, key: str) -> None:
        super().__init__(f"idempotency key {key} was used with another body", key=key)
