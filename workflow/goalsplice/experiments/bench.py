"""What networks are evaluated on, and the row that a table has of each."""

from typing import NamedTuple, Self

from goalsplice.agent.fast.policy import Policy
from goalsplice.agent.network import Weights
from goalsplice.agent.recipe import Recipe
from goalsplice.edits.delta import WeightDelta
from goalsplice.edits.edit import Edited
from goalsplice.experiments.evaluation import evaluate, levels
from goalsplice.settings.labels import NO_CONTROL
from goalsplice.settings.sections import Splices
from goalsplice.world.simulator import Worlds


def first(worlds: Worlds, count: int) -> Worlds:
    """The first `count` of some worlds."""
    return Worlds(*(field[:count] for field in worlds))


class Bench(NamedTuple):
    """What networks are evaluated on.

    Attributes:
        recipe: how the networks see, and the rules of their world.
        levels: what edits play.
        control_levels: what controls play: the first of these levels, since controls are many more.
        level_distribution, action_selection: as in the evaluation table.
    """

    recipe: Recipe
    levels: Worlds
    control_levels: Worlds
    level_distribution: str
    action_selection: str

    @classmethod
    def of(cls, recipe: Recipe, settings: Splices, levels_seed: int) -> Self:
        """The bench of the splices: the first levels of the evaluation with the same level_distribution."""
        every = levels(settings.level_distribution, settings.levels, levels_seed, recipe.grid_size)
        return cls(
            recipe, every, first(every, settings.control_levels), settings.level_distribution, settings.action_selection
        )

    def levels_of(self, control: str) -> Worlds:
        """What a control plays, or an edit itself."""
        return self.levels if control == NO_CONTROL else self.control_levels

    def evaluate(self, network: Weights | Policy, control: str = NO_CONTROL) -> dict[str, float]:
        """What a network does on the levels of edits, or on those of a control."""
        return evaluate(network, self.recipe, self.levels_of(control), self.action_selection)

    def describe(self, recipient: Weights, edited: Edited) -> dict:
        """What a table says of a network beside what it does: its control, its size and norm, what it plays.

        A network that sees otherwise, a `Policy`, has its recipient's weights: its size and norm are zero.
        """
        delta = WeightDelta(recipient, recipient if isinstance(edited.network, Policy) else edited.network)
        return {
            "control": edited.control,
            "draw": edited.draw,
            "size": delta.size,
            "norm": delta.norm,
            "level_distribution": self.level_distribution,
            "action_selection": self.action_selection,
            "levels": len(self.levels_of(edited.control).agent),
        }

    def row(self, recipient: Weights, edited: Edited) -> dict:
        """A network's row of a table of edits, but for what identifies the recipient."""
        edit = edited.edit
        return {
            "family": edit.family,
            "edit": edit.name,
            "dose": edit.dose,
            **self.describe(recipient, edited),
            **self.evaluate(edited.network, edited.control),
        }
