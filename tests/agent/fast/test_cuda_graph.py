"""The update on a device is the compiled one: the same steps, losses and random numbers, but for rounding."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch

from agent.subjects import EPOCHS, STARTS, agent_of, agree, relative_error, rollouts_of, vector
from goalsplice.agent.device import reproducible
from goalsplice.agent.fast.cuda_graph import DeviceLearner
from goalsplice.agent.fast.learner import Learner
from goalsplice.agent.network import Agent
from goalsplice.agent.ppo import Losses, PlainLearner, Steps, inputs_of
from goalsplice.agent.rollout import Rollout
from goalsplice.agent.training import learner_of
from goalsplice.world.simulator import TIMEOUT

CPU = torch.device("cpu")
NEEDS_CUDA = pytest.mark.skipif(not torch.cuda.is_available(), reason="PyTorch sees no CUDA GPU on this machine")
DEVICES = [CPU, pytest.param(torch.device("cuda"), marks=NEEDS_CUDA)]


@pytest.fixture(params=DEVICES, ids=str)
def device(request) -> torch.device:
    return request.param


@pytest.fixture
def agent(recipe) -> Agent:
    return agent_of(recipe)


@pytest.fixture
def rollouts(recipe, agent) -> list[Rollout]:
    """Rollouts in which all outcomes occur, timeouts too."""
    rollouts = rollouts_of(recipe, agent, count=2)
    assert all((rollout.outcomes == TIMEOUT).any() for rollout in rollouts)
    return rollouts


def updated(learner, rollouts, seed: int = 7) -> list[Losses]:
    """The losses of an update from each rollout in turn."""
    generator = np.random.default_rng(seed)
    return [learner.learn(rollout, generator) for rollout in rollouts]


def test_an_update_is_the_compiled_one(recipe, device):
    recipe, errors, losses = replace(recipe, update_epochs=EPOCHS), [], []
    for seed in STARTS:
        agent = agent_of(recipe, seed)
        before, other, rollouts = vector(agent), copy.deepcopy(agent), rollouts_of(recipe, agent, seed)
        (expected,) = updated(Learner(other, recipe), rollouts)
        (found,) = updated(DeviceLearner(agent, recipe, device), rollouts)
        errors.append(relative_error(vector(agent) - before, vector(other) - before))
        losses.append(np.abs(np.subtract(found, expected)) / (1e-4 + 1e-3 * np.abs(expected)))
    assert agree(errors), errors
    assert (np.median(losses, axis=0) < 1).all(), losses


def test_updates_are_the_plain_ones(recipe):
    """Two of them, the second with the moments that Adam keeps from the first: without these it would be 0.2 off."""
    recipe, errors = replace(recipe, update_epochs=1), []
    for seed in STARTS:
        agent = agent_of(recipe, seed)
        before, other, rollouts = vector(agent), copy.deepcopy(agent), rollouts_of(recipe, agent, seed, count=2)
        updated(DeviceLearner(agent, recipe, CPU), rollouts)
        updated(PlainLearner(other, recipe), rollouts)
        errors.append(relative_error(vector(agent) - before, vector(other) - before))
    assert agree(errors), errors


def test_as_many_random_numbers_are_drawn(recipe, agent, rollouts):
    """Not only the minibatches are the same: the next ones are too."""
    generators = [np.random.default_rng(3) for _ in range(2)]
    Learner(copy.deepcopy(agent), recipe).learn(rollouts[0], generators[0])
    DeviceLearner(agent, recipe, CPU).learn(rollouts[0], generators[1])
    assert generators[0].bit_generator.state == generators[1].bit_generator.state


def test_the_agent_follows_on_the_cpu(recipe, agent, rollouts, device):
    """What plays episodes and what is saved is the agent that was given, with the weights that were learned."""
    before = vector(agent)
    learner = DeviceLearner(agent, recipe, device)
    assert learner.agent is agent
    updated(learner, rollouts[:1])
    assert all(parameter.device == CPU for parameter in agent.parameters())
    assert not np.array_equal(vector(agent), before)
    np.testing.assert_array_equal(vector(agent), learner.flat.detach())
    np.testing.assert_array_equal(vector(agent), learner.state()["weights"])


def test_equal_work_gives_equal_bytes(recipe, agent, rollouts, device):
    learners = [DeviceLearner(copy.deepcopy(agent), recipe, device) for _ in range(2)]
    first, second = (updated(learner, rollouts) for learner in learners)
    assert first == second
    for name, part in learners[0].state().items():
        np.testing.assert_array_equal(part, learners[1].state()[name], err_msg=name)


def test_a_restored_learner_goes_on_bit_by_bit(recipe, agent, rollouts, device):
    learner = DeviceLearner(copy.deepcopy(agent), recipe, device)
    updated(learner, rollouts[:1])
    state = learner.state()
    kept = {name: part.copy() for name, part in state.items()}
    other = DeviceLearner(agent, recipe, device)
    other.restore(state)
    np.testing.assert_array_equal(vector(agent), state["weights"])
    assert updated(learner, rollouts[1:], seed=8) == updated(other, rollouts[1:], seed=8)
    for name, part in learner.state().items():
        np.testing.assert_array_equal(part, other.state()[name], err_msg=name)
        np.testing.assert_array_equal(state[name], kept[name], err_msg="a state is a copy")


def test_a_learner_on_a_device_can_go_back(recipe, agent, rollouts, device):
    """What it learned since is forgotten, and what it has set up on the device is of use."""
    learner = DeviceLearner(agent, recipe, device)
    updated(learner, rollouts[:1])
    state = learner.state()
    first = updated(learner, rollouts[1:], seed=8)
    expected = learner.state()
    learner.restore(state)
    assert updated(learner, rollouts[1:], seed=8) == first
    for name, part in learner.state().items():
        np.testing.assert_array_equal(part, expected[name], err_msg=name)


@pytest.mark.parametrize("max_steps", [1, 20, 180])
def test_the_largest_rollout_has_its_place_on_a_device(recipe, agent, max_steps):
    """Every step sees something else, and every episode is truncated, the first ones after a single step."""
    recipe = replace(recipe, max_steps=max_steps)
    starts = np.arange(0, recipe.num_steps, recipe.max_steps)
    most = recipe.batch_size + recipe.num_envs * (1 + len(starts))
    assert len(DeviceLearner(agent, recipe, CPU)._minibatch.inputs) >= most


def test_what_a_state_holds(recipe, agent, rollouts):
    learner = DeviceLearner(agent, recipe, CPU)
    weights = vector(agent)
    fresh = learner.state()
    np.testing.assert_array_equal(fresh["weights"], weights)
    assert fresh["step"] == 0
    assert not fresh["exp_avg"].any()
    assert not fresh["exp_avg_sq"].any()
    updated(learner, rollouts[:1])
    state = learner.state()
    assert {name: (part.dtype, part.shape) for name, part in state.items()} == {
        **dict.fromkeys(("weights", "exp_avg", "exp_avg_sq"), (np.float32, weights.shape)),
        "step": (np.int64, ()),
    }
    assert state["step"] == recipe.update_epochs * recipe.minibatches
    assert (state["exp_avg_sq"] >= 0).all()
    assert state["exp_avg"].any()


def test_statistics_are_what_they_say(recipe, agent, rollouts):
    """An update with step size 0 leaves the policy: no divergence, nothing clipped, and the entropy of the policy."""
    before = vector(agent)
    (losses,) = updated(DeviceLearner(agent, replace(recipe, learning_rate=0.0), CPU), rollouts[:1])
    logits = agent.actor(inputs_of(recipe.world, rollouts[0].codes.ravel()))
    entropy = torch.distributions.Categorical(logits=logits).entropy().mean().item()
    assert losses.entropy == pytest.approx(entropy, rel=1e-4)
    assert losses.approximate_kl == pytest.approx(0, abs=1e-6)
    assert losses.clip_fraction == 0
    assert losses.policy_loss == pytest.approx(0, abs=1e-5)
    assert losses.gradient_norm > 0
    np.testing.assert_array_equal(vector(agent), before)


def test_each_device_has_its_learner(recipe, agent):
    assert isinstance(learner_of(agent, recipe, CPU), Learner)
    assert isinstance(learner_of(agent, recipe, torch.device("meta")), DeviceLearner)


def test_minibatches_read_nothing_from_the_device(recipe, agent):
    """On a device without numbers: whatever reads one, or mixes devices, is an error there."""
    meta = torch.device("meta")
    learner = DeviceLearner(agent, recipe, meta)
    # Fused Adam refuses this device; whether it waits for a GPU is for the test with CUDA.
    learner._adam.param_groups[0]["fused"] = False
    learner._moments["step"] = torch.zeros(())
    count = recipe.batch_size
    minibatch = count // recipe.minibatches
    steps = Steps(torch.zeros(count, 7, dtype=torch.bool, device=meta), *torch.zeros(3, count, device=meta))
    with reproducible(recipe.precision):
        places = torch.zeros(minibatch, dtype=torch.int64, device=meta)
        inputs = torch.zeros(minibatch, recipe.world.inputs, device=meta)
        statistics = learner._minibatch_step(inputs, steps.at(places))
    assert statistics.device == meta
    assert statistics.shape == (len(Losses._fields),)


@NEEDS_CUDA
def test_minibatches_do_not_wait_for_a_gpu(recipe, agent, rollouts, monkeypatch):
    learner = DeviceLearner(agent, recipe, torch.device("cuda"))
    updated(learner, rollouts[:1])  # What is set up at first may wait.
    update = learner._update

    def watched(order):
        torch.cuda.set_sync_debug_mode("error")
        try:
            return update(order)
        finally:
            torch.cuda.set_sync_debug_mode("default")

    monkeypatch.setattr(learner, "_update", watched)
    updated(learner, rollouts[1:])
    monkeypatch.setattr(learner, "_graph", None)
    monkeypatch.setattr(learner, "_record", lambda: None)
    updated(learner, rollouts[1:])


@NEEDS_CUDA
@pytest.mark.parametrize("precision", ["float32", "medium"])
def test_replayed_on_a_device_and_issued_one_by_one_are_the_same_bytes(recipe, agent, rollouts, monkeypatch, precision):
    recipe = replace(recipe, precision=precision)
    learners = [DeviceLearner(copy.deepcopy(agent), recipe, torch.device("cuda")) for _ in range(2)]
    monkeypatch.setattr(learners[1], "_record", lambda: None)
    replayed, issued = (updated(learner, rollouts) for learner in learners)
    assert learners[0]._graph
    assert not learners[1]._graph
    assert replayed == issued
    for name, part in learners[0].state().items():
        np.testing.assert_array_equal(part, learners[1].state()[name], err_msg=name)
