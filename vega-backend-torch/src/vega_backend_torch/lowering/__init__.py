"""The PyTorch expression of each primitive operator, one module a family."""
