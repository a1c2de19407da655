"""What all tests share."""

from importlib.util import find_spec

# An environment without a framework runs everything else.
collect_ignore = [] if find_spec("torch") else ["torch"]
