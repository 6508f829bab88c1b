"""Each way of changing what scores are measured with is named; what changes nothing of that is not."""

from importlib import import_module

import pytest

from goalsplice.experiments.isolation import apart
from goalsplice.experiments.state import changed, state


def named(code, recipe):
    """What `changed` says of some code, which is run in another process."""

    def work():
        # As in the process that scores a user's edit.
        import_module("goalsplice.experiments.custom")
        before = state(recipe)
        exec(code, {"recipe": recipe})
        yield changed(before, recipe)

    received = []
    apart(work, received)
    return received[0]


CHANGES = {
    "import torch; torch.set_default_dtype(torch.float64)": "default dtype",
    "import torch; torch.set_grad_enabled(False)": "gradients",
    "import torch; torch.mine = torch.inference_mode(); torch.mine.__enter__()": "gradients",
    "import torch; torch.set_default_device('meta')": "default device",
    "import torch; torch.set_num_threads(2)": "number of threads",
    "import torch; torch.use_deterministic_algorithms(True)": "deterministic algorithms",
    "import torch; torch.set_float32_matmul_precision('medium')": "matrix products",
    "import torch; torch.set_flush_denormal(True)": "below 1e-38",
    "import torch; torch.mine = torch.autocast('cpu'); torch.mine.__enter__()": "mixed precision",
    "import numpy; numpy.seterr(all='raise')": "floating-point errors",
    "import warnings; warnings.simplefilter('error')": "warnings are errors",
    "import os; os.chdir('/')": "working directory",
    "import os, tempfile; t = tempfile.mkdtemp(); os.chdir(t); os.rmdir(t)": "working directory",
    "object.__setattr__(recipe, 'gamma', 0.5)": "run's recipe",
    "vars(recipe)['max_steps'] = 3": "run's recipe",
    "recipe.world.row_inputs.data[0] = 9": "run's encoding",
    "recipe.world.geometry.front[:] = 0": "run's encoding",
    "import goalsplice.experiments.evaluation as m; m.evaluate = print": "goalsplice.experiments.evaluation.evaluate",
    "import goalsplice.edits.controls as m; del m.sign_flipped": "goalsplice.edits.controls.sign_flipped",
    "from goalsplice.agent.recipe import Recipe; Recipe.world = 1": "goalsplice.agent.recipe.Recipe.world",
    "from goalsplice.edits.effort import GRADIENTS; GRADIENTS['optimised_same_budget'] = 0": "GRADIENTS",
    "from goalsplice.world.simulator import _COLOUR_OUTCOME as table; table[:] = 0": "_COLOUR_OUTCOME",
    "import torch; torch.where = max": "torch.where",
    "import torch; torch.Tensor.norm = max": "torch.Tensor.norm",
    "import numpy; numpy.mean = max": "numpy.mean",
    "import builtins, numpy; builtins.sum = numpy.sum": "builtins.sum",
}


@pytest.mark.parametrize("code", CHANGES)
def test_a_change_is_named(code, recipe):
    assert CHANGES[code] in named(code, recipe)


@pytest.mark.parametrize(
    "code",
    [
        "pass",
        "import torch; torch.manual_seed(3); torch.set_default_dtype(torch.float32); torch.ones(3).sum()",
        "import torch\nwith torch.no_grad(): torch.ones(3)",
        "import os, sys; os.environ['A_VARIABLE'] = 'x'; sys.path.append('x')",
        "import matplotlib.pyplot, scipy.stats, scipy.optimize, torch.func, goalsplice.figures.choices",
        "from goalsplice.edits.inputs import input_groups; input_groups(recipe.world)",
    ],
)
def test_what_changes_no_score_is_not(code, recipe):
    assert named(code, recipe) is None
