"""README's table of edits for the new colour."""

import numpy as np
import pandas as pd

from goalsplice.analysis.publishing import retargets_text


def effect(family, edit, yellow, control="no_control", dose=np.nan, arm="onehot", level_distribution="three_colours"):
    known = {
        "arm": arm,
        "level_distribution": level_distribution,
        "family": family,
        "edit": edit,
        "dose": dose,
        "control": control,
    }
    interval = {
        "episode_share_target": yellow,
        "episode_share_target_low": yellow - 0.01,
        "episode_share_target_high": yellow + 0.01,
    }
    return {**known, **interval, "lowest": yellow - 0.05, "return_target": 0.9 * yellow, "weight_share": 0.005}


def test_the_strongest_control_stands_beside_the_edit():
    rows = [
        effect("bounds", "unedited", 0.02),
        effect("preregistered", "sparse", 0.9),
        effect("preregistered", "sparse", 0.2, "gaussian"),
        effect("preregistered", "sparse", 0.3, "optimised_same_budget"),
        effect("preregistered", "sparse", 0.5, level_distribution="training"),
        effect("contrastive direction", "full", 0.7, dose=1.0),
        effect("contrastive direction", "full", 0.6, dose=2.0),
        effect("preregistered", "downstream of layer 1", 0.8, arm="integers"),
    ]
    lines = retargets_text(pd.DataFrame(rows)).splitlines()
    few = next(line for line in lines if "sparse" in line)
    assert few.endswith("| 90.0 [89.0, 91.0] | 85.0 | 0.810 | 0.5 | 30.0 (equal effort) |")
    contrast = next(line for line in lines if "whole contrast" in line)
    assert "| 70.0 [69.0, 71.0] |" in contrast, "the dose that is named"
    assert sum("`integers`" in line for line in lines) == 1, "what an arm lacks has no row"
    assert not any("swap" in line or "task vector" in line for line in lines)
