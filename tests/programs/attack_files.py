"""Attacker: reads what it must not. Prints BREACH with the proof, or held.

usage: attack_files.py walk FOLDER | read PATH MARK | connect SOCKET | proc PATH MARK
"""

import glob
import os
import socket
import sys

how, target = sys.argv[1], sys.argv[2]
mark = sys.argv[3] if len(sys.argv) > 3 else ""


def read(path: str) -> bytes:
    """The file's content, empty when it cannot be had."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def walk() -> bool:
    """Any readable file below the folder."""
    for folder, _, names in os.walk(target):
        for name in names:
            if read(os.path.join(folder, name)):
                return True
    return False


def connect() -> bool:
    """An answer over the control socket, by its path and by the root links of /proc."""
    for path in [target, *(root + target for root in glob.glob("/proc/*/root"))]:
        try:
            with socket.socket(socket.AF_UNIX) as opened:
                opened.settimeout(5)
                opened.connect(path[:107])
                opened.sendall(b"GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n")
                if opened.recv(10):
                    return True
        except OSError:
            pass
    return False


def proc() -> bool:
    """The file by any link of /proc to a folder, and by its handle's folder descriptors."""
    links = glob.glob("/proc/*/root") + glob.glob("/proc/*/cwd") + glob.glob("/proc/*/fd/*")
    for link in links:
        for ups in ("", "/..", "/../..", "/../../.."):
            if mark.encode() in read(link + ups + target) or mark.encode() in read(
                    link + ups + "/" + os.path.basename(target)):
                return True
    return False


found = {"walk": walk, "connect": connect, "proc": proc,
         "read": lambda: mark.encode() in read(target)}[how]()
print("BREACH" if found else "held")
