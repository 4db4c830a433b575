"""Signers of connectors: keys made, and files signed, by the real minisign."""

import base64
import os
import subprocess


def _minisign(*arguments) -> None:
    done = subprocess.run(["minisign", *arguments], capture_output=True, check=False, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr.decode() + done.stdout.decode()


class Signer:
    """Somebody with a key; `public` is the file, `line` what stands in it, `id` as minisign shows it."""

    def __init__(self, world, name: str):
        self.world, self.name = world, name
        self.public, self.secret = (os.path.join(world.root, f"{name}.{end}") for end in ("pub", "key"))
        _minisign("-G", "-f", "-W", "-p", self.public, "-s", self.secret)
        world.give(self.public)
        comment, self.line = world.read(self.public).splitlines()
        self.id = comment.split()[-1].zfill(16)

    def sign(self, path: str, comment: str = "of a test", legacy: bool = False, to: str | None = None) -> str:
        """Writes the signature of `path`, beside it if not said otherwise; returns its path."""
        signature = to or path + ".minisig"
        form = ["-l"] if legacy else []
        _minisign("-S", *form, "-s", self.secret, "-m", path, "-x", signature, "-t", comment)
        return self.world.give(signature)

    def trusted(self) -> "Signer":
        """The same, in the world's keyring under its name."""
        self.world.aileron("keyring", "add", self.name, self.public).ok()
        return self


def renamed(signature: str, key: str) -> str:
    """The text of a signature that says it is of another key."""
    lines = signature.splitlines()
    data = base64.b64decode(lines[1])
    lines[1] = base64.b64encode(data[:2] + bytes.fromhex(key)[::-1] + data[10:]).decode()
    return "\n".join(lines) + "\n"
