"""What hands an opened model to a server, for those who may not import it: see serving.handed."""

from __future__ import annotations

from ...serving.handed import VARIABLE, possible, write

__all__ = ["VARIABLE", "possible", "write"]
