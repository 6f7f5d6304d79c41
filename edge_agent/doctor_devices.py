"""The doctor's look at cameras, from here or through the agent that holds them."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path

from edge_agent.control_client import ask
from edge_agent.doctor_finding import Finding, finding_of
from edge_agent.errors import CameraError, EdgeAgentError
from edge_agent.settings import CameraSettings


def check_camera(camera: CameraSettings) -> Finding:
    """Open the camera and take a picture."""
    from edge_agent.vision.cameras.sources import open_source

    what = f"camera {camera.id}"
    try:
        with closing(open_source(camera, time.time)) as source:
            shot = source.read()
    except CameraError as error:
        return finding_of(what, error)
    if shot is None:
        return Finding("fail", what, f"{camera.source} holds no pictures", "Correct its source")
    height, width = shot.frame.image.shape[:2]
    return Finding("ok", what, f"{width} × {height} from {camera.source}")


def check_camera_through_agent(camera: CameraSettings, state: Path) -> Finding:
    """Ask the running agent for a picture."""
    try:
        answer = ask(state, {"ask": "snapshot", "camera": camera.id}, timeout_s=10.0)
    except EdgeAgentError as error:
        return finding_of(f"camera {camera.id}", error)
    kilobytes = len(answer["jpeg_base64"]) * 3 // 4000
    return Finding("ok", f"camera {camera.id}", f"gives pictures, {kilobytes} kB")
