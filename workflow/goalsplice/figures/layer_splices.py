"""What the agent does with some layers of a checkpoint of the other objective. From the splices table."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from goalsplice.figures.style import (
    COLOURS,
    MARKERS,
    WIDTH,
    arm_name,
    claim,
    interval_entry,
    mark,
    name_at_right,
    note,
    reference_line,
    seed_marks,
)
from goalsplice.measure.statistics import over_seeds

TABLES: dict[str, list[str]] = {
    "splices": [
        *("arm", "seed", "recipient_phase", "donor_phase", "recipient_objective", "donor_objective"),
        *("family", "edit", "control", "layouts", "policy", "levels"),
        *(f"share_{outcome}" for outcome in COLOURS),
    ],
}
"""The tables that `draw` takes, and the columns that it reads of them."""

_NO_EDIT = "none"
_NEAR = 0.25  # shares between lines whose names would touch
_DIRECTION = ["donor_objective", "recipient_objective"]


def _parts(edit: str) -> tuple[str, ...]:
    """The layers that came from the donor."""
    return () if edit == _NO_EDIT else tuple(edit.split("+"))


def _by_seed(splices: pd.DataFrame) -> pd.DataFrame:
    """One row an arm, direction, edit and seed, means over its pairs: donor's colour taken, and agent broken."""
    rows = splices[
        (splices["family"] == "layers")
        & (splices["control"] == "none")
        & (splices["donor_objective"] != splices["recipient_objective"])
    ]
    rows = rows.assign(
        taken=sum(
            rows[f"share_{name}"].where(rows["donor_objective"] == name, 0.0)
            for name in rows["donor_objective"].unique()
        ),
        broken=rows["share_crash"] + rows["share_timeout"],
    )
    grouped = rows.groupby(["arm", *_DIRECTION, "edit", "seed"], sort=False)
    return grouped.agg(taken=("taken", "mean"), broken=("broken", "mean"), pairs=("edit", "size")).reset_index()


def _draw_shares(axes: Axes, rows: pd.DataFrame, column: str, edits: list[str], directions: list) -> None:
    """Every seed's share for each edit, the directions side by side."""
    width = 0.8 / len(directions)
    for number, direction in enumerate(directions):
        shift = (number - (len(directions) - 1) / 2) * width
        found = rows[(rows[_DIRECTION] == direction).all(axis=1)]
        for place, edit in enumerate(edits):
            values = found.loc[found["edit"] == edit, column]
            seed_marks(axes, place + shift, values, COLOURS[direction[0]], MARKERS[direction[0]], width=0.85 * width)


def _draw_bounds(axes: Axes, rows: pd.DataFrame, edits: list[str], directions: list) -> None:
    """Lines at the shares without edit and with the whole actor replaced, one for each direction."""
    names = {}
    for edit, style, name in ((edits[0], ":", "floor:\nno edit"), (edits[-1], "--", "ceiling:\nwhole actor")):
        values = []
        for direction in directions:
            found = rows[(rows[_DIRECTION] == direction).all(axis=1) & (rows["edit"] == edit)]
            values.append(over_seeds(found["taken"].to_numpy()).estimate)
            reference_line(axes, values[-1], style=style, colour=COLOURS[direction[0]])
        names[name] = sum(values) / len(values)
    (lower, low), (upper, high) = sorted(names.items(), key=lambda item: item[1])
    near = high - low < _NEAR
    name_at_right(axes, low, lower, "bottom" if near else "center")
    name_at_right(axes, high, upper, "top" if near else "center")


def _draw_sets(axes: Axes, edits: list[str]) -> None:
    """A filled dot where a layer comes from the donor, a hollow one where it is the recipient's."""
    layers = list(_parts(edits[-1]))
    for place, edit in enumerate(edits):
        rows = [row for row, layer in enumerate(layers) if layer in _parts(edit)]
        axes.plot([place] * len(layers), range(len(layers)), "o", color="0.8", markersize=4.5, markerfacecolor="white")
        axes.plot([place] * len(rows), rows, "o-", color="black", markersize=5, linewidth=1.2)
    axes.set_yticks(range(len(layers)), [layer.replace("layer", "layer ") for layer in layers])
    axes.set_ylim(len(layers) - 0.4, -0.6)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)


def draw(tables: dict[str, pd.DataFrame], config: dict) -> Figure:
    """Draw two panels for each arm, the donor's colour and broken episodes, above a grid of the sets of layers."""
    splices = tables["splices"]
    rows = _by_seed(splices)
    arms = list(rows["arm"].unique())
    edits = sorted(rows["edit"].unique(), key=lambda edit: (len(_parts(edit)), _parts(edit)))
    directions = sorted(
        map(list, rows[_DIRECTION].drop_duplicates().to_numpy()), key=lambda pair: list(COLOURS).index(pair[0])
    )
    figure = Figure(figsize=(WIDTH, 1.9 + 2.3 * len(arms)))
    panels = figure.subplots(2 * len(arms) + 1, 1, sharex=True, height_ratios=[3, 1] * len(arms) + [1.3])
    for arm, taken, broken in zip(arms, panels[:-1:2], panels[1::2], strict=True):
        run = rows[rows["arm"] == arm]
        _draw_shares(taken, run, "taken", edits, directions)
        _draw_bounds(taken, run, edits, directions)
        _draw_shares(broken, run, "broken", edits, directions)
        taken.set_title(arm_name(arm))
        taken.set_ylabel("share that takes\nthe donor's colour")
        taken.set_ylim(-0.03, 1.03)
        broken.set_ylabel("share: crash\nor time out")
        most = max(0.2, 1.05 * rows["broken"].max())
        broken.set_ylim(-0.06 * most, most)
    for axes in panels[:-1]:
        axes.tick_params(axis="x", length=0)
        axes.grid(axis="y", color="0.9", linewidth=0.6)
        axes.set_axisbelow(True)
    _draw_sets(panels[-1], edits)
    for axes in panels:
        for place in range(0, len(edits)):
            if len(_parts(edits[place])) % 2:
                axes.axvspan(place - 0.5, place + 0.5, color="0.96", linewidth=0, zorder=0)
    panels[-1].set_xlim(-0.6, len(edits) - 0.4)
    panels[-1].set_xticks([])
    panels[-1].set_xlabel("layers from the donor (filled); the others are the recipient's", loc="left")
    entries = [
        *(
            mark(f"from {donor} into {recipient}: a seed", COLOURS[donor], MARKERS[donor])
            for donor, recipient in directions
        ),
        interval_entry(),
    ]
    claim(figure, "Share of episodes that take the donor's colour after a splice of layers", entries, columns=2)
    pairs, levels = rows["pairs"].max(), splices["levels"].max()
    layouts, policy = (" and ".join(splices[column].unique()) for column in ("layouts", "policy"))
    note(
        figure,
        f"Seeds: {rows['seed'].nunique()}. Pairs of checkpoints, of which a seed's mark is the mean: {pairs}. "
        f"Levels for each: {levels}, {layouts}, {policy}.",
    )
    return figure
