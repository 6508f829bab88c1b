"""Codes, rows and arrays of observations are three ways to say the same."""

import gymnasium
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from minigrid.core.constants import COLOR_TO_IDX

from goalsplice.world import ENVIRONMENT_ID
from goalsplice.world.geometry import geometry
from goalsplice.world.observation import Encoding, cell_inputs
from goalsplice.world.simulator import create, observe

ENCODINGS = [Encoding("onehot", 5), Encoding("integers", 7), Encoding("onehot", 3), Encoding("integers", 5, 8)]


def codes_of(encoding: Encoding, count: int = 4_000) -> np.ndarray:
    """Codes of random initial states."""
    worlds = create(count, "training", np.random.default_rng(1), encoding.size)
    return np.array([observe(worlds, i, encoding.geometry) for i in range(count)])


@pytest.mark.parametrize("encoding", ENCODINGS, ids=str)
def test_codes_are_equal_exactly_where_observations_are(encoding):
    codes = codes_of(encoding)
    images = encoding.images(codes).reshape(len(codes), -1)
    distinct_codes, first, which = np.unique(codes, return_index=True, return_inverse=True)
    np.testing.assert_array_equal(images, images[first][which])
    assert len(np.unique(images, axis=0)) == len(distinct_codes) > 100


@pytest.mark.parametrize("encoding", ENCODINGS, ids=str)
def test_every_cell_of_a_onehot_observation_has_three_bits_and_integers_are_minigrids(encoding):
    images = encoding.images(codes_of(encoding, 200))
    assert images.shape[1:] == (encoding.view_size, encoding.view_size, encoding.channels)
    if encoding.name == "onehot":
        assert (images.reshape(*images.shape[:3], 20).sum(axis=-1) == 3).all()
    else:
        assert set(np.unique(images[..., 0])) <= {1, 2, 5, 6}


def test_a_key_out_of_view_has_no_colour():
    encoding = ENCODINGS[0]
    worlds = create(1, "training", np.random.default_rng(0))
    worlds.agent[0] = 7
    worlds.things[0] = [10, 15, 16, 27]
    seen = {}
    for hidden in (False, True):
        # From the upper left corner, cell 27 is seen facing south, and lies behind the agent facing north.
        worlds.direction[0] = 3 if hidden else 1
        codes = set()
        for colour in ("green", "grey", "red", "yellow"):
            worlds.third_colour[0] = COLOR_TO_IDX[colour]
            codes.add(observe(worlds, 0, encoding.geometry))
        seen[hidden] = len(codes)
    assert seen == {False: 4, True: 1}


def test_contents_have_different_inputs():
    for name in ("onehot", "integers"):
        assert len(np.unique(cell_inputs(name), axis=0)) == 9


@settings(max_examples=60)
@given(data=st.data(), size=st.integers(5, 9), view_size=st.sampled_from([3, 5, 7]))
def test_view_cells_are_minigrids(data, size, view_size):
    """Where a cell is seen, against MiniGrid's own arithmetic."""
    environment = gymnasium.make(
        ENVIRONMENT_ID, size=size, agent_view_size=view_size, disable_env_checker=True
    ).unwrapped
    inside = st.integers(1, size - 2)
    x, y, direction = data.draw(inside), data.draw(inside), data.draw(st.integers(0, 3))
    environment.agent_pos, environment.agent_dir = (x, y), direction
    tables = geometry(size, view_size)
    for cell in range(size * size):
        place = environment.relative_coords(cell % size, cell // size)
        expected = -1 if place is None else place[0] * view_size + place[1]
        assert tables.view_cell[y * size + x, direction, cell] == expected
