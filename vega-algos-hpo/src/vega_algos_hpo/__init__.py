"""Hyperparameter optimisation algorithms for Vega; `vega_algos_hpo.plugin` lists them."""
