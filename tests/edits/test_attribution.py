"""Attributions: of what is met, complete, and by the right gradient."""

import numpy as np
import pytest
import torch

from edits.contexts import context_of
from goalsplice.agent.network import Agent
from goalsplice.edits.attribution import Preference, attribution, log_probabilities
from goalsplice.edits.delta import WeightDelta
from goalsplice.edits.edit import Context
from goalsplice.edits.weights import add, take


def towards(context, donor):
    """The same with another donor, among whose choices are these."""
    return context_of(context.recipient.actor, donor, context.recipe, context.observations)


def test_log_probabilities_are_the_networks_own(recipient, recipe, context):
    network = Agent(recipe.world.inputs, recipe.hidden_size).actor.requires_grad_(False)
    network.load_state_dict(recipient)
    expected = torch.distributions.Categorical(logits=network(context.inputs)).logits
    torch.testing.assert_close(log_probabilities(recipient, context.inputs), expected)


def test_preference_is_highest_for_the_actor_that_chose(recipient, donor, context):
    """Gibbs's inequality."""
    preference = Preference(context)
    assert preference.of(recipient) < preference.of(donor) < 0


def test_preference_by_hand_counts_often_met_observations_more(recipient, donor, context):
    choices, logs = (log_probabilities(actor, context.inputs).numpy() for actor in (donor, recipient))
    each = (np.exp(choices) * logs).sum(axis=1)
    expected = np.average(each, weights=context.observations.counts)
    assert expected != pytest.approx(each.mean(), rel=1e-3)
    assert Preference(context).of(recipient).item() == pytest.approx(expected, rel=1e-5)


class Double(Context):
    """A context in double precision."""

    @property
    def actors(self):
        return tuple({name: part.double() for name, part in actor.items()} for actor in super().actors)

    @property
    def inputs(self):
        return super().inputs.double()

    @property
    def frequency(self):
        return super().frequency.double()


def test_the_gradient_is_the_slope_of_the_preference(context):
    """By differences, in double precision."""
    exact = Double(*context)
    recipient, _ = exact.actors
    preference = Preference(exact)
    value, slopes = preference.gradient(recipient)
    assert value == pytest.approx(preference.of(recipient).item())
    generator = torch.Generator().manual_seed(0)
    for name, part in recipient.items():
        direction = {
            other: torch.randn(tensor.shape, generator=generator, dtype=torch.float64) * (other == name)
            for other, tensor in recipient.items()
        }
        step = 1e-6
        ahead, behind = (preference.of(add(recipient, direction, sign * step)) for sign in (1, -1))
        expected = (slopes[name] * direction[name]).sum().item()
        assert (ahead - behind).item() / (2 * step) == pytest.approx(expected, rel=1e-4, abs=1e-8)
        assert slopes[name].shape == part.shape
    assert not any(part.requires_grad for part in recipient.values())


@pytest.mark.parametrize("step", [0.05, -0.05])
def test_attributions_add_up_to_the_growth_of_the_preference(recipient, donor, context, step):
    near = add(recipient, WeightDelta(recipient, donor).tensors, step)
    preference = Preference(towards(context, near))
    growth = (preference.of(near) - preference.of(recipient)).item()
    total = sum(float(part.sum()) for part in attribution(towards(context, near)).values())
    assert growth > 0
    assert total == pytest.approx(growth, rel=0.05)


def test_weights_that_agree_or_are_not_used_have_none(recipient, donor, context):
    """The second is sensitivity as the method's authors call it: an input that is always 0 makes no difference."""
    half = take(
        recipient, donor, {name: torch.ones_like(part, dtype=torch.bool) for name, part in list(donor.items())[:3]}
    )
    found = attribution(towards(context, half))
    for name, part in found.items():
        assert (part != 0).any() == (name in list(donor)[:3])
    never = context.inputs.sum(dim=0) == 0
    assert never.any()
    assert (found["layer1.weight"][:, never] == 0).all()
    assert (found["layer1.weight"][:, ~never] != 0).any()


def test_attributions_are_shaped_as_the_actor_and_repeatable(recipient, context):
    one, other = attribution(context), attribution(context)
    torch.testing.assert_close(one, other, rtol=0, atol=0)
    assert {name: part.shape for name, part in one.items()} == {name: part.shape for name, part in recipient.items()}
