"""What `edge-agent run` costs: memory and share of a core at 12 plates, 80 samples a second.

Starts the real agent on the simulated shelf behind a pseudo-terminal, with a real Mosquitto where
one is installed, lets it settle and measures it from /proc. With `--camera` a 720p camera looks on,
five pictures a second. Exit status 1 where it takes more than it may: 80 MB resident and 5 % of a
core; with a camera 180 MB (250 with the detector) and 15 %.

    python scripts/bench_run.py --seconds 20 [--plates 64]
    python scripts/bench_run.py --seconds 20 --camera features --visits-per-hour 0
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from edge_agent.control_client import ask
from edge_agent.errors import AgentNotRunning, BrokerError
from edge_agent.settings import MqttSettings, ScaleSettings, Settings
from edge_agent.simulation.board import PtyBoard
from edge_agent.simulation.broker import LocalBroker
from edge_agent.simulation.live import LiveShelf
from edge_agent.simulation.other_shop import other_shop
from edge_agent.simulation.shop import CAPACITY_G, demo_settings, settings_toml

RATE_HZ = 80.0
SETTLE_S = 8.0
BLOCK_S = 0.05
LIGHTEST_G = 15.0
# What it may take: MB and percent of a core, by what recognises.
MOST = {
    None: (80.0, 5.0),
    "none": (180.0, 15.0),
    "features": (180.0, 15.0),
    "detector": (250.0, 15.0),
}
CAMERA_SETTLE_S = 25.0


def main() -> int:
    """Measure and print; 1 where a limit is passed."""
    wanted = _arguments()
    settings = _shop(wanted)
    settle_s = SETTLE_S if wanted.camera is None else CAMERA_SETTLE_S
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        if wanted.camera is not None:
            settings = _with_camera(settings, folder, wanted)
        shelf = _shelf(settings, wanted, settle_s)
        board = stack.enter_context(PtyBoard(len(shelf.plates), RATE_HZ))
        agent = _start(settings, folder, board.port, _broker(stack, folder))
        stack.callback(agent.wait)
        stack.callback(agent.terminate)
        started_at = time.monotonic()
        _feed(shelf, board, until=started_at + settle_s)
        ask(folder / "state", {"ask": "status"})
        before_s, began_at = _cpu_s(agent.pid), time.monotonic()
        _feed(shelf, board, until=began_at + wanted.seconds)
        cpu_s, took_s = _cpu_s(agent.pid) - before_s, time.monotonic() - began_at
        status = ask(folder / "state", {"ask": "status"})
        figures = {
            **_cost(agent.pid, cpu_s, took_s),
            "plates": len(status["plates"]),
            "cloud": status["cloud"],
            "samples_dropped": board.dropped,
            "seconds": round(took_s, 1),
        }
    print(json.dumps(figures))
    most_mb, most_percent = MOST[wanted.camera]
    too_much = figures["rss_mb"] > most_mb or figures["cpu_percent"] > most_percent
    return 1 if too_much else 0


def _shelf(settings: Settings, wanted: argparse.Namespace, quiet_s: float) -> LiveShelf:
    return LiveShelf(
        wanted.seed,
        time.time(),
        rate_hz=RATE_HZ,
        visits_per_hour=wanted.visits_per_hour,
        settings=settings,
        quiet_s=quiet_s,
        office_rhythm=False,
    )


def _cost(pid: int, cpu_s: float, took_s: float) -> dict[str, float]:
    return {
        "rss_mb": round(_memory_mb(pid, "VmRSS"), 1),
        "peak_rss_mb": round(_memory_mb(pid, "VmHWM"), 1),
        "cpu_percent": round(100 * cpu_s / took_s, 2),
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=20.0, help="how long to measure")
    parser.add_argument("--visits-per-hour", type=float, default=60.0, help="how busy the shelf is")
    parser.add_argument("--plates", type=int, help="another shop with so many plates; else 12")
    parser.add_argument(
        "--camera",
        choices=("none", "features", "detector"),
        help="let a 720p camera look on, with this recogniser",
    )
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def _shop(wanted: argparse.Namespace) -> Settings:
    if wanted.plates:
        return other_shop(wanted.seed, wanted.plates, 4, CAPACITY_G, LIGHTEST_G)
    return demo_settings()


def _with_camera(shop: Settings, folder: Path, wanted: argparse.Namespace) -> Settings:
    from scripts.bench.still_camera import still_camera

    settings = still_camera(shop, folder, 60.0 + wanted.seconds, folder / "state")
    vision = settings.vision.model_copy(update={"recogniser": wanted.camera})
    return settings.model_copy(update={"vision": vision})


def _broker(stack: ExitStack, folder: Path) -> int | None:
    """Start a broker and return its port; None where none is installed."""
    try:
        return stack.enter_context(LocalBroker(folder / "broker")).port
    except BrokerError as error:
        print(f"measuring offline: {error}", file=sys.stderr)
        return None


def _start(
    shop: Settings, folder: Path, port: str, broker_port: int | None
) -> subprocess.Popen[bytes]:
    settings = shop.model_copy(
        update={
            "scale": (ScaleSettings(id="main", driver="stream", port=port),),
            "mqtt": MqttSettings(host="127.0.0.1", port=broker_port, tls=False)
            if broker_port
            else None,
        }
    )
    config = folder / "shelf.toml"
    config.write_text(settings_toml(settings), encoding="utf-8")
    command = [sys.executable, "-m", "edge_agent.cli.main", "run", "--config", str(config)]
    state = folder / "state"
    agent = subprocess.Popen([*command, "--state", str(state)])
    while agent.poll() is None:
        try:
            ask(state, {"ask": "status"})
            return agent
        except AgentNotRunning:
            time.sleep(0.05)
    raise SystemExit(f"the agent ended with status {agent.returncode}; its log says why")


def _feed(shelf: LiveShelf, board: PtyBoard, until: float) -> None:
    """Send samples as a board would, at the pace of the clock."""
    next_at = time.monotonic()
    while next_at < until:
        times, counts = shelf.next_block(BLOCK_S)
        board.send(times, counts)
        next_at += BLOCK_S
        time.sleep(max(0.0, next_at - time.monotonic()))


def _cpu_s(pid: int) -> float:
    """Processor time of a process so far, user and system, in seconds (proc(5), stat)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory_mb(pid: int, name: str) -> float:
    """One memory figure of a process in MB (proc(5), status)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024 / 1e6
    raise SystemExit(f"/proc/{pid}/status has no {name}")


if __name__ == "__main__":
    sys.exit(main())
