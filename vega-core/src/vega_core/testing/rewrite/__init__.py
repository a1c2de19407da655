"""Conformance kit of rewrites."""
