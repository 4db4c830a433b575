"""A world: one user's private folders, daemon, sites and vault, and the checks at its end.

Everything of a world lies in one folder under /tmp; its environment names nothing of the person who
runs the tests. At the end the daemon is stopped and nothing may be left: see `leaks`.
"""

import json
import os
import shutil
import subprocess
import tempfile

from lib import binary, certificates, process, sites

PASSPHRASE = b"correct horse battery staple"
# A user that exists in no password file: an ordinary user with nothing.
ORDINARY = 64_001
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_PROGRAMS = binary.REPOSITORY / "tests" / "programs"


class World:
    """Folders, environment and commands of one user."""

    def __init__(self, uid: int | None = None, base: str = "/tmp", network=None):
        self.uid = os.geteuid() if uid is None else uid
        self.network = network
        self.root = tempfile.mkdtemp(prefix="al-", dir=base)
        os.chmod(self.root, 0o755)
        self.home, self.config, self.state, self.cache, self.runtime, self.workspace, self.temporary = (
            self._folder(name) for name in ("home", "config", "state", "cache", "run", "ws", "tmp"))
        self.servers = []
        self.flags = []
        self.closed = False
        self.env = {
            "HOME": self.home, "PATH": _PATH, "LANG": "C.UTF-8", "TERM": "xterm-256color",
            "USER": "tester", "SHELL": "/bin/sh", "TMPDIR": self.temporary,
            "XDG_CONFIG_HOME": self.config, "XDG_STATE_HOME": self.state,
            "XDG_CACHE_HOME": self.cache, "XDG_RUNTIME_DIR": self.runtime, "AILERON_WORLD_MARK": self.root,
        }

    def _folder(self, name: str) -> str:
        path = os.path.join(self.root, name)
        os.mkdir(path, 0o700)
        self.give(path)
        return path

    # --- files -----------------------------------------------------------------------------------

    def give(self, path: str) -> str:
        """Makes the world's user the owner of `path`."""
        if os.geteuid() == 0:
            os.chown(path, self.uid, self.uid, follow_symlinks=False)
        return path

    def write(self, path: str, content, mode: int = 0o644) -> str:
        """Writes a file (relative paths: in the workspace), with its folders."""
        path = os.path.join(self.workspace, path)
        missing = []
        parent = os.path.dirname(path)
        while not os.path.exists(parent):
            missing.append(parent)
            parent = os.path.dirname(parent)
        for folder in reversed(missing):
            os.mkdir(folder)
            self.give(folder)
        with open(path, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
        os.chmod(path, mode)
        return self.give(path)

    def read(self, path: str) -> str:
        """The text of a file (relative paths: in the workspace)."""
        with open(os.path.join(self.workspace, path), encoding="utf-8", errors="replace") as file:
            return file.read()

    def program(self, name: str) -> str:
        """Copies tests/programs/NAME (and what it imports) into the workspace; returns its path."""
        if name != "connection.py":
            self.program("connection.py")
        with open(_PROGRAMS / name, "rb") as file:
            return self.write(os.path.join(self.workspace, name), file.read(), 0o755)

    # --- commands --------------------------------------------------------------------------------

    def arguments(self, argv) -> list:
        """`argv` with what is needed to enter the world's network."""
        return [*self.network.enter(), *argv] if self.network else list(argv)

    def options(self, env: dict | None = None, cwd: str | None = None) -> dict:
        """The keywords for subprocess that make a process one of this world's user."""
        options = {"env": {**self.env, **(env or {})}, "cwd": cwd or self.workspace}
        if self.network:
            options["env"]["TEST_AT"] = options["cwd"]
        options["env"] = {name: value for name, value in options["env"].items() if value is not None}
        if self.uid != os.geteuid():
            options.update(user=self.uid, group=self.uid, extra_groups=[])
        return options

    def run(self, *argv, env=None, cwd=None, **keywords) -> process.Result:
        """Runs a command as the world's user, outside any sandbox."""
        return process.run(self.arguments(argv), **self.options(env, cwd), **keywords)

    def start(self, *argv, env=None, cwd=None, **keywords) -> subprocess.Popen:
        """Starts a command as the world's user and does not wait."""
        keywords.setdefault("stdin", subprocess.DEVNULL)
        child = subprocess.Popen(self.arguments(argv), start_new_session=True,
                                 **self.options(env, cwd), **keywords)
        self.servers.append(_Started(child))
        return child

    def aileron(self, *argv, **keywords) -> process.Result:
        """`aileron ARGV…` as the world's user."""
        return self.run(binary.path(), *argv, **keywords)

    def json(self, *argv, **keywords):
        """The value that `aileron ARGV… --json` prints; JSON lines become a list."""
        result = self.aileron(*argv, "--json", **keywords).ok()
        try:
            return json.loads(result.out)
        except json.JSONDecodeError:
            return [json.loads(line) for line in result.out.splitlines() if line.strip()]

    def launch_line(self, command, flags=()) -> list:
        """The whole command line of a launch in this world."""
        return [binary.path(), "launch", *self.flags, *flags, "--", *command]

    def launch(self, *command, flags=(), **keywords) -> process.Result:
        """Runs `command` in a sandbox with the world's sites reachable, to its end."""
        return self.run(*self.launch_line(command, flags), **keywords)

    def launch_start(self, *command, flags=(), **keywords) -> subprocess.Popen:
        """Starts a launch and does not wait."""
        keywords.setdefault("stdout", subprocess.PIPE)
        keywords.setdefault("stderr", subprocess.PIPE)
        return self.start(*self.launch_line(command, flags), **keywords)

    def shell(self, script: str, flags=(), **keywords) -> process.Result:
        """Runs a shell script in a sandbox."""
        return self.launch("sh", "-c", script, flags=flags, **keywords)

    # --- sites -----------------------------------------------------------------------------------

    def site(self, *names, port: int | None = None, allow: bool = True, trusted: bool = True,
             **options) -> sites.Site:
        """Starts a site; launches of this world reach NAME:`port` there (443, or 80 without TLS)."""
        if self.network:
            options.setdefault("listener", self.network.listen())
        site = sites.Site(*names, **options)
        site.public_port = port or (443 if site.tls else 80)
        self.attach(site, names, site.public_port, allow, trusted and site.tls)
        return site

    def raw_site(self, name: str, script, port: int = 443, tls: bool = True) -> sites.RawSite:
        """Starts an upstream that runs `script(connection)` for each connection."""
        site = sites.RawSite(script, (name,) if tls else ())
        self.attach(site, (name,), port, True, tls)
        return site

    def attach(self, server, names, port: int, allow: bool = True, trusted: bool = True) -> None:
        """Makes launches of this world reach each of `names` at `port` on `server`."""
        self.servers.append(server)
        for name in names:
            if ":" not in name and not name.replace(".", "").isdigit():
                address = f"[{server.address}]" if ":" in server.address else server.address
                self.flags += ["--connect-to", f"{name}:{port}:{address}:{server.port}"]
            if allow:
                suffix = "" if port in (80, 443) else f":{port}"
                self.flags += ["--allow", f"{name}{suffix}"]
        ca = certificates.shared().certificate
        if trusted and ca not in self.flags:
            self.flags += ["--upstream-ca", ca]

    # --- vault -----------------------------------------------------------------------------------

    def unlock(self) -> "World":
        """A new vault, open."""
        self.passphrase_file = self.write(os.path.join(self.root, "passphrase"), PASSPHRASE, 0o600)
        self.aileron("vault", "init", "--passphrase-file", self.passphrase_file).ok()
        if self.json("vault", "status")["state"] != "unlocked":
            self.aileron("vault", "unlock", "--passphrase-file", self.passphrase_file).ok()
        return self

    def secret(self, name: str, value) -> None:
        """Stores a secret by standard input."""
        data = value.encode() if isinstance(value, str) else value
        self.aileron("secret", "set", name, data=data).ok()

    def bound(self, host: str, secret: str, **binding) -> sites.Site:
        """A site to which `secret` is bound as the fields say; one that is None is left out."""
        site = self.site(host)
        self.unlock()
        self.secret("api/service", secret)
        fields = {"name": "service", "host": host, "credential": "api/service", **binding}
        self.bind({name: value for name, value in fields.items() if value is not None})
        return site

    def bind(self, *bindings: dict) -> None:
        """Writes the user's bindings file; JSON is YAML."""
        text = json.dumps({"version": 1, "bindings": list(bindings)}, indent=1)
        self.write(os.path.join(self.config, "aileron", "bindings.yaml"), text, 0o600)

    # --- what the daemon knows -------------------------------------------------------------------

    def daemon_pid(self) -> int:
        """The id of the world's daemon, which must run."""
        return int(self.json("daemon", "status")["pid"])

    def worker_pids(self) -> list:
        """The workers below the world's daemon."""
        return [one.pid for one in process.descendants(self.daemon_pid())
                if one.command[1:2] == ("worker",) and one.state != "Z"]

    def worker(self) -> int:
        """The worker of the world's one session; it starts a moment after its agent."""
        return process.eventually(self.worker_pids, "there is a worker")[0]

    def bindings(self) -> list:
        """The bindings as `binding list` gives them."""
        return rows(self.json("binding", "list"), "bindings")

    def secrets(self) -> list:
        """The entries of the vault as `secret list` gives them."""
        return rows(self.json("secret", "list"), "secrets")

    def sessions(self, *arguments) -> list:
        """The sessions as `session list` gives them."""
        return rows(self.json("session", "list", *arguments), "sessions")

    def audit(self, **wanted) -> list:
        """The audit records whose fields have the given values, oldest first.

        The last records of a launch come when its worker ends, a moment after the launcher did.
        """
        under_way = sum(getattr(one, "is_launcher", False) for one in self.servers)
        process.eventually(lambda: len(self.sessions()) <= under_way, "the launches that ended are put away")
        found = rows(self.json("audit", "list"), "records")
        found.sort(key=lambda record: record["seq"])
        return [one for one in found if all(one.get(key) == value for key, value in wanted.items())]

    def audited(self, **wanted) -> list:
        """As `audit`, and waits until there is at least one."""
        return process.eventually(lambda: self.audit(**wanted), f"an audit record with {wanted}")

    def secret_free(self, text, *secrets) -> None:
        """Fails when one of `secrets` stands in `text`."""
        data = text.encode() if isinstance(text, str) else text
        for secret in secrets:
            assert secret.encode() not in data, f"{secret[:6]}… leaked"

    # --- the end ---------------------------------------------------------------------------------

    def stop_daemon(self) -> None:
        """Stops the daemon when it runs."""
        if os.path.exists(os.path.join(self.runtime, "aileron", "control.sock")):
            self.run(binary.path(), "daemon", "stop", timeout=30, cwd=self.root)

    def close(self) -> None:
        """Stops what the world runs; its folder stays for the leak check."""
        if self.closed:
            return
        self.closed = True
        # Launchers first: one that lives would start a daemon again.
        for server in self.servers:
            if isinstance(server, _Started) or getattr(server, "is_launcher", False):
                server.close()
        self.stop_daemon()
        for server in self.servers:
            server.close()

    def remove(self) -> None:
        """Deletes the world's folder."""
        shutil.rmtree(self.root, ignore_errors=True)


class _Started:
    """A process that the world started and ends at the latest with itself."""

    def __init__(self, child: subprocess.Popen):
        self.child = child

    @property
    def is_launcher(self) -> bool:
        """Whether it holds a session now."""
        return "launch" in self.child.args and self.child.poll() is None

    def close(self):
        """Asks the process to end, then ends it."""
        if self.child.poll() is None:
            self.child.terminate()
            try:
                self.child.wait(5)
            except subprocess.TimeoutExpired:
                process.end_group(self.child)
        self.child.wait(10)
        for stream in (self.child.stdout, self.child.stderr, self.child.stdin):
            if stream:
                stream.close()


def rows(value, key: str) -> list:
    """The list in a JSON answer, bare or under `key`."""
    return value[key] if isinstance(value, dict) else value
