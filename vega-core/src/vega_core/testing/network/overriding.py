"""Every hyperparameter of every module, set to something else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from vega_core import nn
from vega_core.errors import ModelError
from vega_core.nn.serial import infer_specs
from vega_core.nn.sources import Loader
from vega_core.nn.values import annotations_of
from vega_core.testing.compare import require
from vega_core.testing.network.alternatives import alternatives
from vega_core.testing.network.case import NetworkCase


def faults_of_overrides(case: NetworkCase, catalog: Loader, every_module: bool = True) -> list[str]:
    """Returns the overrides that gave neither a valid graph nor a `ModelError`.

    Args:
        case: The network.
        catalog: Knows the types of descriptions.
        every_module: Whether to set hyperparameters of every module; see `overrides_of`.

    Raises:
        AssertionError: No override gave a graph at all.
    """
    faults, accepted = [], 0
    for key, value in overrides_of(case.modules(catalog), every_module):
        try:
            graph = case.graph(catalog, {key: value})
        except ModelError:
            continue
        except Exception as error:
            faults.append(f"{key}: {value!r} gives {error!r}")
            continue
        accepted += 1
        if fault := _invalid(graph):
            faults.append(f"{key}: {value!r} gives a graph that is not valid: {fault}")
    require(accepted > 0, f"{case}: every override is refused")
    return faults


def overrides_of(
    modules: Mapping[str, nn.Module], every_module: bool = True
) -> Iterator[tuple[str, Any]]:
    """Yields names of hyperparameters and other values of them.

    Where several modules of one type have one value in a field, the first tries all others, and
    each further module one, in turn.

    Args:
        modules: The modules by dotted name.
        every_module: Whether the further modules are set too.
    """
    tried: dict[tuple[type, str, str], int] = {}
    for path, module in modules.items():
        cls = type(module)
        annotations = annotations_of(cls)
        for field in fields(cls):
            if not _may_be_set(cls, field.name):
                continue
            value = getattr(module, field.name)
            others = alternatives(annotations.get(field.name, Any), value)
            count = tried.setdefault((cls, field.name, repr(value)), 0)
            tried[cls, field.name, repr(value)] += 1
            if count > 0:
                others = [others[count % len(others)]] if others and every_module else []
            for other in others:
                yield f"{path}.{field.name}" if path else field.name, other


def _invalid(graph: nn.Graph) -> str:
    """Returns what is wrong with a graph: shapes that its own operators do not give."""
    try:
        specs = infer_specs(graph.inputs, graph.controls, graph.parameters, graph.nodes)
        graph.stats()
    except Exception as error:
        return repr(error)
    differ = [name for name, spec in specs.items() if graph.specs.get(name) != spec]
    return f"other shapes of {differ[:3]}" if differ else ""


def _may_be_set(cls: type[nn.Module], name: str) -> bool:
    return name != "name" and (cls.overridable is None or name in cls.overridable)
