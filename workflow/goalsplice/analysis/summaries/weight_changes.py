"""What late switches change in the weights: layer by layer, by colour, and over the agent's view."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from goalsplice.world.vocabulary import OBJECTIVES

TABLES = {
    "weight_changes": [
        *("arm", "seed", "recipient_phase", "recipient_objective", "donor_objective", "grouping", "part"),
        *("view_column", "view_row", "active_weights", "variance_share", "tensor_variance_share"),
        *("effective_rank", "stable_rank", "permuted_effective_rank", "permuted_stable_rank"),
    ]
}
KEYS = ("arm", "grouping", "part", "view_row", "view_column", "measure")

LAYER, VIEW = "layer", "view"
"""Groupings beside those of the table: layers' weights, with all biases as one part; and layer 1's weights by colour
and cell of the view."""

BIASES, OTHER_COLOURS, TYPES = "biases", "other colours", "types, states"

_PAIR = ["arm", "seed", "recipient_phase"]
_RANKS = ["effective_rank", "stable_rank"]
_MEASURES = [
    "variance_share",
    "tensor_variance_share",
    *_RANKS,
    *(f"permuted_{rank}" for rank in _RANKS),
    "even_variance_share",
]


def _layers(rows: pd.DataFrame) -> pd.DataFrame:
    """The tensors of one arm, with the biases as one."""
    rows = rows[rows["grouping"] == "tensor"]
    rows = rows.assign(grouping=LAYER, part=rows["part"].where(rows["part"].str.endswith(".weight"), BIASES))
    found = rows.groupby([*_PAIR, "grouping", "part"], sort=False)
    summed = found[["variance_share", "active_weights"]].sum()
    ranks = found[[*_RANKS, *(f"permuted_{rank}" for rank in _RANKS)]].first()
    return _with_even_share(summed.join(ranks).reset_index())


def _with_even_share(parts: pd.DataFrame) -> pd.DataFrame:
    """`even_variance_share`: what each part has of all active weights of the parts of its pair of phases."""
    return parts.assign(
        even_variance_share=parts["active_weights"] / parts.groupby(_PAIR)["active_weights"].transform("sum")
    )


def _view(rows: pd.DataFrame) -> pd.DataFrame:
    """Layer 1's change of one arm over the view, in parts that divide its weights; and each part's total."""
    cells = rows[rows["grouping"].isin(["field_cell", "colour_cell"])]
    if "colour_cell" in set(cells["grouping"]):
        # The objectives' colours by themselves, the others together, and what is no colour.
        cells = cells[(cells["grouping"] == "colour_cell") | (cells["part"] != "colour")]
        trained = {*rows["recipient_objective"], *rows["donor_objective"]}
        names = {colour: colour for colour in OBJECTIVES if colour in trained}
        is_colour = cells["grouping"] == "colour_cell"
        part = cells["part"].map(names).fillna(OTHER_COLOURS).where(is_colour, TYPES)
    else:
        part = cells["part"].map(lambda name: f"{name}s")
    cells = cells.assign(grouping=VIEW, part=part)
    place = [*_PAIR, "grouping", "part"]
    columns = ["tensor_variance_share", "active_weights"]
    by_cell = cells.groupby([*place, "view_row", "view_column"], sort=False)[columns].sum().reset_index()
    whole = cells.groupby(place, sort=False)[columns].sum().reset_index()
    return pd.concat([_with_even_share(by_cell), _with_even_share(whole)])


def values(tables: Mapping[str, pd.DataFrame], settings: Mapping) -> pd.DataFrame:
    """Shares and ranks of what late switches change, with the share of active weights that a part has."""
    rows = tables["weight_changes"]
    rows = rows[rows["recipient_phase"].isin(settings["late"])]
    parts = [rows[rows["grouping"].isin(["tensor", "colour", "field"])].drop(columns=["view_row", "view_column"])]
    for _, of_arm in rows.groupby("arm", sort=False):
        parts += [_layers(of_arm), _view(of_arm)]
    known = [key for key in (*KEYS, "seed") if key != "measure"]
    frame = pd.concat(parts, ignore_index=True).reindex(columns=[*known, *_MEASURES], fill_value=np.nan)
    return frame.melt(known, _MEASURES, var_name="measure")
