"""Attacker and keeper: one connection to a site, and ways in which two programs hold it.

usage: sockets.py WAY HOST KEEPER   (KEEPER runs this program as the one that rules allow)
Prints the statuses of the requests /1, /2 … as they are answered.
"""

import array
import ctypes
import os
import re
import socket
import ssl
import subprocess
import sys
import threading
import time

WAY, HOST, KEEPER = sys.argv[1:4]
sent = 0


def connect(bound=None) -> socket.socket:
    """A connection to the site, without TLS yet."""
    raw = socket.socket()
    if bound:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, bound)
    raw.connect((socket.gethostbyname(HOST), 443))
    return raw


def secure(raw) -> ssl.SSLSocket:
    """The same with TLS."""
    return ssl.create_default_context().wrap_socket(raw, server_hostname=HOST)


def send(tls) -> None:
    """Sends the next request."""
    global sent
    sent += 1
    tls.sendall(f"GET /{sent} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())


def answer(tls) -> None:
    """Reads an answer, and prints its status."""
    got = b""
    while True:
        head, end, body = got.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head.lower())
        if end and len(body) >= int(length[1] if length else 0):
            break
        piece = tls.recv(65536)
        if not piece:
            break
        got += piece
    print(got[9:12].decode(), flush=True)


def ask(tls) -> None:
    send(tls)
    answer(tls)


def pass_on(pair, raw) -> None:
    """Sends a copy of the socket."""
    pair.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [raw.fileno()]))])


def take(pair) -> socket.socket:
    """Receives one."""
    _, ancillary, _, _ = pair.recvmsg(1, 64)
    return socket.socket(fileno=array.array("i", ancillary[0][2])[0])


def other(way, *fds) -> subprocess.Popen:
    """This program again, as the other one."""
    return subprocess.Popen([KEEPER, __file__, way, HOST, sys.executable, *map(str, fds)], pass_fds=fds)


def full_pipe() -> int:
    """The end of a pipe in which whoever writes to it waits."""
    _, end = os.pipe()
    os.set_blocking(end, False)
    for size in (4096, 1):
        try:
            while True:
                os.write(end, b"x" * size)
        except BlockingIOError:
            pass
    os.set_blocking(end, True)
    return end


def hands_over(*command) -> None:
    """Leaves the connection to a child that executes the command, and then sends its request."""
    tls = secure(connect())
    os.set_inheritable(tls.fileno(), True)
    end = full_pipe()
    if os.fork() == 0:
        os.dup2(end, 1)
        os.dup2(end, 2)
        os.execv(command[0], command)
    time.sleep(1)
    tls.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)  # what is sent goes out 200 ms later
    send(tls)
    os.close(tls.fileno())
    time.sleep(3)


def hides(tls) -> None:
    """Asks while the connection is on its way to itself, and in no process's folder."""
    ours, theirs = socket.socketpair()
    tls.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
    send(tls)
    pass_on(ours, tls)
    number = tls.fileno()
    os.close(number)
    time.sleep(1)
    back = take(theirs).detach()
    if back != number:
        os.dup2(back, number)
    answer(tls)


def ends_first_thread(work) -> None:
    """Goes on in another thread when the first one has ended."""
    def run():
        time.sleep(1)
        work()
        os._exit(0)
    threading.Thread(target=run).start()
    ctypes.CDLL(None).syscall(60, 0)


def is_adopted() -> None:
    """A process that this one takes over when it is the allowed program asks."""
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
    if os.fork() == 0:
        time.sleep(1)
        if os.fork() == 0:
            time.sleep(0.5)
            ask(secure(connect()))
        os._exit(0)
    os.execv(KEEPER, [KEEPER, "-c", "import time; time.sleep(3)"])


def main() -> None:
    if WAY == "alone":
        ask(secure(connect()))
    elif WAY == "inherited":  # the allowed program sleeps with it
        raw = connect()
        child = other("sleep", raw.fileno())
        ask(secure(raw))
        child.kill()
    elif WAY == "sleep":
        time.sleep(60)
    elif WAY in ("passed", "handed over"):  # the allowed program speaks, the other one keeps a copy, or not
        ours, theirs = socket.socketpair()
        child = other("speaks", theirs.fileno())
        raw = connect()
        pass_on(ours, raw)
        if WAY == "handed over":
            raw.close()
        ours.send(b"go")
        child.wait()
    elif WAY == "speaks":
        pair = socket.socket(fileno=int(sys.argv[4]))
        raw = take(pair)
        pair.recv(2)
        ask(secure(raw))
    elif WAY == "taken from":  # the allowed program: /2 while another one has taken it
        tls = secure(connect())
        ask(tls)
        with open("target.new", "w", encoding="ascii") as file:
            file.write(f"{os.getpid()} {tls.fileno()}")
        os.rename("target.new", "target")
        while not os.path.exists("outcome"):
            time.sleep(0.05)
        ask(tls)
    elif WAY == "takes":
        while not os.path.exists("target"):
            time.sleep(0.05)
        with open("target", encoding="ascii") as file:
            pid, descriptor = map(int, file.read().split())
        libc = ctypes.CDLL(None, use_errno=True)
        got = libc.syscall(438, os.pidfd_open(pid), descriptor, 0)  # pidfd_getfd
        with open("outcome.new", "w", encoding="ascii") as file:
            file.write("taken" if got >= 0 else os.strerror(ctypes.get_errno()))
        os.rename("outcome.new", "outcome")
        time.sleep(60)
    elif WAY == "leaves":  # nobody holds it any more when it is looked for
        tls = secure(connect())
        send(tls)
        tls.close()
        time.sleep(1)
    elif WAY == "device":  # bound to a device, its ends are two sockets' at most
        ask(secure(connect(bound=b"lo\0")))
    elif WAY == "same port":  # beside one of the allowed program's, from the port that it has
        ours, theirs = socket.socketpair()
        child = other("shows", theirs.fileno())
        port = int(ours.recv(16))
        raw = socket.socket()
        for option in (socket.SO_REUSEADDR, socket.SO_REUSEPORT):
            raw.setsockopt(socket.SOL_SOCKET, option, 1)
        try:
            raw.bind(("", port))
            raw.connect((socket.gethostbyname(HOST), 443))
            ask(secure(raw))
        except OSError as error:
            print(error.strerror, flush=True)
        ours.send(b"x")
        child.wait()
    elif WAY == "shows":
        pair = socket.socket(fileno=int(sys.argv[4]))
        raw = socket.socket()
        for option in (socket.SO_REUSEADDR, socket.SO_REUSEPORT):
            raw.setsockopt(socket.SOL_SOCKET, option, 1)
        raw.connect((socket.gethostbyname(HOST), 443))
        pair.send(str(raw.getsockname()[1]).encode())
        pair.recv(1)
    elif WAY == "hidden":  # the other one's own copy is on its way to itself while the allowed program sleeps with it
        tls = secure(connect())
        child = other("sleep", tls.fileno())
        hides(tls)
        child.kill()
    elif WAY == "nobody's":
        hides(secure(connect()))
    elif WAY == "hands over":
        hands_over(KEEPER, "--version")
    elif WAY in ("without its first thread", "not dumpable"):  # beside the allowed program, which sleeps
        tls = secure(connect())
        child = other("sleep", tls.fileno())
        time.sleep(1)
        if WAY == "not dumpable":
            ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)  # PR_SET_DUMPABLE
            ask(tls)
            child.kill()
        else:
            ends_first_thread(lambda: (ask(tls), child.kill()))
    elif WAY == "adopted":
        is_adopted()
    else:
        raise SystemExit(f"no way {WAY}")


if __name__ == "__main__":
    main()
