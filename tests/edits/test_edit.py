"""What an edit is made with says where it is from."""

import numpy as np
import torch

from edits.contexts import DONOR_PHASE, PHASE, checkpoint
from goalsplice.edits.edit import Edit, Edited


def test_a_context_is_of_one_run_and_a_donor(context, recipient, donor, recipe):
    assert context.recipient is context.run.checkpoints[PHASE]
    assert [list(actor) for actor in context.actors] == [list(recipient), list(donor)]
    assert context.actors[0] is recipient
    assert context.actors[1] is donor
    assert context.recipe is recipe
    assert context.encoding == recipe.world
    assert context.key == ("onehot", 99, PHASE, DONOR_PHASE)
    assert context.identity == {
        "recipient_phase": PHASE,
        "donor_phase": DONOR_PHASE,
        "recipient_objective": "blue",
        "donor_objective": "purple",
    }


def test_a_context_shows_what_is_met_as_the_network_sees_it(context, recipe):
    """Each cell has one kind, one colour and one state."""
    assert context.inputs.shape == (len(context.observations.codes), recipe.world.inputs)
    assert context.inputs.dtype == context.frequency.dtype == torch.float32
    cells = context.inputs.view(-1, recipe.world.cells, recipe.world.channels)
    for part in (cells[..., :11], cells[..., 11:17], cells[..., 17:]):
        assert (part.sum(dim=-1) == 1).all()
    images = recipe.world.images(context.observations.codes)
    np.testing.assert_array_equal(context.inputs.numpy(), images.reshape(len(images), -1))
    visits = context.frequency.double() * 2 * 32 * 16
    torch.testing.assert_close(visits, torch.from_numpy(context.observations.counts).double(), rtol=0, atol=1e-3)


def test_another_donor_is_another_context_of_the_same_recipient(context):
    other = checkpoint({}, phase=4)
    replaced = context._replace(donor=other)
    assert replaced.donor is other
    assert replaced.recipient is context.recipient
    assert replaced.observations is context.observations
    assert context.donor.phase == DONOR_PHASE


def test_what_an_edit_made_is_no_control_unless_it_says_so(recipient):
    edited = Edited(Edit("layers", "unedited", lambda context: recipient), recipient)
    assert (edited.control, edited.draw) == ("no_control", 0)
