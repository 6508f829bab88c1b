"""Configuration files and command lines that do not mean what they look like are refused, in one sentence."""

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from study import QUICK, ROOT

from goalsplice.io.errors import StudyError
from goalsplice.settings import configuration

REFUSED = {
    "a block twice": ("recipe: {rollouts: 120}\nseeds: [1]\nrecipe: {gamma: 0.9}\n", 3, "recipe is there twice"),
    "a key twice, deep down": ("a:\n  - b: {c: 1,\n       c: 2}\n", 3, "c is there twice"),
    "a key twice, once in quotes": ("a: 1\n'a': 2\n", 2, "twice"),
    "a key twice in JSON": ('{"a": [{"b": 1,\n"c": 2,\n"b": 3}]}', 3, "b is there twice, and what line 1"),
    "a key twice in JSON, once escaped": ('{"ab": 1, "a\\u0062": 2}', 1, "twice"),
    "a key twice after a byte order mark": ("\ufeffa: 1\na: 2\n", 2, "twice"),
    "a template": ("seeds: [1]\n__use_yte__: true\n", 2, "__use_yte__ makes Snakemake run"),
    "a template that is switched off": ("__use_yte__: false\n", 1, "__use_yte__"),
    "a template by way of an alias": ("a: &a {__use_yte__: true}\n<<: *a\n", 1, "__use_yte__"),
    "to base 8": ("recipe: {rollouts: 0120}", 1, "0120 for a number to base 8"),
    "thousands with a comma": ("seeds: [1,000]", 1, "000 for a number to base 8"),
    "to base 60": ("seeds: [1:10]", 1, "1:10 for a number to base 60"),
    "to base 60, with a point": ("a: 1:30.5", 1, "base 60"),
    "a number that is text": ("custom_edits: [{parameters: {a: 1e5}}]", 1, "1e5 for text"),
    "a number that is text though it has a point": ("a: 1.0e5", 1, "for text"),
    "a number that is text, being none to base 8": ("a: 08", 1, "for text"),
    "infinity that is text": ("a: -inf", 1, "for text"),
    "Norway": ("custom_edits: [{parameters: {a: no}}]", 1, "no for true or false"),
    "a key that is no text": ("a: {1: x}", 1, "key"),
    "a key that is true or false": ("a: {on: x}", 1, "on for true or false"),
    "a key that is a list": ("? [1]\n: 2", 1, "key"),
    "a date": ("a: 2020-01-01", 1, "timestamp"),
    "a Python object": ("a: !!python/name:os.system", 1, "python/name"),
    "two documents": ("a: 1\n---\na: 2\n", 2, "another document"),
    "a tab": ("a: 1\nb:\t2\n", 2, "neither YAML nor JSON"),
}

TAKEN = [
    "",
    "a: 10\nb: -0.5\nc: 3.0e-4\nd: .5\ne: 0\nf: 1_000\ng: 0x1F\nh: .inf\n",
    "a: true\nb: False\nc: ~\nd: null\ne:\n",
    "a: 'no'\nb: \"010\"\nc: '1:30'\nd: |\n  1e5\n",
    "a: &a {b: 1}\nc: *a\nd: {<<: *a, b: 2}\n",
    "a: {b: 1}\nc: {b: 1}\n",
    "a: &a {b: *a}\n",
    '{"a": 1e5, "b": {"a": "{\\"a\\": 1, \\"a\\": 2}"}, "c": [{"a": 1}, {"a": 2}], "d\\"": "\\\\"}',
    '{\n\t"a": 1\n}',
]


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_mean_what_it_looks_like_is_refused(tmp_path, case):
    text, line, said = REFUSED[case]
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(StudyError) as told:
        configuration.check_files([path])
    sentence = str(told.value)
    assert sentence.startswith(f"{path}, line {line}: ")
    assert said in sentence
    assert sentence.isprintable()


@pytest.mark.parametrize("text", TAKEN)
def test_what_means_what_it_looks_like_is_taken(tmp_path, text):
    path = tmp_path / "mine.json"
    path.write_text(text, encoding="utf-8")
    configuration.check_files([path])


def test_the_studys_own_files_are_taken():
    configuration.check_files([ROOT / "config.yaml", ROOT / QUICK])


@pytest.mark.parametrize("content", ["a: é\n".encode("latin-1"), "a: 1\n".encode("utf-16"), None])
def test_a_file_that_cannot_be_read_is_told(tmp_path, content):
    path = tmp_path / "mine.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(StudyError, match=r"mine\.yaml cannot be read"):
        configuration.check_files([path])


WORDS = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"])),
    st.sampled_from(["1e5", "08", "010", "1:30", "no", "~", "nan", "2020-01-01", "<<", "=", "0.5"]),
)
VALUES = st.recursive(
    st.one_of(WORDS, st.integers(), st.floats(allow_nan=False), st.booleans(), st.none()),
    lambda parts: st.one_of(st.lists(parts, max_size=3), st.dictionaries(WORDS, parts, max_size=3)),
    max_leaves=8,
)


@given(st.dictionaries(WORDS, VALUES, min_size=1, max_size=3))
def test_what_the_study_writes_is_taken_and_read_as_the_same(tmp_path_factory, config):
    """`results/config.yaml` is a configuration too: the report is made with it."""
    text = configuration.as_yaml(config)
    assert yaml.safe_load(text) == config
    path = tmp_path_factory.getbasetemp() / "written.yaml"
    path.write_text(text, encoding="utf-8")
    configuration.check_files([path])
    path.write_text(json.dumps(config), encoding="utf-8")
    configuration.check_files([path])


@pytest.mark.parametrize(
    "line",
    [
        "snakemake --configfile a.yaml --configfile b.yaml",
        "snakemake --configfile=a.yaml tables --configfiles b.yaml",
        "snakemake -n --configf a.yaml --configfil=b.yaml",
        "snakemake --config device=cpu --config device=auto",
        "snakemake -C device=cpu -Cdevice=auto",
        "snakemake -C device=cpu --config=device=auto",
    ],
)
def test_a_command_line_that_would_be_dropped_in_part_is_refused(line):
    with pytest.raises(StudyError, match="the last only"):
        configuration.check_arguments(line.split())


@pytest.mark.parametrize(
    "line",
    [
        "snakemake --cores 1",
        "snakemake -c1 --configfile a.yaml b.yaml -- --configfile",
        "snakemake -C device=cpu --configfile a.yaml",
        "snakemake --configfiles a.yaml --config configfile=x config=y",
    ],
)
def test_other_command_lines_are_taken(line):
    configuration.check_arguments(line.split())


@pytest.mark.parametrize(
    "arguments",
    [["--config", "a=1", "a=2"], ["-n", "--config", "a=1", "b=2", "a=1", "--cores", "1"], ["-C", "a=1", "a=2"]],
)
def test_a_key_that_config_has_twice_is_refused(arguments):
    with pytest.raises(StudyError, match="a 2 times"):
        configuration.check_arguments(arguments)


def test_keys_of_config_that_differ_are_taken():
    configuration.check_arguments(["--config", "a=1", "b=1", "--cores", "1", "a=1"])


@pytest.mark.parametrize("path", ["/home/a:b", "/x/{y}", "/a}"])
def test_a_folder_whose_name_means_something_else_is_refused(path):
    with pytest.raises(StudyError, match="move or rename"):
        configuration.check_place(Path(path))


def test_other_folders_are_taken():
    configuration.check_place(Path("/home/erste Studie \u2013 \u00e9/it's $HOME"))


def test_a_target_after_configuration_files_is_refused():
    with pytest.raises(StudyError, match="put it before"):
        configuration.check_targets(["mine.yaml", "results/config.yaml"])
    configuration.check_targets(["results/config.yaml"])
    configuration.check_targets(["mine.yaml", "other.yaml"])
