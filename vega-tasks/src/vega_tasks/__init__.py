"""Datasets, transforms, networks, losses and metrics for Vega, one folder a task."""

__version__ = "0.1.0"
