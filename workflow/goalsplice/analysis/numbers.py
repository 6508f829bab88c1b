"""The numbers that pages quote: docs/numbers.yaml names each, and the published CSV files and config.yaml hold it."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from goalsplice.io.errors import StudyError

CONFIG = "config"
"""Names that begin so are keys of config.yaml, such as `config.measures.threshold`."""

_NAME = re.compile(r"(?P<parts>[\w.]+)(?:/(?P<variant>\w+))?(?::(?P<show>\w+))?(?P<bare> bare)?")
_STRONGEST = "strongest"


class Published(NamedTuple):
    """What numbers are looked up in.

    Attributes:
        groups: section `numbers` of docs/numbers.yaml.
        tables: by name, the published CSV files, each cell as the text that is in the file.
        config: content of config.yaml.
    """

    groups: Mapping[str, Any]
    tables: Mapping[str, pd.DataFrame]
    config: Mapping[str, Any]


def written(name: str, published: Published) -> str:
    """A number as pages show it, such as `0.78 [0.70, 0.84]`.

    Args:
        name: `group.part.row`, as docs/numbers.yaml explains; then, each if wanted, `/` and a control, `:` and what is
            shown, and ` bare` for no interval.
        published: what it is looked up in.

    Raises:
        StudyError: the name is none, or it fits no row or several.
    """
    found = _NAME.fullmatch(name)
    if found is None:
        raise StudyError(f"'{name}' is no name of a number; write group.part.row, as docs/numbers.yaml explains")
    group, *parts = found["parts"].split(".")
    if group == CONFIG:
        return _formatted([_setting(name, parts, published.config)], _config_show(name, found["show"]), bare=True)
    described = published.groups.get(group)
    if described is None:
        raise StudyError(f"'{name}' is of the group '{group}', which docs/numbers.yaml does not have; add it there")
    show = _show(name, described, found["show"])
    where = _where(name, described, parts)
    variant = found["variant"]
    if variant == _STRONGEST:
        row = _strongest(name, described, where, show, published)
        control = row[described["variant"]]
        control = described.get("called", {}).get(control, control.replace("_", " "))
        return f"{_formatted([row[column] for column in show['columns']], show, bare=True)} ({control})"
    if variant is not None:
        where[described["variant"]] = variant
    row = _only(name, described["table"], where, show["columns"], published)
    return _formatted([row[column] for column in show["columns"]], show, bare=found["bare"] is not None)


def is_published(name: str, published: Published) -> bool:
    """Whether a number has a row, where that may be otherwise: some arms lack some measures."""
    found = _NAME.fullmatch(name)
    if found is None:
        return False
    group, *parts = found["parts"].split(".")
    described = published.groups[group]
    where = _where(name, described, parts)
    if found["variant"] not in (None, _STRONGEST):
        where[described["variant"]] = found["variant"]
    columns = _show(name, described, found["show"])["columns"]
    return bool((_rows(name, described["table"], where, columns, published)[columns] != "").all(axis=1).any())


def _setting(name: str, keys: list[str], config: Mapping[str, Any]) -> str:
    value: Any = config
    for key in keys:
        if not isinstance(value, Mapping) or key not in value:
            raise StudyError(f"'{name}' is no key of config.yaml; correct the page that quotes it")
        value = value[key]
    return str(value)


def _config_show(name: str, show: str | None) -> dict[str, Any]:
    if show not in (None, "percent"):
        raise StudyError(f"'{name}' asks for '{show}', but a setting is shown as it is, or as 'percent'")
    return {"percent": True, "digits": 1} if show else {"text": True}


def _show(name: str, described: Mapping[str, Any], show: str | None) -> Mapping[str, Any]:
    shows = described["shows"]
    if show is None:
        return next(iter(shows.values()))
    if show not in shows:
        raise StudyError(f"'{name}' asks for '{show}', but its group shows {', '.join(shows)}; name one of these")
    return shows[show]


def _where(name: str, described: Mapping[str, Any], parts: list[str]) -> dict[str, str]:
    """Column and value for each that a row must have."""
    columns, rows = described.get("parts", []), described.get("rows")
    if len(parts) != len(columns) + (rows is not None):
        wanted = [*columns, *(["row"] if rows is not None else [])]
        raise StudyError(f"'{name}' has {len(parts)} parts after its group's name, which takes: {', '.join(wanted)}")
    where = {**described.get("where", {}), **dict(zip(columns, parts, strict=False))}
    if rows is not None:
        if parts[-1] not in rows:
            raise StudyError(
                f"'{name}' names the row '{parts[-1]}', which docs/numbers.yaml does not have; add it there"
            )
        where |= rows[parts[-1]]
    return {column: str(value) for column, value in where.items()}


def _rows(name: str, table: str, where: Mapping[str, str], shown: Sequence[str], published: Published) -> pd.DataFrame:
    if table not in published.tables:
        raise StudyError(f"'{name}' is of docs/results/{table}.csv, which is not there; restore or publish it")
    rows = published.tables[table]
    if lacking := [column for column in (*where, *shown) if column not in rows]:
        raise StudyError(f"'{name}' asks for the column '{lacking[0]}', which docs/results/{table}.csv lacks")
    for column, value in where.items():
        rows = rows[rows[column] == value]
    return rows


def _only(name: str, table: str, where: Mapping[str, str], shown: Sequence[str], published: Published) -> pd.Series:
    rows = _rows(name, table, where, shown, published)
    if len(rows) != 1:
        wanted = ", ".join(f"{column}={value!r}" for column, value in where.items())
        raise StudyError(f"'{name}' fits {len(rows)} rows of docs/results/{table}.csv instead of one: {wanted}")
    return rows.iloc[0]


def _strongest(
    name: str, described: Mapping[str, Any], where: dict[str, str], show: Mapping[str, Any], published: Published
) -> pd.Series:
    """The row of the control, of those that its group lists, with the largest estimate."""
    column = described["variant"]
    others = {key: value for key, value in where.items() if key != column}
    rows = _rows(name, described["table"], others, show["columns"], published)
    rows = rows[rows[column].isin(described["controls"]) & (rows[show["columns"][0]] != "")]
    if rows.empty:
        raise StudyError(f"'{name}' has no control in docs/results/{described['table']}.csv; name the edit alone")
    return rows.loc[rows[show["columns"][0]].astype(float).idxmax()]


def _formatted(cells: list[str], show: Mapping[str, Any], *, bare: bool) -> str:
    if show.get("text"):
        return cells[0]
    digits, percent = show.get("digits", 2), show.get("percent", False)
    numbers = ["" if cell == "" else _rounded((100 if percent else 1) * float(cell), digits) for cell in cells]
    estimate = numbers[0] + (" %" if percent else "")
    return estimate if bare or len(numbers) == 1 else f"{estimate} [{numbers[1]}, {numbers[2]}]"


def _rounded(value: float, digits: int) -> str:
    text = f"{value:.{digits}f}"
    return text.lstrip("-") if float(text) == 0 else text
