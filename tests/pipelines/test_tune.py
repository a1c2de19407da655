"""``vega.tune``: a search over a Python function."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

import vega_core as vega
from vega_core.errors import RunFailed, SearchError, SpaceError, UserError
from vega_core.pipeline import Progress
from vega_core.store.journal import Journal

SPACE = {"x": ("FLOAT", 0.0, 1.0), "kind": ["a", "b"]}


def cost(config):
    return (config["x"] - 0.3) ** 2 + (config["kind"] == "b")


def test_a_function_of_one_argument():
    found = vega.tune(cost, SPACE, algorithm="RandomSearch", trials=40, seed=1)
    assert len(found.trials) == 40
    assert found.config["kind"] == "a"
    assert abs(found.config["x"] - 0.3) < 0.2
    assert found.metrics == {"loss": cost(found.config)}
    assert found.best.budget == 1
    assert found.failed == 0
    again = vega.tune(cost, SPACE, algorithm="RandomSearch", trials=40, seed=1)
    assert [one.config for one in again.trials] == [one.config for one in found.trials]


def test_budgets_and_reports():
    seen = []

    def learns(config, budget, report):
        for epoch in range(int(budget)):
            report(cost(config) + 1 / (epoch + 1), epoch + 1)
        return cost(config) + 1 / budget

    class Watch(Progress):
        def reported(self, report):
            seen.append((report.key.trial, report.key.budget, report.step, dict(report.metrics)))

    found = vega.tune(learns, SPACE, trials=9, max_budget=9, eta=3, progress=Watch())
    assert found.best.budget == 9
    assert {budget for _, budget, _, _ in seen} == {1, 3, 9}
    assert all(list(metrics) == ["loss"] for *_, metrics in seen)


def test_a_function_may_take_the_seed():
    seeds = []

    def noisy(config, *, seed):
        seeds.append(seed)
        return seed

    vega.tune(noisy, SPACE, algorithm="RandomSearch", trials=4, seed=5)
    assert len(set(seeds)) == 4


def test_what_is_to_be_large():
    found = vega.tune(
        lambda config: {"accuracy": config["x"], "other": 1},
        SPACE,
        algorithm="RandomSearch",
        objectives={"accuracy": "max"},
        trials=20,
    )
    assert found.metrics["accuracy"] == max(one.values["accuracy"] for one in found.trials)


def test_several_objectives_give_the_front():
    found = vega.tune(
        lambda config: {"loss": config["x"] ** 2, "size": round(1 - config["x"], 1)},
        {"x": ("FLOAT", 0.0, 1.0)},
        algorithm="RandomSearch",
        objectives={"loss": "min", "size": "min"},
        trials=30,
    )
    front = [one.values for one in found.pareto]
    assert len(front) > 3
    for one in front:
        assert not any(
            other["loss"] <= one["loss"] and other["size"] <= one["size"] and other != one
            for other in (trial.values for trial in found.trials)
        )


def test_constraints_on_what_is_known_before():
    called = []

    def objective(config):
        called.append(config["width"])
        return -config["width"]

    found = vega.tune(
        objective,
        {"width": ("INT", 1, 64)},
        algorithm="RandomSearch",
        trials=20,
        constraints="params <= 100",
        analyse=lambda config: {"params": config["width"] ** 2},
    )
    assert max(called) <= 10
    assert len(called) == len(found.trials) == 20


def test_lambdas_and_local_functions_run_in_threads():
    threads = set()
    barrier = threading.Barrier(2, timeout=20)

    def meets(config):
        threads.add(threading.current_thread().name)
        barrier.wait()  # only if two trials run at once
        return config["x"]

    found = vega.tune(meets, SPACE, algorithm="RandomSearch", trials=4, workers=2)
    assert len(found.trials) == 4
    assert len(threads) == 2
    assert threading.current_thread().name not in threads


def test_failing_and_infinite_trials_are_counted_and_never_best():
    def sometimes(config):
        if config["kind"] == "b":
            raise ValueError("no luck")
        return math.nan if config["x"] > 0.7 else config["x"]

    found = vega.tune(sometimes, SPACE, algorithm="RandomSearch", trials=40, seed=3)
    assert found.failed > 10
    assert found.config["kind"] == "a"
    assert found.config["x"] < 0.7
    bad = [one for one in found.trials if one.budget is None]
    assert len(bad) == found.failed


def test_nothing_that_succeeds_is_an_error():
    with pytest.raises(RunFailed, match=r"none of the 5 trials .*5 nan.*loss is nan"):
        vega.tune(lambda config: math.nan, SPACE, algorithm="RandomSearch", trials=5)


def test_a_bug_in_the_function_stops_early_and_says_where():
    calls = []

    def broken(config):
        calls.append(1)
        return config["learning_rate"]

    with pytest.raises(RunFailed, match=r"first 3 trials .*KeyError.*learning_rate") as caught:
        vega.tune(broken, SPACE, algorithm="RandomSearch", trials=50)
    assert len(calls) == 3
    assert "test_tune.py:" in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"space": {"x": ("FLOT", 0, 1)}}, SpaceError, "FLOAT"),
        ({"space": {"x": ("FLOAT", 1, 0)}}, SpaceError, "x"),
        ({"space": {}}, SpaceError, "at least one hyperparameter"),
        ({"algorithm": "RandomSerch"}, vega.VegaError, "did you mean 'RandomSearch'"),
        ({"algorithm": "GridSearch", "trials": 4}, SearchError, "leave out trials"),
        ({"etta": 3}, SearchError, "did you mean 'eta'"),
        ({"objectives": {"loss": "smal"}}, SearchError, "'max' or 'min'"),
        ({"objectives": "shoe"}, SearchError, "large or small"),
        ({"constraints": "params <= 3"}, SearchError, "analyse"),
        ({"trials": 0}, SearchError, "num_samples"),
        ({"workers": -1}, SearchError, "workers: expected 0 or more"),
        ({"resume": True}, SearchError, "give output"),
        ({"resume": True, "output": "nowhere"}, SearchError, "there is no folder nowhere"),
        ({"trial_timeout": 3.0}, SearchError, "need child processes"),
        ({"n_trials": 9}, SearchError, "no argument 'n_trials'; give trials"),
        ({"direction": "minimize"}, SearchError, "give objectives"),
        ({"worker": 2}, SearchError, "did you mean 'workers'"),
        ({"workers": "2"}, SearchError, r"workers: expected .* got '2' \(str\)"),
        ({"trial_timeout": "3"}, SearchError, "trial_timeout: expected a number"),
        ({"objective": {"x": 1}}, UserError, "objective: expected a function"),
    ],
)
def test_mistakes_say_what_to_do(arguments, error, words):
    with pytest.raises(error, match=words):
        vega.tune(**{"objective": cost, "space": SPACE, "trials": 3} | arguments)


def test_a_wrong_result_names_it():
    with pytest.raises(vega.VegaError, match="a number"):
        vega.tune(lambda config: "good", SPACE, algorithm="RandomSearch", trials=5)
    with pytest.raises(RunFailed, match=r"'loss' was not reported; reported: accuracy"):
        vega.tune(lambda config: {"accuracy": 1}, SPACE, algorithm="RandomSearch", trials=5)


def test_a_journal_is_kept_and_resumed(tmp_path):
    calls = []

    def interrupted(config):
        calls.append(config)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return cost(config)

    arguments = {"algorithm": "RandomSearch", "trials": 8, "output": tmp_path / "out"}
    with pytest.raises(KeyboardInterrupt):
        vega.tune(interrupted, SPACE, **arguments)
    with pytest.raises(SearchError, match="holds a run already; give resume=True"):
        vega.tune(interrupted, SPACE, **arguments)
    found = vega.tune(interrupted, SPACE, **arguments, resume=True)
    assert len(found.trials) == 8
    assert len(calls) == 9  # the fourth again, and nothing else
    undisturbed = vega.tune(cost, SPACE, algorithm="RandomSearch", trials=8)
    assert [one.values for one in found.trials] == [one.values for one in undisturbed.trials]


def kept(folder):
    with Journal.read(folder / "journal.db") as journal:
        return [entry.id for entry in journal.events()]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"trials": 9}, "was begun with trials=5, now 9"),
        ({"seed": 1}, "was begun with seed=0, now 1"),
        ({"objectives": {"loss": "max"}}, "objectives={'loss': 'min'}, now {'loss': 'max'}"),
        ({"space": {"x": ("FLOAT", 0.0, 2.0)}}, "another space"),
        ({"algorithm": "AshaHpo"}, "was begun with algorithm="),
        ({"deterministic": True}, "deterministic=False, now True"),
        ({"constraints": "size <= 3", "analyse": lambda config: {"size": 1}}, "constraints"),
    ],
)
def test_a_run_goes_on_only_as_it_was_begun(tmp_path, change, words):
    arguments = {"space": SPACE, "algorithm": "RandomSearch", "trials": 5, "output": tmp_path / "o"}
    first = vega.tune(cost, **arguments)
    before = kept(tmp_path / "o")
    with pytest.raises(SearchError) as caught:
        vega.tune(cost, **arguments | change, resume=True)
    assert words in str(caught.value)
    assert kept(tmp_path / "o") == before
    again = vega.tune(cost, **arguments, resume=True)  # nothing is spoilt
    assert list(again.trials) == list(first.trials)
    assert kept(tmp_path / "o") == before


def test_the_look_ahead_is_that_of_the_first_start(tmp_path):
    def stops(config):
        calls.append(1)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return cost(config)

    calls = []
    arguments = {"trials": 9, "max_budget": 9, "deterministic": True, "output": tmp_path / "o"}
    with pytest.raises(KeyboardInterrupt):
        vega.tune(stops, SPACE, **arguments)
    found = vega.tune(cost, SPACE, **arguments, workers=2, resume=True)
    whole = vega.tune(cost, SPACE, **arguments | {"output": None})
    assert [one.config for one in found.trials] == [one.config for one in whole.trials]
    assert [one.budget for one in found.trials] == [one.budget for one in whole.trials]


def fails(config):
    print("a word before the end")
    return config["learning_rate"]


def test_what_children_print_and_raise_is_kept_with_an_output(tmp_path):
    with pytest.raises(RunFailed, match=r"KeyError: 'learning_rate'; .*error\.txt") as caught:
        vega.tune(
            fails, SPACE, algorithm="RandomSearch", trials=4, workers=1, output=tmp_path / "o"
        )
    place = Path(str(caught.value).split("; ")[-1].removesuffix(" has the traceback"))
    assert "in fails" in place.read_text()
    assert place.with_name("log.txt").read_text().startswith("a word before the end\n")


def test_in_this_process_the_users_exception_is_the_cause():
    for trials in (2, 9):
        with pytest.raises(RunFailed, match=r"KeyError: 'learning_rate' \(at test_tune") as caught:
            vega.tune(fails, SPACE, algorithm="RandomSearch", trials=trials)
        assert isinstance(caught.value.__cause__, KeyError)


def test_what_was_found_is_shown_in_a_line():
    found = vega.tune(cost, SPACE, algorithm="RandomSearch", trials=7)
    text = repr(found)
    assert text.startswith("<Tuned: 7 trials, 0 failed evaluations; best: trial ")
    assert len(text) < 200


SCRIPT = """
import os
import vega_core as vega

print("this file is run")

def objective(config, budget, report):
    assert report(config["x"], 1) is False
    return {"loss": config["x"], "pid": os.getpid()}

found = vega.tune(
    objective, {"x": ("FLOAT", 0, 1)}, algorithm="RandomSearch", trials=6, workers=2, seed=1
)
print("trials", len(found.trials), "driver", os.getpid())
"""


def run_script(folder, source):
    (folder / "script.py").write_text(textwrap.dedent(source))
    return subprocess.run(
        [sys.executable, "script.py"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_script_without_a_guard_runs_its_function_in_processes(tmp_path):
    done = run_script(tmp_path, SCRIPT)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("this file is run") == 1
    assert "trials 6 driver" in done.stdout


def test_processes_protect_the_script(tmp_path):
    done = run_script(
        tmp_path,
        """
        import os, signal, time
        import vega_core as vega

        def objective(config):
            if config["kind"] == "dies":
                os.kill(os.getpid(), signal.SIGKILL)
            if config["kind"] == "hangs":
                time.sleep(60)
            return {"loss": 0.5, "pid": os.getpid()}

        found = vega.tune(
            objective,
            {"kind": ["good", "dies", "hangs"]},
            algorithm="GridSearch",
            workers=2,
            trial_timeout=2.0,
            output="out",
        )
        print(found.config, found.failed)
        """,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "{'kind': 'good'} 2\n"
    states = subprocess.run(
        [sys.executable, "-m", "vega_core", "status", str(tmp_path / "out")],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "lost" in states
    assert "timed_out" in states


def test_deterministic_trials_do_not_depend_on_the_workers():
    def steps(config, budget):
        return cost(config) + 1 / budget

    found = [
        vega.tune(
            steps, SPACE, trials=12, max_budget=9, seed=2, workers=workers, deterministic=True
        )
        for workers in (0, 1)
    ]
    assert [one.config for one in found[0].trials] == [one.config for one in found[1].trials]
    assert [one.budget for one in found[0].trials] == [one.budget for one in found[1].trials]


def test_the_tuned_process_is_this_one_without_workers():
    assert vega.tune(lambda config: os.getpid(), {"x": [1]}, algorithm="GridSearch").metrics == {
        "loss": os.getpid()
    }
