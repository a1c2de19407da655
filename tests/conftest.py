"""What all tests share."""

from importlib.util import find_spec

# An environment without a framework runs everything else.
FOLDERS = {"torch": "torch", "tensorflow": "tf", "mindspore": "ms"}
collect_ignore = [folder for module, folder in FOLDERS.items() if not find_spec(module)]
