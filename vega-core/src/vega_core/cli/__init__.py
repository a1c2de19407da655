"""The ``vega`` command, one module a subcommand."""
