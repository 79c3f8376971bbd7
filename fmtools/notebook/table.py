"""The magics, as a table that costs nothing to import.

It repeats `core.options.VERBS` on purpose: those cost 100 ms of pydantic, which `%load_ext fmtools` must not pay.
`tests/notebook/test_table.py` fails, and prints the right table, when the two differ.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fmtools.core.options import Options

#: Name of a magic -> its verb.
MAGICS = {
    "fm_data": "data",
    "fm_protect": "protect",
    "fm_label": "label",
    "fm_models": "models",
    "fm_get": "get",
    "fm_baseline": "baseline",
    "fm_train": "train",
    "fm_tune": "tune",
    "fm_panel": "panel",
    "fm_eval": "evaluate",
    "fm_predict": "predict",
    "fm_index": "index",
    "fm_answer": "answer",
    "fm_attention": "attention",
    "fm_runs": "runs",
    "fm_show": "show",
    "fm_attach": "attach",
    "fm_resume": "resume",
    "fm_steer": "steer",
    "fm_pause": "pause",
    "fm_stop": "stop",
    "fm_compare": "compare",
    "fm_code": "code",
    "fm_quantize": "quantize",
    "fm_distill": "distill",
    "fm_prune": "prune",
    "fm_optimize": "optimize",
    "fm_export": "export",
    "fm_follow": "follow",
    "fm_serve": "serve",
    "fm_monitor": "monitor",
    "fm_doctor": "doctor",
}
#: Magics that also take a cell, with the options as YAML in its body.
CELL_MAGICS = frozenset({"fm_data", "fm_panel", "fm_train", "fm_tune"})


def options_of(magic: str) -> type[Options]:
    """Return the options model of a magic; this is where pydantic is imported."""
    from fmtools.core.options import VERBS

    return VERBS[MAGICS[magic]]
