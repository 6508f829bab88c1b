"""What actors meet is repeatable, and depends on who plays what."""

import numpy as np

from goalsplice.experiments.observing import met


def test_what_is_met_depends_on_seed_actors_and_layouts(recipient, donor, recipe):
    def found(*actors, layouts="three_colours", seed=0):
        return met(actors, recipe, layouts, ("arm", seed))

    one = found(recipient, donor)
    assert one.counts.sum() == 2 * 32 * 16
    assert (np.diff(one.codes) > 0).all()
    np.testing.assert_equal(found(recipient, donor), one)
    others = (
        found(recipient, donor, seed=1),
        found(recipient, recipient),
        found(donor, donor),
        found(recipient, donor, layouts="training"),
    )
    assert not any(np.array_equal(other.codes, one.codes) for other in others)
