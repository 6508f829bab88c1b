"""Functions without reference counts compute what others do, and cannot make what would have to be counted."""

import importlib
import pkgutil

import numpy as np
import pytest
from numba.core.dispatcher import Dispatcher
from numba.core.errors import NumbaError

import goalsplice
from goalsplice.io.compiled import njit, njit_unowned
from goalsplice.world.geometry import geometry
from goalsplice.world.observation import BLUE, pack
from goalsplice.world.simulator import Worlds, create, observe, uniform


def total(worlds, tables):
    """What reads arrays of named tuples, as a step of the world does."""
    found = 0
    for i in range(worlds.agent.size):
        found += tables.front[worlds.agent[i], worlds.direction[i]] + worlds.things[i, BLUE]
    return found


def test_the_same_with_and_without_counts():
    worlds, tables = create(100, "training", np.random.default_rng(0)), geometry(6, 5)
    assert njit_unowned(total)(worlds, tables) == njit(total)(worlds, tables) == total(worlds, tables)


def test_the_world_computes_what_its_source_says():
    worlds, tables = create(50, "training", np.random.default_rng(1)), geometry(6, 5)
    twin = Worlds(*(field.copy() for field in worlds))
    with np.errstate(over="ignore"):
        for i in range(50):
            assert observe(worlds, i, tables) == observe.py_func(twin, i, tables)
            assert uniform(worlds.stream, i) == uniform.py_func(twin.stream, i)
    np.testing.assert_array_equal(worlds.stream, twin.stream)
    assert pack(1, 2, 3, -1, 5, BLUE, 9) == pack.py_func(1, 2, 3, -1, 5, BLUE, 9)


@njit_unowned
def _array(count):
    return np.zeros(count)


@njit_unowned
def _copy(values):
    return values.copy()


@njit_unowned
def _list(value):
    return [value]


@njit_unowned
def _sum(values):
    return len(values[1:] + values[:-1])


@pytest.mark.parametrize(
    ("function", "argument"),
    [(_array, 3), (_copy, np.arange(3)), (_list, 3), (_sum, np.arange(3))],
    ids=["array", "copy", "list", "sum of arrays"],
)
def test_what_makes_arrays_is_refused(function, argument):
    with pytest.raises(NumbaError):
        function(argument)


def test_what_runs_in_every_step_counts_nothing():
    """Each compiled function of the package is one or the other."""
    found = {}
    for module in pkgutil.walk_packages(goalsplice.__path__, "goalsplice."):
        for name, value in vars(importlib.import_module(module.name)).items():
            if isinstance(value, Dispatcher) and value.py_func.__module__ == module.name:
                found[name] = value.targetoptions.get("_nrt", True)
    assert {"uniform", "reset", "draw_ball_cell", "act", "observe", "reward", "pack", "draw"} <= {
        name for name, counts in found.items() if not counts
    }
    assert {"_collect", "_play", "action_probabilities"} <= {name for name, counts in found.items() if counts}
