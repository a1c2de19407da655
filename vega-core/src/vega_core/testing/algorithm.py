"""Conformance kit of search algorithms."""

from __future__ import annotations

import math
from typing import Any, ClassVar, Literal

from vega_core.errors import SearchError
from vega_core.search import FAILED, Algorithm, Continue, Problem, Proposal
from vega_core.testing import problems
from vega_core.testing.compare import require
from vega_core.testing.conformance import Conformance
from vega_core.testing.simulation import (
    Answered,
    Asked,
    Simulation,
    always_failed,
    made_up,
    sometimes,
)

Capability = Literal["conditional", "several_objectives"]


class AlgorithmConformance(Conformance):
    """What every search algorithm must do. Subclass it, write `make`, and run pytest.

    Example::

        class TestMine(AlgorithmConformance):
            def make(self, problem):
                return Mine(problem, num_samples=20)

    Attributes:
        capabilities: What the algorithm can handle beyond one objective and an unconditional
            space. It must refuse what it cannot, with a `SearchError` when it is made.
        expected_failures: Name of a test -> the reason why it fails. The test must fail then.
        max_asks: How many asks a search made by `make` may take.
    """

    capabilities: ClassVar[frozenset[Capability]] = frozenset({"conditional", "several_objectives"})
    max_asks: ClassVar[int] = 5000

    def make(self, problem: Problem) -> Algorithm:
        """Returns a new algorithm that ends within `max_asks`; the author writes this."""
        raise NotImplementedError(f"{type(self).__name__} must define make(self, problem)")

    # The proposals.

    def test_proposals_lie_in_the_space(self) -> None:
        for proposal in self._run().proposals:
            problems.problem().space.validate(proposal.config)

    def test_numbers_are_dense_and_a_trial_keeps_its_configuration(self) -> None:
        proposals = self._run(workers=8).proposals
        numbers = [proposal.id for proposal in proposals]
        require(numbers == list(range(len(proposals))), "proposals must be numbered from 0")
        seen: dict[int, Proposal] = {}
        for proposal in proposals:
            require(
                proposal.trial <= len(seen), f"trial {proposal.trial} comes after {len(seen) - 1}"
            )
            known = seen.setdefault(proposal.trial, proposal)
            require(
                known.config == proposal.config, f"trial {proposal.trial} has two configurations"
            )

    def test_a_trial_continues_at_a_larger_budget(self) -> None:
        told: dict[int, float] = {}
        simulation = self._run(workers=8)
        proposals = {proposal.id: proposal for proposal in simulation.proposals}
        for event in simulation.events:
            if isinstance(event, Answered):
                done = proposals[event.proposal_id]
                told[done.trial] = max(told.get(done.trial, 0), done.budget)
            elif isinstance(event.proposal.start, Continue):
                trial, budget = event.proposal.start.trial, event.proposal.budget
                require(trial in told, f"continues trial {trial}, which has no result")
                require(told[trial] < budget, f"continues trial {trial} at no larger budget")

    def test_it_keeps_to_its_plan(self) -> None:
        plan = self._make(problems.problem()).plan()
        if plan is None:
            return
        proposals = self._run(workers=4).proposals
        budgets = [proposal.budget for proposal in proposals]
        for budget in sorted(set(budgets)):
            most = sum(rung.at_most for rung in plan.rungs if rung.budget == budget)
            count = budgets.count(budget)
            require(
                count <= most, f"{count} evaluations at budget {budget}, planned at most {most}"
            )

    # Determinism.

    def test_the_seed_decides(self) -> None:
        """Not the global generators, not the clock; and it leaves the generators alone."""
        with problems.surroundings(seed=1, time=0.0):
            first = self._run(workers=4, pick=problems.shuffled())
        with problems.surroundings(seed=2, time=1e9 + 1):
            second = self._run(workers=4, pick=problems.shuffled())
        require(first.events == second.events, "the same seed gave other proposals")

    def test_replay_gives_the_same_proposals(self) -> None:
        problem = problems.problem()
        result = sometimes(made_up(problem.objectives), FAILED, every=5)
        simulation = self._run(result=result, workers=4, pick=problems.shuffled())
        again = self._make(problem)
        for event in simulation.events:
            if isinstance(event, Asked):
                proposal = again.ask()
                require(proposal == event.proposal, f"{proposal} instead of {event.proposal}")
            else:
                again.tell(event.proposal_id, event.metrics)
        require(again.done == simulation.algorithm.done, "done only at first")

    def test_asking_in_vain_changes_nothing(self) -> None:
        plain = self._run(workers=16, pick=problems.shuffled())
        impatient = self._run(workers=16, pick=problems.shuffled(), asks_in_vain=3)
        require(plain.events == impatient.events, "an ask() that gave nothing left a trace")

    # Results.

    def test_one_proposal_at_a_time(self) -> None:
        self._ends(self._run(workers=1))

    def test_many_proposals_at_a_time(self) -> None:
        self._ends(self._run(workers=64, pick=problems.shuffled()))

    def test_results_in_reverse_order(self) -> None:
        self._ends(self._run(workers=8, pick=lambda running: len(running) - 1))

    def test_a_late_result(self) -> None:
        """The first proposal is evaluated until all others have ended."""
        self._ends(self._run(workers=4, pick=lambda running: min(1, len(running) - 1)))

    def test_lost_results(self) -> None:
        usual = made_up(problems.problem().objectives)
        simulation = self._run(result=sometimes(usual, None, every=3), workers=4)
        algorithm = simulation.algorithm
        early = bool(algorithm.outstanding) and algorithm.done
        require(not early, "done while results are outstanding")
        for proposal_id in list(algorithm.outstanding):
            algorithm.tell(proposal_id, FAILED)
        simulation.result = usual
        self._ends(simulation.run())

    def test_failed_results(self) -> None:
        usual = made_up(problems.problem().objectives)
        self._ends(self._run(result=sometimes(usual, FAILED, every=2)))

    def test_results_that_are_not_finite(self) -> None:
        usual = made_up(problems.problem().objectives)
        for value in (math.nan, math.inf, -math.inf):
            simulation = self._run(result=sometimes(usual, {"loss": value}, every=2), workers=4)
            self._ends(simulation)
            best = simulation.algorithm.best()
            require(best is None or math.isfinite(best.values["loss"]), f"{value} was compared")

    def test_everything_fails(self) -> None:
        simulation = self._run(result=always_failed, workers=4)
        self._ends(simulation)
        require(simulation.algorithm.best() is None, "best() of nothing")

    def test_equal_results(self) -> None:
        self._ends(self._run(result=lambda proposal: {"loss": 1.0}, workers=4))  # noqa: ARG005

    # Problems.

    def test_a_space_of_one_point(self) -> None:
        simulation = self._run(problems.problem(problems.ONE_POINT), workers=2)
        self._ends(simulation)

    def test_a_conditional_space(self) -> None:
        problem = problems.problem(problems.CONDITIONAL)
        if self._refuses("conditional", problem):
            return
        simulation = self._run(problem, workers=4)
        self._ends(simulation)
        for proposal in simulation.proposals:
            active = proposal.config["optimizer"] == "SGD"
            require(("momentum" in proposal.config) == active, f"{proposal.config}")

    def test_several_objectives(self) -> None:
        problem = problems.problem(objectives={"loss": "min", "accuracy": "max"})
        if self._refuses("several_objectives", problem):
            return
        simulation = self._run(problem, workers=4)
        self._ends(simulation)
        require(bool(simulation.algorithm.pareto()), "no Pareto front")

    def test_constraints(self) -> None:
        """Configurations that break one are never proposed, and the search goes on."""
        simulation = self._run(problems.constrained(), workers=4)
        self._ends(simulation)
        for proposal in simulation.proposals:
            require(proposal.config["layers"] <= 2, f"{proposal.config} breaks a constraint")

    # Helpers.

    def _make(self, problem: Problem) -> Algorithm:
        algorithm = self.make(problem)
        require(isinstance(algorithm, Algorithm), "make() must return an Algorithm")
        return algorithm

    def _run(self, problem: Problem | None = None, **keywords: Any) -> Simulation:
        problem = problem or problems.problem()
        keywords.setdefault("result", made_up(problem.objectives))
        return Simulation(self._make(problem), max_asks=self.max_asks, **keywords).run()

    def _ends(self, simulation: Simulation) -> None:
        algorithm = simulation.algorithm
        require(bool(simulation.proposals), "proposed nothing")
        require(algorithm.done, "every result was told, and it neither proposes nor is done")
        again = [algorithm.ask() for _ in range(3)]
        require(again == [None] * 3 and algorithm.done, "proposes after it was done")

    def _refuses(self, capability: Capability, problem: Problem) -> bool:
        """Whether the algorithm does not claim a capability; it must refuse the problem then."""
        if capability in self.capabilities:
            return False
        try:
            self.make(problem)
        except SearchError:
            return True
        raise AssertionError(f"must refuse the problem, or declare the capability '{capability}'")
