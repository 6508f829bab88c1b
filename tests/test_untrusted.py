"""Configurations and checkpoints from strangers run no code, and odd ones are one sentence (docs/operating.md)."""

import ast
import copy
import json
import math
import re
import shlex
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from study import QUICK, ROOT, check, copy_project, merged, snakemake

from goalsplice.agent.checkpoint import content_digest, read
from goalsplice.io.errors import StudyError
from goalsplice.io.provenance import digest
from goalsplice.settings import plugin, study

PACKAGE = ROOT / "workflow/goalsplice"
SCHEMA = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text(encoding="utf-8"))
CONFIG = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))


# Code that could run what data says.

UNSAFE_MODULES = {"cloudpickle", "dill", "joblib", "marshal", "pickle", "shelve"}
UNSAFE_CALLS = {
    *("eval", "exec", "os.system", "os.popen", "torch.load", "yaml.load", "yaml.unsafe_load", "yaml.full_load"),
    *("pd.read_pickle", "pd.eval", "torch.hub.load", "subprocess.getoutput"),
}
PLUGIN = {("experiments/custom.py", "exec")}
"""Custom edits: the only place where a configuration names code."""


def name_of(node: ast.expr) -> str:
    """A dotted name, such as `torch.load`."""
    return ast.unparse(node) if isinstance(node, ast.Name | ast.Attribute) else ""


def unsafe(source: str) -> set[str]:
    """Names of what a source imports or calls that could run what data says."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.partition(".")[0] in UNSAFE_MODULES}
        elif isinstance(node, ast.ImportFrom):
            found |= {node.module or ""} if (node.module or "").partition(".")[0] in UNSAFE_MODULES else set()
            found |= {f"{node.module}.{alias.name}" for alias in node.names} & UNSAFE_CALLS
        elif isinstance(node, ast.Call):
            found |= {name_of(node.func)} & UNSAFE_CALLS
            for keyword in node.keywords:
                off = isinstance(keyword.value, ast.Constant) and not keyword.value.value
                if keyword.arg in ("shell", "allow_pickle") and not off:
                    found.add(keyword.arg)
    return found


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("import pickle as p", {"pickle"}),
        ("from joblib import load", {"joblib"}),
        ("from torch import load\nload(x)", {"torch.load"}),
        ("torch.load(x, weights_only=True)", {"torch.load"}),
        ("yaml.load(x, Loader=yaml.Loader)\nyaml.safe_load(x)", {"yaml.load"}),
        ("np.load(x, allow_pickle=flag)\nsubprocess.run(x, shell=True)", {"allow_pickle", "shell"}),
        ("np.load(x, allow_pickle=False)\nmodel.eval()\nsubprocess.run(x, shell=False)", set()),
        ("exec(x)\neval(x)", {"exec", "eval"}),
    ],
)
def test_unsafe_code_is_found(source, names):
    assert unsafe(source) == names


def test_nothing_in_the_package_runs_what_data_says():
    files = sorted(PACKAGE.rglob("*.py"))
    assert len(files) > 50
    found = {
        (path.relative_to(PACKAGE).as_posix(), name)
        for path in files
        for name in unsafe(path.read_text(encoding="utf-8"))
    }
    assert found == PLUGIN


# Shell lines.

NUMBERS_AND_WORDS = {
    "threads": "a number",
    "wildcards.arm": "an arm's name, which the schema holds to letters, digits and _",
    "params.arm": "the same",
    "params.arms": "the same, several",
    "wildcards.seed": "one of the seeds",
    "wildcards.table": "one of the rules' own tables",
    "params.other_seed": "a seed with the options that it needs",
    "params.others": "a number",
    "params.run": "an arm's name and two numbers with their options",
    "params.levels_seed": "a number",
    "params.levels": "numbers",
    "params.phases": "numbers",
    "params.late": "numbers",
    "params.finetuned_phases": "numbers",
    "params.seeds": "numbers",
    "params.device": "one of three words",
    "params.files": "a digest",
    "resources.save_every": "a number",
}


def shell_lines() -> list[str]:
    """All strings of the rules' shell lines."""
    lines = []
    for path in sorted((ROOT / "workflow/rules").glob("*.smk")):
        for block in re.findall(r"^ +shell:\n((?:^ {8,}.*\n?)+)", path.read_text(encoding="utf-8"), re.M):
            lines.append(ast.unparse(ast.parse("(" + re.sub(r"^ *#.*$", "", block, flags=re.M) + ")")))
    return lines


def test_shell_lines_quote_whatever_is_no_number_and_no_plain_word():
    lines = shell_lines()
    assert len(lines) > 20
    places = [place for line in lines for place in re.findall(r"(?<!{){([^{}]+)}", line)]
    assert sum(place.endswith(":q") for place in places) > 60
    assert {place for place in places if not place.endswith(":q")} <= set(NUMBERS_AND_WORDS)


def valid(value: object, *path: str) -> bool:
    """Whether the schema takes the configuration with `value` at a place."""
    config = copy.deepcopy(CONFIG)
    place = config
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    try:
        study.validate(config, SCHEMA)
    except StudyError:
        return False
    return True


ARM = {"encoding": "onehot", "view_size": 5}
ANYTHING = st.one_of(st.text(), st.from_regex(r"[a-z][a-z0-9_]*"), st.integers(), st.floats(), st.booleans(), st.none())


@given(st.one_of(st.text(), st.from_regex(r"^[a-z][a-z0-9_]*$"), st.integers(), st.booleans(), st.none()))
def test_an_arms_name_is_one_plain_word_of_a_shell(name):
    if valid({name: ARM}, "arms"):
        assert shlex.quote(name) == name
        assert Path(name).name == name


@given(ANYTHING)
def test_what_is_not_quoted_is_an_integer_or_a_known_word(value):
    for path in (["evaluation", "seed"], ["resume", "save_every"], ["device"]):
        if valid(value, *path):
            assert type(value) is int or value in ("cpu", "cuda", "auto")
    for path in (["seeds"], ["transfer", "phases"], ["finetuning", "phases"], ["figures", "levels"]):
        if valid([value], *path):
            assert type(value) is int
            assert value >= 0


# Configurations.

HOSTILE = "'; touch smuggled; \"$(touch smuggled)`touch smuggled` {input} {config} \\"
"""A text that the schema takes, and that would leave its quotes if there were a way."""

FUNCTION = "workflow.resources.example_edits:halfway"


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """A copy of the project whose `hostile.yaml` brings an edit with such a name and such parameters."""
    folder = copy_project(tmp_path_factory.mktemp("untrusted") / "project")
    config = yaml.safe_load((folder / QUICK).read_text(encoding="utf-8"))
    parameters = {"one": f"{HOSTILE}\n; touch smuggled\n", "two": [{HOSTILE: HOSTILE}]}
    config["custom_edits"] = [
        {"name": HOSTILE[:32].strip(), "function": FUNCTION, "parameters": parameters},
        {"name": "$(touch smuggled) {params.edits}", "function": FUNCTION},
        {"name": "{arm} {seed}", "function": FUNCTION},
    ]
    (folder / "hostile.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    return folder


@pytest.mark.slow
def test_a_hostile_text_stays_text_in_a_job(project):
    result = snakemake(project, "results/config.yaml", "--cores", "1", config="hostile.yaml")
    assert result.returncode == 0, result.stdout + result.stderr
    written = yaml.safe_load((project / "results/config.yaml").read_text(encoding="utf-8"))
    assert written["custom_edits"] == yaml.safe_load((project / "hostile.yaml").read_text())["custom_edits"]
    assert not list(project.rglob("smuggled"))


@pytest.mark.slow
def test_a_hostile_text_stays_one_word_of_a_shell_line(project):
    target = "results/runs/arm=onehot/seed=99/custom_edits.parquet"
    result = snakemake(project, target, "--dry-run", "--printshellcmds", "--cores", "1", config="hostile.yaml")
    said = result.stdout + result.stderr
    assert result.returncode == 0, said
    words = shlex.split(said[said.index("python -m goalsplice.cli.custom_edits") :].partition("\n[")[0])
    edits = json.loads(words[words.index("--edits") + 1])
    assert edits == yaml.safe_load((project / "hostile.yaml").read_text())["custom_edits"]
    assert not list(project.rglob("smuggled"))


@pytest.mark.slow
def test_a_configuration_makes_no_python_objects(project):
    (project / "object.yaml").write_text("seeds: !!python/object/apply:os.system ['touch smuggled']\n")
    result = snakemake(project, "--dry-run", "--cores", "1", config="object.yaml")
    assert result.returncode != 0
    assert not list(project.rglob("smuggled"))


TEMPLATE = "__use_yte__: true\nrecipe: {gamma: \"?__import__('pathlib').Path('smuggled').touch() or 0.9\"}\n"
"""A configuration whose expression Snakemake runs as it reads it."""


@pytest.mark.slow
def test_a_template_is_refused_though_snakemake_runs_it_when_named_on_the_command_line(project):
    (project / "template.yaml").write_text(TEMPLATE)
    result = snakemake(project, "--dry-run", "--cores", "1", config="template.yaml")
    assert result.returncode != 0
    assert "template.yaml, line 1" in result.stdout + result.stderr
    (project / "smuggled").unlink()


@pytest.mark.slow
def test_a_template_in_the_place_of_the_studys_own_configuration_is_not_run(project, tmp_path):
    folder = copy_project(tmp_path / "project")
    (folder / "config.yaml").write_text(TEMPLATE)
    result = snakemake(folder, "--dry-run", "--cores", "1", config=None)
    assert result.returncode != 0
    assert "config.yaml, line 1" in result.stdout + result.stderr
    assert not (folder / "smuggled").exists()


BAD = {
    "recipe: {gamma: .nan}": r"recipe\.gamma: nan is not of type 'number'",
    "measures: {threshold: .nan}": r"measures\.threshold: nan is not of type 'number'",
    "recipe: {learning_rate: .inf}": r"recipe\.learning_rate: inf is not of type 'number'",
    "recipe: {learning_rate: 1.0e+400}": r"recipe\.learning_rate: inf is not of type 'number'",
    "recipe: {learning_rate: 1e400}": r"recipe\.learning_rate: '1e400' is not of type 'number'",
    f"recipe: {{learning_rate: {10**400}}}": r"recipe\.learning_rate: 1000+ \.\.\. 0+ is not of type 'number'",
    "recipe: {learning_rate: -1}": r"recipe\.learning_rate: -1 is less than or equal to the minimum of 0",
    "recipe: {learning_rate: true}": r"recipe\.learning_rate: True is not of type 'number'",
    "recipe: {num_envs: 1.0e+3}": r"recipe\.num_envs: 1000\.0 is not of type 'integer'",
    "recipe: {rollouts: 1000000000000}": r"recipe\.rollouts: 1000000000000 is greater than the maximum",
    "arms: {onehot: {encoding: onehot, view_size: 5.0}}": r"view_size: 5\.0 is not of type 'integer'",
    "retargeting: {strength: 1.0e+300}": r"retargeting\.strength: 1e\+300 is greater than the maximum",
    "seeds: [99.0]": r"seeds\.0: 99\.0 is not of type 'integer'",
    "seeds: [true, 99]": r"seeds\.0: True is not of type 'integer'",
    f"seeds: [{10**30}, 99]": r"seeds\.0: 10+ is greater than the maximum",
    'arms: {"a\\n": {encoding: onehot, view_size: 5}}': r"arms: 'a\\n' does not match",
    "arms: {$(id): {encoding: onehot, view_size: 5}}": r"arms: '\$\(id\)' does not match",
    "arms: {../up: {encoding: onehot, view_size: 5}}": r"arms: '\.\./up' does not match",
    "arms: {yes: {encoding: onehot, view_size: 5}}": r"arms: True is not of type 'string'",
    'custom_edits: [{name: "\\e[2J", function: "a:b"}]': r"custom_edits\.0\.name: .* does not match",
    'custom_edits: [{name: "x\\n", function: "a:b"}]': r"custom_edits\.0\.name: .* does not match",
    'custom_edits: [{name: x, function: "/etc/a:b"}]': r"custom_edits\.0\.function: .* does not match",
    'custom_edits: [{name: x, function: "a:b", parameters: {1: 2}}]': r"parameters: 1 is not of type 'string'",
    'custom_edits: [{name: x, function: "a:b", parameters: {d: .nan}}]': r"parameters that JSON cannot hold \(Out of",
    'custom_edits: [{name: x, function: "a:b", parameters: {d: 2020-01-01}}]': r"JSON cannot hold \(Object of type",
    'custom_edits: [{name: x, function: "a:b", parameters: &a {d: *a}}]': r"JSON cannot hold \(Circular",
    f'custom_edits: [{{name: x, function: "a:b", parameters: {{d: {70_000 * "x"}}}}}]': r"has 70,\d+ characters",
}


@pytest.mark.parametrize("text", BAD, ids=lambda text: text[:60])
def test_odd_values_are_one_sentence(text):
    with pytest.raises(StudyError, match=BAD[text]) as told:
        check(merged(text))
    sentence = str(told.value)
    assert "\n" not in sentence
    assert len(sentence) < 500
    assert sentence.isprintable()


def numeric(node: dict, path: tuple = ()) -> Iterator[tuple[tuple, dict]]:
    """Paths into the configuration of all numbers that a part of the schema describes, each with its own part."""
    if node.get("type") in ("integer", "number"):
        yield path, node
    for name, child in node.get("properties", {}).items():
        yield from numeric(child, (*path, name))
    if "items" in node:
        yield from numeric(node["items"], (*path, 0))


RECIPES = [("recipe",), ("arms", "onehot"), ("ablations", "arms", "reference")]
NUMERIC = [*numeric(SCHEMA), *(found for place in RECIPES for found in numeric(SCHEMA["$defs"]["keys"], place))]


def wrong(node: dict) -> st.SearchStrategy:
    """Values that are no number of the schema's part, or not the kind, or out of bounds."""
    if "enum" in node:
        numbers = st.integers().filter(lambda number: number not in node["enum"])
    else:
        lowest, beyond = node.get("minimum", node.get("exclusiveMinimum")), "exclusiveMinimum" in node
        numbers = st.one_of(
            st.floats(max_value=lowest, exclude_max=not beyond), st.floats(min_value=node["maximum"], exclude_min=True)
        )
    whole = st.integers(-10, 10**6).map(float) if node["type"] == "integer" else st.nothing()
    return st.one_of(numbers, whole, st.text(), st.booleans(), st.none(), st.just(math.nan), st.just([]), st.just({}))


def test_every_number_of_the_schema_has_bounds():
    assert len(NUMERIC) > 80
    for path, node in NUMERIC:
        assert "enum" in node or ("maximum" in node and node.keys() & {"minimum", "exclusiveMinimum"}), path


@settings(max_examples=4 * settings.default.max_examples)
@given(st.sampled_from(NUMERIC).flatmap(lambda found: st.tuples(st.just(found[0]), wrong(found[1]))))
def test_a_number_of_the_wrong_kind_or_out_of_bounds_is_refused_by_its_key(case):
    path, value = case
    config = copy.deepcopy(CONFIG)
    place = config
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(StudyError) as told:
        study.validate(config, SCHEMA)
    assert f"{'.'.join(map(str, path))}: " in str(told.value)


def test_the_studys_own_configurations_are_taken():
    check(CONFIG)


def test_an_edits_file_is_not_reached_through_a_linked_folder(tmp_path):
    outside, project = tmp_path / "outside", tmp_path / "project"
    outside.mkdir()
    project.mkdir()
    (outside / "mine.py").write_text("def edit(): ...\n")
    (project / "link").symlink_to(outside)
    with pytest.raises(StudyError, match="leads out of the project's folder"):
        plugin.check([{"name": "x", "function": "link.mine:edit"}], project)


# Checkpoints.


def safetensors(header: object, content: bytes = b"", length: int | None = None) -> bytes:
    """A file in safetensors' form: the header's length, the header as JSON, the tensors' bytes."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + content


def tensor(shape: list, end: int, dtype: str = "F32") -> dict:
    return {"dtype": dtype, "shape": shape, "data_offsets": [0, end]}


STRANGE = {
    "an empty file": b"",
    "an absurd header length": safetensors({}, length=2**63),
    "a header longer than the file": safetensors({}, length=10**6),
    "no JSON": safetensors(b"\x80\x04c__builtin__\neval\n"),
    "a pickle": b"\x80\x04\x95\x1a\x00\x00\x00\x00\x00\x00\x00\x8c\x08builtins\x94\x8c\x04eval\x94\x93\x94.",
    "JSON in JSON in JSON": safetensors(b"[" * 200_000),
    "a list": safetensors([1, 2]),
    "a tensor of absurd size": safetensors({"layer1.weight": tensor([2**40, 2**20], 2**62)}),
    "a size that overflows": safetensors({"layer1.weight": tensor([2**63, 2, 2**63], 8)}, bytes(8)),
    "a negative size": safetensors({"layer1.weight": tensor([-1, -4], 16)}, bytes(16)),
    "bytes beyond the end": safetensors({"layer1.weight": tensor([4], 16)}, bytes(4)),
    "a type that does not exist": safetensors({"layer1.weight": tensor([4], 16, "PICKLE")}, bytes(16)),
    "no header of the study": safetensors({"../../etc/passwd": tensor([4], 16)}, bytes(16)),
    "metadata of another kind": safetensors({"__metadata__": {"goalsplice": "[1, 2]"}}),
    "metadata that is no JSON": safetensors({"__metadata__": {"goalsplice": "__import__('os')"}}),
    "deep metadata": safetensors({"__metadata__": {"goalsplice": "[" * 200_000}}),
    "unknown fields": safetensors({"__metadata__": {"goalsplice": '{"arm": "onehot", "__class__": "os"}'}}),
}


@pytest.mark.parametrize("case", STRANGE)
def test_a_strange_checkpoint_is_one_sentence(tmp_path, case):
    path = tmp_path / "phase=00.safetensors"
    path.write_bytes(STRANGE[case])
    with pytest.raises(StudyError, match=re.escape(path.name)) as told:
        read(path)
    assert str(told.value).isprintable()
    assert len(str(told.value)) < 1000


def test_strange_names_are_only_names(tmp_path):
    """Tensors' names name no files and no attributes."""
    described = {"arm": "onehot", "seed": 1, "phase": 0, "objective": "blue", "encoding": "onehot", "recipe": "x"}
    names = ["../../x", "/etc/passwd", "__class__.__init__", "", "\n", "a" * 10_000]
    content = {name: torch.tensor([float(number)]) for number, name in enumerate(names)}
    described |= {"content": content_digest(described, content), "made": {}}
    header = {name: {"dtype": "F32", "shape": [1], "data_offsets": [4 * i, 4 * i + 4]} for i, name in enumerate(names)}
    header["__metadata__"] = {"goalsplice": json.dumps(described | {"sha256": digest(described)})}
    path = tmp_path / "odd.safetensors"
    path.write_bytes(safetensors(header, np.arange(len(names), dtype="<f4").tobytes()))
    tensors, _ = read(path)
    assert set(tensors) == set(names)
    assert all(torch.equal(tensors[name], torch.tensor([float(index)])) for index, name in enumerate(names))
    assert [found.name for found in tmp_path.iterdir()] == ["odd.safetensors"]
