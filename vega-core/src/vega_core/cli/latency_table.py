"""``vega latency-table``: how long the operators of a search space take on this machine."""

from __future__ import annotations

from pathlib import Path

import click

from vega_core.cli.options import force_option, output_file


@click.command("latency-table")
@click.argument("file", type=click.Path(path_type=Path))
@output_file
@force_option
@click.option("--step", metavar="NAME", help="Step that searches; else the first with a model.")
@click.option(
    "--samples",
    type=click.IntRange(min=1),
    default=200,
    show_default=True,
    help="How many configurations to draw; the table has the operators of their networks.",
)
@click.option(
    "--whole",
    type=click.IntRange(min=0),
    default=8,
    show_default=True,
    help="How many of their networks to measure whole, to calibrate the table by.",
)
@click.option(
    "--batch",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Samples in a batch.",
)
@click.option(
    "--threads",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Threads of one operator.",
)
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of the draws."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    file: Path,
    output: Path,
    force: bool,
    step: str | None,
    samples: int,
    whole: int,
    batch: int,
    threads: int,
    seed: int,
    as_json: bool,
) -> None:
    """Measure the operators of the search space in FILE under onnxruntime.

    The evaluator LatencyEstimate adds them up, so that a search knows about how long a network
    takes before it trains one. Leave the machine alone meanwhile: one core for each thread.
    """
    # Imported here, so that `vega --help` does not wait for it.
    from vega_core.cli.output import emit
    from vega_core.exchange.files import writable
    from vega_core.measure.table import measure_table
    from vega_core.pipeline.sampled import sampled_graphs

    target = writable(output, force)
    graphs = sampled_graphs(file, step, samples, seed)
    spread = graphs[:: max(1, len(graphs) // whole)][:whole] if whole else []
    click.echo(f"measuring the operators of {len(graphs)} networks", err=True)
    table = measure_table(graphs, spread, batch=batch, threads=threads)
    table.save(target)
    errors = table.errors
    data = {
        "file": str(target),
        "networks": len(graphs),
        "operators": len(table.operators),
        "scale": table.scale,
        "errors": list(errors),
    }
    lines = [f"{len(table.operators)} operators of {len(graphs)} networks, in {target}"]
    if errors:
        lines.append(
            f"estimates of {len(errors)} networks measured whole are off by "
            f"{max(map(abs, errors)):.0%} at most"
        )
    emit(data, as_json, lines)
