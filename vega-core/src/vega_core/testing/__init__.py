"""Conformance kits: base classes of tests that authors of plugins run on what they wrote."""

from vega_core.testing.algorithm import AlgorithmConformance

__all__ = ["AlgorithmConformance"]
