from __future__ import annotations

from types import SimpleNamespace

import pytest

from vega_core.errors import ConfigError
from vega_core.train import EVENTS, Callback
from vega_core.train.callbacks import CallbackList
from vega_core.train.early_stop import EarlyStop


def progress(**values):
    stub = SimpleNamespace(metrics=values, directions={"loss": "min", "accuracy": "max"}, why="")
    stub.stop = lambda reason: setattr(stub, "why", reason)
    return stub


def recorder(name, log, place):
    def note(event):
        return lambda self, *args: log.append((event, name))

    methods = {event: note(event) for event in EVENTS}
    return type(name, (Callback,), {"priority": place, **methods})()


def test_callbacks_run_by_priority_then_by_configuration():
    log = []
    callbacks = CallbackList(
        [recorder("c", log, 500), recorder("a", log, 100), recorder("d", log, 500)]
    )
    for event in EVENTS:
        callbacks.emit(event, None)
    assert log == [(event, name) for event in EVENTS for name in "acd"]


def test_only_those_that_listen_are_called():
    class Quiet(Callback):
        def after_epoch(self, progress):
            pass

    callbacks = CallbackList([Quiet()])
    assert not callbacks.listens("after_step")
    assert callbacks.listens("after_epoch")


def feed(callback, values, metric="accuracy"):
    for count, value in enumerate(values, 1):
        state = progress(**{metric: value})
        callback.after_valid(state)
        if state.why:
            return count
    return None


@pytest.mark.parametrize(
    ("values", "patience", "min_delta", "stops"),
    [
        ([0.1, 0.2, 0.2, 0.2, 0.3], 2, 0.0, 4),
        ([0.1, 0.2, 0.2, 0.3, 0.3], 2, 0.0, None),
        ([0.1, 0.15, 0.2, 0.25], 2, 0.1, 3),
        ([0.1, 0.2, 0.31, 0.42], 2, 0.1, None),
        ([float("nan")] * 3, 3, 0.0, 3),
        ([0.5, float("nan"), 0.4], 2, 0.0, 3),
    ],
)
def test_early_stop_counts_validations_without_improvement(values, patience, min_delta, stops):
    assert feed(EarlyStop("accuracy", patience, min_delta), values) == stops


def test_early_stop_knows_that_a_loss_is_to_be_small():
    assert feed(EarlyStop(patience=1), [3.0, 2.0, 1.0, 1.5], "loss") == 4


def test_early_stop_continues_where_it_was():
    first = EarlyStop("accuracy", 2)
    feed(first, [0.3, 0.2])
    second = EarlyStop("accuracy", 2)
    second.load_state(first.state())
    assert feed(second, [0.25]) == 1


def test_early_stop_names_what_it_cannot_watch():
    with pytest.raises(ConfigError, match=r"watches 'acuracy', .* did you mean 'accuracy'"):
        feed(EarlyStop("acuracy"), [1])
    with pytest.raises(ConfigError, match="patience must be at least 1"):
        EarlyStop(patience=0)
