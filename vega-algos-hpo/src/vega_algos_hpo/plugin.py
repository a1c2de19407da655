"""The algorithms of this package, each imported when it is first used."""

from __future__ import annotations

from collections.abc import Iterator

from vega_core import Provider, hookimpl


@hookimpl
def vega_algorithms() -> Iterator[Provider]:
    """Yields the algorithms."""
    yield Provider(
        "RandomSearch",
        "vega_algos_hpo.random_search:RandomSearch",
        "Independent draws from the space.",
        aliases=("random",),
        paper="Bergstra and Bengio, 2012, https://jmlr.org/papers/v13/bergstra12a.html",
    )
    yield Provider(
        "GridSearch",
        "vega_algos_hpo.grid_search:GridSearch",
        "Every point of a grid over the space.",
        aliases=("grid",),
    )
    yield Provider(
        "AshaHpo",
        "vega_algos_hpo.asha:Asha",
        "Asynchronous successive halving.",
        aliases=("asha",),
        paper="Li et al., 2020, https://arxiv.org/abs/1810.05934",
    )
    yield Provider(
        "SuccessiveHalving",
        "vega_algos_hpo.halving:SuccessiveHalving",
        "Successive halving, rung by rung.",
        aliases=("ShaHpo", "sha"),
        paper="Jamieson and Talwalkar, 2016, https://arxiv.org/abs/1502.07943",
    )
    yield Provider(
        "HyperbandHpo",
        "vega_algos_hpo.hyperband:Hyperband",
        "Successive halving in brackets of several first budgets.",
        aliases=("hyperband",),
        paper="Li et al., 2018, https://jmlr.org/papers/v18/16-558.html",
    )
    yield Provider(
        "TpeHpo",
        "vega_algos_hpo.tpe:Tpe",
        "The tree-structured Parzen estimator.",
        aliases=("tpe",),
        paper="Bergstra et al., 2011, https://papers.nips.cc/paper/4443",
    )
