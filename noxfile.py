"""What a change has to pass, as `nox` runs it: in the environment that is active, without installing anything."""

import nox

nox.options.default_venv_backend = "none"
nox.options.sessions = ["lint", "unit"]


@nox.session
def lint(session: nox.Session) -> None:
    """Style, imports between rooms, types, rules. As .ci/run does."""
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("lint-imports")
    session.run("mypy")
    session.run("snakefmt", "--check", "Snakefile", "workflow/rules")
    session.run("snakemake", "--lint")
    session.run("mkdocs", "build", "--quiet", "--strict", env={"NO_MKDOCS_2_WARNING": "1"})


@nox.session
def unit(session: nox.Session) -> None:
    """What needs neither the mini study nor Snakemake. `nox -s unit -- tests/world` runs a part of it."""
    session.run("pytest", "-m", "not slow", *session.posargs)


@nox.session
def mini(session: nox.Session) -> None:
    """The mini study for real, and all that is asked of it."""
    session.run("pytest", "-m", "slow and not nightly", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """What the pages say: numbers, links, columns, pins."""
    pages = ["tests/test_readme.py", "tests/test_pages.py", "tests/cli/test_fill_pages.py"]
    session.run("pytest", "-m", "not slow", *pages, "tests/test_environments.py", "tests/cli/test_document.py")


@nox.session
def nightly(session: nox.Session) -> None:
    """All that needs the mini study, the ablations and SLURM too, with more examples of each property."""
    session.run("pytest", "-m", "slow", "--hypothesis-profile", "night", *session.posargs)


@nox.session(name="all")
def everything(session: nox.Session) -> None:
    """What a change must pass: lint, then the test command of README.md."""
    lint(session)
    session.run("pytest", *session.posargs)
