"""One page a kind of component: its contract, and the components that there are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vega_core.cli.describe import configuration
from vega_core.cli.output import plain
from vega_core.config.signatures import Signatures
from vega_core.plugins import KINDS, Catalog, Component, Kind, Parameter, kind_of
from vega_reference.catalog import package_of
from vega_reference.docstrings import markdown
from vega_reference.hooks import hooks
from vega_reference.markdown import code, literal, page, table
from vega_reference.members import target_section

RELATED = {
    "algorithm": [
        "vega_core.search:Problem",
        "vega_core.search:Suggestion",
        "vega_core.search:Proposal",
        "vega_core.search:Outcome",
        "vega_core.search:Fresh",
        "vega_core.search:Continue",
        "vega_core.search:Inherit",
        "vega_core.search:Shared",
        "vega_core.search:Sampler",
        "vega_core.search:Plan",
        "vega_core.search:RungPlan",
    ],
    "backend": [
        "vega_core.backend:Executable",
        "vega_core.backend:ParamStore",
        "vega_core.backend:Gradients",
        "vega_core.backend:State",
        "vega_core.backend:TrainSpec",
        "vega_core.backend:StepResult",
        "vega_core.backend:Device",
    ],
    "callback": ["vega_core.train:Progress"],
    "dataset": [
        "vega_core.data:ArrayDataset",
        "vega_core.data:Field",
        "vega_core.data:Task",
        "vega_core.data:split_indices",
    ],
    "evaluator": ["vega_core.train:Model"],
    "executor": [
        "vega_core.execute:Attempt",
        "vega_core.execute:Key",
        "vega_core.execute:Limits",
        "vega_core.execute:Started",
        "vega_core.execute:Report",
        "vega_core.execute:Ended",
        "vega_core.execute:Channel",
    ],
    "exporter": [
        "vega_core.exchange:Exportable",
        "vega_core.exchange:Exported",
        "vega_core.exchange:deployable",
    ],
    "metric": ["vega_core.train:output_of"],
    "step": ["vega_core.pipeline:StepContext", "vega_core.pipeline:Output"],
    "trainer": ["vega_core.train:Context", "vega_core.train:LocalHost"],
}
"""What a contract is about, by kind."""


def kinds_page(catalog: Catalog) -> str:
    """Returns the page that lists the kinds."""
    rows = [
        (
            f"[{kind.label}](kinds/{kind.name}.md)",
            f"[`{kind.hook}`](#{kind.hook})",
            f"`{kind.section}`" if kind.section else "",
            f"`{kind.contract.replace(':', '.')}`" if kind.contract else "",
            ", ".join(f"`{name}`" for name in catalog.names(kind.name)),
        )
        for kind in KINDS
    ]
    return page(
        "# Kinds of component",
        "Each kind has a hook, a section of the configuration that names one, a contract, and a "
        "page with all components of the installed packages.",
        table(["kind", "hook", "section", "contract", "components"], rows),
        "```{toctree}\n:hidden:\n\n" + "\n".join(f"kinds/{kind.name}" for kind in KINDS) + "\n```",
    )


def kind_page(kind: Kind, catalog: Catalog) -> str:
    """Returns the page of one kind."""
    return page(
        f"# {kind.label.capitalize()}",
        f"Hook [`{kind.hook}`](#{kind.hook}). {_place(kind)}",
        markdown(hooks()[kind.hook].__doc__),
        f"Authors run the conformance kit `{kind.kit.replace(':', '.')}`." if kind.kit else "",
        "## Components",
        *(_components(kind, catalog) or ["No package provides one yet."]),
        "## Contract",
        *(_contract(kind) or ["The hook says all that there is."]),
    )


def parameter_table(parameters: Sequence[Parameter]) -> str:
    """Returns the parameters of a component as a table."""
    rows = [
        (
            f"`{one.name}`",
            f"`{one.type}`",
            "required" if one.required else literal(plain(one.default)),
            one.doc,
        )
        for one in parameters
    ]
    return table(["parameter", "type", "default", "meaning"], rows)


def _place(kind: Kind) -> str:
    if not kind.section:
        return "No section of a configuration names one."
    form = "its name alone" if kind.bare else "a list of them" if kind.listed else "`type` and keys"
    where = ", its parameters under `params`" if kind.nested else ""
    return f"Section `{kind.section}`: {form}{where}."


def _components(kind: Kind, catalog: Catalog) -> list[str]:
    signatures = Signatures(catalog)
    found = []
    for component in catalog.components(kind.name):
        parameters = _parameters(component, signatures)
        found.append(f"### `{component.name}`")
        found.append(component.provider.summary)
        found.append(_facts(component))
        found.append(parameter_table(parameters) if parameters else "")
        found.append(code(configuration(component, parameters), "yaml") if kind.section else "")
    return found


def _parameters(component: Component, signatures: Signatures) -> Sequence[Parameter]:
    if kind_of(component.kind).bare:
        return ()
    found = signatures.find(component.kind, component.qualified).parameters
    return tuple(found.values()) if found else ()


def _facts(component: Component) -> str:
    facts = [f"Package `{package_of(component.plugin)}`."]
    if component.provider.aliases:
        names = ", ".join(f"`{name}`" for name in component.provider.aliases)
        facts.append(f"Also called {names}.")
    if component.provider.paper:
        facts.append(f"Paper: {component.provider.paper}.")
    if component.provider.backends:
        facts.append(f"Runs on {', '.join(component.provider.backends)} alone.")
    return " ".join(facts)


def _contract(kind: Kind) -> list[str]:
    targets = [kind.contract, *RELATED.get(kind.name, ())]
    return [section for target in targets if target for section in _section(target)]


def _section(target: str) -> Iterator[str]:
    yield target_section(target, 3)
