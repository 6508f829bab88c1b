"""An exchange of two colours is recognised, and told from what is none."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from minigrid.core.constants import COLOR_TO_IDX, OBJECT_TO_IDX

from goalsplice.agent.network import Agent
from goalsplice.experiments.colour_exchanges import colour_exchanges, colour_vectors, exchange
from goalsplice.world.observation import BLUE, PURPLE, Encoding

ONEHOT, INTEGERS = Encoding("onehot", 5), Encoding("integers", 7)
SIZE = 4000


def vectors(count, seed=0):
    return np.random.default_rng(seed).standard_normal((count, SIZE))


def actor(encoding, seed=0):
    return Agent(encoding.inputs, 6, torch.Generator().manual_seed(seed)).actor.state_dict()


def test_a_pure_exchange():
    blue, purple = vectors(2)
    found = exchange(blue, purple, purple, blue)
    one = ("antisymmetric_share", "cosine_exchanged", "sum_cosine", "explained", "explained_scaled", "scale")
    assert [found[name] for name in one] == pytest.approx([1] * len(one))
    assert [found["cosine_of_changes"], found["contrast_cosine"]] == pytest.approx([-1, -1])


def test_the_same_change_of_both_is_none():
    blue, purple, change = vectors(3)
    found = exchange(blue, purple, blue + change, purple + change)
    assert found["cosine_of_changes"] == pytest.approx(1)
    assert found["antisymmetric_share"] == pytest.approx(0, abs=1e-12)
    assert found["contrast_cosine"] == pytest.approx(1)
    assert found["explained_scaled"] == pytest.approx(0, abs=1e-12)


def test_unrelated_vectors_are_in_between():
    """Noise regresses to the mean, which looks like a part of an exchange to `scale`, and not to the cosines."""
    found = exchange(*vectors(4))
    for name in ("cosine_own", "cosine_exchanged", "contrast_cosine", "sum_cosine"):
        assert found[name] == pytest.approx(0, abs=0.06)
    assert found["antisymmetric_share"] == pytest.approx(0.5, abs=0.05)
    assert found["scale"] == pytest.approx(0.5, abs=0.05)
    assert found["explained"] == pytest.approx(0, abs=0.1)


@given(st.floats(-1, 2).filter(lambda part: abs(part) > 1e-3))
def test_a_part_of_an_exchange_has_its_size(part):
    blue, purple = vectors(2)
    found = exchange(blue, purple, blue + part * (purple - blue), purple + part * (blue - purple))
    assert found["scale"] == pytest.approx(part)
    assert [found["explained_scaled"], found["antisymmetric_share"]] == pytest.approx([1, 1])
    assert found["explained"] == pytest.approx(1 - (1 - 1 / part) ** 2)


def test_nothing_changed_is_missing_not_wrong():
    blue, purple = vectors(2)
    found = exchange(blue, purple, blue, purple)
    assert [found["cosine_own"], found["contrast_cosine"]] == pytest.approx([1, 1])
    assert np.isnan([found[name] for name in ("cosine_of_changes", "antisymmetric_share", "explained")]).all()


def test_exchanged_columns_are_found_in_the_network_and_only_there():
    recipient = actor(ONEHOT)
    donor = {name: tensor.clone() for name, tensor in recipient.items()}
    first = len(OBJECT_TO_IDX)
    weight, origin = (side["layer1.weight"].view(-1, 5, 5, ONEHOT.channels) for side in (donor, recipient))
    weight[..., first + BLUE], weight[..., first + PURPLE] = origin[..., first + PURPLE], origin[..., first + BLUE]
    rows = pd.DataFrame(colour_exchanges(recipient, donor, ONEHOT)).set_index(["basis", "colour", "other_colour"])
    for basis in ("columns", "keys"):
        swapped = rows.loc[basis, "blue", "purple"]
        assert [swapped["explained"], swapped["variance_share"]] == pytest.approx([1, 1])
        assert swapped["contrast_cosine"] == pytest.approx(-1, abs=1e-5)
        assert rows.loc[basis, "green", "yellow"][["variance_share", "explained"]].fillna(0).tolist() == [0, 0]
        assert rows.loc[basis, "green", "yellow"]["contrast_cosine"] == pytest.approx(1)
        assert rows.loc[basis, "green", "blue"]["explained"] < 0.5
    assert [tuple(pair) for pair in rows.loc["keys"].index] == list(combinations(COLOR_TO_IDX, 2))


@pytest.mark.parametrize("encoding", [ONEHOT, INTEGERS], ids=["onehot", "integers"])
def test_keys_are_what_the_layer_adds_for_a_key(encoding):
    """Against the layer itself: its sums with a key of that colour at a cell, less those with an empty cell."""
    weights = actor(encoding)
    weight = weights["layer1.weight"].double().numpy()
    found = colour_vectors(encoding, weights)["keys"].reshape(6, -1, encoding.view_size, encoding.view_size)
    image = np.zeros((encoding.view_size, encoding.view_size, encoding.channels))
    for number, cell in ((BLUE, (1, 2)), (PURPLE, (4, 0))):
        empty, key = image.copy(), image.copy()
        if encoding.name == "onehot":
            empty[cell][[OBJECT_TO_IDX["empty"], len(OBJECT_TO_IDX), -3]] = 1
            key[cell][[OBJECT_TO_IDX["key"], len(OBJECT_TO_IDX) + number, -3]] = 1
        else:
            empty[cell], key[cell] = (OBJECT_TO_IDX["empty"], 0, 0), (OBJECT_TO_IDX["key"], number, 0)
        np.testing.assert_allclose(found[(number, slice(None), *cell)], weight @ (key - empty).ravel(), atol=1e-12)


def test_integers_have_no_columns_of_their_own():
    rows = pd.DataFrame(colour_exchanges(actor(INTEGERS), actor(INTEGERS, 1), INTEGERS))
    assert set(rows["basis"]) == {"keys"}
    assert len(rows) == 15
