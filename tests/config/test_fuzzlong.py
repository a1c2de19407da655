"""Whatever a configuration holds, it loads or is told to be at fault; nothing else happens."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vega_core.config import load_config
from vega_core.config.source import from_text
from vega_core.errors import ConfigError

words = st.sampled_from([
    "hpo", "train", "a.b", "type", "ref", "hpo.trainer", "params", "SGD", "Digits", "modules", "",
    "trainer.optimizer.params.lr", "model.depth", "SearchPipeStep", "policy", "common", "optim",
    "hyperparameters", "condition", "forbidden", "key", "range", "child", "parent", "FLOAT", "auto",
    "general", "pipeline", "plugins", "metric", "model_desc", "evaluator", "models", "from", "0",
])  # fmt: skip
scalars = st.none() | st.booleans() | st.integers(-3, 70) | st.floats(-1, 2) | words
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)


def places(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items: Any = ()
    if isinstance(data, dict):
        items = data.items()
    elif isinstance(data, list):
        items = enumerate(data)
    return [path, *(place for key, item in items for place in places(item, (*path, key)))]


def changed(data: Any, path: tuple[Any, ...], value: Any, key: str | None) -> Any:
    if not path:
        return {**data, key: value} if key and isinstance(data, dict) else value
    result = copy.copy(data)
    result[path[0]] = changed(data[path[0]], path[1:], value, key)
    return result


@pytest.mark.parametrize("start", ["base", "old"])
@settings(max_examples=1500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_mutated_configurations(catalog: Any, base: str, old: str, start: str, data: Any) -> None:
    config = from_text(base if start == "base" else old).data
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(places(config)[1:]))
        key = data.draw(st.none() | words)
        config = changed(config, path, data.draw(values), key)
        if not isinstance(config, dict):
            return
    before = copy.deepcopy(config)
    loaded, error = attempt(lambda: load_config(config, catalog=catalog, check_data=False))
    assert config == before
    assert all(line.startswith("configuration: ") for line in error.splitlines())
    if loaded is None:
        return
    effective = loaded.effective()
    again = load_config(effective, catalog=catalog, check_data=False)
    assert again.effective() == effective
    assert [step.plain() for step in again.steps.values()] == [
        step.plain() for step in loaded.steps.values()
    ]


@given(st.text(st.sampled_from("ab:{}[],-&*!#'\"\n \t|>%@0"), max_size=60))
def test_any_text(text: str) -> None:
    _, error = attempt(lambda: from_text(text, name="f.yml"))
    assert not error or error.startswith("f.yml:")
    assert "\n" not in error


def attempt(call: Callable[[], Any]) -> tuple[Any, str]:
    try:
        return call(), ""
    except ConfigError as error:
        assert error.exit_code == 2  # noqa: PT017 - either outcome is right
        return None, str(error)
