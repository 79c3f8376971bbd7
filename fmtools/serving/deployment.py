"""A server as an application of Ray Serve: deployed, asked how it stands, drained, taken away.

ray is imported when it is needed: a plain server does without.
"""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import Any

from .meters_folder import forget
from .replica import Replica
from .settings import Settings

#: Requests beside those that may wait which a replica takes, so that it is the replica that refuses (429), in its words; and
#: requests that may wait for a replica at all.
BESIDE, MOST = 64, 2000
#: Seconds between two looks of Ray Serve at a replica; that an answer to one may take, and an answer to ours.
LOOK, ANSWER, ASKING = 2.0, 30.0, 10.0
#: Failed starts after which Ray Serve gives up.
HOPELESS = 3
#: Seconds that its proxy may take to start.
PROXY = 300
DEPLOYMENT = "model"


class Desk:
    """Speaks for one server: in the supervisor's process where the cluster is its own, else as an actor on the cluster, because
    the handles that reach every replica exist there only. source: the settings file.
    """

    def __init__(self, source: str, name: str, own: bool) -> None:
        self.source, self.name, self.own = Path(source), name, own
        self.settings = Settings.read(self.source)
        self.meters = str(self.source.parent / "meters")
        self._began, self._up, self._known = False, False, set[str]()
        self._handle: Any = None

    def open(self, port: int) -> dict[str, Any]:
        """Deploy without waiting for it; return where it will listen: {"host", "port", "prefix"}. Raises what Ray raises.

        port: that of Serve, where nobody has started it yet.
        """
        from ray import serve
        from ray.serve._private import api
        from ray.serve.context import _get_global_client

        api.HTTP_PROXY_TIMEOUT = PROXY  # a number in its code, which a busy machine may not keep
        http: dict[str, Any] = {"host": self.settings.host, "port": port, "request_timeout_s": None}
        with contextlib.suppress(Exception):  # nobody has started Serve there
            self._began = _get_global_client(raise_if_no_controller_running=False) is None
        if self._began or self.own:
            serve.start(
                http_options=http, proxy_location="HeadOnly" if self.own else "EveryNode", logging_config=_quiet()
            )
        prefix = "" if self.own else f"/fmtools/{self.name}"
        application = _deployment(self.settings, self.own).bind(
            str(self.source), self.meters, str(self.source.with_name("serve.log")), not self.own
        )
        target = serve.RunTarget(application, name=self.name, route_prefix=prefix or "/", logging_config=_quiet())
        serve.run_many([target], wait_for_ingress_deployment_creation=False, wait_for_applications_running=False)
        client: Any = _get_global_client()
        used = client.http_config
        return {"host": used.host, "port": used.port, "prefix": prefix}

    def stands(self) -> dict[str, Any]:
        """Return {"status": "starting", "running", "failed" or "gone", "message", "replicas": [what each says of itself]}."""
        replicas = self._each("stands", ASKING) if self._up else []
        status, message = "running", ""
        if len(replicas) < self.settings.workers:  # else there is nothing to ask Ray Serve's controller for
            from ray import serve

            found = serve.status().applications.get(self.name)
            status, message = _read(found) if found is not None else ("gone", "")
            if status == "running" and not self._up:
                self._up, replicas = True, self._each("stands", ASKING)
        for who in self._known - {one["who"] for one in replicas}:
            forget(self.meters, who)
        self._known = {one["who"] for one in replicas}
        return {"status": status, "message": message, "replicas": replicas}

    def _each(self, method: str, patience: float) -> list[Any]:
        """Return the answers of all replicas that gave one, in time."""
        from ray import serve

        if self._handle is None:
            self._handle = serve.get_deployment_handle(DEPLOYMENT, app_name=self.name)
        try:
            said = self._handle.broadcast(method).results(timeout_s=patience, return_exceptions=True)
        except Exception:  # none of them is there at the moment
            return []
        return [one for one in said if not isinstance(one, BaseException)]

    def drain(self) -> int:
        """Let every replica answer what it has accepted and refuse the rest; return how many requests are left."""
        return sum(self._each("drain", self.settings.drain + 5.0))

    def close(self) -> None:
        """Take the application away, and Serve with it when it was started for this one and serves nobody else."""
        from ray import serve

        with contextlib.suppress(Exception):  # it is gone already
            serve.delete(self.name)
            if self._began and not serve.status().applications:
                serve.shutdown()


def _deployment(settings: Settings, own: bool) -> Any:
    from ray import serve

    return serve.deployment(
        name=DEPLOYMENT,
        num_replicas=settings.workers,
        max_ongoing_requests=settings.queue + BESIDE,
        max_queued_requests=MOST,
        health_check_period_s=LOOK,
        health_check_timeout_s=ANSWER,
        graceful_shutdown_wait_loop_s=0.1,
        graceful_shutdown_timeout_s=settings.drain,
        max_constructor_retry_count=HOPELESS,
        # In a cluster of our own the replicas share the machine as workers do.
        ray_actor_options={"num_cpus": 0 if own else settings.threads},
        logging_config=_quiet(),
    )(serve.ingress()(Replica))


def _quiet() -> dict[str, Any]:
    return {"log_level": "ERROR", "enable_access_log": False}


def _read(found: Any) -> tuple[str, str]:
    """Return (status, message) of an application; a model that cannot be opened fails at once, not after some tries."""
    said = "\n".join([found.message, *(one.message for one in found.deployments.values())])
    status, refusal = str(found.status.value), re.search(r"BadArtifact: (.+)", said)
    if status == "DEPLOY_FAILED" or (status != "RUNNING" and refusal and "UNHEALTHY" not in status):
        return "failed", refusal[1].strip() if refusal else _last(said)
    return ("starting" if status in ("DEPLOYING", "NOT_STARTED") else "running"), "" if status == "RUNNING" else _first(
        said
    )


def _first(said: str) -> str:
    return next((line.strip() for line in said.splitlines() if line.strip()), "")[:300]


def _last(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return (lines[-1] if lines else "Ray Serve gave no reason.")[:300]
