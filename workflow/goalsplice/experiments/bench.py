"""What networks are evaluated on, and the row that a table has of each."""

from typing import NamedTuple, Self

from goalsplice.agent.fast.policy import Policy
from goalsplice.agent.network import Weights
from goalsplice.agent.recipe import Recipe
from goalsplice.edits.delta import WeightDelta
from goalsplice.edits.edit import Edited
from goalsplice.experiments.evaluation import evaluate, evaluate_until, levels
from goalsplice.settings.labels import NO_CONTROL
from goalsplice.settings.sections import Splices
from goalsplice.world.simulator import Worlds


class Bench(NamedTuple):
    """What networks are evaluated on.

    Attributes:
        recipe: how the networks see, and the rules of their world.
        levels: what edits play.
        level_distribution, action_selection: as in the evaluation table.
        control_levels: how many of the levels, the first ones, a control plays at most: controls are many more.
        control_precision: how well known a control is enough (`evaluation.evaluate_until`).
    """

    recipe: Recipe
    levels: Worlds
    level_distribution: str
    action_selection: str
    control_levels: int | None = None
    control_precision: float = 0.0

    @classmethod
    def of(cls, recipe: Recipe, settings: Splices, levels_seed: int) -> Self:
        """The bench of the splices: the first levels of the evaluation with the same level_distribution."""
        every = levels(settings.level_distribution, settings.levels, levels_seed, recipe.grid_size)
        return cls(
            recipe,
            every,
            settings.level_distribution,
            settings.action_selection,
            settings.control_levels,
            settings.control_precision,
        )

    def evaluate(self, network: Weights | Policy, control: str = NO_CONTROL) -> dict[str, float]:
        """What a network does on the levels: an edit's on all of them, a control's until it is well enough known."""
        if control == NO_CONTROL:
            return evaluate(network, self.recipe, self.levels, self.action_selection)
        some = self.levels.part(0, self.control_levels)
        return evaluate_until(network, self.recipe, some, self.action_selection, self.control_precision)

    def describe(self, recipient: Weights, edited: Edited) -> dict:
        """What a table says of a network beside what it does: its control, its size and norm, where it plays.

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
