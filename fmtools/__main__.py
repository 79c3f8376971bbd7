"""`python -m fmtools` is the command line."""

import sys

from fmtools.cli import main

if __name__ == "__main__":
    sys.exit(main())
