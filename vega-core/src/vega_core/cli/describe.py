"""``vega describe``: what a component is, what it takes, and how one configures it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import click
from click.shell_completion import CompletionItem

from vega_core.cli.options import local_plugins
from vega_core.cli.output import emit, plain, table
from vega_core.errors import PluginError, suggest
from vega_core.plugins import (
    KINDS,
    Catalog,
    Component,
    Parameter,
    UnknownComponent,
    kind_of,
    load_catalog,
    parameters_of,
)
from vega_core.plugins.sample import sample

_WIDTH = 100


def _complete(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    catalog = load_catalog(strict=False)
    chosen = ctx.params.get("kind")
    kinds = [kind.name for kind in KINDS if chosen in {None, kind.name}]
    found = {one.name: one.provider.summary for kind in kinds for one in catalog.components(kind)}
    return [
        CompletionItem(name, help=text)
        for name, text in sorted(found.items())
        if name.casefold().startswith(incomplete.casefold())
    ]


@click.command("describe")
@click.argument("name", required=False, shell_complete=_complete)
@click.option("--kind", type=click.Choice([kind.name for kind in KINDS]), help="Its kind.")
@local_plugins
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(name: str | None, kind: str | None, local: Sequence[str], as_json: bool) -> None:
    """Explain the component NAME: its parameters, its paper and a ready configuration.

    NAME may be an alias, or qualified by its plugin (vega-algos-hpo:AshaHpo). Without one, list
    all components.
    """
    catalog = load_catalog(local, strict=False)
    if name is None:
        listed = [one.name for one in KINDS if kind in {None, one.name}]
        data = {one: [_row(component) for component in catalog.components(one)] for one in listed}
        emit(data, as_json, _overview(catalog, listed))
        return
    component = find_any(catalog, name, kind)
    parameters = _parameters(catalog, component)
    emit(_data(component, parameters), as_json, _lines(component, parameters))


def find_any(catalog: Catalog, name: str, kind: str | None = None) -> Component:
    """Returns the component of a name, of the kind where one is given.

    Raises:
        PluginError: There is none, it cannot be had, or components of several kinds share it.
    """
    if kind is not None:
        return catalog.find(kind, name)
    found: list[Component] = []
    failures: list[PluginError] = []
    for one in KINDS:
        try:
            found.append(catalog.find(one.name, name))
        except UnknownComponent:
            continue
        except PluginError as error:
            failures.append(error)
    if len(found) > 1:
        options = " or ".join(f"--kind {one.kind}" for one in found)
        raise PluginError(f"components of several kinds are called '{name}'; add {options}")
    if found:
        return found[0]
    if failures:
        raise failures[0]
    spellings = {text for one in KINDS for text in catalog.spellings(one.name)}
    hint = suggest(name, sorted(spellings)) or "; 'vega describe' lists all components"
    raise UnknownComponent(f"no component is called '{name}'{hint}")


def _parameters(catalog: Catalog, component: Component) -> Sequence[Parameter]:
    """Returns what a configuration may give: the component's parameters and the engine's keys."""
    from vega_core.config.signatures import Signatures  # listing components needs no pydantic

    if kind_of(component.kind).bare:
        return ()
    signature = Signatures(catalog).find(component.kind, component.qualified)
    if signature.parameters is None:  # bound to one backend: not read by a check, but here
        return parameters_of(catalog.load(component.kind, component.qualified))
    return tuple(signature.parameters.values())


def configuration(component: Component, parameters: Sequence[Parameter]) -> str:
    """Returns YAML that configures a component."""
    import yaml  # listing components needs none

    kind, provider = kind_of(component.kind), component.provider
    block = sample(kind, component.name, parameters, provider.example)
    return str(yaml.safe_dump(block, sort_keys=False, allow_unicode=True))


def _row(component: Component) -> dict[str, Any]:
    return {
        "name": component.name,
        "plugin": component.plugin.name,
        "summary": component.provider.summary,
        "aliases": component.provider.aliases,
    }


def _overview(catalog: Catalog, kinds: Sequence[str]) -> Iterator[str]:
    for kind in kinds:
        components = catalog.components(kind)
        if components:
            section = kind_of(kind).section
            yield kind + (f" ({section})" if section not in {"", kind} else "")
            yield from table([(one.name, one.provider.summary) for one in components], indent=2)


def _data(component: Component, parameters: Sequence[Parameter]) -> dict[str, Any]:
    return {
        "kind": component.kind,
        **_row(component),
        "version": component.plugin.version,
        "qualified": component.qualified,
        "target": component.target,
        "paper": component.provider.paper,
        "backends": component.provider.backends,
        "section": kind_of(component.kind).section,
        "kit": kind_of(component.kind).kit,
        "parameters": [
            {
                "name": one.name,
                "type": one.type,
                "required": one.required,
                "default": None if one.required else one.default,
                "meaning": one.doc,
            }
            for one in parameters
        ],
        "configuration": configuration(component, parameters),
    }


def _lines(component: Component, parameters: Sequence[Parameter]) -> Iterator[str]:
    provider = component.provider
    yield f"{component.name}: {kind_of(component.kind).label} of {component.plugin.label}"
    yield provider.summary
    facts = [
        ("aliases", ", ".join(provider.aliases)),
        ("paper", provider.paper),
        ("backends", ", ".join(provider.backends) or "all"),
        ("code", component.target),
        ("kit", kind_of(component.kind).kit.replace(":", ".")),
    ]
    yield from table([(name, text) for name, text in facts if text], indent=2)
    yield ""
    yield from _section("Parameters", parameters)
    yield "Configuration"
    for line in configuration(component, parameters).splitlines():
        yield f"  {line}"


def _section(title: str, parameters: Sequence[Parameter]) -> Iterator[str]:
    """Yields the parameters with their meanings wrapped beside them."""
    if not parameters:
        yield "It has no parameters."
        yield ""
        return
    formatter = click.HelpFormatter(width=_WIDTH)
    yield title
    with formatter.indentation():
        rows = [(f"{one.name}: {one.type}{_default(one)}", one.doc or "") for one in parameters]
        formatter.write_dl(rows, col_max=36)
    yield from formatter.getvalue().splitlines()
    yield ""


def _default(parameter: Parameter) -> str:
    if parameter.required:
        return " (required)"
    value = plain(parameter.default)
    return f" = {value!r}" if isinstance(value, str) else f" = {value}"
