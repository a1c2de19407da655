"""``vega.run``: runs a configuration from Python, as the command line does."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from vega_core.config import catalog_of, load_config
from vega_core.errors import UserError
from vega_core.execute.functions import stop_if_loading
from vega_core.pipeline.driver import Run, RunResult
from vega_core.pipeline.loop import Interrupted
from vega_core.pipeline.progress import Progress
from vega_core.pipeline.resume import read_base
from vega_core.store.rundir import RunDir


def run(
    source: str | Path | Mapping[str, Any],
    *,
    resume: bool = False,
    overrides: Sequence[str] = (),
    general: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
) -> RunResult:
    """Runs the pipeline of a configuration.

    Args:
        source: A configuration file, an earlier run's directory, or a configuration as a mapping.
        resume: Go on with the run in the run directory, which must be there.
        overrides: ``key=value`` texts, each setting one key, such as ``hpo.trainer.epochs=3``.
        general: Keys of the section ``general`` that outrank the configuration's.
        progress: Who watches.

    Returns:
        What the run leaves: its folder, and the models of each step, best first.

    Raises:
        UserError: A mistake in the configuration or the data; nothing has been written then.
        LockedError: Another driver holds the run.
        RunFailed: A step could not finish.
        Interrupted: It was stopped, and can be resumed.

    Example:
        ```python
        result = run("examples/quickstart.yml", general={"workers": 2, "output": "runs/mine"})
        print(result.best.metrics)
        ```
    """
    job, folder = make_run(
        source, resume=resume, overrides=overrides, general=general, progress=progress
    )
    try:
        return job.execute()
    except Interrupted as error:
        call = f"run({str(folder)!r}, resume=True)"
        raise Interrupted(f"stopped; {call} goes on from here", error.signal) from error


def make_run(
    source: str | Path | Mapping[str, Any],
    *,
    resume: bool = False,
    overrides: Sequence[str] = (),
    general: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
) -> tuple[Run, Path]:
    """Returns a run that is ready to be executed, and its directory; see `run`."""
    stop_if_loading()
    _check_place()
    given = dict(general or {})
    path = None if isinstance(source, Mapping) else Path(source)
    base = path.parent.absolute() if path else Path.cwd()
    if path is not None and path.is_dir():
        earlier = RunDir.open(path)
        _check_configured(earlier)
        given.setdefault("output", str(earlier.root))
        path, source, base = earlier.config, earlier.config, read_base(earlier)
    pairs = [(f"general.{key}", value) for key, value in given.items()]
    config = load_config(source, overrides=[*overrides, *pairs])
    if resume and not config.general.output:
        raise UserError("resume needs the directory of the earlier run: give output")
    folder = Path(config.general.output or _new_folder(path)).absolute()
    if resume and not folder.exists():
        raise UserError(f"there is no run to resume: there is no folder {folder}")
    for notice in config.notices:
        (progress or Progress()).message(str(notice))
    catalog = catalog_of(config, base)
    return Run(config, catalog, folder, base=base, resume=resume, progress=progress), folder


def _check_configured(run: RunDir) -> None:
    if not run.config.is_file():
        raise UserError(
            f"{run.root} holds no configuration: it is of a call of vega_core.tune; go on with it "
            f"by the same call with output={str(run.root)!r} and resume=True"
        )


def _check_place() -> None:
    if "vega_core.execute.worker" in sys.modules:
        raise UserError(
            "run was called in a worker process, perhaps by a file that holds the trainer's "
            "function as well; put the call below `if __name__ == '__main__':`"
        )


def _new_folder(path: Path | None) -> Path:
    stem = path.stem if path else "run"
    now = datetime.now()
    return Path("runs") / f"{stem}-{now:%Y%m%d-%H%M%S}-{now.microsecond // 1000:03}"
