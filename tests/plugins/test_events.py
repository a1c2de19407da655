"""Listeners hear what happens, and cannot harm the run."""

from __future__ import annotations

import logging

import pytest

from vega_core.plugins import Events, TrialEvent, load_catalog

TRIAL = TrialEvent(step="hpo", trial=3, budget=9, state="ok", metrics={"loss": 0.5})


@pytest.fixture
def events(site):
    site.add(
        "vega-hears",
        """
        heard = []

        @hookimpl
        def vega_trial_finished(trial):
            heard.append(trial)

        @hookimpl
        def vega_run_finished():
            heard.append("end")
        """,
    )
    site.add(
        "vega-ails",
        """
        calls = []

        @hookimpl
        def vega_trial_finished(trial):
            calls.append(trial)
            raise ValueError("a bad day")

        @hookimpl
        def vega_run_finished(run):
            raise SystemExit(4)
        """,
    )
    return Events(load_catalog())


def test_every_listener_is_called_and_a_failing_one_is_logged_once(events, caplog):
    import vega_ails
    import vega_hears

    with caplog.at_level(logging.WARNING):
        events.emit("vega_trial_finished", trial=TRIAL)
        events.emit("vega_trial_finished", trial=TRIAL)
    assert vega_hears.heard == [TRIAL, TRIAL]
    assert vega_ails.calls == [TRIAL, TRIAL]
    (record,) = caplog.records
    assert record.getMessage() == "vega_trial_finished of plugin vega-ails 1.0 failed"
    assert record.exc_info[0] is ValueError


def test_a_listener_may_leave_arguments_out_and_exit_in_vain(events):
    import vega_hears

    events.emit("vega_run_finished", run=None)
    assert vega_hears.heard == ["end"]


def test_an_event_without_listeners(events):
    events.emit("vega_step_finished", step=None)


def test_interrupts_pass(site):
    site.add("vega-stops", "@hookimpl\ndef vega_run_started():\n    raise KeyboardInterrupt\n")
    with pytest.raises(KeyboardInterrupt):
        Events(load_catalog()).emit("vega_run_started", run=None)


def test_a_broken_plugin_does_not_listen(site):
    site.add(
        "vega-half",
        """
        @hookimpl
        def vega_run_started():
            raise AssertionError

        @hookimpl
        def vega_losses():
            raise ValueError
        """,
    )
    catalog = load_catalog()
    assert not [one for one, _ in catalog.listeners("vega_run_started") if one.name == "vega-half"]


def test_records_cannot_be_altered():
    with pytest.raises(AttributeError):
        TRIAL.state = "failed"
