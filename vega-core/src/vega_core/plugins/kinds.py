"""The kinds of component: one row each, and nothing else distinguishes them."""

from __future__ import annotations

from dataclasses import dataclass

from vega_core.errors import PluginError, suggest


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of component.

    Attributes:
        name: Its name in code and on the command line.
        hook: The hook through which plugins provide it.
        contract: The class that a component derives from, as ``module:Class``; empty where
            the form of the component is described by the hook alone.
        section: Where a configuration of a step names one.
        kit: The conformance kit for its authors, as ``module:Class``: its own, or that of plugins,
            which looks at components of every kind.
        nested: Whether a configuration gives the parameters under ``params``, not beside ``type``.
        listed: Whether the section holds a list of components.
        bare: Whether the section holds a name alone, without parameters.
    """

    name: str
    hook: str
    contract: str = ""
    section: str = ""
    kit: str = "vega_core.testing:PluginConformance"
    nested: bool = False
    listed: bool = False
    bare: bool = False

    @property
    def label(self) -> str:
        """The name as words: ``search space``."""
        return self.name.replace("_", " ")


KINDS: tuple[Kind, ...] = (
    Kind(
        "algorithm",
        "vega_algorithms",
        "vega_core.search:Algorithm",
        "search_algorithm",
        "vega_core.testing:AlgorithmConformance",
    ),
    Kind(
        "backend",
        "vega_backends",
        "vega_core.backend:Backend",
        "general.backend",
        "vega_core.testing:BackendConformance",
    ),
    Kind(
        "callback", "vega_callbacks", "vega_core.train:Callback", "trainer.callbacks", listed=True
    ),
    Kind("dataset", "vega_datasets", "vega_core.data:Dataset", "dataset"),
    Kind("evaluator", "vega_evaluators", "vega_core.train:Evaluator", "evaluator"),
    Kind("executor", "vega_executors", "vega_core.execute:Executor", "general.executor", bare=True),
    Kind("exporter", "vega_exporters", "vega_core.exchange:Exporter"),
    Kind("loss", "vega_losses", "vega_core.nn.losses:Loss", "trainer.loss"),
    Kind("metric", "vega_metrics", "vega_core.train:Metric", "trainer.metrics", listed=True),
    Kind(
        "network",
        "vega_networks",
        "vega_core.nn:Network",
        "model",
        "vega_core.testing:NetworkConformance",
    ),
    Kind("operator", "vega_operators", "vega_core.nn:Primitive"),
    Kind(
        "optimizer",
        "vega_optimizers",
        "vega_core.backend:Optimizer",
        "trainer.optimizer",
        nested=True,
    ),
    Kind(
        "rewrite",
        "vega_rewrites",
        "vega_core.nn:Rewrite",
        "model.rewrites",
        "vega_core.testing:RewriteConformance",
        listed=True,
    ),
    Kind(
        "schedule",
        "vega_schedules",
        "vega_core.backend:Schedule",
        "trainer.lr_scheduler",
        nested=True,
    ),
    Kind("search_space", "vega_search_spaces", section="search_space"),
    Kind("step", "vega_steps", "vega_core.pipeline.step:Step", "pipe_step"),
    Kind("trainer", "vega_trainers", "vega_core.train:Trainer", "trainer"),
    Kind(
        "transform",
        "vega_transforms",
        "vega_core.data:Transform",
        "dataset.transforms",
        listed=True,
    ),
)

COMMAND = Kind("command", "vega_commands", "click:Command")
"""Subcommands take the same way as components, but no configuration names one."""

_BY_NAME = {kind.name: kind for kind in (*KINDS, COMMAND)}


def kind_of(name: str) -> Kind:
    """Returns the kind of that name.

    Raises:
        PluginError: There is no such kind.
    """
    try:
        return _BY_NAME[name]
    except KeyError:
        known = [kind.name for kind in KINDS]
        hint = suggest(name, known) or f"; the kinds are {', '.join(known)}"
        raise PluginError(f"unknown kind of component '{name}'{hint}") from None
