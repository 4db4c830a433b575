"""Attacker: writes below a folder in every way. Prints BREACH and the ways that worked, or held.

usage: attack_write.py FOLDER
"""

import os
import socket
import sys

folder = sys.argv[1]


def path(name: str) -> str:
    """A new name in the folder."""
    return f"{folder}/.al-{os.getpid()}-{name}"


def create() -> None:
    """A new file."""
    os.close(os.open(path("create"), os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    os.unlink(path("create"))


def unnamed() -> None:
    """A file without a name."""
    os.close(os.open(folder, os.O_TMPFILE | os.O_WRONLY, 0o600))


def subfolder() -> None:
    """A new folder."""
    os.mkdir(path("folder"))
    os.rmdir(path("folder"))


def pipe() -> None:
    """A named pipe."""
    os.mkfifo(path("pipe"))
    os.unlink(path("pipe"))


def link() -> None:
    """A symbolic link."""
    os.symlink("x", path("link"))
    os.unlink(path("link"))


def named_socket() -> None:
    """A socket with a name."""
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(path("socket"))
    os.unlink(path("socket"))


worked = []
for way in (create, unnamed, subfolder, pipe, link, named_socket):
    try:
        way()
        worked.append(way.__name__)
    except OSError:
        pass
print("BREACH" if worked else "held", *worked)
