"""The one exception that a user is meant to read."""

import sys


class StudyError(Exception):
    """Bad input. The message is one sentence that names the file or key and the mend."""


def run(main) -> None:
    """Run a stage's `main`; show a `StudyError` as one line on stderr, without traceback, and exit with 1."""
    try:
        main()
    except StudyError as error:
        sys.exit(f"Error: {error}")
