"""A network of the test's own: a mount and network namespace with invented public addresses.

Inside it any address may be put on the loopback device, /etc/resolv.conf names a name server of the
test, and nothing reaches the machine's real network. Needs root.
"""

import contextlib
import ctypes
import os
import subprocess
import threading

from lib import sites

_CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)

_SETUP = """
set -e
ip link set lo up
for address in {addresses}; do ip address add "$address" dev lo nodad 2>/dev/null || ip address add "$address" dev lo; done
ip route add default dev lo 2>/dev/null || true
ip -6 route add default dev lo 2>/dev/null || true
printf 'nameserver 127.0.0.1\\noptions timeout:2 attempts:1\\n' > "$1"
mount --bind "$1" "$(readlink -f /etc/resolv.conf)"
echo ready
exec cat
"""


class Network:
    """A holder process keeps the namespaces until `close`."""

    def __init__(self, folder: str, addresses=()):
        assert os.geteuid() == 0, "tests with a network of their own need root"
        script = _SETUP.format(addresses=" ".join(addresses))
        self.holder = subprocess.Popen(
            ["unshare", "--net", "--mount", "--propagation", "private", "sh", "-c", script, "sh",
             os.path.join(folder, "resolv.conf")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        line = self.holder.stdout.readline()
        assert line == b"ready\n", "the network namespace of the test did not come up"

    def enter(self) -> list:
        """The start of a command line that runs in here, in the folder that TEST_AT names."""
        return ["nsenter", "--target", str(self.holder.pid), "--net", "--mount",
                "sh", "-c", 'cd "$TEST_AT" && unset TEST_AT && exec "$@"', "sh"]

    @contextlib.contextmanager
    def entered(self):
        """The calling thread is in this network; its new sockets stay there."""
        back = os.open(f"/proc/self/task/{threading.get_native_id()}/ns/net", os.O_RDONLY)
        there = os.open(f"/proc/{self.holder.pid}/ns/net", os.O_RDONLY)
        try:
            assert _libc.setns(there, _CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())
            yield
        finally:
            assert _libc.setns(back, _CLONE_NEWNET) == 0
            os.close(back)
            os.close(there)

    def listen(self, address: str = "127.0.0.1", port: int = 0):
        """A listening socket in here."""
        with self.entered():
            return sites.listen(address, port)

    def close(self) -> None:
        """Lets the namespaces go."""
        self.holder.stdin.close()
        self.holder.wait(10)
        self.holder.stdout.close()
