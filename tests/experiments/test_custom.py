"""Edits that a user brings: they are called with copies, their faults are told, and the others go on."""

import json
import os
import sys
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import torch

from edits.contexts import donors_of
from goalsplice.agent.checkpoint import Header, save_checkpoint
from goalsplice.agent.network import Agent
from goalsplice.cli import custom_edits
from goalsplice.edits.edit import Edit
from goalsplice.edits.inputs import input_groups, take_inputs
from goalsplice.experiments.bench import Bench
from goalsplice.experiments.custom import CONTROLS, NotApplicable, custom_edit, load, score_custom
from goalsplice.experiments.evaluation import levels
from goalsplice.experiments.splices import Pair, edit_rows
from goalsplice.io.errors import StudyError
from goalsplice.settings.plugin import digest

EXAMPLES = "workflow.resources.example_edits"
HEADER = "import numpy as np\nimport torch\nfrom goalsplice.experiments.custom import NotApplicable\n\n"
GOOD = "def edit(recipient, donor, context):\n    return {**recipient, 'layer1.bias': donor['layer1.bias']}\n"
COUNTING = "calls = []\ndef edit(recipient, *_):\n    calls.append(1)\n"


@pytest.fixture(scope="module")
def pair(context):
    return Pair(context, donors_of(context, "same_goal_donor", "untrained_donor"))


def other_phase(pair, phase):
    """The same actors, the recipient's of another phase."""
    run = replace(pair.context.run, checkpoints={phase: pair.context.recipient})
    return pair._replace(context=pair.context._replace(run=run, phase=phase))


@pytest.fixture(scope="module")
def bench(recipe):
    every = levels("three_colours", 8, 0, recipe.grid_size)
    return Bench(recipe, every, "three_colours", "sampling", control_levels=4)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A project's folder, which Python's path forgets afterwards."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    return tmp_path


def write(folder, body, name="mine"):
    """A user's file, whose function is called `edit`."""
    (folder / f"{name}.py").write_text(HEADER + body)


def returning(expression):
    """The source of an edit that returns this."""
    return f"def edit(recipient, donor, context, **parameters):\n    return {expression}\n"


def scored(folder, pairs, bench, **settings):
    """Rows for the function `edit` of the file `mine`, on pairs with recipients of phases from 0 on."""
    config = {"name": "my edit", "function": "mine:edit", **settings}
    return score_custom(config, folder, [other_phase(pair, phase) for phase, pair in enumerate(pairs)], bench, 2)


def made(folder, pair, name="my edit", **parameters):
    """The user's function as the study's edit."""
    return custom_edit(name, load("mine:edit", folder), parameters, pair)


def test_a_sound_edit_is_scored_with_every_control(folder, pair, bench):
    write(folder, GOOD)
    rows = pd.DataFrame(scored(folder, [pair, pair], bench))
    assert set(rows["control"]) == {"no_control", *CONTROLS} - {"other_seed_donor"}
    drawn = rows[rows["recipient_phase"] == 0].groupby("control").size()
    assert drawn[["permuted", "gaussian", "random_weights"]].tolist() == [2, 2, 2]
    assert drawn.drop(["permuted", "gaussian", "random_weights"]).eq(1).all()
    assert rows["problem"].eq("").all()
    assert set(rows["family"]) == {"custom"}
    own = rows[rows["control"] == "no_control"]
    assert own["size"].tolist() == [16, 16]


def test_a_custom_edit_scores_what_the_studys_same_edit_does(pytestconfig, pair, bench):
    """The example takes the columns that the family inputs takes, so all but the controls' draws is equal."""
    config = {"name": "x", "function": f"{EXAMPLES}:colour_columns", "parameters": {"colours": ["blue", "purple"]}}
    custom = pd.DataFrame(score_custom(config, pytestconfig.rootpath, [pair], bench, 1))
    columns = input_groups(bench.recipe.world)["trained colours"]
    edit = Edit("inputs", "y", lambda context: take_inputs(*context.actors, columns), controls=CONTROLS)
    own = pd.DataFrame(edit_rows(pair, edit, bench, 1))
    drawn = own["control"].isin(["permuted", "gaussian", "random_weights"])
    columns = [column for column in own if column not in ("family", "edit")]
    pd.testing.assert_frame_equal(custom.loc[~drawn, columns], own.loc[~drawn, columns])


def test_halfway_is_half_way(pytestconfig, pair):
    loaded = load(f"{EXAMPLES}:halfway", pytestconfig.rootpath)
    edited = custom_edit("x", loaded, {"layer": "layer2"}, pair).make(pair.context)
    recipient, donor = pair.context.actors
    for name, tensor in edited.items():
        toward = 0.5 if name.startswith("layer2") else 0
        torch.testing.assert_close(tensor, torch.lerp(recipient[name], donor[name], toward))


BAD = {
    "an error": (
        "def edit(*_, **__):\n    return 1 / 0\n",
        r"raised ZeroDivisionError: division by zero \(mine.py, line 6\)",
    ),
    "an error without words": ("def edit(*_):\n    raise KeyError\n", r"raised KeyError \(mine.py, line 6\); mend the"),
    "an exit": ("def edit(*_):\n    raise SystemExit(0)\n", r"raised SystemExit: 0 \(mine.py, line 6\)"),
    "an error in what it calls": (
        "def edit(*_):\n    torch.ones(2) @ torch.ones(3)\n",
        r"raised RuntimeError: .*mine.py, line 6",
    ),
    "an argument that it does not know": (
        "def edit(recipient, donor):\n    return recipient\n",
        r"raised TypeError: edit\(\) takes 2 positional",
    ),
    "nothing": ("def edit(*_):\n    pass\n", r"returned NoneType in place of a dict; return \{\*\*recipient"),
    "a tensor": (returning("donor['layer1.weight']"), r"returned Tensor in place of a dict"),
    "a key too few": (returning("{'layer1.weight': donor['layer1.weight']}"), r"returned no layer1\.bias; return"),
    "a key too many": (
        returning("{**recipient, 'layer9.bias': 1}"),
        r"returned layer9\.bias, which an actor does not have",
    ),
    "a key that is no name": (returning("{**recipient, 7: 1}"), r"returned 7, which an actor does not have"),
    "an array": (
        returning("{**recipient, 'layer1.bias': np.ones(16)}"),
        r"returned layer1\.bias as ndarray; make it a",
    ),
    "another shape": (
        returning("{**recipient, 'layer1.bias': torch.ones(15)}"),
        r"of shape \(15,\); it must be \(16,\)",
    ),
    "another type": (
        returning("{**recipient, 'layer1.bias': torch.ones(16).double()}"),
        r"as torch\.float64; make it torch\.float32",
    ),
    "a sparse tensor": (
        returning("{**recipient, 'layer1.bias': torch.ones(16).to_sparse()}"),
        r"sparse or not on the CPU",
    ),
    "not a number": (
        returning("{**recipient, 'layer1.bias': torch.full((16,), np.nan)}"),
        r"with 16 values that are not finite",
    ),
    "infinity": (
        returning("{**recipient, 'layer1.bias': recipient['layer1.bias'] / torch.tensor([0., *[1.] * 15])}"),
        r"with 1 values? that are not finite",
    ),
    "a changed recipient": (
        "def edit(recipient, donor, context):\n    recipient['layer2.bias'] += 1\n    return recipient\n",
        r"changed layer2\.bias of the recipient that it was given; work on a copy",
    ),
    "a changed donor": (
        "def edit(recipient, donor, context):\n    donor['layer1.weight'].numpy()[0, 0] = 9\n    return recipient\n",
        r"changed layer1\.weight of the donor",
    ),
    "a lost tensor": (
        "def edit(recipient, donor, context):\n    del recipient['layer3.bias']\n    return donor\n",
        r"changed layer3\.bias of the recipient",
    ),
    "changed observations": (
        "def edit(recipient, donor, context):\n    context.met.inputs.zero_()\n    return recipient\n",
        r"changed inputs of the observations",
    ),
    "a file with an error": (
        "raise ImportError('no such thing')\n",
        r"cannot be loaded, .*ImportError: no such thing \(mine.py, line 5\)",
    ),
    "a file that is no Python": ("def edit(:\n", r"cannot be loaded, since its file fails with SyntaxError: "),
    "a file that exits": ("raise SystemExit\n", r"cannot be loaded, since its file fails with SystemExit"),
    "no function": ("", r"is not there: mine\.py has no function edit; add it, or mend the name"),
    "something that is no function": ("edit = 7\n", r"has no function edit"),
    "a control's failure": (
        "def edit(recipient, donor, context):\n"
        "    assert donor['layer1.bias'].any(), 'untrained!'\n"
        "    return {**recipient, 'layer1.bias': donor['layer1.bias']}\n",
        r"^mine:edit called for the control same_goal_donor raised AssertionError: untrained!",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_fault_is_one_sentence_in_one_row(folder, pair, bench, case):
    body, sentence = BAD[case]
    write(folder, body)
    before = [{name: tensor.clone() for name, tensor in actor.items()} for actor in pair.context.actors]
    rows = scored(folder, [pair, pair], bench)
    assert len(rows) == 1
    (row,) = rows
    assert row["problem"].startswith("mine:edit ")
    assert row["recipient_phase"] == 0
    assert "\n" not in row["problem"]
    assert pd.Series(row["problem"]).str.contains(sentence).item(), row["problem"]
    assert np.isnan(row["episode_share_blue"])
    assert row["levels"] == 0
    for old, actor in zip(before, pair.context.actors, strict=True):
        assert all(torch.equal(old[name], actor[name]) for name in old)
    write(folder, GOOD)
    assert not any(row["problem"] for row in scored(folder, [pair], bench)), "the next one goes on"


def test_a_failure_says_where_in_the_run(folder, pair, bench):
    """There are three calls for a pair: for the donor, and for two in its place."""
    write(folder, COUNTING + "    assert len(calls) < 5\n    return recipient\n")
    (row,) = scored(folder, [pair, pair, pair], bench)
    assert row["recipient_phase"] == 1


def test_an_edit_that_declines_has_no_rows(folder, pair, bench, capsys):
    write(folder, "def edit(*_):\n    raise NotApplicable('not for this encoding')\n")
    assert scored(folder, [pair, pair], bench) == []
    assert "my edit declines this run: not for this encoding" in capsys.readouterr().err
    with pytest.raises(NotApplicable):
        made(folder, pair).make(pair.context)


def test_choosing_among_pairs_is_a_fault(folder, pair, bench):
    """Or an edit could keep the pairs that suit it."""
    write(folder, COUNTING + "    if len(calls) > 3:\n        raise NotApplicable\n    return recipient\n")
    (row,) = scored(folder, [pair, pair], bench)
    assert "declines 1 of the run's 2 pairs; let it raise NotApplicable for what holds of a whole run" in row["problem"]


@pytest.mark.parametrize(
    "draw",
    [
        "context.generator.standard_normal(16).astype(np.float32)",
        "np.random.rand(16).astype(np.float32)",
        "torch.rand(16)",
    ],
)
def test_what_is_random_is_the_same_each_time(folder, pair, draw):
    write(folder, returning(f"{{**recipient, 'layer1.bias': torch.as_tensor({draw})}}"))
    edit = made(folder, pair)
    drawn = [
        edit.make(pair.context),
        edit.make(pair.context._replace(donor=pair.donors["same_goal_donor"])),
        made(folder, pair).make(pair.context),
    ]
    assert all(torch.equal(one["layer1.bias"], other["layer1.bias"]) for one, other in pairwise(drawn))
    others = [
        made(folder, pair, name="another").make(pair.context),
        made(folder, other_phase(pair, 4)).make(pair.context),
    ]
    assert not any(torch.equal(drawn[0]["layer1.bias"], other["layer1.bias"]) for other in others)


def test_parameters_and_context_arrive(folder, pair):
    write(
        folder,
        "def edit(recipient, donor, context, scales, *, word):\n"
        "    assert word == 'x' and context.encoding.name == context.recipe.encoding == 'onehot'\n"
        "    assert context.met.inputs.shape[1] == context.encoding.inputs\n"
        "    return {**recipient, 'layer1.bias': scales.pop() * donor['layer1.bias']}\n",
    )
    edit = made(folder, pair, scales=[1.0, 2.0], word="x")
    for _ in range(2):
        edited = edit.make(pair.context)
        torch.testing.assert_close(edited["layer1.bias"], 2 * pair.context.donor.actor["layer1.bias"])


def test_gradients_do_not_leak(folder, pair, bench):
    write(folder, returning("{name: tensor.requires_grad_() * 1 for name, tensor in recipient.items()}"))
    rows = scored(folder, [pair], bench)
    assert rows[0]["problem"] == ""
    assert rows[0]["size"] == 0


def test_what_it_prints_goes_to_the_log(folder, pair, capsys):
    write(folder, "print('loading')\ndef edit(recipient, *_):\n    print('editing')\n    return recipient\n")
    made(folder, pair).make(pair.context)
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "loading\nediting\n"


def test_problems_are_the_same_from_run_to_run(folder, pair, bench):
    write(folder, "def edit(*_):\n    raise ValueError(f'bad {object()}\\n' + 999 * 'x')\n")
    (row,) = scored(folder, [pair], bench)
    assert "bad <object object> xxx" in row["problem"]
    assert len(row["problem"]) < 400


def test_other_files_of_the_folder_can_be_imported_and_nothing_is_left_there(folder, pair):
    (folder / "parts").mkdir()
    (folder / "parts" / "half.py").write_text("HALF = 0.5\n")
    (folder / "parts" / "mine.py").write_text(
        "from parts.half import HALF\ndef edit(recipient, donor, context):\n    return recipient if HALF else None\n"
    )
    edit = custom_edit("x", load("parts.mine:edit", folder), {}, pair)
    assert edit.make(pair.context).keys() == pair.context.recipient.actor.keys()
    assert not (folder / "parts" / "__pycache__" / f"mine.{sys.implementation.cache_tag}.pyc").exists()


MEDDLING = {
    "its file sets the default dtype": ("torch.set_default_dtype(torch.float64)\n" + GOOD, "PyTorch's default dtype"),
    "its file patches the study": (
        "import goalsplice.experiments.bench\ngoalsplice.experiments.bench.evaluate = lambda *_: {}\n" + GOOD,
        r"goalsplice\.experiments\.bench\.evaluate",
    ),
    **{
        what: (f"def edit(recipient, donor, context):\n    {code}\n    return recipient\n", sentence)
        for what, (code, sentence) in {
            "the default dtype": ("torch.set_default_dtype(torch.float64)", "PyTorch's default dtype"),
            "gradients": ("torch.set_grad_enabled(False)", "whether PyTorch keeps gradients"),
            "the default device": ("torch.set_default_device('meta')", "PyTorch's default device"),
            "threads": ("torch.set_num_threads(3)", "PyTorch's number of threads"),
            "small numbers": ("torch.set_flush_denormal(True)", "numbers below 1e-38"),
            "determinism": ("torch.use_deterministic_algorithms(True)", "deterministic algorithms"),
            "NumPy's errors": ("np.seterr(all='raise')", "NumPy's treatment"),
            "the working directory": ("import os; os.chdir('/')", "the working directory"),
            "the recipe": ("vars(context.recipe)['max_steps'] = 3", "the run's recipe"),
            "the encoding": ("context.encoding.row_inputs.data[:] = 0", "the run's encoding"),
            "the study": (
                "import goalsplice.edits.controls as c; c.sign_flipped = c.permuted",
                r"goalsplice\.edits\.controls\.sign_flipped",
            ),
            "its end": ("import os; os._exit(0)", "ended its process with exit code 0"),
            "its crash": ("import os, signal; os.kill(os.getpid(), signal.SIGUSR1)", "by the signal SIGUSR1"),
            "its want of memory": ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "lack of memory"),
            "an interrupt": ("raise KeyboardInterrupt", "ended its process with exit code 1"),
        }.items()
    },
}
"""What an edit may do to others, and what is said of it."""

HARMLESS = {
    "environment": "import os; os.environ['OMP_NUM_THREADS'] = 'x'; os.environ.pop('HOME', 0)",
    "path": "import sys; sys.path.clear()",
    "warnings": "import warnings; warnings.simplefilter('ignore'); warnings.warn('x')",
    "streams": "import random; random.seed(0); np.random.seed(0); torch.manual_seed(0)",
    "signals": "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)",
    "figures": "import matplotlib; matplotlib.rcParams['svg.hashsalt'] = 'x'; matplotlib.use('agg')",
    "a thread": "import threading, time; threading.Thread(target=time.sleep, args=(99,)).start()",
    "umask": "import os; os.umask(0o777)",
}
"""What would harm others in their process, and does not where each has its own."""


@pytest.mark.parametrize("case", MEDDLING)
def test_an_edit_that_meddles_is_named(folder, pair, bench, case):
    body, sentence = MEDDLING[case]
    write(folder, body)
    (row,) = scored(folder, [pair], bench)
    assert row["problem"].startswith("mine:edit ")
    assert pd.Series(row["problem"]).str.contains(sentence).item(), row["problem"]


@pytest.fixture(scope="module")
def of_good(tmp_path_factory, pair, bench):
    """Rows of a sound edit that is scored alone, as text: numbers that are missing equal no others."""
    folder = tmp_path_factory.mktemp("good")
    write(folder, GOOD)
    return str(scored(folder, [pair], bench))


@pytest.mark.parametrize("case", HARMLESS)
def test_what_is_gone_with_its_process_harms_nobody(folder, pair, bench, of_good, case):
    write(folder, f"def edit(recipient, donor, context):\n    {HARMLESS[case]}\n" + GOOD.partition("\n")[2])
    assert str(scored(folder, [pair], bench)) == of_good


def test_the_next_edit_is_scored_as_if_alone(folder, pair, bench, of_good):
    for case in ("its file patches the study", "the default device", "the recipe", "the encoding", "its crash"):
        write(folder, MEDDLING[case][0])
        scored(folder, [pair], bench)
    write(folder, "import os\nos.chdir('/')\nos.close(1)\nos.close(2)\n" + GOOD)
    scored(folder, [pair], bench)
    write(folder, GOOD)
    assert str(scored(folder, [pair], bench)) == of_good


@pytest.mark.parametrize("stream", ["sys.stdout.close()", "sys.stderr.close()", "os.close(1); os.close(2)"])
def test_an_edit_that_closes_its_output_can_still_fail(folder, pair, bench, stream):
    write(folder, f"import os, sys\ndef edit(*_):\n    {stream}\n    raise ValueError('as it must')\n")
    (row,) = scored(folder, [pair], bench)
    assert "raised ValueError: as it must" in row["problem"]


def test_an_end_says_where_in_the_run(folder, pair, bench):
    write(folder, COUNTING + "    if len(calls) > 4:\n        import os\n        os._exit(3)\n    return recipient\n")
    (row,) = scored(folder, [pair, pair, pair], bench)
    assert row["recipient_phase"] == 1


def test_an_edit_may_use_gradients_and_threads_of_its_own(folder, pair, bench):
    write(
        folder,
        "def edit(recipient, donor, context):\n"
        "    weights = recipient['layer1.weight'].clone().requires_grad_()\n"
        "    (context.met.inputs @ weights.T).square().mean().backward()\n"
        "    return {**recipient, 'layer1.weight': recipient['layer1.weight'] - weights.grad}\n",
    )
    rows = scored(folder, [pair], bench)
    assert rows[0]["problem"] == ""
    assert rows[0]["size"] > 0


READING = {
    "a computed name": "import importlib\ndef value():\n    return importlib.import_module('parts.' + 'other').VALUE\n",
    "exec": "def value():\n    space = {}\n    exec(open(HERE + '/parts/other.py').read(), space)\n    return 1\n",
    "runpy": "import runpy\ndef value():\n    return runpy.run_path(HERE + '/parts/other.py')['VALUE']\n",
    "a folder of the path": "import sys\nsys.path.append(HERE + '/parts')\nimport other\ndef value():\n    return 1\n",
    "text": "def value():\n    return len(open(HERE + '/parts/other.py').read())\n",
    "NumPy": "def value():\n    return np.loadtxt(HERE + '/parts/other.py', str)\n",
}


@pytest.mark.parametrize("case", READING)
def test_what_is_read_unseen_is_refused_until_it_is_named(folder, pair, bench, case):
    (folder / "parts").mkdir()
    (folder / "parts" / "other.py").write_text("VALUE=1\n")
    write(
        folder, f"HERE = {str(folder)!r}\n{READING[case]}def edit(recipient, *_):\n    value()\n    return recipient\n"
    )
    (row,) = scored(folder, [pair], bench)
    assert "read parts/other.py" in row["problem"]
    assert "reads" in row["problem"]
    rows = scored(folder, [pair], bench, reads=["parts/other.py"])
    assert rows[0]["problem"] == ""


def test_what_is_read_elsewhere_or_was_written_by_itself_is_not_asked_for(folder, pair, bench, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "x.txt"
    elsewhere.write_text("x")
    write(
        folder,
        "import json.tool, pathlib, scipy.signal\nimport numba\n"
        "@numba.njit(cache=True)\ndef double(x):\n    return 2 * x\n"
        "def edit(recipient, *_):\n"
        f"    here = pathlib.Path({str(folder)!r}, 'scratch.txt')\n    here.write_text('x')\n    here.read_text()\n"
        f"    here.unlink()\n    open({str(elsewhere)!r}).read()\n    double(2)\n    return recipient\n",
    )
    rows = scored(folder, [pair], bench)
    assert rows[0]["problem"] == ""


def test_a_helper_of_the_same_time_and_size_is_not_taken_from_its_compiled_copy(folder, pair, bench):
    write(
        folder,
        "from helper import SCALE\n" + returning("{**recipient, 'layer1.bias': recipient['layer1.bias'] * SCALE}"),
    )
    helper = folder / "helper.py"
    norms = []
    for scale in ("2.0", "3.0"):
        helper.write_text(f"SCALE = {scale}\n")
        os.utime(helper, (1_000_000_000, 1_000_000_000))
        norms.append(scored(folder, [pair], bench)[0]["norm"])
    assert norms[1] == pytest.approx(2 * norms[0])


def run_stage(monkeypatch, folder, recipe, edits):
    """The stage's table for a run of six phases, from checkpoint files."""
    recipe_values = {**vars(recipe), "phase_rollouts": 2, "rollouts": 12}
    recipe = type(recipe)(**recipe_values)
    paths = []
    for phase in range(6):
        paths.append(folder / f"phase={phase:02d}.safetensors")
        agent = Agent(recipe.world.inputs, recipe.hidden_size, torch.Generator().manual_seed(phase))
        header = Header("onehot", 5, phase, recipe.objectives[phase % 2], recipe.encoding, recipe.digest())
        save_checkpoint(paths[-1], agent, header)
    settings = {"pairs": [[2, 3]], "levels": 8, "control_levels": 4, "control_precision": 0, "draws": 1}
    settings |= {"level_distribution": "three_colours", "action_selection": "sampling"}
    options = {
        "--arm": "onehot",
        "--seed": "5",
        "--recipe": json.dumps(recipe_values),
        "--splices": json.dumps(settings),
        "--levels-seed": "0",
        "--edits": json.dumps(edits),
        "--files": digest(edits, folder),
        "--project": str(folder),
        "--output": str(folder / "custom_edits.parquet"),
    }
    lists = ["--phases", *map(str, range(6)), "--checkpoints", *map(str, paths)]
    monkeypatch.setattr(sys, "argv", ["custom_edits", *(part for item in options.items() for part in item), *lists])
    custom_edits.main()
    return pd.read_parquet(folder / "custom_edits.parquet")


def test_the_stage_goes_on_after_a_failure_and_says_it(folder, recipe, monkeypatch, capsys):
    write(folder, "raise ImportError\n", "broken")
    write(folder, GOOD)
    write(folder, "import os\nos._exit(0)\n", "leaver")
    edits = [{"name": name, "function": f"{name}:edit"} for name in ("broken", "leaver", "mine")]
    table = run_stage(monkeypatch, folder, recipe, edits)
    assert list(table["edit"].unique()) == ["broken", "leaver", "mine"]
    assert (table["problem"] == "").tolist() == [False, False, *[True] * (len(table) - 2)]
    assert set(map(tuple, table[["recipient_phase", "donor_phase"]].to_numpy())) == {(2, 3), (3, 2)}
    assert "broken: broken:edit cannot be loaded" in capsys.readouterr().err


def test_without_edits_the_table_is_empty_and_has_all_columns(folder, recipe, monkeypatch):
    write(folder, GOOD)
    empty = run_stage(monkeypatch, folder, recipe, [])
    full = run_stage(monkeypatch, folder, recipe, [{"name": "x", "function": "mine:edit"}])
    assert len(empty) == 0
    assert list(empty) == list(full)
    assert empty.dtypes.equals(full.dtypes)


def test_files_that_change_while_edits_are_scored_are_one_sentence(folder, recipe, monkeypatch):
    """The rows would be of neither state."""
    write(folder, GOOD + f"\nopen({str(folder / 'mine.py')!r}, 'a').write('# More.')\n")
    with pytest.raises(StudyError, match="changed while they were scored"):
        run_stage(monkeypatch, folder, recipe, [{"name": "x", "function": "mine:edit"}])
    assert not (folder / "custom_edits.parquet").exists()
