"""``python -m vega_core`` is the command ``vega``."""

from vega_core.cli.main import main

main()
