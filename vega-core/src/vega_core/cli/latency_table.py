"""``vega latency-table``: how long the operators of a search space take on this machine."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("latency-table")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), help="The table to write."
)
@click.option("--step", metavar="NAME", help="Step that searches; else the first with a model.")
@click.option(
    "--samples",
    type=click.IntRange(min=1),
    default=200,
    show_default=True,
    help="How many configurations to draw; operators that none of them has are not in the table.",
)
@click.option(
    "--whole",
    type=click.IntRange(min=0),
    default=8,
    show_default=True,
    help="How many of their networks to measure whole, to calibrate the table by.",
)
@click.option("--batch", type=click.IntRange(min=1), default=1, show_default=True)
@click.option("--threads", type=click.IntRange(min=1), default=1, show_default=True)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    file: Path,
    output: Path,
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
    from vega_core.measure.table import measure_table
    from vega_core.pipeline.sampled import sampled_graphs

    graphs = sampled_graphs(file, step, samples, seed)
    spread = graphs[:: max(1, len(graphs) // whole)][:whole] if whole else []
    table = measure_table(graphs, spread, batch=batch, threads=threads)
    table.save(output)
    errors = table.errors
    data = {
        "file": str(output),
        "networks": len(graphs),
        "operators": len(table.operators),
        "scale": table.scale,
        "errors": list(errors),
    }
    lines = [f"{len(table.operators)} operators of {len(graphs)} networks, in {output}"]
    if errors:
        lines.append(
            f"estimates of {len(errors)} networks measured whole are off by "
            f"{max(map(abs, errors)):.0%} at most"
        )
    emit(data, as_json, lines)
