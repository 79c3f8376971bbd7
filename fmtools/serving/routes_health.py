"""Whether the server lives and is ready, what it has counted."""

from __future__ import annotations

from fastapi import APIRouter, Response

from .keeper import Keeper


def router(keeper: Keeper) -> APIRouter:
    """Return /healthz, /readyz and /metrics."""
    routes = APIRouter()

    @routes.get("/healthz", tags=["health"])
    async def healthz() -> dict[str, str]:
        """Say that the process answers."""
        return {"status": "ok"}

    @routes.get(
        "/readyz", tags=["health"], responses={503: {"description": "The model is being loaded, or the server ends."}}
    )
    async def readyz(response: Response) -> dict[str, bool]:
        """Say whether the model has computed once and new requests are welcome."""
        response.status_code = 200 if keeper.ready else 503
        return {"ready": keeper.ready}

    @routes.get("/metrics", tags=["health"], response_class=Response)
    async def metrics() -> Response:
        """Return counters in Prometheus' text format."""
        if keeper.model is not None:
            keeper.meters.waiting.set(keeper.model.waiting)
        return Response(keeper.meters.text(), media_type="text/plain; version=0.0.4")

    return routes
