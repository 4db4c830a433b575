"""An agent in an engine's container wants out: to the engine, its container, the launcher, or the host.

Each wall has its attacker here, and a canary that shows that the attacker would be seen.
"""

import http.server
import io
import json
import os
import select
import socket
import socketserver
import tarfile
import threading

import pytest

from lib import engines, images, process

# One process has all of them, and so each engine is started once.
pytestmark = pytest.mark.xdist_group("engines")


def _run(world, script: str, *flags):
    return world.launch("sh", "-c", script, flags=[*world.engine_flags, *flags])


def test_the_entry_is_closed_behind_the_sandbox(boxed):
    """The agent finds the launcher's socket, the program that lets in, or the folders by which the host is shown."""
    result = _run(boxed, "ls /run/aileron-enter; umount /run; umount -l /run; ls /run")
    assert result.out.split() == ["aileron"] or result.out.split() == ["aileron", "aileron-copies"], result.describe()


def test_the_containers_own_processes_are_out_of_reach(boxed):
    """The agent sees or traces the container's first process, which stands outside of its walls."""
    result = _run(boxed, "ps -o pid,comm; ls -l /proc/1/root /proc/1/fd 2>&1; kill -9 1; echo still")
    assert "still" in result.out and "enter" not in result.out, result.describe()
    assert result.out.count("aileron") <= 1, result.describe()
    entering = _run(boxed, "/run/aileron/bin/aileron enter; echo $?")
    assert entering.out.strip() == "125", entering.describe()


def test_what_an_engine_leaves_open_is_shut(boxed):
    """The agent mounts, makes namespaces, writes the kernel's settings, or has the host's devices."""
    script = """
    mkdir -p /tmp/m; mount -t tmpfs none /tmp/m && echo MOUNTED
    echo 1 > /proc/sys/kernel/panic && echo SYSCTL
    cat /proc/kcore | head -c 1 | wc -c | grep -q 1 && echo KCORE
    ls /proc/keys /proc/timer_list 2>/dev/null | while read f; do head -c1 $f | grep -q . && echo READ $f; done
    ls /dev | while read d; do case $d in null|zero|full|random|urandom|tty|pts|ptmx|shm|fd|stdin|stdout|stderr) ;; *) echo DEVICE $d;; esac; done
    touch /bin/x && echo ROOT
    touch /sys/x && echo SYS
    echo end
    """
    result = _run(boxed, script)
    assert result.out.strip() == "end", result.describe()


def test_canary_an_ordinary_container_can_be_seen_to_leave_them_open(engined):
    """The attacker above finds nothing anywhere, and so proves nothing: in a privileged container it finds a lot."""
    # A rootless engine gives what its user has, and mounts are among it.
    found = engined.engine.run("run", "--rm", "--network", "none", "--cap-add", "SYS_ADMIN", "--security-opt", "seccomp=unconfined", engines.IMAGE, "sh", "-c",
                             "mkdir -p /tmp/m; mount -t tmpfs none /tmp/m && echo MOUNTED; touch /bin/x && echo ROOT; "
                             "ls /run/aileron-enter 2>&1", check=False)
    assert "MOUNTED" in found.out and "ROOT" in found.out, found.describe()


def test_the_engines_socket_is_not_shown(engined):
    """The agent reaches the engine, and with it the host."""
    script = "find / -xdev -type s 2>/dev/null; find / -type s 2>/dev/null; echo end"
    result = _run(engined, script)
    assert result.out.strip().splitlines()[-1] == "end" and "sock" not in result.out, result.describe()
    canary = _run(engined, script, "--mount", f"{engined.engine.socket}:/tmp/sock")
    assert "/tmp/sock" in canary.out, canary.describe()


def _has_gone(client) -> bool:
    try:
        return client.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except ConnectionResetError:
        return True


class _Meddler:
    """Stands before an engine's socket, and does something before a request of that name goes on; of one gone by then none does."""

    def __init__(self, path: str, engine: str, meddle, before: bytes = b"/containers/create"):
        self.engine, self.meddle, self.before = engine, meddle, before
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        os.chmod(path, 0o666)
        self.listener.listen(8)
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def _pass_on(self, client) -> None:
        with client, socket.socket(socket.AF_UNIX) as server:
            server.connect(self.engine)
            while True:
                for ready in select.select([client, server], [], [])[0]:
                    data = ready.recv(1 << 20)
                    if not data:
                        return
                    if ready is client and self.before in data.split(b"\r\n", 1)[0]:
                        self.meddle()
                        if _has_gone(client):
                            return
                    (server if ready is client else client).sendall(data)

    def close(self) -> None:
        """Ends it."""
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


# Who is asked for a rootless engine is known by whose it is, and the meddler is root's.
@pytest.mark.parametrize("engine_kind", ["docker-group", "podman"], indirect=True)
@pytest.mark.parametrize("by", ["link", "folder"])
def test_a_source_that_changes_meanwhile_is_not_shown(boxed, by):
    """Between the launcher's look and the engine's mount a name leads elsewhere, and the agent is shown that."""
    secret = os.path.dirname(boxed.write(os.path.join(boxed.root, "secret", "key"), "SECRET-OF-THE-HOST"))
    shown = os.path.dirname(boxed.write(os.path.join(boxed.root, "shown", "x"), "shown"))

    def swap():
        os.rename(shown, shown + ".away")
        if by == "link":
            os.symlink(secret, shown)
        else:
            os.rename(secret, shown)

    path = os.path.join(boxed.root, "meddler")
    boxed.servers.append(_Meddler(path, boxed.engine.socket, swap))
    variable = "DOCKER_HOST" if boxed.engine.name == "docker" else "CONTAINER_HOST"
    result = boxed.launch("sh", "-c", "ls /opt/shown; cat /opt/shown/*", env={variable: f"unix://{path}"},
                          flags=[*boxed.engine_flags, "--mount", f"{shown}:/opt/shown:ro"])
    assert os.path.exists(shown + ".away"), "the canary: nothing was swapped"
    assert "SECRET" not in result.out and "key" not in result.out, result.describe()
    if boxed.uid == 0:  # who rules the machine has taken hold of it before
        assert result.out == "x\nshown", result.describe()
    else:
        assert result.rc == 125 and "/opt/shown changed while the sandbox was built" in result.err, result.describe()
    process.eventually(lambda: not boxed.engine.containers(), "no container is left")


def test_an_image_does_not_run_before_the_walls_stand(engined):
    """Something of an image, which may be anybody's, is executed or loaded outside of the sandbox."""
    evil = "#!/bin/sh\necho EVIL > /run/aileron-enter/trees/0/evil\necho EVIL > /home/agent/workspace/evil\necho EVIL >&2\n"
    layer = images.busybox().file("run/aileron-enter/aileron", evil, 0o755).file("run/aileron/bin/aileron", evil, 0o755)
    layer.file("etc/ld.so.preload", "/lib/evil.so").file("lib/evil.so", "x", 0o755)
    engined.engine.load("localhost/tests/evil:1", layer, User="root",
                      Env=["LD_PRELOAD=/lib/evil.so", "PATH=/run/aileron-enter"])
    # The canary: started by the engine itself, it is seen.
    seen = engined.write(os.path.join(engined.root, "seen", "evil"), "")
    os.chmod(os.path.dirname(seen), 0o777)
    os.chmod(seen, 0o666)
    started = engined.engine.run("run", "--rm", "--network", "none", "--volume",
                               f"{os.path.dirname(seen)}:/run/aileron-enter/trees/0", "localhost/tests/evil:1",
                               "/run/aileron-enter/aileron", check=False)
    assert engined.read(seen) == "EVIL\n", started.describe()
    result = engined.launch("/bin/sh", "-c", "id -u; cat /proc/1/comm", flags=[
        f"--sandbox={engined.engine.name}", "--image", "localhost/tests/evil:1"])
    assert result.rc == 0 and result.out.split()[1] == "aileron", result.describe()
    assert "EVIL" not in result.err and not os.path.exists(os.path.join(engined.workspace, "evil")), result.describe()


def test_an_images_health_check_is_not_run(engined):
    """The engine runs a program of the image beside the container's first process, where no wall stands."""
    engined.engine.load("localhost/tests/healthy:1", images.busybox(), Cmd=["sh"], Healthcheck={
        "Test": ["CMD", "/bin/touch", "/run/aileron-enter/trees/0/by-the-image"], "Interval": 1_000_000_000})
    child = engined.launch_start("sh", "-c", "echo ready; sleep 3", flags=[
        f"--sandbox={engined.engine.name}", "--image", "localhost/tests/healthy:1"])
    assert child.stdout.readline() == b"ready\n", child.stderr.read()
    container, = engined.engine.containers()
    if engined.engine.name == "podman":  # whose timer is systemd's
        checked = engined.engine.run("healthcheck", "run", container, check=False)
        assert checked.rc != 0 and "no defined healthcheck" in checked.out + checked.err, checked.describe()
    assert child.wait(process.PATIENCE) == 0
    assert not os.path.exists(os.path.join(engined.workspace, "by-the-image"))


@pytest.mark.parametrize("volume", ["/run/aileron-enter/trees/0/.git/hooks", "/run/./aileron-enter", "/run"])
def test_a_volume_of_an_image_does_not_stand_where_the_host_is_shown(engined, volume):
    """The engine makes folders of root's in the workspace for an image's volume, or shows the image's files there."""
    layer = images.busybox().file("run/aileron-enter/trees/0/.git/hooks/pre-commit", "evil", 0o755)
    engined.engine.load("localhost/tests/volume:1", layer, Cmd=["sh"], Volumes={volume: {}})
    result = engined.launch("true", flags=[f"--sandbox={engined.engine.name}", "--image", "localhost/tests/volume:1"])
    assert result.rc == 125 and volume in result.err, result.describe()
    assert os.listdir(engined.workspace) == [] and not engined.engine.containers()


def test_what_a_killed_launcher_left_is_removed_by_the_next(engined):
    """A container that was made and never started stays for ever."""
    def die():
        child.kill()
        child.wait()

    path = os.path.join(engined.root, "meddler")
    engined.servers.append(_Meddler(path, engined.engine.socket, die, b"/start"))
    variable = "DOCKER_HOST" if engined.engine.name == "docker" else "CONTAINER_HOST"
    # Whose a rootless engine is is seen by its socket, which is the meddler's here.
    child = engined.launch_start("true", flags=engined.engine_flags, env={variable: f"unix://{path}"})
    process.eventually(lambda: child.poll() is not None, "the launcher is dead")
    process.eventually(engined.engine.containers, "the canary: a container is left")
    assert engined.launch("true", flags=engined.engine_flags).rc == 0
    process.eventually(lambda: not engined.engine.containers(), "it is removed")


# What attackers of an OCI runtime's container try besides.

def _runtime(world, text: str) -> list:
    """The flags of a launch by a runtime that first does something: $RUN is "run" when a container is made."""
    path = world.write(os.path.join(world.root, "opt", "runtime"), "#!/bin/sh\nRUN=\nfor word; do [ \"$word\" != run ] || RUN=run; done\n"
                       f'{text}\nexec {world.engine.program} "$@"\n', 0o755)
    return ["--sandbox=oci", f"--runtime={path}", "--image", world.engine.reference()]


def test_canary_an_open_container_of_a_runtime_can_be_seen_to_leave_them_open(bundled):
    """The attacker above finds nothing in a runtime's containers because it looks at nothing."""
    bundle = os.path.join(bundled.root, "bundle")
    root = os.path.join(bundle, "rootfs")
    os.makedirs(root)
    with tarfile.open(fileobj=io.BytesIO(images.busybox().tar())) as tar:
        tar.extractall(root)
    for name in ("proc", "tmp", "dev"):
        os.makedirs(os.path.join(root, name), exist_ok=True)
    open_ = {"ociVersion": "1.0.0", "root": {"path": "rootfs"}, "process": {
        "user": {"uid": 0, "gid": 0}, "cwd": "/", "args": ["/bin/sh", "-c", "mount -t tmpfs none /tmp && echo MOUNTED; touch /bin/x && echo ROOT"],
        "env": ["PATH=/bin"], "capabilities": {kind: ["CAP_SYS_ADMIN"] for kind in ("bounding", "effective", "permitted")}},
             "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"}],
             "linux": {"namespaces": [{"type": kind} for kind in ("pid", "mount", "network", "ipc", "uts")]}}
    bundled.write(os.path.join(bundle, "config.json"), json.dumps(open_))
    process.run(["chown", "-R", str(bundled.uid), bundle]).ok()
    who = [] if bundled.uid == 0 else ["setpriv", "--reuid", str(bundled.uid), "--regid", str(bundled.uid), "--clear-groups"]
    groups = ["--cgroup-manager=disabled"] if bundled.engine.name == "crun" else []
    # crun does not work beside a hybrid layout of control groups.
    line = ["sh", "-c", 'if [ -d /sys/fs/cgroup/unified ]; then mount -t tmpfs none /sys/fs/cgroup/unified; fi; exec "$@"', "sh",
            bundled.engine.program, "--root", os.path.join(bundle, "state"), *groups, "run", "--bundle", bundle, "open"]
    found = process.run([*who, "unshare", "--mount", *(["--user", "--map-root-user"] if who else []), *line], env={"PATH": os.environ["PATH"]})
    assert "MOUNTED" in found.out and "ROOT" in found.out, found.describe()


@pytest.mark.parametrize("by", ["link", "folder"])
def test_a_source_that_changes_before_a_runtime_mounts_it_is_not_shown(bundled, by):
    """Between the launcher's look and the runtime's mount a name leads elsewhere, and the agent is shown that."""
    secret = os.path.dirname(bundled.write(os.path.join(bundled.root, "secret", "key"), "SECRET-OF-THE-HOST"))
    shown = os.path.dirname(bundled.write(os.path.join(bundled.root, "shown", "x"), "shown"))
    os.chmod(bundled.root, 0o777)
    then = f"ln -s {secret} {shown}" if by == "link" else f"mv {secret} {shown}"
    flags = _runtime(bundled, f"[ -z $RUN ] || {{ mv {shown} {shown}.away; {then}; }}")
    result = bundled.launch("sh", "-c", "ls /opt/shown; cat /opt/shown/*", flags=[*flags, "--mount", f"{shown}:/opt/shown:ro"])
    assert os.path.exists(shown + ".away"), "the canary: nothing was swapped"
    assert "SECRET" not in result.out and "key" not in result.out, result.describe()
    if bundled.uid == 0:  # who rules the machine has taken hold of it before
        assert result.out == "x\nshown", result.describe()
    else:
        assert result.rc == 125 and "/opt/shown changed while the sandbox was built" in result.err, result.describe()
    assert not bundled.engine.containers()


def test_a_runtime_that_an_agent_wrote_is_not_started(bundled):
    """A program of the workspace, or of a folder that is mounted, runs on the host as its user."""
    seen = os.path.join(bundled.root, "started")
    os.chmod(bundled.root, 0o777)
    text = f"#!/bin/sh\ntouch {seen}\nexit 1\n"
    evil = bundled.write(bundled.engine.name, text, 0o755)
    other = bundled.write(os.path.join(bundled.root, "data", bundled.engine.name), text, 0o755)
    link = os.path.join(bundled.root, "opt", "linked")
    os.makedirs(os.path.dirname(link))
    os.symlink(evil, link)
    flags = ["--image", bundled.engine.reference(), "--mount", f"{os.path.dirname(other)}:/opt/data"]
    path = f"{bundled.workspace}:{os.path.dirname(other)}:.:{bundled.env['PATH']}"
    result = bundled.launch("sh", "-c", "echo in", env={"PATH": path}, flags=[*bundled.engine.sandbox_flags, *flags])
    assert result.out == "in\n", result.describe()
    for named in (evil, f"./{bundled.engine.name}", link, other):
        result = bundled.launch("true", flags=["--sandbox=oci", f"--runtime={named}", *flags])
        assert result.rc == 69 and "where an agent writes" in result.err, result.describe()
    assert not os.path.exists(seen)
    canary = bundled.write(os.path.join(bundled.root, "opt", "canary"), text, 0o755)
    assert bundled.launch("true", flags=["--sandbox=oci", f"--runtime={canary}", *flags]).rc == 125
    assert os.path.exists(seen)


def test_an_image_does_not_run_in_a_runtimes_container(bundled):
    """A program, a library or a volume of an image is used where no wall stands yet."""
    evil = "#!/bin/sh\necho EVIL > /run/aileron-enter/trees/0/evil\necho EVIL > /home/agent/workspace/evil\necho EVIL >&2\n"
    layer = images.busybox().file("run/aileron-enter/aileron", evil, 0o755).file("run/aileron/bin/aileron", evil, 0o755)
    layer.file("etc/ld.so.preload", "/lib/evil.so").file("lib/evil.so", "x", 0o755)
    bundled.engine.load("localhost/tests/evil:1", layer, User="root", Env=["LD_PRELOAD=/lib/evil.so", "PATH=/run/aileron-enter"],
                        Volumes={"/run/aileron-enter/trees/0/.git/hooks": {}})
    result = bundled.launch("/bin/sh", "-c", "id -u; /bin/busybox cat /proc/1/comm; ls /run", flags=bundled.engine.flags("localhost/tests/evil:1"))
    assert result.rc == 0 and set(result.out.split()[1:]) <= {"aileron", "aileron-copies"}, result.describe()
    assert "EVIL" not in result.err and os.listdir(bundled.workspace) == [], result.describe()


def _ended(pid: int) -> bool:
    found = process.look(pid)
    return found is None or found.state == "Z"


@pytest.mark.parametrize("when", ["before it is made", "before it is started"])
def test_what_a_killed_launcher_left_of_a_bundle_is_removed_by_the_next(bundled, when):
    """A container whose launcher was killed, or the folder of its bundle, stays for ever."""
    if when == "before it is made":
        flags = _runtime(bundled, "[ -z $RUN ] || kill -9 $PPID")
    else:  # the runtime dies as well, and nobody starts what it has made
        flags = _runtime(bundled, "[ -z $RUN ] || { for word; do case $word in run) word=create;; esac; "
                         f'set -- "$@" "$word"; shift; done; {bundled.engine.program} "$@"; kill -9 $PPID; exit; }}')
    child = bundled.launch_start("true", flags=flags)
    assert child.wait(process.PATIENCE) == -9
    folder, = (name for name in os.listdir(bundled.engine.folders) if name.startswith("oci-"))
    if when == "before it is made":
        process.eventually(lambda: not [one for one in process.descendants() if any(folder in word for word in one.command)],
                           "the runtime has ended")
    else:
        process.eventually(bundled.engine.containers, "the canary: a container is left")
        container, = bundled.engine.containers()
        left = json.loads(bundled.engine.run(container, "state", container).ok().out)["pid"]
        assert not _ended(left)
    assert bundled.launch("true", flags=bundled.engine_flags).rc == 0
    assert not [name for name in os.listdir(bundled.engine.folders) if name.startswith("oci-")], folder
    if when == "before it is started":
        process.eventually(lambda: _ended(left), "its process has ended")


def test_no_process_is_left_when_launcher_and_runtime_are_killed(bundled):
    """An agent goes on without its launcher, since nobody who waits for the container is there any more."""
    child = bundled.launch_start("sh", "-c", "echo ready; sleep 600", flags=bundled.engine_flags)
    assert child.stdout.readline() == b"ready\n", child.stderr.read()
    container, = bundled.engine.containers()
    first = json.loads(bundled.engine.run(container, "state", container).ok().out)["pid"]
    runtime, = (one.pid for one in process.descendants(child.pid) if container in one.command)
    os.kill(runtime, 9)
    child.kill()
    child.wait()
    process.eventually(lambda: _ended(first), "the container has ended")
    assert bundled.launch("true", flags=bundled.engine_flags).rc == 0
    assert not bundled.engine.containers()


@pytest.mark.parametrize("form", ["name", "sha256", "hex", "short", "transport"])
def test_a_project_shows_no_image_of_the_engine(engined, form):
    """A devcontainer.json shows the agent an image of the engine's that is nobody's but its person's."""
    whole = engined.engine.image_id()
    transport = {"docker": "docker-daemon", "podman": "podman"}[engined.engine.name]
    image = {"name": engines.IMAGE, "sha256": whole, "hex": whole[7:], "short": whole[7:19],
             "transport": f"{transport}:{engines.IMAGE}"}[form]
    seen = ("sh", "-c", "echo $OF_IMAGE; cat /bin/busybox | wc -c")
    engined.write(".devcontainer/devcontainer.json", json.dumps({"image": image}))
    result = engined.launch(*seen, flags=engined.engine.sandbox_flags)
    assert result.rc != 0 and "yes" not in result.out and "devcontainer.json" in result.err, result.describe()
    assert not engined.engine.containers()
    # The canary: the person names the same.
    opened = engined.launch(*seen, flags=[*engined.engine.sandbox_flags, "--image", image])
    assert opened.out.startswith("yes\n"), opened.describe()


class _Engine(http.server.BaseHTTPRequestHandler):
    """Says of every image that it has the id `says`, and exports `archive`."""

    protocol_version = "HTTP/1.1"
    says, archive = "", b""

    def do_GET(self):  # pylint: disable=invalid-name
        """Any of an engine's questions."""
        body = (b"OK" if self.path == "/_ping" else self.archive if self.path.split("?")[0].endswith("/get")
                else json.dumps({"Id": self.says, "Config": {}}).encode())
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def address_string(self):
        """It has none."""
        return "-"

    def log_message(self, *_):
        """Nobody reads it."""


@pytest.mark.parametrize("name", ["docker-daemon:{}", "docker-daemon:x/y@{}"], ids=["id", "digest"])
@pytest.mark.parametrize("says", ["other", "asked"])
def test_an_image_by_its_digest_is_no_other(docked, name, says):
    """An engine, or who stands before it, gives another image for a digest, and the store keeps it as that."""
    asked, other = "sha256:" + "a" * 64, "sha256:" + "d" * 64
    own = docked.engine.image_id()
    path = os.path.join(docked.root, "before")
    saved = os.path.join(docked.engine.folder, "home", "saved.tar")
    docked.engine.run("save", "--output", saved, engines.IMAGE)
    with open(saved, "rb") as file:
        handler = type("Handler", (_Engine,), {"says": other if says == "other" else asked, "archive": file.read()})
    os.remove(saved)
    server = type("Server", (socketserver.ThreadingMixIn, socketserver.UnixStreamServer), {"daemon_threads": True})(path, handler)
    os.chmod(path, 0o666)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    here, gone = ({"DOCKER_HOST": f"unix://{one}"} for one in (path, path + "-none"))

    def ran(digest, env):
        return docked.launch("sh", "-c", "echo RAN", flags=["--image", name.format(digest)], env=env)
    result = ran(asked, here)
    if says == "asked" and "@" in name:
        # Its own word for a name, of which it is asked each time.
        assert result.out == "RAN\n" and "exports" in result.err, result.describe()
    else:
        assert result.rc == 125 and result.out == "", result.describe()
    by_id = docked.launch("sh", "-c", "echo RAN", flags=["--image", f"docker-daemon:{asked}"], env=gone)
    assert by_id.rc == 125 and by_id.out == "", by_id.describe()
    # The canary: what it does export, by its own id.
    handler.says = own
    assert ran(own, here).ok().out == "RAN\n"
    server.shutdown()
    server.server_close()
