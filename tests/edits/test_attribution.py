"""Attributions: of what is met, complete, and by the right gradient."""

import numpy as np
import pytest
import torch

from goalsplice.agent.network import Agent
from goalsplice.edits.attribution import (
    Observations,
    attribution,
    gradient,
    log_probabilities,
    observations,
    preference,
)
from goalsplice.edits.edit import add, change, take


@pytest.fixture(scope="module")
def exact(recipient, donor, met):
    """Everything in double precision: recipient, what is met, and the donor's choices there."""
    recipient, donor = ({name: part.double() for name, part in actor.items()} for actor in (recipient, donor))
    met = Observations(met.inputs.double(), met.frequency.double())
    return recipient, met, log_probabilities(donor, met.inputs).exp()


def same(one, other):
    return one.inputs.shape == other.inputs.shape and all(map(torch.equal, one, other))


def test_observations_are_distinct_and_counted(met, recipe):
    assert met.inputs.shape == (len(met.frequency), recipe.world.inputs)
    assert met.inputs.dtype == met.frequency.dtype == torch.float32
    assert len(torch.unique(met.inputs, dim=0)) == len(met.inputs) > 100
    assert float(met.frequency.sum()) == pytest.approx(1, abs=1e-5)
    visits = met.frequency.double() * 2 * 32 * 16
    torch.testing.assert_close(visits, visits.round(), rtol=0, atol=1e-3)
    assert visits.round().min() == 1


def test_observations_are_what_the_world_shows(met, recipe):
    """Each cell has one kind, one colour and one state."""
    cells = met.inputs.view(-1, recipe.world.cells, recipe.world.channels)
    for part in (cells[..., :11], cells[..., 11:17], cells[..., 17:]):
        assert (part.sum(dim=-1) == 1).all()


def test_observations_are_repeatable_and_depend_on_seed_actors_and_layouts(recipient, donor, recipe, met):
    again = observations((recipient, donor), recipe, "three_colours", ("arm", 0))
    assert same(again, met)
    assert not same(observations((recipient, donor), recipe, "three_colours", ("arm", 1)), met)
    assert not same(observations((recipient, recipient), recipe, "three_colours", ("arm", 0)), met)
    assert not same(observations((donor, donor), recipe, "three_colours", ("arm", 0)), met)
    colours = [
        observations((recipient,), recipe, layouts, ("arm", 0))
        .inputs.view(-1, recipe.world.cells, 20)[..., 11:17]
        .sum((0, 1))
        for layouts in ("three_colours", "training")
    ]
    green = 1
    assert colours[0][green] == 0 < colours[1][green]


def test_log_probabilities_are_the_networks_own(recipient, recipe, met):
    network = Agent(recipe.world.inputs, recipe.hidden_size).actor.requires_grad_(False)
    network.load_state_dict(recipient)
    expected = torch.distributions.Categorical(logits=network(met.inputs)).logits
    torch.testing.assert_close(log_probabilities(recipient, met.inputs), expected)


def test_preference_is_highest_for_the_actor_that_chose(recipient, donor, met):
    """Gibbs's inequality; and by hand for one observation."""
    choices = log_probabilities(donor, met.inputs).exp()
    assert preference(recipient, met, choices) < preference(donor, met, choices) < 0
    one = Observations(met.inputs[:1], torch.ones(1))
    logs = log_probabilities(recipient, met.inputs[:1])[0].numpy()
    by_hand = sum(float(p) * float(log) for p, log in zip(choices[0], logs, strict=True))
    assert preference(recipient, one, choices[:1]).item() == pytest.approx(by_hand, rel=1e-5)


def test_often_met_observations_count_more(recipient, met):
    choices = log_probabilities(recipient, met.inputs).exp()
    each = (choices * log_probabilities(recipient, met.inputs)).sum(dim=1).numpy()
    assert preference(recipient, met, choices).item() == pytest.approx(
        np.average(each, weights=met.frequency.numpy()), rel=1e-5
    )


def test_the_gradient_is_the_slope_of_the_preference(exact):
    recipient, met, choices = exact
    value, slopes = gradient(recipient, met, choices)
    assert value == pytest.approx(preference(recipient, met, choices).item())
    generator = torch.Generator().manual_seed(0)
    for name, part in recipient.items():
        direction = {
            other: torch.randn(tensor.shape, generator=generator, dtype=torch.float64) * (other == name)
            for other, tensor in recipient.items()
        }
        step = 1e-6
        ahead, behind = (preference(add(recipient, direction, sign * step), met, choices) for sign in (1, -1))
        expected = (slopes[name] * direction[name]).sum().item()
        assert (ahead - behind).item() / (2 * step) == pytest.approx(expected, rel=1e-4, abs=1e-8)
        assert slopes[name].shape == part.shape
    assert not any(part.requires_grad for part in recipient.values())


@pytest.mark.parametrize("step", [0.05, -0.05])
def test_attributions_add_up_to_the_growth_of_the_preference(recipient, donor, met, step):
    near = add(recipient, change(recipient, donor), step)
    choices = log_probabilities(near, met.inputs).exp()
    growth = (preference(near, met, choices) - preference(recipient, met, choices)).item()
    total = sum(float(part.sum()) for part in attribution(recipient, near, met).values())
    assert growth > 0
    assert total == pytest.approx(growth, rel=0.05)


def test_weights_that_agree_or_are_not_used_have_none(recipient, donor, met):
    """The second is sensitivity as the method's authors call it: an input that is always 0 makes no difference."""
    half = take(
        recipient, donor, {name: torch.ones_like(part, dtype=torch.bool) for name, part in list(donor.items())[:3]}
    )
    found = attribution(recipient, half, met)
    for name, part in found.items():
        assert (part != 0).any() == (name in list(donor)[:3])
    never = met.inputs.sum(dim=0) == 0
    assert never.any()
    assert (found["layer1.weight"][:, never] == 0).all()
    assert (found["layer1.weight"][:, ~never] != 0).any()


def test_attributions_are_shaped_as_the_actor_and_repeatable(recipient, donor, met):
    one, other = attribution(recipient, donor, met), attribution(recipient, donor, met)
    torch.testing.assert_close(one, other, rtol=0, atol=0)
    assert {name: part.shape for name, part in one.items()} == {name: part.shape for name, part in recipient.items()}
