"""``vega schema``: the JSON Schema of configurations."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("schema")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Write it to a file."
)
def command(output: Path | None) -> None:
    """Print the JSON Schema of configurations, for editors.

    It knows the installed components and their parameters. In an editor with a YAML language
    server, a configuration names it in its first line:

        # yaml-language-server: $schema=vega.schema.json
    """
    # Imported here, so that `vega --help` does not wait for it.
    import json

    from vega_core.config import json_schema
    from vega_core.errors import ConfigError
    from vega_core.plugins import load_catalog

    text = json.dumps(json_schema(load_catalog()), indent=2)
    if output is None:
        click.echo(text)
        return
    try:
        output.write_text(f"{text}\n", encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{output}: cannot be written: {error.strerror}") from None
    click.echo(f"wrote {output}")
