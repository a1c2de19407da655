"""The kit accepts a right algorithm and finds what is wrong with others."""

from __future__ import annotations

import random
import time

import numpy as np
import pytest

from vega_core.errors import SearchError
from vega_core.search import Algorithm, Continue, Problem, Sampler, Suggestion
from vega_core.testing import AlgorithmConformance


class Right(Algorithm):
    """Random search in its shortest form."""

    def __init__(self, problem: Problem, *, num_samples: int = 30) -> None:
        super().__init__(problem)
        self.left = num_samples
        self.sampler = Sampler(problem.space, self.rng)

    def _ask(self):
        if not self.left:
            return None
        self.left -= 1
        return Suggestion(self.sampler.draw())

    def _tell(self, proposal, outcome):
        self.left += outcome.state == "rejected"

    def _done(self):
        return not self.left


class OutOfTheSpace(Right):
    def _ask(self):
        suggestion = super()._ask()
        if suggestion is not None:
            suggestion.config["layers"] = 9
        return suggestion


class KeepsInactiveChildren(Right):
    def _ask(self):
        suggestion = super()._ask()
        if suggestion is not None and "momentum" in self.problem.space.names:
            suggestion.config.setdefault("momentum", 0.5)
        return suggestion


class Clock(Right):
    def _ask(self):
        if int(time.time()) % 2 and self.left:
            self.sampler.draw()
        return super()._ask()


class GlobalGenerator(Right):
    def _ask(self):
        if random.random() < 0.5 and self.left:
            self.sampler.draw()
        return super()._ask()


class GlobalNumPyGenerator(Right):
    def _ask(self):
        np.random.rand()  # noqa: NPY002
        return super()._ask()


class Endless(Right):
    def _tell(self, proposal, outcome):
        self.left += 1


class NeverDone(Right):
    def _done(self):
        return False


class DoneTooEarly(Right):
    """Wakes up again after it has said that it is done."""

    def __init__(self, problem):
        super().__init__(problem)
        self.calls = 0

    def _done(self):
        self.calls += not self.left
        if self.calls == 3:
            self.left += 1
        return super()._done()


class LeavesTraces(Right):
    """Draws although it has nothing to say."""

    def _ask(self):
        if len(self.outstanding) >= 2:
            self.sampler.draw()
            return None
        return super()._ask()


class ComparesNaN(Right):
    def __init__(self, problem):
        super().__init__(problem)
        self.ranked = []

    def _tell(self, proposal, outcome):
        super()._tell(proposal, outcome)
        if outcome.state != "rejected":
            self.ranked.append(outcome.values[0])


class ComparesRejectedOnes(Right):
    def _tell(self, proposal, outcome):
        super()._tell(proposal, outcome)
        if outcome.state != "failed":
            self.last = outcome.values[0]


class ForgetsTheBudget(Right):
    """Continues a trial for as many epochs as it has had."""

    def _tell(self, proposal, outcome):
        super()._tell(proposal, outcome)
        self.next = proposal.trial

    def _ask(self):
        if self.left % 2 and hasattr(self, "next"):
            self.left -= 1
            return Suggestion(trial=self.next, start=Continue(self.next))
        return super()._ask()


class ContinuesWhatIsRunning(Right):
    def _ask(self):
        if self.left % 3 == 1 and self.next_trial:
            self.left -= 1
            trial = self.next_trial - 1
            return Suggestion(trial=trial, budget=100 - self.left, start=Continue(trial))
        return super()._ask()


class BarsTheDoor(Right):
    """Waits for every result in the order of asking."""

    def _tell(self, proposal, outcome):
        super()._tell(proposal, outcome)
        if proposal.id != getattr(self, "expected", 0):
            raise SearchError("out of order")
        self.expected = proposal.id + 1


def kit(cls, **attributes):
    made = {"make": lambda self, problem: cls(problem), "max_asks": 300, **attributes}
    return type("Kit", (AlgorithmConformance,), made)()


def failures(cls, **attributes):
    tests, failed = kit(cls, **attributes), set()
    for name in dir(tests):
        if name.startswith("test_"):
            try:
                getattr(tests, name)()
            except Exception:
                failed.add(name.removeprefix("test_"))
    return failed


def test_a_right_algorithm_passes():
    assert failures(Right) == set()


@pytest.mark.parametrize(
    ("cls", "expected"),
    [
        (OutOfTheSpace, "proposals_lie_in_the_space"),
        (KeepsInactiveChildren, "a_conditional_space"),
        (Clock, "the_seed_decides"),
        (GlobalGenerator, "the_seed_decides"),
        (GlobalNumPyGenerator, "the_seed_decides"),
        (Endless, "one_proposal_at_a_time"),
        (NeverDone, "one_proposal_at_a_time"),
        (DoneTooEarly, "one_proposal_at_a_time"),
        (LeavesTraces, "asking_in_vain_changes_nothing"),
        (LeavesTraces, "replay_gives_the_same_proposals"),
        (ComparesNaN, "results_that_are_not_finite"),
        (ComparesNaN, "failed_results"),
        (ComparesRejectedOnes, "constraints"),
        (ForgetsTheBudget, "a_trial_continues_at_a_larger_budget"),
        (ContinuesWhatIsRunning, "a_trial_continues_at_a_larger_budget"),
        (BarsTheDoor, "results_in_reverse_order"),
        (BarsTheDoor, "a_late_result"),
    ],
)
def test_a_wrong_algorithm_fails(cls, expected):
    assert expected in failures(cls)


def test_what_is_not_claimed_must_be_refused():
    class OneObjectiveOnly(Right):
        def __init__(self, problem):
            super().__init__(problem)
            if len(problem.objectives) > 1:
                raise SearchError("one objective only")

    claims = {"capabilities": frozenset({"conditional"})}
    assert failures(OneObjectiveOnly, **claims) == set()
    assert failures(OneObjectiveOnly) == {"several_objectives"}
    assert failures(Right, **claims) == {"several_objectives"}


def test_an_expected_failure_is_named_with_its_reason():
    tests = kit(Clock, expected_failures={"test_the_seed_decides": "reads the clock"})
    mark = tests.test_the_seed_decides.pytestmark[0]
    assert (mark.name, mark.kwargs) == ("xfail", {"reason": "reads the clock", "strict": True})
    with pytest.raises(
        TypeError, match="no 'test_seed_decides'; did you mean 'test_the_seed_decides'"
    ):
        kit(Clock, expected_failures={"test_seed_decides": "reads the clock"})


def test_an_author_must_say_what_to_test():
    class Empty(AlgorithmConformance):
        pass

    with pytest.raises(NotImplementedError, match="Empty must define make"):
        Empty().test_one_proposal_at_a_time()
