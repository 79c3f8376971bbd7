"""How long threads wait awake depends on who else wants the processors."""

from __future__ import annotations

import os
import subprocess
import sys

import psutil

from fmtools.kit.machine import spinning


def test_free_processors_are_waited_for_awake() -> None:
    assert spinning.turns(0.1) == spinning.FREE
    assert spinning.turns(0.9) == spinning.BUSY


def test_the_users_word_stays() -> None:
    said = {spinning.NAME: "7"}
    spinning.settle(said)
    assert said == {spinning.NAME: "7"}
    own: dict[str, str] = {}
    spinning.settle(own)
    assert own[spinning.NAME] in (spinning.FREE, spinning.BUSY)


def test_others_at_work_are_seen() -> None:
    count = psutil.cpu_count() or 1
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        assert max(spinning.in_use(0.3) for _ in range(10)) >= spinning.IN_USE
    finally:
        for process in busy:
            process.kill()
            process.wait()


def test_a_worker_has_settled_it_before_torch() -> None:
    said = "from fmtools.runtime import worker; worker._preload(); import os; print(os.environ['GOMP_SPINCOUNT'])"
    environment = {k: v for k, v in os.environ.items() if k != spinning.NAME}
    done = subprocess.run([sys.executable, "-c", said], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split()[-1] in (spinning.FREE, spinning.BUSY)
