"""A search from a configuration to its records, in this process and with workers."""

from __future__ import annotations

import json
import stat

import pytest
import yaml

from vega_core.pipeline.resume import seed_of_step
from vega_core.search import trial_seed

ASHA = {"type": "AshaHpo", "num_samples": 9, "eta": 3, "max_budget": 9}


def expected(x, budget, trial):
    seed = trial_seed(seed_of_step(7, "hpo"), trial)
    return (x - 0.3) ** 2 + (seed % 1000) * 1e-6 / budget


def test_records_hold_what_the_trials_gave_best_first(project):
    result = project.run()
    output = project.output()
    assert output["format"] == 1
    assert output["objectives"] == {"loss": "min"}
    records = output["records"]
    assert sorted(one["provenance"]["trial"] for one in records) == list(range(6))
    losses = [one["metrics"]["loss"] for one in records]
    assert losses == sorted(losses)
    for one in records:
        trial = one["provenance"]["trial"]
        (name,) = one["overlay"]
        assert name == "trainer.params.x"
        assert one["metrics"]["loss"] == expected(one["overlay"][name], 1, trial)
        assert one["id"] == f"hpo-{trial}"
        assert one["provenance"]["seed"] == trial_seed(seed_of_step(7, "hpo"), trial)
        assert one["description"] is None
        assert one["parameters"] is None
    assert result.best is not None
    assert result.best.plain() == records[0]
    assert (result.exit_code, result.failed, result.folder) == (0, 0, project.out)
    assert json.loads(json.dumps(result.plain()))["steps"]["hpo"] == records


def test_the_run_directory_belongs_to_its_owner_and_has_its_parts(project):
    project.run(workers=1)
    names = {path.relative_to(project.out).as_posix() for path in project.out.rglob("*")}
    assert {
        "config.yml",
        "journal.db",
        "run.lock",
        "run.log",
        "components.json",
        "workers/worker-0.log",
        "steps/hpo/output.json",
        "steps/hpo/trials/5/b1-a1/result.json",
        "steps/hpo/trials/5/b1-a1/log.txt",
    } <= names
    for path in [project.out, *project.out.rglob("*")]:
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), path
    assert not list(project.out.rglob("*.tmp-*"))


def test_a_larger_budget_counts_and_is_cumulative(project):
    project.run(algorithm=ASHA)
    told = project.told()
    budgets = [budget for _, _, budget, _, _ in told]
    assert sorted(set(budgets)) == [1, 3, 9]
    assert len({(trial, budget) for _, trial, budget, _, _ in told}) == len(told)
    for _, trial, budget, sample, metrics in told:
        assert metrics == {"loss": expected(sample["trainer.params.x"], budget, trial)}
    largest = {}
    for _, trial, budget, _, metrics in told:
        if budget >= largest.get(trial, (0, None))[0]:
            largest[trial] = (budget, metrics["loss"])
    found = {
        one["provenance"]["trial"]: (one["provenance"]["budget"], one["metrics"]["loss"])
        for one in project.output()["records"]
    }
    assert found == largest


def test_what_is_to_be_large_is_ranked_so(project):
    project.run(objectives={"loss": "max"})
    losses = [one["metrics"]["loss"] for one in project.output()["records"]]
    assert losses == sorted(losses, reverse=True)


def test_several_objectives_put_the_front_first(project):
    grid = {"type": "GridSearch", "points": 5}
    project.run("two", objectives={"loss": "min", "size": "min"}, algorithm=grid)
    records = project.output()["records"]
    assert len(records) == 5  # x and 1 - x pull apart, so that every point is on the front
    assert {one["metrics"]["size"] for one in records} == {0.0, 0.25, 0.5, 0.75, 1.0}
    assert {records[0]["metrics"]["size"], records[1]["metrics"]["size"]} == {0.0, 1.0}


@pytest.mark.parametrize("algorithm", [{"type": "RandomSearch", "num_samples": 9}, ASHA])
def test_deterministic_trials_do_not_depend_on_the_workers(project, algorithm):
    found = []
    for workers in (0, 1, 2):
        project.out = project.folder / f"out-{workers}"
        project.run(algorithm=algorithm, workers=workers, deterministic=True, look_ahead=2)
        found.append(project.told())
    assert found[0] == found[1] == found[2]
    assert len(found[0]) >= 9


def test_the_look_ahead_is_kept_for_later_drivers(project):
    project.run(workers=2, deterministic=True)
    written = yaml.safe_load((project.out / "config.yml").read_text())
    assert written["general"]["look_ahead"] == 2
    project.run(workers=1, deterministic=True, resume=True)
    written = yaml.safe_load((project.out / "config.yml").read_text())
    assert (written["general"]["look_ahead"], written["general"]["workers"]) == (2, 1)


def test_another_seed_gives_other_trials(project):
    project.run(seed=7)
    first = project.told()
    project.out = project.folder / "other"
    project.run(seed=8)
    assert [one[3] for one in project.told()] != [one[3] for one in first]


def test_reports_are_in_the_journal(project):
    from vega_core.store.journal import Journal

    project.run(algorithm=ASHA, workers=1)
    with Journal.read(project.out / "journal.db") as journal:
        reports = [entry.event for entry in journal.events(kinds=("reported",))]
    nine = [one for one in reports if one.budget == 9]
    assert [one.at for one in nine if one.trial == nine[0].trial] == list(range(1, 10))


def test_a_script_is_a_trial_too(project):
    (project.folder / "script.py").write_text(
        "import json, sys\n"
        "trial = json.load(sys.stdin)\n"
        "print('a word')\n"
        "print(json.dumps({'loss': trial['params']['x'] * 2, 'step': 1}))\n"
    )
    script = {"type": "Script", "command": ["python3", "script.py"]}
    project.run(hpo={"trainer": script}, workers=1)
    for one in project.output()["records"]:
        assert one["metrics"]["loss"] == pytest.approx(2 * one["overlay"]["trainer.params.x"])
