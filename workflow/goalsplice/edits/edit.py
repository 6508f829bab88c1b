"""What an edit is: a function that makes a network of what it is given, and what is said of its result."""

from collections.abc import Callable, Mapping
from math import nan
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from goalsplice.agent.fast.policy import Policy
from goalsplice.agent.network import Weights
from goalsplice.agent.recipe import Recipe
from goalsplice.agent.runs import Checkpoint, Run
from goalsplice.agent.seeding import Key
from goalsplice.settings.labels import NO_CONTROL
from goalsplice.world.observation import Encoding, Observations


class Context(NamedTuple):
    """What an edit is made with. The same edit with another donor is made with `context._replace(donor=other)`.

    Attributes:
        run: whose checkpoint is edited.
        phase: of that checkpoint, the recipient.
        donor: the checkpoint that the edit takes from; None for edits that need none.
        observations: what recipient and donor meet on levels that no evaluation plays; None for edits that need none.
    """

    run: Run
    phase: int
    donor: Checkpoint | None = None
    observations: Observations | None = None

    @property
    def recipient(self) -> Checkpoint:
        """The checkpoint that is edited."""
        return self.run.checkpoints[self.phase]

    @property
    def actors(self) -> tuple[Weights, Weights]:
        """Weights of recipient and donor."""
        return self.recipient.actor, self.donor.actor

    @property
    def identity(self) -> dict[str, int | str]:
        """Columns of the run's tables that identify recipient and donor."""
        recipient, donor = self.recipient, self.donor
        return {
            "recipient_phase": self.phase,
            "donor_phase": donor.phase,
            "recipient_objective": recipient.objective,
            "donor_objective": donor.objective,
        }

    @property
    def key(self) -> Key:
        """What random draws derive from: arm, seed and the phases of recipient and donor."""
        return (self.run.arm, self.run.seed, self.phase, self.donor.phase)

    @property
    def recipe(self) -> Recipe:
        """How the run was trained, and the rules of its world."""
        return self.run.recipe

    @property
    def encoding(self) -> Encoding:
        """What the network's inputs mean."""
        return self.run.recipe.world

    @property
    def inputs(self) -> Tensor:
        """The observations as the network's inputs: float32 (n, inputs)."""
        return torch.from_numpy(self.encoding.inputs_of(self.encoding.rows(self.observations.codes)))

    @property
    def frequency(self) -> Tensor:
        """How often each observation was met, in parts of all: float32 (n,)."""
        return torch.from_numpy(self.observations.frequency)


Make = Callable[[Context], Weights | Policy]
"""The edited network: weights, or an agent that sees otherwise with its weights unchanged. A pure function."""

Donors = Mapping[str, Checkpoint]
"""Other donors by the names of the controls that take them: `same_goal_donor`, another phase of the recipient's goal;
`other_seed_donor`, the donor's phase in another run; `untrained_donor`."""


class Edit(NamedTuple):
    """One edit, and what it is to be compared with.

    Attributes:
        family: kind of edit.
        name: which one of its kind.
        make: what it does.
        dose: how much of it: units, share of the weights, rank, or step; NaN where there is no such scale.
        controls: names of its controls (`controlled.py`).
        at_random: the same kind of edit at a random site, for the control `random_weights`. Without it, that control
            takes single weights anywhere in the actor.
    """

    family: str
    name: str
    make: Make
    dose: float = nan
    controls: tuple[str, ...] = ()
    at_random: Callable[[np.random.Generator], Make] | None = None


class Edited(NamedTuple):
    """A network that an edit made, or one of the edit's controls.

    Attributes:
        edit: which edit.
        network: what it made.
        control: the control's name.
        draw: which of several, from 0, where a control is drawn at random.
    """

    edit: Edit
    network: Weights | Policy
    control: str = NO_CONTROL
    draw: int = 0
