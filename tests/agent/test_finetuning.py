"""Fine-tuning is the run's own training, from another start: the same steps, and nothing but its arguments."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from goalsplice.agent import finetuning, training
from goalsplice.agent.checkpoint import Header
from goalsplice.agent.finetuning import finetune, load_actor, save_actor
from goalsplice.agent.network import Agent
from goalsplice.agent.seeding import sequence
from goalsplice.io.errors import StudyError
from goalsplice.world.vocabulary import OBJECTIVES


def weights(agent) -> np.ndarray:
    """All of an agent's weights, copied."""
    return np.concatenate([parameter.detach().numpy().ravel() for parameter in agent.parameters()])


@pytest.fixture
def agent(recipe) -> Agent:
    return Agent(recipe.world.inputs, recipe.hidden_size, torch.Generator().manual_seed(3))


def rows_and_weights(agent, recipe, key, rollouts=2):
    """All rows of a fine-tuning and its final weights; the key is arm, seed, phase and objective."""
    rows = []
    for progress in finetune(agent, recipe, *key, rollouts):
        rows.append(progress.row)
    return rows, weights(progress.agent)


def test_it_is_the_runs_training_given_its_start_and_its_randomness(recipe, arm, monkeypatch):
    """From a run's first weights, with its randomness, the first phase comes out bit by bit."""
    initial, order, blue, _ = sequence(arm, 5).spawn(4)
    number = int(initial.generate_state(1, np.uint64)[0] >> np.uint64(1))
    fresh = Agent(recipe.world.inputs, recipe.hidden_size, torch.Generator().manual_seed(number))
    monkeypatch.setattr(finetuning, "sequence", lambda *_: SimpleNamespace(spawn=lambda _: [order, blue]))
    rows, ended = rows_and_weights(fresh, recipe, (arm, 5, 0, "blue"))

    run = training.train(recipe, arm, 5)
    for row in rows:
        progress = next(run)
        assert row == {name: progress.row[name] for name in row}
    np.testing.assert_array_equal(ended, weights(progress.agent))


def test_equal_arguments_give_equal_results_and_others_do_not(recipe, agent):
    key = ("onehot", 99, 3, "yellow")
    rows, ended = rows_and_weights(agent, recipe, key)
    again, same = rows_and_weights(agent, recipe, key)
    assert rows == again
    np.testing.assert_array_equal(ended, same)
    for place, other in enumerate(("integers", 98, 4, "blue")):
        assert not np.array_equal(ended, rows_and_weights(agent, recipe, (*key[:place], other, *key[place + 1 :]))[1])


def test_more_rollouts_begin_with_the_same(recipe, agent):
    key = ("onehot", 99, 3, "yellow")
    assert rows_and_weights(agent, recipe, key, 3)[0][:2] == rows_and_weights(agent, recipe, key, 2)[0]


def test_the_checkpoint_stays_as_it_is_while_its_copy_moves(recipe, agent):
    before = weights(agent)
    after = [weights(progress.agent) for progress in finetune(agent, recipe, "onehot", 1, 0, "yellow", 2)]
    np.testing.assert_array_equal(weights(agent), before)
    assert not np.array_equal(after[0], before)
    assert not np.array_equal(after[0], after[1])


def test_the_named_objective_pays(recipe, agent):
    """The first rollout's policy is the checkpoint's under any objective; what it gets for the same ends differs."""
    recipe = dataclasses.replace(recipe, level_distribution="three_colours", max_steps=20)
    for objective in OBJECTIVES:
        row = next(iter(finetune(agent, recipe, "onehot", 1, 0, objective, 1))).row
        ends = {outcome: row[f"episode_share_{outcome}"] for outcome in (*OBJECTIVES, "crash")}
        wrong = sum(ends[other] for other in OBJECTIVES if other != objective)
        assert row["objective"] == objective
        lowest, highest = (
            0.1 * wrong - ends["crash"] + 0.1 * ends[objective],
            0.1 * wrong - ends["crash"] + ends[objective],
        )
        assert lowest - 1e-6 <= row["mean_return"] <= highest + 1e-6


def test_it_learns_the_objective(recipe, agent):
    short = {"num_envs": 32, "num_steps": 128, "level_distribution": "three_colours"}
    rows, _ = rows_and_weights(agent, dataclasses.replace(recipe, **short), ("onehot", 1, 0, "yellow"), 24)
    assert rows[-1]["mean_return"] > rows[0]["mean_return"] + 0.5


@pytest.fixture
def saved(tmp_path, recipe, arm, agent):
    """A saved actor's path, and its header."""
    path, header = tmp_path / "phase=03.safetensors", Header(arm, 7, 3, "yellow", recipe.encoding, recipe.digest())
    save_actor(path, agent, header)
    return path, header


def test_an_actor_comes_back(saved, recipe, agent):
    path, header = saved
    actor, found = load_actor(path, recipe, phase=3, objective="yellow")
    assert found == header
    assert list(actor) == list(agent.actor.state_dict())
    assert all(torch.equal(tensor, actor[name]) for name, tensor in agent.actor.state_dict().items())


def test_a_finetuned_actor_can_be_saved(recipe, agent, tmp_path, saved):
    """A learner's weights are views of one vector, which safetensors would refuse as they are."""
    *_, last = finetune(agent, recipe, "onehot", 7, 3, "yellow", 1)
    save_actor(tmp_path / "trained.safetensors", last.agent, saved[1])
    actor, _ = load_actor(tmp_path / "trained.safetensors", recipe)
    assert all(torch.equal(tensor, actor[name]) for name, tensor in last.agent.actor.state_dict().items())


@pytest.mark.parametrize(("field", "value"), [("seed", 8), ("phase", 4), ("objective", "blue")])
def test_another_actor_is_refused_by_name(saved, recipe, field, value):
    with pytest.raises(StudyError, match=f"phase=03.safetensors is of {field} .*, not {value!r}"):
        load_actor(saved[0], recipe, **{field: value})


def test_actors_that_do_not_fit_are_refused(saved, recipe, agent):
    path, header = saved
    with pytest.raises(StudyError, match="is of recipe"):
        load_actor(path, dataclasses.replace(recipe, learning_rate=0.5))
    agent.actor.layer2 = torch.nn.Linear(128, 64)
    save_actor(path, agent, header)
    with pytest.raises(StudyError, match="does not hold an actor of this recipe's shapes"):
        load_actor(path, recipe)
