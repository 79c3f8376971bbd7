"""The light table of magics says what the options say, and loading it costs next to nothing."""

from __future__ import annotations

import subprocess
import sys

from fmtools.core.options import VERBS
from fmtools.notebook.table import CELL_MAGICS, MAGICS, options_of

HEAVY = ("torch", "transformers", "datasets", "pandas", "pyarrow", "bokeh", "matplotlib", "pydantic", "yaml", "sklearn")


def test_the_table_is_that_of_the_options() -> None:
    right = {cls.magic_name(): verb for verb, cls in VERBS.items()}
    rows = "\n".join(f'    "{magic}": "{verb}",' for magic, verb in right.items())
    assert list(MAGICS.items()) == list(right.items()), f"the right table is\nMAGICS = {{\n{rows}\n}}"
    assert all(options_of(magic) is VERBS[verb] for magic, verb in MAGICS.items())
    assert set(MAGICS) >= CELL_MAGICS


def test_loading_imports_nothing_heavy_and_takes_less_than_100_ms() -> None:
    code = f"""
import sys, time
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
before = set(sys.modules)
start = time.perf_counter()
from fmtools.notebook import magics
magics.load(shell)
took = time.perf_counter() - start
print([name for name in {HEAVY!r} if name in sys.modules], took < 0.1, took)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("[] True "), done.stdout
