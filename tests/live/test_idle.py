"""What the gateway costs when nobody pays."""

from __future__ import annotations

import time

import psutil

from tests.live_gateway import Live

WATCHED_SECONDS = 10
SHARE_MAX = 0.03  # of one core


def test_an_idle_gateway_uses_less_than_three_hundredths_of_a_core(live: Live) -> None:
    live.wait_for(lambda: live.query("select count(*) from jobs where run_at <= now()") == [(0,)], "nothing is due")
    time.sleep(2)
    before = _cpu_seconds(live)
    time.sleep(WATCHED_SECONDS)
    after = _cpu_seconds(live)
    used = {pid: after[pid] - before.get(pid, 0.0) for pid in after}
    share = sum(used.values()) / WATCHED_SECONDS
    print(f"idle: {share:.2%} of a core")
    names = {pid: round(seconds, 2) for pid, seconds in sorted(used.items(), key=lambda item: -item[1])[:6]}
    assert share < SHARE_MAX, f"{share:.1%} of a core, by process: {names}"


def _cpu_seconds(live: Live) -> dict[str, float]:
    found = {}
    for process in [psutil.Process(live.process.pid), *live.processes()]:
        try:
            times = process.cpu_times()
            found[f"{process.pid} {' '.join(process.cmdline())[-40:]}"] = times.user + times.system
        except psutil.Error:
            continue
    return found
