"""Vega on MindSpore."""
