"""What `%load_ext fmtools` adds to a bare kernel, beside `import ipywidgets`, the least a widget extension imports."""

from __future__ import annotations

import json
from typing import Any

from .figures import Aim, Figure, in_turns, ratios
from .kernel import Kernel
from .settings import Settings

#: None of these may be imported by it.
HEAVY = ("torch", "transformers", "datasets", "bokeh", "pandas", "pyarrow", "matplotlib", "sklearn", "numpy")
CELL = """
import json, sys, time
_before = set(sys.modules)
_began = time.perf_counter()
{what}
_taken = time.perf_counter() - _began
print(json.dumps({{"ms": _taken * 1000, "modules": sorted(set(sys.modules) - _before)}}))
"""
OURS, PEER = "get_ipython().run_line_magic('load_ext', 'fmtools')", "import ipywidgets"


def run(settings: Settings) -> list[Figure]:
    """Load each in a fresh kernel, in turns."""
    modules: list[list[str]] = []

    def ours() -> float:
        seen = _in_fresh_kernel(OURS)
        modules.append(seen["modules"])
        return float(seen["ms"])

    own, peer = in_turns(settings.repeats(10, 2), ours, lambda: float(_in_fresh_kernel(PEER)["ms"]))
    heavy = [float(sum(name.partition(".")[0] in HEAVY for name in names)) for names in modules]
    return [
        Figure("%load_ext fmtools", own, "ms", Aim("<=", 100)),
        Figure("import ipywidgets", peer, "ms"),
        Figure("ours / ipywidgets", ratios(own, peer), "", Aim("<=", 1.0)),
        Figure("modules imported", [float(len(names)) for names in modules], "modules"),
        Figure("heavy ones among them", heavy, "modules", Aim("<=", 0)),
    ]


def _in_fresh_kernel(what: str) -> dict[str, Any]:
    with Kernel() as kernel:
        kernel.run("1")  # the first cell of a kernel pays for its own machinery
        seen: dict[str, Any] = json.loads(kernel.run(CELL.format(what=what)).splitlines()[-1])
    return seen
