"""Which blocks are steps, which of them run, and how they hand over."""

from __future__ import annotations

from collections.abc import Sequence

from vega_core.config.diagnostics import SHARED_KEYS, Report
from vega_core.config.messages import shown
from vega_core.config.model import StepConfig
from vega_core.config.nodes import Node
from vega_core.config.refs import merge
from vega_core.config.signatures import DEFAULT_TYPES
from vega_core.errors import suggest

_HANDED_OVER = ("dataset", "model", "trainer", "evaluator")


def check_steps(report: Report) -> list[str]:
    """Returns the steps that run, in order; reports what is wrong with ``pipeline``."""
    blocks = {name: node for name, node in report.root.items.items() if name not in SHARED_KEYS}
    steps = _pipeline(report, blocks)
    for name, node in blocks.items():
        if name in steps:
            continue
        made = node.mark.origin.startswith("--set ")  # by a misspelt override
        if _is_step(node) and not made:
            report.notice((name,), f"the step '{name}' is not in 'pipeline' and does not run")
        else:
            known = [*SHARED_KEYS, *steps]
            report.error((name,), f"unknown key '{name}'{suggest(name, known)}")
    for index, name in enumerate(steps):
        _check_models(report, name, steps[:index], steps)
    return steps


def fill_types(report: Report, steps: Sequence[str]) -> None:
    """Completes sections that leave something to another place, so that they can be checked.

    A step that does not search takes its configuration over with its models; the keys of its own
    sections lie over those of the earlier step. What names no type then has the default one.
    """
    for index, name in enumerate(steps):
        step = report.root.items[name]
        source = _source(report, name, steps[:index])
        for section, block in step.items.items() if source is not None else ():
            base = source.items.get(section) if source is not None else None
            if base is not None and section in _HANDED_OVER:
                merge(block, base, "models")
        for section, type_ in DEFAULT_TYPES.items():
            block = step.items.get(section) or Node(None, step.mark)
            if isinstance(block.value, dict) and "type" not in block.value:
                filled = Node(type_, block.mark, block.key, inherited="default")
                block.value = {"type": filled, **block.value}


def taken_over(report: Report, steps: Sequence[str], step: str, section: str) -> Node | None:
    """Returns a section of a step, or that of the steps before from which it comes to it."""
    block = report.root.get(step, section)
    earlier = steps[: steps.index(step)]
    if (block is not None and block.value) or not earlier:
        return block
    given = report.root.get(step, "models", "from")
    name = given.value if given is not None else earlier[-1]
    return taken_over(report, steps, str(name), section) if name in earlier else None


def _source(report: Report, name: str, earlier: Sequence[str]) -> Node | None:
    """Returns the step whose models and configuration a step takes over."""
    if not earlier or report.root.get(name, "search_algorithm") is not None:
        return None
    given = report.root.get(name, "models", "from")
    source = given.value if given is not None else earlier[-1]
    return report.root.get(source) if source in earlier and isinstance(source, str) else None


def _pipeline(report: Report, blocks: dict[str, Node]) -> list[str]:
    pipeline = report.root.get("pipeline")
    if pipeline is None:
        report.error((), "the key 'pipeline' is missing: the list of the steps to run")
        return []
    if not isinstance(pipeline.value, list) or not pipeline.value:
        got = shown(pipeline.plain()) if pipeline.value else "an empty one"
        report.error(("pipeline",), f"expected a list of steps, got {got}")
        return []
    steps: list[str] = []
    for index, item in enumerate(pipeline.value):
        name, path = item.value, ("pipeline", index)
        if not isinstance(name, str):
            report.error(path, f"expected the name of a step, got {shown(item.plain())}")
        elif name in steps:
            report.error(path, f"duplicate step '{name}'; a step runs once")
        elif name not in blocks:
            report.error(path, f"there is no step '{name}'{suggest(name, blocks)}")
        else:
            steps.append(name)
    return steps


def _is_step(node: Node) -> bool:
    return not node.items.keys().isdisjoint(StepConfig.model_fields)


def _check_models(report: Report, step: str, earlier: list[str], steps: list[str]) -> None:
    path = (step, "models", "from")
    node = report.root.get(*path)
    name = node.value if node is not None else None
    if not isinstance(name, str) or name in earlier:
        return
    if name in steps:
        when = "itself" if name == step else f"'{name}', which runs later"
        report.error(path, f"a step cannot take its models from {when}")
    else:
        hint = suggest(name, earlier) or f"; the steps before are: {', '.join(earlier) or 'none'}"
        report.error(path, f"there is no step '{name}' in the pipeline{hint}")
