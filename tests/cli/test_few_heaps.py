"""However many threads the agent has, they share two heaps."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

ALLOCATE = """
import ctypes, sys, threading
from edge_agent.cli.running import few_heaps
few_heaps()
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
libc.fopen.restype = ctypes.c_void_p
libc.malloc_info.argtypes, libc.fclose.argtypes = [ctypes.c_int, ctypes.c_void_p], [ctypes.c_void_p]
gate = threading.Barrier(8)
def allocate():
    gate.wait()
    libc.malloc(5000)
    gate.wait()
threads = [threading.Thread(target=allocate) for _ in range(8)]
[t.start() for t in threads]
[t.join() for t in threads]
told = libc.fopen(sys.argv[1].encode(), b"w")
libc.malloc_info(0, told)
libc.fclose(told)
"""

only_glibc = pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc", reason="heaps of threads are glibc's"
)


def heaps(folder: Path, **more: str) -> int:
    """How many heaps a process has in which eight threads asked for memory at once."""
    told = folder / "heaps.xml"
    environment = {k: v for k, v in os.environ.items() if k != "MALLOC_ARENA_MAX"} | more
    subprocess.run([sys.executable, "-c", ALLOCATE, str(told)], env=environment, check=True)
    return told.read_text().count("<heap nr=")


@only_glibc
def test_eight_threads_share_two_heaps(tmp_path: Path) -> None:
    assert heaps(tmp_path) <= 2


@only_glibc
def test_who_sets_the_number_of_heaps_gets_it(tmp_path: Path) -> None:
    assert heaps(tmp_path, MALLOC_ARENA_MAX="5") == 5
