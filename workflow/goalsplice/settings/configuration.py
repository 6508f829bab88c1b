"""What configuration files and the command line must not do silently. Light to import: Snakemake does so at each start.

Snakemake reads a configuration with the last of two equal keys, by YAML 1.1, and with the last of two `--configfile`.
Each of these makes another study than the one that was asked for, so files and arguments are read once more, strictly.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from goalsplice.io.errors import StudyError

_TEMPLATE = "__use_yte__"
_CORE = "tag:yaml.org,2002:"
_KINDS = {f"{_CORE}{kind}" for kind in ("map", "seq", "str", "int", "float", "bool", "null", "merge")}
_JSON_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*"(?:\s*:)?|[{}]')


def check_files(paths: Iterable[str | Path]) -> None:
    """Refuse configuration files that do not mean what they look like.

    As Snakemake does, it takes a file for JSON if it is JSON, and else for YAML, whatever its name.

    Raises:
        StudyError: a file cannot be read; has a key twice in one mapping, or one that is no text; is a template; or has
            a value that YAML takes for another than it looks like, such as 010, 1:30, 1e5 or no.
    """
    for path in paths:
        try:
            text = Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise StudyError(f"{path} cannot be read ({error}); give a file of text in UTF-8") from None
        for line, fault in _faults(text):
            raise StudyError(f"{path}, line {line}: {fault}")


def _faults(text: str) -> Iterator[tuple[int, str]]:
    """What is wrong with a file's content, each with its line, counted from 1."""
    try:
        json.loads(text)
    except ValueError:
        try:
            root = yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            said = getattr(error, "problem", None) or " ".join(str(error).split())
            yield mark.line + 1 if mark else 1, f"this is neither YAML nor JSON ({said}); mend it there"
        else:
            if root is not None:
                yield from _of_node(root, set())
    else:
        yield from _of_json(text)


def _of_key(key: str, line: int, first: int | None) -> Iterator[tuple[int, str]]:
    """Faults of a key that is text.

    Args:
        first: the line where its mapping has it before, if it has.
    """
    name = _excerpt(key)
    if key == _TEMPLATE:
        yield line, f"the key {name} makes Snakemake run the file's expressions as Python; take it out"
    if first is not None:
        yield line, f"the key {name} is there twice, and what line {first} says would be dropped; join the two"


def _of_json(text: str) -> Iterator[tuple[int, str]]:
    """Faults of a valid JSON text: only its keys can have any."""
    mappings: list[dict[str, int]] = []
    for token in _JSON_TOKENS.finditer(text):
        if token[0] == "{":
            mappings.append({})
        elif token[0] == "}":
            mappings.pop()
        elif token[0].endswith(":"):
            key, line = json.loads(token[0][:-1]), text.count("\n", 0, token.start()) + 1
            yield from _of_key(key, line, mappings[-1].get(key))
            mappings[-1][key] = line


def _of_node(node: yaml.Node, seen: set[int]) -> Iterator[tuple[int, str]]:
    """Faults of a part of a YAML file; an alias leads to a part that may have been `seen`."""
    if id(node) in seen:
        return
    seen.add(id(node))
    line = node.start_mark.line + 1
    if node.tag not in _KINDS:
        kind = _excerpt(node.tag.removeprefix(_CORE))
        yield (
            line,
            f"YAML takes this for a {kind}; write a number, true, false, null, or text in quotes",
        )
    elif isinstance(node, yaml.ScalarNode):
        if node.style is None:
            yield from _of_plain(node.value, node.tag.removeprefix(_CORE), line)
    elif isinstance(node, yaml.SequenceNode):
        for part in node.value:
            yield from _of_node(part, seen)
    else:
        yield from _of_mapping(node, seen)


def _of_mapping(node: yaml.MappingNode, seen: set[int]) -> Iterator[tuple[int, str]]:
    lines: dict[str, int] = {}
    for key, value in node.value:
        yield from _of_node(key, seen)
        line = key.start_mark.line + 1
        if key.tag not in (f"{_CORE}str", f"{_CORE}merge"):
            yield line, "YAML does not take this key for text; put it in quotes"
        else:
            yield from _of_key(key.value, line, lines.get(key.value))
            lines[key.value] = line
        yield from _of_node(value, seen)


def _of_plain(value: str, kind: str, line: int) -> Iterator[tuple[int, str]]:
    """Faults of a value without quotes, whose `kind` is YAML's."""
    text = f"text in quotes: '{_excerpt(value)}'"
    if kind == "bool" and value.lower() not in ("true", "false"):
        yield line, f"YAML takes {value} for true or false; write true or false, or {text}"
    elif kind in ("int", "float") and ":" in value:
        yield line, f"YAML takes {_excerpt(value)} for a number to base 60; write it to base 10, a list, or {text}"
    elif kind == "int" and re.fullmatch(r"[-+]?0[0-9_]+", value):
        yield line, f"YAML takes {_excerpt(value)} for a number to base 8; write it without the 0 in front, or {text}"
    elif kind == "str" and _like_a_number(value):
        yield line, f"YAML takes {_excerpt(value)} for text; write numbers as 12, 0.5 or 3.0e-4, or {text}"


def _like_a_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _excerpt(text: str) -> str:
    """What a terminal can show of a text."""
    return repr(text[:60])[1:-1]


class _Dumper(yaml.SafeDumper):
    """Puts text in quotes that `check_files` would refuse without, which YAML itself takes for text."""


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar(f"{_CORE}str", text, style="'" if _like_a_number(text) else None)


_Dumper.add_representer(str, _represent_text)


def as_yaml(config: dict[str, Any]) -> str:
    """A configuration as YAML that `check_files` takes and that is read as the same."""
    text: str = yaml.dump(config, Dumper=_Dumper, sort_keys=False)
    return text


def check_arguments(arguments: list[str]) -> None:
    """Refuse a command line whose configuration Snakemake would drop in part.

    Args:
        arguments: `sys.argv`, or that without its first.

    Raises:
        StudyError: `--configfile` or `--config` is there more than once, or one key of `--config`; Snakemake takes the
            last only.
    """
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    names = [option.partition("=")[0] for option in options]
    files = sum(len(name) > len("--config") and "--configfiles".startswith(name) for name in names)
    values = sum(name == "--config" or name.startswith("-C") for name in names)
    if files > 1:
        raise StudyError(
            f"--configfile is there {files} times, of which Snakemake takes the last only; name all files after one: "
            "--configfile first.yaml second.yaml"
        )
    if values > 1:
        raise StudyError(
            f"--config is there {values} times, of which Snakemake takes the last only; name all keys after one: "
            "--config first=1 second=2"
        )
    for key, count in Counter(_keys_set(options)).items():
        if count > 1:
            raise StudyError(f"--config has {key} {count} times, of which Snakemake takes the last only; name it once")


def _keys_set(options: list[str]) -> Iterator[str]:
    """The keys that follow `--config`."""
    setting = False
    for option in options:
        if option.startswith("-"):
            setting = option in ("--config", "-C")
        elif setting:
            yield option.partition("=")[0]


def check_place(project: Path) -> None:
    """Refuse a project folder whose path Python or Snakemake would take for something else.

    Raises:
        StudyError: it holds a colon, which separates folders of PYTHONPATH, or braces, which are Snakemake's wildcards.
    """
    if found := sorted(set(":{}") & set(str(project))):
        raise StudyError(f"the project's folder {project} has {' '.join(found)} in its path; move or rename it")


def check_targets(files: Sequence[str | Path]) -> None:
    """Refuse a target that Snakemake takes for a configuration, since it comes after others.

    Raises:
        StudyError: one of several files is a study's own record, `results/config.yaml`.
    """
    if len(files) > 1 and any(Path(file).parts[-2:] == ("results", "config.yaml") for file in files):
        raise StudyError(
            "results/config.yaml is named after --configfile beside another file; as a target, put it before that "
            "option; as the configuration, name it alone"
        )
