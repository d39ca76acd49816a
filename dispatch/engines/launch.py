"""Start one engine: tie its life to its parent's, give up root, enter its folder, become the engine.

Run as a script by `process.spawn` (never imported): python launch.py PARENT SIGNAL UID GID FOLDER PROGRAM ARGUMENT…
UID -1 keeps the user. The folder is entered before root is given up, so that none of its parents need be open to the
engine's user. The death signal is set afterwards, because a change of user clears it.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Become the program of the arguments; exits 125 where the parent is gone already."""
    parent, death_signal, uid, gid = (int(argument) for argument in sys.argv[1:5])
    folder, program = sys.argv[5], sys.argv[6:]
    os.umask(0o077)
    os.chdir(folder)
    if uid >= 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
    if os.getppid() != parent:  # it died before the death signal was set
        sys.exit(125)
    os.execv(program[0], program)  # noqa: S606


if __name__ == "__main__":
    main()
