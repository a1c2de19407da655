"""``vega export``: a trained model as a file that needs no Vega."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from vega_core.cli.options import force_option, local_plugins, output_file

if TYPE_CHECKING:
    from vega_core.exchange import Exported
    from vega_core.pipeline import LoadedModel

_ARRAYS = (b"\x93NUMPY", b"PK")
"""What .npy and .npz files begin with."""
_UNITS = ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB"))


def _complete(_ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from vega_core.plugins import load_catalog

    known = load_catalog(strict=False).components("exporter")
    return [
        CompletionItem(one.name, help=one.provider.summary)
        for one in known
        if one.name.casefold().startswith(incomplete.casefold())
    ]


@click.command("export")
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--to",
    required=True,
    metavar="FORMAT",
    shell_complete=_complete,
    help="The exporter, such as onnx or torch.",
)
@output_file
@force_option
@click.option("--step", metavar="NAME", help="A step of the run; by default the last with a model.")
@click.option("--model", metavar="ID", help="A model of it, such as train-3; by default the best.")
@click.option("--opset", type=int, help="Version of ONNX's operators.")
@click.option(
    "--set", "given", multiple=True, metavar="KEY=VALUE", help="A parameter of the exporter."
)
@click.option(
    "--batch",
    type=click.IntRange(min=2),
    default=8,
    show_default=True,
    help="How many made-up samples to check the file with.",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Samples to check with instead, as the dataset gives them: .npy, or .npz by input.",
)
@click.option("--backend", help="What the file is checked against; by default what trained it.")
@click.option(
    "--reference",
    is_flag=True,
    help="Check against the NumPy reference, which needs no framework and is slow.",
)
@click.option("--no-check", is_flag=True, help="Write the file without running it.")
@local_plugins
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    run: Path,
    to: str,
    output: Path,
    force: bool,
    step: str | None,
    model: str | None,
    opset: int | None,
    given: Sequence[str],
    batch: int,
    data: Path | None,
    backend: str | None,
    reference: bool,
    no_check: bool,
    local: Sequence[str],
    as_json: bool,
) -> None:
    """Write the best model of RUN in another format.

    RUN is a run directory, or the model.json of a trained model. The file is loaded again and its
    outputs are held against the model's before it gets its name. It takes batches of any size, of
    what the network takes: after the dataset's transforms.
    """
    # Imported here, so that `vega --help` does not wait for it.
    from vega_core.cli.output import emit
    from vega_core.errors import UserError
    from vega_core.pipeline.choosing import chosen_model_file
    from vega_core.pipeline.loading import load

    if reference and backend:
        raise UserError("--reference and --backend are two things to check against; give one")
    options = _options(given) | ({} if opset is None else {"opset": opset})
    loaded = load(chosen_model_file(run, step, model), backend=backend, plugins=local)
    exported = loaded.export(
        to,
        output,
        sample=_samples(data) if data is not None else batch,
        against="reference" if reference else "backend",
        replace=force,
        check=not no_check,
        **options,
    )
    emit(_data(loaded, exported, to), as_json, _lines(loaded, exported, to))


def _options(given: Sequence[str]) -> dict[str, Any]:
    from vega_core.config.compose import compose
    from vega_core.errors import UserError

    options: dict[str, Any] = {}
    for text in given:
        key, equals, value = text.partition("=")
        if not key.isidentifier() or not equals:
            raise UserError(f"--set {text}: write it as key=value")
        root, faults = compose(value, text)
        if faults:
            raise UserError(f"--set {text}: {faults[0].message}")
        options[key] = root.plain()
    return options


def _samples(path: Path) -> Any:
    import zipfile
    import zlib

    import numpy as np

    from vega_core.errors import DataError

    try:
        with path.open("rb") as file:
            if not file.read(6).startswith(_ARRAYS):
                raise DataError(f"{path} cannot be read as .npy or .npz: it is no such file")
            file.seek(0)
            loaded = np.load(file, allow_pickle=False)
            return loaded if isinstance(loaded, np.ndarray) else dict(loaded)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        if "allow_pickle" in reason:  # NumPy's advice is no advice for a user of a command
            reason = "it holds Python objects, and not only numbers"
        raise DataError(f"{path} cannot be read as .npy or .npz: {reason}") from error


def _data(loaded: LoadedModel, exported: Exported, to: str) -> dict[str, Any]:
    return {
        "file": exported.path,
        "format": to,
        "bytes": exported.bytes,
        "model": loaded.file.id,
        "outputs": exported.outputs,
        "transforms": loaded.file.transforms,
        "error": exported.error,
        "batches": exported.batches,
        "constant": exported.constant,
        **exported.details,
    }


def _lines(loaded: LoadedModel, exported: Exported, to: str) -> Iterator[str]:
    details = ", ".join(f"{name} {value}" for name, value in exported.details.items())
    yield f"{exported.path}  {_size(exported.bytes)}, {to}" + (f" ({details})" if details else "")
    yield f"of {loaded!r}"
    if loaded.file.transforms:
        names = ", ".join(one["type"] for one in loaded.file.transforms)
        yield f"not in the file: the transforms {names}, which its inputs have gone through"
    if exported.error is None:
        yield "not checked"
        return
    sizes = " and ".join(map(str, exported.batches))
    yield f"checked in batches of {sizes}: largest relative error {exported.error:.1e}"
    if exported.constant:
        yield f"note: {', '.join(exported.constant)} did not vary over the samples"


def _size(count: int) -> str:
    for unit, name in _UNITS:
        if count >= unit:
            return f"{count / unit:.1f} {name}"
    return f"{count} bytes"
