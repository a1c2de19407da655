"""What the public `ask` and `tell` count and check."""

from __future__ import annotations

import math

import pytest

from vega_core.errors import ModelError, SearchError
from vega_core.search import (
    FAILED,
    Algorithm,
    Continue,
    Inherit,
    Problem,
    Proposal,
    Shared,
    Suggestion,
    algorithm,
)

SPACE = {"x": ("FLOAT", 0.0, 1.0)}


class Scripted(Algorithm):
    """Suggests what it is given, in order."""

    def __init__(self, problem: Problem, *, script: list) -> None:
        super().__init__(problem)
        self.script = list(script)
        self.heard = []

    def _ask(self):
        return self.script.pop(0) if self.script else None

    def _tell(self, proposal, outcome):
        self.heard.append((proposal, outcome))

    def _done(self):
        return not self.script


class Short(Scripted):
    """Ends by itself however many are rejected."""

    rejection_bound = None


def new(x=0.5, **keywords):
    return Suggestion({"x": x}, **keywords)


def scripted(*script, cls=Scripted, objectives="loss", **keywords):
    return algorithm(cls, space=SPACE, objectives=objectives, script=list(script), **keywords)


def test_evaluations_and_trials_are_numbered_from_zero():
    search = scripted(
        new(0.1), new(0.2), Suggestion(trial=0, budget=3, start=Continue(0)), budget=2
    )
    first, second, third = search.ask(), search.ask(), search.ask()
    assert first == Proposal(0, 0, {"x": 0.1}, 2)
    assert second == Proposal(1, 1, {"x": 0.2}, 2)
    assert third == Proposal(2, 0, {"x": 0.1}, 3, Continue(0))
    assert dict(search.outstanding) == {0: first, 1: second, 2: third}


def test_done_waits_for_what_is_outstanding():
    search = scripted(new())
    proposal = search.ask()
    assert search.ask() is None
    assert not search.done
    search.tell(proposal.id, {"loss": 1.0})
    assert search.done
    assert search.ask() is None


def test_authors_hear_objectives_to_be_minimised():
    search = scripted(new(), new(), new(), objectives={"accuracy": "max", "macs": "min"})
    metrics = {"accuracy": 0.9, "macs": 5, "seconds": 2.0}
    for told in (metrics, FAILED, {"accuracy": math.nan, "macs": 5}):
        search.tell(search.ask().id, told)
    ok, failed, nan = (outcome for _, outcome in search.heard)
    assert (ok.state, ok.values, ok.metrics) == ("ok", (-0.9, 5.0), metrics)
    assert (failed.state, failed.values) == (nan.state, nan.values) == ("failed", ())
    assert search.counts == {"ok": 1, "failed": 2, "outstanding": 0, "rejected": 0}


def test_results_in_any_order():
    search = scripted(*[new()] * 5)
    proposals = [search.ask() for _ in range(5)]
    for proposal in reversed(proposals):
        search.tell(proposal.id, {"loss": proposal.id})
    assert [proposal.id for proposal, _ in search.heard] == [4, 3, 2, 1, 0]


@pytest.mark.parametrize("bad", [1, -1, "0", None, 0.5])
def test_an_id_that_nothing_has(bad):
    search = scripted(new(), new())
    search.ask()
    with pytest.raises(SearchError, match="no proposal has the id"):
        search.tell(bad, {"loss": 1.0})


def test_told_twice():
    search = scripted(new())
    search.tell(search.ask().id, FAILED)
    with pytest.raises(SearchError, match="proposal 0 has been told already"):
        search.tell(0, {"loss": 1.0})


def test_a_missing_metric_leaves_the_proposal_outstanding():
    search = scripted(new())
    proposal = search.ask()
    with pytest.raises(SearchError, match="'loss' was not reported; reported: lss"):
        search.tell(proposal.id, {"lss": 1.0})
    assert not search.heard
    search.tell(proposal.id, {"loss": 1.0})
    assert search.best().values == {"loss": 1.0}


def test_best_counts_each_trial_at_its_largest_budget():
    again = Suggestion(trial=0, budget=3, start=Continue(0))
    search = scripted(new(0.1), new(0.2), again)
    for loss in (0.1, 0.2):
        search.tell(search.ask().id, {"loss": loss})
    assert (search.best().number, search.best().budget) == (0, 1)
    search.tell(search.ask().id, {"loss": 0.3})
    best = search.best()
    assert (best.number, best.config, best.budget, best.values) == (1, {"x": 0.2}, 1, {"loss": 0.2})
    assert search.trials[0].values == {"loss": 0.3}


def test_a_late_result_of_a_smaller_budget_does_not_count():
    again = Suggestion(trial=0, budget=3, start=Continue(0))
    search = scripted(new(), again)
    small, large = search.ask(), search.ask()
    search.tell(large.id, {"loss": 0.5})
    search.tell(small.id, {"loss": 0.1})
    assert search.best().values == {"loss": 0.5}


def test_a_failure_at_a_larger_budget_leaves_the_smaller_result():
    search = scripted(new(), Suggestion(trial=0, budget=3))
    search.tell(search.ask().id, {"loss": 0.5})
    search.tell(search.ask().id, FAILED)
    assert (search.best().budget, search.best().values) == (1, {"loss": 0.5})


def test_of_equal_trials_the_larger_budget_is_best_then_the_lower_number():
    search = scripted(new(), new(), new(), Suggestion(trial=2, budget=3))
    while (proposal := search.ask()) is not None:
        search.tell(proposal.id, {"loss": 0.5})
        assert search.best().number == (2 if proposal.budget == 3 else 0)


def test_best_of_many_is_the_least():
    values = [((7 * i) % 31) / 31 for i in range(62)]
    rises = [Suggestion(trial=i, budget=2) for i in range(62)]
    search = scripted(*[new()] * 62, *rises)
    latest = {}
    while (proposal := search.ask()) is not None:
        loss = values[proposal.trial] if proposal.budget == 1 else 1 - values[proposal.trial]
        search.tell(proposal.id, {"loss": loss})
        latest[proposal.trial] = (loss, -proposal.budget, proposal.trial)
        if proposal.id % 3 == 0:
            assert search.best().number == min(latest.values())[2]


def test_the_state_when_nothing_succeeded():
    search = scripted(new(), new())
    assert search.best() is None
    search.tell(search.ask().id, FAILED)
    assert search.best() is None
    assert search.pareto() == []
    trial = search.trials[0]
    assert (trial.config, trial.budget, trial.values) == ({"x": 0.5}, None, {})


def test_several_objectives_have_a_front_and_no_best():
    search = scripted(*[new()] * 4, objectives={"accuracy": "max", "macs": "min"})
    for accuracy, macs in ((0.9, 9), (0.5, 1), (0.5, 2), (0.9, 9)):
        search.tell(search.ask().id, {"accuracy": accuracy, "macs": macs})
    assert [trial.number for trial in search.pareto()] == [0, 1, 3]
    assert search.pareto()[1].values == {"accuracy": 0.5, "macs": 1}
    with pytest.raises(SearchError, match=r"accuracy, macs.*pareto"):
        search.best()


def test_trials_are_a_sequence():
    search = scripted(*[new(i / 10) for i in range(5)])
    while (proposal := search.ask()) is not None:
        search.tell(proposal.id, {"loss": proposal.id})
    assert len(search.trials) == 5
    assert search.trials[-1].number == 4
    assert [trial.number for trial in search.trials[1:3]] == [1, 2]
    assert [trial.config["x"] for trial in search.trials] == [0.0, 0.1, 0.2, 0.3, 0.4]
    with pytest.raises(IndexError):
        search.trials[5]


def test_what_the_driver_holds_does_not_reach_the_records():
    search = scripted(new(0.5))
    search.ask().config["x"] = 2.0
    search.trials[0].config["x"] = 2.0
    assert search.trials[0].config == {"x": 0.5}


@pytest.mark.parametrize(
    ("suggestion", "message"),
    [
        (Suggestion({"x": 2.0}), "outside of the space"),
        (Suggestion({"y": 0.5}), "outside of the space"),
        (Suggestion({}), "outside of the space"),
        (Suggestion({"x": 0.5, "y": 0.5}), "outside of the space"),
        (Suggestion({"x": "0.5"}), "outside of the space"),
        (Suggestion(), "either a configuration or a trial"),
        (Suggestion({"x": 0.5}, trial=0), "either a configuration or a trial"),
        (Suggestion(trial=1), "trial 1, which does not exist"),
        (Suggestion(trial=-1), "trial -1, which does not exist"),
        (Suggestion({"x": 0.5}, start=Continue(1)), "continues trial 1, which does not exist"),
        (Suggestion({"x": 0.5}, budget=0), "budget of 0"),
        (Suggestion({"x": 0.5}, budget=math.nan), "budget of nan"),
    ],
)
def test_a_suggestion_that_is_not_valid(suggestion, message):
    search = scripted(new(), suggestion)
    search.ask()
    with pytest.raises(SearchError, match=f"Scripted .*{message}.* error in the algorithm"):
        search.ask()


def test_an_algorithm_that_would_wait_for_ever():
    class Stuck(Scripted):
        def _done(self):
            return False

    with pytest.raises(SearchError, match="waits for nothing and is not done"):
        scripted(cls=Stuck).ask()


@pytest.mark.parametrize("start", [Continue(0), Inherit("nas-3", {"a": "b"}), Shared("supernet")])
def test_every_start_reaches_the_driver(start):
    search = scripted(new(), new(0.7, start=start))
    search.ask()
    assert search.ask().start == start


class TestConstraints:
    """x must be at most a half."""

    def search(self, *script, cls=Scripted, analyse=lambda config: {"size": config["x"]}):
        return scripted(*script, cls=cls, constraints="size <= 0.5", analyse=analyse)

    def test_a_rejected_proposal_is_told_and_its_numbers_are_given_again(self):
        search = self.search(new(0.9), new(0.8), new(0.2), new(0.7), new(0.3))
        first, second = search.ask(), search.ask()
        assert (first.id, first.trial, first.config) == (0, 0, {"x": 0.2})
        assert (second.id, second.trial, second.config) == (1, 1, {"x": 0.3})
        assert [(p.trial, p.config["x"], o.state) for p, o in search.heard] == [
            (0, 0.9, "rejected"),
            (0, 0.8, "rejected"),
            (1, 0.7, "rejected"),
        ]
        assert search.rejected == {"size <= 0.5": 3}
        assert search.counts["rejected"] == 3
        assert len(search.trials) == 2

    def test_rejection_is_bounded(self):
        search = self.search(*[new(0.9)] * 2000)
        with pytest.raises(
            SearchError, match=r"1000 configurations in a row .* 1000 by size <= 0.5"
        ):
            search.ask()

    def test_the_bound_is_on_rejections_in_a_row(self):
        search = self.search(*([new(0.9)] * 600 + [new(0.1)]) * 3)
        assert [search.ask().id for _ in range(3)] == [0, 1, 2]

    def test_a_search_that_ends_by_itself(self):
        search = self.search(*[new(0.9)] * 1500, new(0.1), *[new(0.9)] * 1500, cls=Short)
        search.tell(search.ask().id, {"loss": 1.0})
        assert search.ask() is None
        assert search.done

    def test_a_search_that_rejects_everything(self):
        with pytest.raises(SearchError, match=r"3 configurations \(all there are\) were rejected"):
            self.search(*[new(0.9)] * 3, cls=Short).ask()

    def test_a_trial_that_exists_is_not_checked_again(self):
        seen = []

        def analyse(config):
            seen.append(config)
            return {"size": config["x"]}

        search = self.search(new(0.2), Suggestion(trial=0, budget=3), analyse=analyse)
        search.ask()
        search.ask()
        assert seen == [{"x": 0.2}]

    def test_the_message_counts_by_constraint(self):
        search = scripted(
            *[new(0.9)] * 600,
            *[new(0.1)] * 600,
            constraints={"size": "in [0.4, 0.6]"},
            analyse=lambda config: {"size": config["x"]},
        )
        with pytest.raises(SearchError, match=r"600 by size <= 0.6, 400 by size >= 0.4"):
            search.ask()

    def test_a_model_that_cannot_be_built_is_rejected(self):
        def analyse(config):
            if config["x"] > 0.5:
                raise ModelError("layer1: 3 channels into 4")
            return {"size": 0.0}

        search = self.search(new(0.9), new(0.1), analyse=analyse)
        assert search.ask().config == {"x": 0.1}
        assert search.rejected == {"a model that cannot be built": 1}
        with pytest.raises(SearchError, match=r"the last: layer1: 3 channels into 4"):
            self.search(*[new(0.9)] * 1000, analyse=analyse).ask()

    def test_a_metric_that_the_analysis_does_not_give(self):
        with pytest.raises(SearchError, match="gives no 'size'; it gives: params"):
            self.search(new(), analyse=lambda config: {"params": 3}).ask()

    def test_constraints_need_an_analysis(self):
        with pytest.raises(SearchError, match=r"constraints \(size <= 0.5\) need an analysis"):
            scripted(constraints="size <= 0.5")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"seed": -1}, "seed: expected an integer >= 0, got -1"),
        ({"budget": 0}, "budget: expected a finite number > 0, got 0"),
    ],
)
def test_a_problem_that_makes_no_sense(given, message):
    with pytest.raises(SearchError, match=message):
        scripted(**given)


def test_parameters_are_checked_by_name():
    with pytest.raises(
        SearchError, match=r"Scripted has no parameter 'scrip'; did you mean 'script'\?"
    ):
        algorithm(Scripted, space=SPACE, objectives="loss", scrip=[])
    with pytest.raises(SearchError, match="Scripted needs the parameter 'script'"):
        algorithm(Scripted, space=SPACE, objectives="loss")


def test_a_catalog_finds_the_class():
    class OneName:
        def load(self, kind, name):
            assert (kind, name) == ("algorithm", "mine")
            return Scripted

    search = algorithm("mine", space=SPACE, objectives="loss", catalog=OneName(), script=[new()])
    assert search.ask().config == {"x": 0.5}
