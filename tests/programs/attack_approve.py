"""Attacker: says yes to a question by every way to the daemon that it finds. Prints BREACH with the way, or held.

usage: attack_approve.py APPROVAL CONTROL_SOCKET
"""

import glob
import os
import socket
import stat
import sys
import urllib.parse

approval, control = sys.argv[1:3]
body = b"{}"
request = (f"POST /v1/approvals/{approval}/approve HTTP/1.1\r\nHost: aileron\r\nContent-Type: application/json\r\n"
           f"Content-Length: {len(body)}\r\n\r\n").encode() + body


def said_yes(opened: socket.socket) -> bool:
    """True when the daemon at the other end took the yes."""
    opened.settimeout(2)
    opened.sendall(request)
    return b'"state":"' in opened.recv(65536)


def by_name() -> list:
    """The socket by its path, by links to other roots, and by every name that the kernel tells."""
    names = [control, *(root + control for root in glob.glob("/proc/*/root") + glob.glob("/proc/*/cwd"))]
    os.symlink(control, "al-link")
    names.append("al-link")
    with open("/proc/net/unix", encoding="utf-8", errors="replace") as file:
        names += [line.split()[7] for line in file if len(line.split()) > 7]
    return ["\0" + name[1:] if name.startswith("@") else name for name in names]


def connects(family, address) -> bool:
    """Tries one address."""
    try:
        with socket.socket(family) as opened:
            opened.settimeout(2)
            opened.connect(address)
            return said_yes(opened)
    except OSError:
        return False


def inherited() -> bool:
    """Tries every socket among this process's descriptors, and among those of others that can be opened."""
    for number in range(3, 256):
        try:
            if stat.S_ISSOCK(os.fstat(number).st_mode) and said_yes(socket.socket(fileno=os.dup(number))):
                return True
        except OSError:
            pass
    return False


def proxied() -> bool:
    """Asks the proxy to lead to the host's side by any name of it."""
    proxy = urllib.parse.urlsplit(os.environ.get("HTTP_PROXY", ""))
    path = f"/v1/approvals/{approval}/approve"
    for host in ("aileron", "localhost", "127.0.0.1", "aileron.internal", "[::1]", "0.0.0.0", "host.docker.internal"):
        for asked in (f"POST http://{host}{path}", f"CONNECT {host}:80", f"CONNECT unix:{control}",
                      f"POST unix:{control}:{path}"):
            try:
                with socket.create_connection((proxy.hostname, proxy.port), 2) as opened:
                    opened.sendall(f"{asked} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
                                   "Content-Length: 2\r\n\r\n{}".encode())
                    answer = opened.recv(65536)
                    if b'"state":"' in answer or (b" 200 " in answer[:16] and said_yes(opened)):
                        return True
            except OSError:
                pass
    return False


found = [name for name in by_name() if connects(socket.AF_UNIX, name)] if control else []
if not found and inherited():
    found.append("a descriptor")
if not found and "HTTP_PROXY" in os.environ and proxied():
    found.append("the proxy")
print("BREACH", found) if found else print("held")
