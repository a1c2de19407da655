"""The tables of other spellings, as they are applied."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from vega_core.config import aliases
from vega_core.plugins import KINDS
from vega_core.space import TYPES
from vega_reference.catalog import whole_catalog
from vega_reference.markdown import page, table

Pairs = Mapping[str, str]


def spellings_page() -> str:
    """Returns the tables, which another page includes."""
    renamed = aliases.PARAMETERS.items()
    unused = [
        (f"{kind}: `{key}`", why)
        for kind, keys in aliases.UNUSED.items()
        for key, why in keys.items()
    ]
    return page(
        "### Keys that have moved",
        _table(aliases.GENERAL_MOVES | aliases.STEP_MOVES),
        "### Parameters with another name",
        table(
            ["kind", "before", "now"],
            [
                (kind, f"`{old}`", f"`{new}`")
                for kind, names in renamed
                for old, new in names.items()
            ],
        ),
        "### Names in a search space",
        _table(aliases.NAME_ROOTS),
        "### Values",
        _table(aliases.BACKENDS | aliases.STEP_TYPES | aliases.METRICS | dict(_types())),
        "### Components",
        _table(dict(_components())),
        "### Keys without effect",
        "They load with a notice and change nothing.",
        table(["key", "why"], [(f"`{key}`", why) for key, why in aliases.GENERAL_UNUSED.items()]),
        table(["parameter", "why"], unused),
        "### Keys that are refused",
        table(["key", "instead"], [(f"`{key}`", why) for key, why in _refused()]),
    )


def _table(pairs: Pairs) -> str:
    return table(["before", "now"], [(f"`{old}`", f"`{new}`") for old, new in pairs.items()])


def _types() -> Iterator[tuple[str, str]]:
    for name, entry in TYPES.items():
        for alias in entry.aliases:
            yield alias, name


def _components() -> Iterator[tuple[str, str]]:
    catalog = whole_catalog()
    for kind in KINDS:
        for component in catalog.components(kind.name):
            for alias in component.provider.aliases:
                yield alias, component.name


def _refused() -> Iterator[tuple[str, str]]:
    yield from (aliases.GENERAL_REFUSED | aliases.STEP_REFUSED).items()
    for kind, keys in aliases.ADVICE.items():
        for key, advice in keys.items():
            yield f"{kind}: {key}", advice
