"""Where two actors differ: parts divide the weights, ranks and places are what they are called."""

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from minigrid.core.constants import COLOR_TO_IDX, OBJECT_TO_IDX

from goalsplice.agent.fast.policy import policy_of
from goalsplice.agent.fast.rollout import collect
from goalsplice.agent.network import Agent
from goalsplice.experiments.weight_changes import (
    FIRST_LAYER,
    channels,
    first_layer_parts,
    live_inputs,
    weight_changes,
)
from goalsplice.world.environment import FetchObstaclesEnv
from goalsplice.world.observation import Encoding
from goalsplice.world.simulator import Rules, colour_numbers, create

ENCODINGS = {"onehot": Encoding("onehot", 5), "integers": Encoding("integers", 7)}


@pytest.fixture(params=ENCODINGS)
def encoding(request) -> Encoding:
    """How an arm sees."""
    return ENCODINGS[request.param]


def actor(encoding, seed=0, hidden=6):
    """An untrained actor with biases."""
    generator = torch.Generator().manual_seed(seed)
    weights = Agent(encoding.inputs, hidden, generator).actor.state_dict()
    return {name: tensor + 0.1 * torch.randn(tensor.shape, generator=generator) for name, tensor in weights.items()}


def table(recipient, donor, encoding) -> pd.DataFrame:
    return pd.DataFrame(weight_changes(recipient, donor, encoding, np.random.default_rng(0)))


def changed(encoding, where, by=1.0):
    """An actor, and the same with layer 1's weights changed at some inputs: an index of (H, column, row, channels)."""
    recipient = actor(encoding)
    donor = {name: tensor.clone() for name, tensor in recipient.items()}
    size = encoding.view_size
    donor["layer1.weight"].view(-1, size, size, encoding.channels)[where] += by
    return recipient, donor


def test_parts_divide_the_inputs(encoding):
    parts = list(first_layer_parts(encoding))
    covered = {
        grouping: sum(part.inputs.astype(int) for part in parts if part.grouping == grouping)
        for grouping in {part.grouping for part in parts}
    }
    for grouping in ("field", "cell", "field_cell"):
        assert (covered[grouping] == 1).all()
    if encoding.name == "onehot":
        assert (covered["type"] + covered["colour"] + covered["state"] == 1).all()
        assert (covered["colour"] == covered["colour_cell"]).all()
        assert covered["colour"].sum() == 25 * len(COLOR_TO_IDX)
    else:
        assert set(covered) == {"field", "cell", "field_cell"}


def test_live_inputs_are_those_that_are_met(encoding):
    """By an agent that acts at random, in enough levels to see all there is."""
    level_distribution, policy = "training", policy_of(actor(encoding), encoding)
    worlds = create(256, level_distribution, np.random.default_rng(0), encoding.size)
    codes = collect(worlds, policy, encoding, Rules(), colour_numbers(level_distribution), 0, 150).codes
    met = (encoding.images(np.unique(codes)) != 0).any(axis=0)
    np.testing.assert_array_equal(live_inputs(encoding), met)


def test_dead_weights_do_not_count(encoding):
    rows = table(actor(encoding), actor(encoding, 1), encoding)
    live = live_inputs(encoding)
    assert 0 < live.sum() < live.size
    counts = rows.groupby(["grouping", "part"])[["weights", "active_weights"]].sum()
    first, everything = counts.loc[("tensor", FIRST_LAYER)], counts.loc[("actor", "actor")]
    assert first["active_weights"] == pytest.approx(first["weights"] * live.mean())
    assert everything["weights"] - everything["active_weights"] == first["weights"] - first["active_weights"]
    others = counts.loc["tensor"].drop(FIRST_LAYER)
    assert (others["weights"] == others["active_weights"]).all()
    for grouping in ("field", "cell", "field_cell"):
        assert counts.loc[grouping, "active_weights"].sum() == first["active_weights"]
    # Of a state's three bits the first is always set, and as an integer it is always 0.
    assert counts.loc[("field", "state"), "active_weights"] == (25 * 6 if encoding.name == "onehot" else 0)


def test_shuffles_leave_dead_inputs_alone():
    """A change in few columns of live inputs: shuffled over them alone its rank is lower than over all."""
    encoding = ENCODINGS["onehot"]
    live = live_inputs(encoding).ravel()
    recipient = actor(encoding, hidden=64)
    step = torch.zeros(64, encoding.inputs)
    step[:, torch.from_numpy(live)] = torch.randn(64, int(live.sum()), generator=torch.Generator().manual_seed(0))
    donor = {**recipient, FIRST_LAYER: recipient[FIRST_LAYER] + step}
    first = table(recipient, donor, encoding).set_index("part").loc[FIRST_LAYER]
    for rank in ("effective_rank", "stable_rank"):
        assert first[f"permuted_{rank}"] == pytest.approx(first[rank], rel=0.05)


def test_channels_are_minigrids(encoding):
    labels = channels(encoding.name)
    assert len(labels) == encoding.channels
    if encoding.name == "onehot":
        assert labels[OBJECT_TO_IDX["key"]] == ("type", "key")
        assert labels[len(OBJECT_TO_IDX) + COLOR_TO_IDX["purple"]] == ("colour", "purple")


def test_the_agent_is_in_the_middle_of_the_last_row_and_looks_to_row_0():
    """Against MiniGrid itself: a key two ahead and one to the right of the agent."""
    world = FetchObstaclesEnv(agent_view_size=5)
    world.reset(seed=0)
    world.agent_pos, world.agent_dir = (2, 4), 3  # faces up, so right is x + 1 and ahead y - 1
    keys = [thing for thing in world.grid.grid if thing is not None and thing.type in ("key", "ball")]
    for thing in keys:
        world.grid.set(*thing.cur_pos, None)
    world.grid.set(3, 2, next(thing for thing in keys if thing.type == "key"))
    image = world.gen_obs()["image"]
    column, row = 2 + 1, 4 - 2
    assert [tuple(place) for place in np.argwhere(image[:, :, 0] == OBJECT_TO_IDX["key"])] == [(column, row)]
    world.close()


def test_a_change_is_found_where_it_was_made():
    encoding = ENCODINGS["onehot"]
    purple = len(OBJECT_TO_IDX) + COLOR_TO_IDX["purple"]
    rows = table(*changed(encoding, np.s_[:, 1, 3, purple]), encoding)
    assert rows.loc[rows["grouping"] == "actor", "norm"].item() == pytest.approx(6**0.5, rel=1e-6)
    inside = rows[(rows["grouping"] == "colour_cell") & (rows["variance_share"] > 0)]
    assert inside[["part", "view_column", "view_row", "weights"]].to_numpy().tolist() == [["purple", 1, 3, 6]]
    assert inside["rms"].item() == pytest.approx(1, rel=1e-6)
    assert inside[["variance_share", "tensor_variance_share"]].to_numpy() == pytest.approx(1)
    shares = rows.set_index(["grouping", "part"])["variance_share"]
    whole = [shares["colour", "purple"], shares["field", "colour"], shares["tensor", "layer1.weight"]]
    assert whole == pytest.approx([1, 1, 1])
    assert shares["colour", "blue"] == shares["field", "type"] == shares["tensor", "layer2.weight"] == 0


@settings(max_examples=10)
@given(st.sampled_from(list(ENCODINGS)), st.integers(0, 99), st.floats(0.01, 100))
def test_shares_add_up_and_norms_scale_with_the_difference(name, seed, scale):
    encoding = ENCODINGS[name]
    recipient, donor = actor(encoding), actor(encoding, seed + 1)
    rows = table(recipient, donor, encoding)
    sums = rows.groupby("grouping")[["variance_share", "tensor_variance_share", "weights"]].sum()
    assert sums.loc["tensor", "variance_share"] == pytest.approx(1)
    first = rows[rows["part"] == "layer1.weight"]
    for grouping in ("field", "cell", "field_cell"):
        assert sums.loc[grouping, "tensor_variance_share"] == pytest.approx(1)
        assert sums.loc[grouping, "variance_share"] == pytest.approx(first["variance_share"].item())
        assert sums.loc[grouping, "weights"] == first["weights"].item()
    assert sums.loc["actor", "weights"] == sums.loc["tensor", "weights"]
    further = {part: recipient[part] + scale * (donor[part] - recipient[part]) for part in recipient}
    more = table(recipient, further, encoding)
    np.testing.assert_allclose(more["norm"], scale * rows["norm"], rtol=1e-3, atol=1e-6 * scale)
    for same in ("variance_share", "effective_rank", "stable_rank", "cosine_with_recipient", "recipient_norm"):
        np.testing.assert_allclose(more[same], rows[same], rtol=1e-2, atol=1e-5)


def test_shrinking_is_opposite_to_the_weights():
    encoding = ENCODINGS["integers"]
    recipient = actor(encoding)
    rows = table(recipient, {name: 0.9 * tensor for name, tensor in recipient.items()}, encoding)
    np.testing.assert_allclose(rows["cosine_with_recipient"], -1, atol=1e-6)
    np.testing.assert_allclose(rows["norm"], 0.1 * rows["recipient_norm"], rtol=1e-4)


def test_equal_actors_have_no_shares_and_no_ranks():
    encoding = ENCODINGS["onehot"]
    rows = table(actor(encoding), actor(encoding), encoding)
    assert (rows["norm"] == 0).all()
    assert rows[["variance_share", "tensor_variance_share", "effective_rank", "stable_rank"]].isna().all(axis=None)


def test_shuffling_a_change_of_rank_one_raises_its_rank():
    encoding = ENCODINGS["onehot"]
    recipient = actor(encoding, hidden=16)
    step = torch.outer(torch.arange(1.0, 17), torch.sin(torch.arange(float(encoding.inputs))))
    donor = {**recipient, "layer1.weight": recipient["layer1.weight"] + step}
    rows = table(recipient, donor, encoding).set_index("part")
    first = rows.loc["layer1.weight"]
    assert first["effective_rank"] == pytest.approx(1, abs=1e-3)
    assert first["permuted_effective_rank"] > 10
    assert first["permuted_stable_rank"] > first["stable_rank"]
    assert rows.loc[["actor", "layer1.bias"], "effective_rank"].isna().all()
