"""Run a command where no network exists but loopback: `python scripts/offline.py COMMAND ...`.

Linux gives the command a network namespace of its own. Where a user may not make one (some containers), it runs as it
is, and that is said; with CI set this is an error, so that a proof cannot silently become none.
"""

from __future__ import annotations

import os
import shutil
import socket
import struct
import subprocess
import sys

#: From <linux/sockios.h> and <linux/if.h>: set an interface's flags; up and running.
SIOCSIFFLAGS, IFF_UP_RUNNING = 0x8914, 0x1 | 0x40
INSIDE = "--inside"


def can_isolate() -> bool:
    """Say whether this user may make network namespaces, and enter them from outside."""
    if not (shutil.which("unshare") and shutil.which("nsenter")):
        return False
    return subprocess.run(["unshare", "-rn", "true"], capture_output=True, check=False).returncode == 0


def loopback_up() -> None:
    """Bring loopback up in this namespace."""
    import fcntl

    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh", b"lo", IFF_UP_RUNNING))


def main(arguments: list[str]) -> None:
    """Become the command; exit with 1 in CI when it cannot be isolated."""
    command = arguments
    if arguments[:1] == [INSIDE]:
        loopback_up()
        command = arguments[1:]
    elif can_isolate():
        command = ["unshare", "-rn", sys.executable, __file__, INSIDE, *arguments]
    else:
        print("offline: this user may not make network namespaces; the command has the network.", file=sys.stderr)
        if os.environ.get("CI"):
            sys.exit(1)
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])
