"""Runs are read as what they are: phases in order, seeds apart, and nothing of another run."""

from dataclasses import replace

import pytest
import torch

from goalsplice.agent.checkpoint import Header, save_checkpoint
from goalsplice.agent.network import Agent
from goalsplice.agent.runs import load_run, load_runs
from goalsplice.io.errors import StudyError


@pytest.fixture
def small(recipe):
    """With few weights."""
    return replace(recipe, hidden_size=4)


@pytest.fixture
def saved(small, arm, tmp_path):
    """Paths of untrained agents' checkpoints, by seed and phase."""
    paths = {}
    for seed in (1, 2):
        for phase in range(2):
            agent = Agent(small.world.inputs, small.hidden_size, torch.Generator().manual_seed(10 * seed + phase))
            paths[seed, phase] = tmp_path / f"{seed}-{phase}"
            header = Header(arm, seed, phase, small.objectives[phase % 2], small.encoding, small.digest())
            save_checkpoint(paths[seed, phase], agent, header)
    return paths


def test_a_run_has_its_phases_in_order_and_their_networks(saved, small, arm):
    run = load_run(arm, 2, small, [1, 0], [saved[2, 1], saved[2, 0]])
    assert (run.arm, run.seed, run.recipe) == (arm, 2, small)
    assert list(run.checkpoints) == [0, 1]
    for phase, checkpoint in run.checkpoints.items():
        assert (checkpoint.seed, checkpoint.phase, checkpoint.objective) == (2, phase, small.objectives[phase])
        expected = Agent(small.world.inputs, small.hidden_size, torch.Generator().manual_seed(20 + phase)).state_dict()
        torch.testing.assert_close(checkpoint.agent.state_dict(), expected, rtol=0, atol=0)
        actor = {f"actor.{name}": part for name, part in checkpoint.actor.items()}
        assert actor.keys() == {name for name in expected if name.startswith("actor.")}
        assert all(torch.equal(part, expected[name]) for name, part in actor.items())


def test_a_file_of_another_seed_or_phase_is_refused(saved, small, arm):
    for seed, phase in ((1, 0), (2, 1)):
        with pytest.raises(StudyError, match="is of"):
            load_run(arm, 2, small, [0], [saved[seed, phase]])


def test_runs_are_distinguished_by_what_their_files_say(saved, small, arm):
    runs = load_runs(arm, small, [saved[2, 1], saved[1, 0], saved[2, 0]])
    assert {seed: list(run.checkpoints) for seed, run in runs.items()} == {2: [0, 1], 1: [0]}
    assert all(run.seed == seed and (run.arm, run.recipe) == (arm, small) for seed, run in runs.items())
    with pytest.raises(StudyError, match="is of arm"):
        load_runs("another", small, [saved[1, 0]])
