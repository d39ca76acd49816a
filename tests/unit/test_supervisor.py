"""A signal that comes at any moment ends the supervisor; also a second one, and also while it is about to wait."""

from __future__ import annotations

import subprocess
import sys
from typing import Final

ROUNDS: Final = 400
PROGRAM: Final = f"""
import os, random, signal, time
from dispatch.running import supervisor
from dispatch.running.supervisor import Supervisor

class NoEngines:
    def dead(self):
        return []

def until_it_is_gone(whom):
    chance = random.Random(110)
    while os.getppid() == whom:
        time.sleep(chance.uniform(0.0005, 0.003))
        os.kill(whom, signal.SIGTERM)

supervisor.ROUND_S = 1e-6  # so that most signals meet it between two waits, or about to begin one
one, me = Supervisor(NoEngines()), os.getpid()
one.listen_to_signals()
if os.fork() == 0:
    until_it_is_gone(me)
    os._exit(0)
for number in range({ROUNDS}):
    one.run()
    assert one.stopping
    one = Supervisor(NoEngines())
    one.listen_to_signals()
os.write(1, b"stopped each time")
os._exit(0)  # signals go on coming
"""


def test_a_signal_at_any_moment_stops_it() -> None:
    """In another process, which would hang where a handler waits for what the interrupted wait holds."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "stopped each time"), done.stderr
