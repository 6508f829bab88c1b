"""The copied numbers are MiniGrid's, and spare a study's jobs the import."""

import subprocess
import sys

import numpy as np
import pytest
from minigrid.core import constants

from goalsplice.world import minigrid_numbers


@pytest.mark.parametrize("name", ["COLOR_TO_IDX", "OBJECT_TO_IDX", "STATE_TO_IDX"])
def test_numbers_are_minigrids_in_its_order(name):
    assert list(getattr(minigrid_numbers, name).items()) == list(getattr(constants, name).items())


def test_directions_are_minigrids():
    assert np.array_equal(minigrid_numbers.DIR_TO_VEC, constants.DIR_TO_VEC)


def test_jobs_that_test_networks_do_not_import_minigrid():
    code = "import sys, goalsplice.cli.retargeting, goalsplice.cli.splices; print('minigrid' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
