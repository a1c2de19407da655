"""Lowerings by family of operators, one module each."""
