"""A model server through Jupyter's own address."""

from __future__ import annotations

import json
from typing import Any

from fmtools.runtime import serve


async def test_questions_are_handed_on_with_the_token_added(jp_fetch: Any, service: Any) -> None:
    where = ("fmtools", "serve", service.id)
    listed = json.loads((await jp_fetch("fmtools", "serve")).body)["services"]
    assert [(one["id"], one["status"]) for one in listed] == [(service.id, "running")]
    assert service.token not in json.dumps(listed)

    async def ask(path: str, **more: Any) -> Any:
        heads = {"Content-Type": "application/json", **more.pop("headers", {})}
        asked = {"raise_error": False, "allow_nonstandard_methods": True, "headers": heads}
        return await jp_fetch(*where, *path.split("/"), **asked, **more)

    answer = await ask("predict", method="POST", body=json.dumps({"text": "a", "top": 1}))
    assert answer.code == 200
    assert json.loads(answer.body)["predictions"][0]["text"] == "a"
    refused = await ask("predict", method="POST", body=json.dumps({"texts": "a"}))
    assert refused.code == 422
    assert json.loads(refused.body)["error"]["id"] == refused.headers["X-Request-Id"]
    counted = await ask("metrics")
    assert counted.headers["Content-Type"].startswith("text/plain")
    assert b"fmtools_requests_total" in counted.body
    assert (await ask("metrics", headers={"Authorization": "token wrong"})).code == 403  # Jupyter's login comes first
    serve.stop(service)
    gone = await ask("predict", method="POST", body="{}")
    assert gone.code == 503
    assert service.token.encode() not in gone.body
    assert (await jp_fetch("fmtools", "serve", "0" * 26, "predict", raise_error=False)).code == 404
