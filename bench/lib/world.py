"""A world: folders, environment and daemon of one user, in one folder that is gone at the end.

The binary is copied into it, so that a user without access to the checkout can run it, and a build
in the meantime changes nothing.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from lib import processes

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent.parent
# A user that exists in no password file: an ordinary user with nothing.
ORDINARY = 64_002
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def binary() -> pathlib.Path:
    """The release binary, or the one that AILERON_BINARY names."""
    path = pathlib.Path(os.environ.get("AILERON_BINARY", REPOSITORY / "build/release/aileron"))
    if not path.is_file():
        sys.exit(f"bench: there is no {path}; build it with ./dev build release")
    return path


class World:
    """Use as a context; the daemon runs inside it."""

    def __init__(self, uid: int | None = None):
        self.uid = os.geteuid() if uid is None else uid
        self.root = tempfile.mkdtemp(prefix="aileron-bench-")
        os.chmod(self.root, 0o755)
        self.workspace = self.folder("workspace")
        self.aileron = os.path.join(self.root, "aileron")
        shutil.copy(binary(), self.aileron)
        os.chmod(self.aileron, 0o755)
        self.env = {
            "PATH": _PATH, "LANG": "C.UTF-8", "HOME": self.folder("home"),
            "XDG_CONFIG_HOME": self.folder("config"), "XDG_STATE_HOME": self.folder("state"),
            "XDG_RUNTIME_DIR": self.folder("runtime"), "TMPDIR": self.folder("tmp"),
        }
        self.daemon = 0

    def __enter__(self):
        self.call("daemon", "start")
        self.find_daemon()
        return self

    def __exit__(self, *_):
        self.stop_daemon()
        shutil.rmtree(self.root, ignore_errors=True)

    def find_daemon(self) -> None:
        """Learns which process is the daemon; there must be one."""
        self.daemon = json.loads(self.call("status", "--json"))["daemon"]["pid"]

    def stop_daemon(self) -> None:
        """Ends the daemon and waits until it is gone."""
        self.call("daemon", "stop")
        processes.await_true(lambda: not os.path.exists(f"/proc/{self.daemon}"),
                             "the daemon still runs")

    def forget(self) -> None:
        """Removes what the daemon has stored, as if it had never run."""
        for variable in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"):
            for name in os.listdir(self.env[variable]):
                shutil.rmtree(os.path.join(self.env[variable], name))

    def folder(self, name: str) -> str:
        """A new folder that belongs to the world's user."""
        path = os.path.join(self.root, name)
        os.mkdir(path, 0o700)
        if self.uid != os.geteuid():
            os.chown(path, self.uid, self.uid)
        return path

    def user(self) -> dict:
        """The keywords for subprocess that make a process one of this world's user."""
        keywords = {"env": self.env, "cwd": self.workspace}
        if self.uid != os.geteuid():
            keywords.update(user=self.uid, group=self.uid, extra_groups=[])
        return keywords

    def call(self, *arguments) -> str:
        """Runs `aileron ARGUMENTS…`; what it prints."""
        done = subprocess.run([self.aileron, *arguments], **self.user(), check=False, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
        if done.returncode:
            sys.exit(f"bench: aileron {' '.join(arguments)} failed:\n{done.stderr}")
        return done.stdout
