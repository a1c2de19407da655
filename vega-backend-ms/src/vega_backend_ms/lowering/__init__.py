"""The MindSpore expression of each primitive operator, one module a family."""
