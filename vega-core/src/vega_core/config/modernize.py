"""Rewrites a configuration from earlier spellings to the modern ones, with a notice for each."""

from __future__ import annotations

import re
from collections.abc import Mapping

from vega_core.config import aliases
from vega_core.config.diagnostics import SHARED_KEYS, Report
from vega_core.config.moves import drop, move, put, rename_value, take
from vega_core.config.names import modern_roots, rename_names
from vega_core.config.nodes import Node, Path

_MODELS_FOLDER = re.compile(r"(?:.*/)?output/([^/{}]+)/?")


def modernize(report: Report) -> None:
    """Rewrites the tree of a report in place."""
    if report.root.get("general") is not None:
        _apply(report, (), aliases.GENERAL_MOVES, aliases.GENERAL_REFUSED)
        for key, reason in aliases.GENERAL_UNUSED.items():
            drop(report, tuple(key.split(".")), reason)
        for path in (("general", "backend"), ("general", "backend", "type")):
            _rename(report, path, aliases.BACKENDS)
    for name, node in report.root.items.items():
        if name not in SHARED_KEYS and isinstance(node.value, dict):
            _step(report, (name,))
            _refs(report, (name,))


def flatten_params(node: Node) -> None:
    """Rewrites ``{type: x, params: {...}}`` to ``{type: x, ...}``."""
    params = node.items.get("params")
    if params is not None and isinstance(params.value, dict):
        del node.items["params"]
        node.items.update(params.value)


def _step(report: Report, step: Path) -> None:
    _rename(report, (*step, "pipe_step", "type"), aliases.STEP_TYPES)
    _algorithm_policy(report, step)
    _dataset_splits(report, step)
    _apply(report, step, aliases.STEP_MOVES, aliases.STEP_REFUSED)
    _models_folder(report, step)
    _trainer_metric(report, step)
    _evaluator(report, step)
    _search_space(report, step)
    _metric_names(report, step)
    _single_part(report.root.get(*step, "model"))


def _refs(report: Report, step: Path) -> None:
    """Lets what a ``ref`` leads to move with the section that it names."""
    for section in _keys(report.root, step):
        path = (*step, section, "ref")
        node = report.root.get(*path)
        other, _, old = str(node.value if node else "").partition(".")
        if old in aliases.STEP_MOVES:
            rename_value(report, path, f"{other}.{aliases.STEP_MOVES[old]}")


def _apply(
    report: Report, base: Path, moves: Mapping[str, str], refused: Mapping[str, str]
) -> None:
    for old, new in moves.items():
        move(report, base, old, new)
    for old, advice in refused.items():
        path = (*base, *old.split("."))
        node = take(report.root, path)
        if node is not None and node.value not in (None, [], {}):
            report.error(path, f"not supported; {advice}", node.place)


def _rename(report: Report, path: Path, names: Mapping[str, str]) -> None:
    node = report.root.get(*path)
    if node is not None and isinstance(node.value, str) and node.value in names:
        rename_value(report, path, names[node.value])


def _algorithm_policy(report: Report, step: Path) -> None:
    policy = report.root.get(*step, "search_algorithm", "policy")
    for old, node in list(policy.items.items()) if policy else ():
        if node.value == -1:  # "not set"
            take(report.root, (*step, "search_algorithm", "policy", old))
            continue
        new = aliases.PARAMETERS["algorithm"].get(old, old)
        move(report, step, f"search_algorithm.policy.{old}", f"search_algorithm.{new}")


def _dataset_splits(report: Report, step: Path) -> None:
    """One block of keys serves all splits."""
    base = (*step, "dataset")
    for split in ("common", "train"):
        for key in _keys(report.root, (*base, split)):
            move(report, step, f"dataset.{split}.{key}", f"dataset.{key}")
    for split in ("val", "test"):
        for key in _keys(report.root, (*base, split)):
            path = (*base, split, key)
            node, shared = report.root.get(*path), report.root.get(*base, key)
            if node and shared and node.plain() == shared.plain():
                take(report.root, path)
            elif key in ("batch_size", "transforms", *aliases.UNUSED["dataset"]):
                drop(report, path, "evaluation uses what training does")
            else:
                report.error(path, f"give it once for all splits: 'dataset.{key}'")
                take(report.root, path)


def _keys(root: Node, path: Path) -> list[str]:
    node = root.get(*path)
    return list(node.items) if node is not None else []


def _models_folder(report: Report, step: Path) -> None:
    node = report.root.get(*step, "pipe_step", "models_folder")
    match = _MODELS_FOLDER.fullmatch(node.value) if node and isinstance(node.value, str) else None
    if node and match:
        node.value = match[1]
        move(report, step, "pipe_step.models_folder", "models.from")


def _trainer_metric(report: Report, step: Path) -> None:
    node = report.root.get(*step, "trainer", "metric")
    if node is not None:
        node.value = [_metric(node)]
        move(report, step, "trainer.metric", "trainer.metrics")


def _metric(node: Node) -> Node:
    flatten_params(node)
    return Node(node.value, node.mark)


def _evaluator(report: Report, step: Path) -> None:
    """A trainer evaluates what it trains: of a host's evaluator only the metric says anything."""
    path = (*step, "evaluator")
    node = report.root.get(*path)
    if node is None or node.items.keys().isdisjoint({"host_evaluator", "gpu_evaluator"}):
        if node is not None and node.plain() == {"type": "Evaluator"}:
            drop(report, path, "the trainer evaluates its metrics")
        return
    metric = node.get("host_evaluator", "metric") or node.get("gpu_evaluator", "metric")
    trainer = report.root.get(*step, "trainer")
    if metric is None or trainer is None or trainer.items.get("metrics") is not None:
        drop(report, path, "the trainer evaluates its metrics")
        return
    take(report.root, path)
    report.renamed("evaluator", "trainer.metrics", node.place)
    metrics = Node([_metric(metric)], metric.mark, metric.key)
    put(report, trainer, "metrics", metrics, (*step, "trainer", "metrics"))


def _search_space(report: Report, step: Path) -> None:
    space = (*step, "search_space")
    condition = report.root.get(*space, "condition")
    if condition is not None and isinstance(condition.value, dict):
        condition.value = [Node(condition.value, condition.mark)]
    rename_names(report, space, modern_roots(report.root.get(*step, "model")))


def _metric_names(report: Report, step: Path) -> None:
    for section in ("objectives", "constraints"):
        for old, new in aliases.METRICS.items():
            move(report, step, f"{section}.{old}", f"{section}.{new}")
            word = re.compile(rf"\b{old}\b")
            block = report.root.get(*step, section)
            for below, node in list(block.walk()) if block else ():
                if isinstance(node.value, str) and word.search(node.value):
                    rename_value(report, (*step, section, *below), word.sub(new, node.value))


def _single_part(model: Node | None) -> None:
    """``{modules: [x], x: {...}}`` is the part itself; what stands beside them stays."""
    modules = model.items.get("modules") if model else None
    if model is None or modules is None or not isinstance(modules.value, list):
        return
    name = str(modules.value[0].value) if len(modules.value) == 1 else ""
    part = model.items.get(name)
    beside = {key: node for key, node in model.items.items() if key not in ("modules", name)}
    both = part is not None and any(key in part.items for key in beside)
    if part is None or not isinstance(part.value, dict) or both:
        return
    if beside.keys() <= {"ref", "overrides", "rewrites", "format"}:
        overrides = beside.get("overrides")
        if overrides is not None and isinstance(overrides.value, dict):
            named = {k.removeprefix(f"{name}."): node for k, node in overrides.items.items()}
            overrides.value = named
        model.value = part.value | beside
