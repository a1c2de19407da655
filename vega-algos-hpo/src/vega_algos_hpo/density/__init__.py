"""Densities over a search space, estimated from configurations that were tried."""
