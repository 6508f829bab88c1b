"""Command lines of the study, one a file: what the rules run."""

import gc
import sys

from goalsplice.settings import environment

# `python -m` imports this before the stage, and so before any library. Others that import it keep their variables.
if sys.argv[0] == "-m":
    environment.prepare()

# Libraries make hundreds of thousands of objects while they are imported, none of which is garbage. With Python's 700
# the collector looks for it hundreds of times, which is a fifth of a short job.
gc.set_threshold(50_000)
