"""A server as an application of Ray Serve, for those who may not import it: see serving.deployment."""

from __future__ import annotations

from ...serving.deployment import Desk

__all__ = ["Desk"]
