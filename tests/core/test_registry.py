"""The plug-in door."""

from __future__ import annotations

import subprocess
import sys

import pytest

from fmtools.core import registry
from fmtools.core.errors import OptionError


def test_an_unknown_name_gets_the_nearest_one() -> None:
    with pytest.raises(OptionError, match=r"no task named 'text-clasification'\. Did you mean text-classification\?"):
        registry.get("tasks", "text-clasification")
    with pytest.raises(OptionError, match=r"no task named 'nre'\. Did you mean ner\?"):
        registry.get("tasks", "nre")
    with pytest.raises(OptionError, match=r"no source named 'zzz'\. Known: .*csv"):
        registry.get("sources", "zzz")


def test_listing_names_imports_no_plugin() -> None:
    code = """
import sys
from fmtools.core import registry
assert registry.names("tasks") and registry.names("sources") and registry.names("models")
assert not any(name.startswith("fmtools.plugins") for name in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_a_plugin_is_made_once() -> None:
    assert registry.get("sources", "csv") is registry.get("sources", "csv")
