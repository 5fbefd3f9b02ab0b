"""The actuator of replies: it hands the answer over in the receipt, and touches nothing else."""

from domain.asking import MOST_ANSWER_CHARS
from domain.ports import Acted


class ReplyActuator:
    """Answers a question. Whoever asked finds the answer where the action's end is recorded."""

    def refusal(self, target: str, arguments: dict[str, object]) -> str | None:
        """Tell why it would refuse these; None if it would try."""
        answer = arguments.get("answer")
        if not isinstance(answer, str) or len(arguments) > 1:
            return 'the arguments must be {"answer": TEXT}'
        if not answer.strip() or len(answer) > MOST_ANSWER_CHARS:
            return f"the answer must be 1 to {MOST_ANSWER_CHARS:,} characters, not all blank"
        return None

    def act(self, target: str, arguments: dict[str, object], key: str) -> Acted:
        """Hand the answer over."""
        if refused := self.refusal(target, arguments):
            return Acted("failure", {"error": refused})
        return Acted("success", {"answer": arguments["answer"]})

    def was_done(self, target: str, key: str) -> Acted | None:
        """Tell that nothing was: an answer that is in no receipt has reached nobody.

        So after a crash it is handed over again, which can't be told from the first time.
        """
        return None
