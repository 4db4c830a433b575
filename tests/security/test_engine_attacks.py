"""An agent in an engine's container wants out: to the engine, its container, the launcher, or the host.

Each wall has its attacker here, and a canary that shows that the attacker would be seen.
"""

import os
import select
import socket
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


def test_canary_an_ordinary_container_can_be_seen_to_leave_them_open(boxed):
    """The attacker above finds nothing anywhere, and so proves nothing: in a privileged container it finds a lot."""
    # A rootless engine gives what its user has, and mounts are among it.
    found = boxed.engine.run("run", "--rm", "--network", "none", "--cap-add", "SYS_ADMIN", "--security-opt", "seccomp=unconfined", engines.IMAGE, "sh", "-c",
                             "mkdir -p /tmp/m; mount -t tmpfs none /tmp/m && echo MOUNTED; touch /bin/x && echo ROOT; "
                             "ls /run/aileron-enter 2>&1", check=False)
    assert "MOUNTED" in found.out and "ROOT" in found.out, found.describe()


def test_the_engines_socket_is_not_shown(boxed):
    """The agent reaches the engine, and with it the host."""
    script = "find / -xdev -type s 2>/dev/null; find / -type s 2>/dev/null; echo end"
    result = _run(boxed, script)
    assert result.out.strip().splitlines()[-1] == "end" and "sock" not in result.out, result.describe()
    canary = _run(boxed, script, "--mount", f"{boxed.engine.socket}:/tmp/sock")
    assert "/tmp/sock" in canary.out, canary.describe()


class _Meddler:
    """Stands before an engine's socket, and does something before a request of that name goes on."""

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


def test_an_image_does_not_run_before_the_walls_stand(boxed):
    """Something of an image, which may be anybody's, is executed or loaded outside of the sandbox."""
    evil = "#!/bin/sh\necho EVIL > /run/aileron-enter/trees/0/evil\necho EVIL > /home/agent/workspace/evil\necho EVIL >&2\n"
    layer = images.busybox().file("run/aileron-enter/aileron", evil, 0o755).file("run/aileron/bin/aileron", evil, 0o755)
    layer.file("etc/ld.so.preload", "/lib/evil.so").file("lib/evil.so", "x", 0o755)
    boxed.engine.load("localhost/tests/evil:1", layer, User="root",
                      Env=["LD_PRELOAD=/lib/evil.so", "PATH=/run/aileron-enter"])
    # The canary: started by the engine itself, it is seen.
    seen = boxed.write(os.path.join(boxed.root, "seen", "evil"), "")
    os.chmod(os.path.dirname(seen), 0o777)
    os.chmod(seen, 0o666)
    started = boxed.engine.run("run", "--rm", "--network", "none", "--volume",
                               f"{os.path.dirname(seen)}:/run/aileron-enter/trees/0", "localhost/tests/evil:1",
                               "/run/aileron-enter/aileron", check=False)
    assert boxed.read(seen) == "EVIL\n", started.describe()
    result = boxed.launch("/bin/sh", "-c", "id -u; cat /proc/1/comm", flags=[
        f"--sandbox={boxed.engine.name}", "--image", "localhost/tests/evil:1"])
    assert result.rc == 0 and result.out.split()[1] == "aileron", result.describe()
    assert "EVIL" not in result.err and not os.path.exists(os.path.join(boxed.workspace, "evil")), result.describe()


def test_an_images_health_check_is_not_run(boxed):
    """The engine runs a program of the image beside the container's first process, where no wall stands."""
    boxed.engine.load("localhost/tests/healthy:1", images.busybox(), Cmd=["sh"], Healthcheck={
        "Test": ["CMD", "/bin/touch", "/run/aileron-enter/trees/0/by-the-image"], "Interval": 1_000_000_000})
    child = boxed.launch_start("sh", "-c", "echo ready; sleep 3", flags=[
        f"--sandbox={boxed.engine.name}", "--image", "localhost/tests/healthy:1"])
    assert child.stdout.readline() == b"ready\n", child.stderr.read()
    container, = boxed.engine.containers()
    if boxed.engine.name == "podman":  # whose timer is systemd's
        checked = boxed.engine.run("healthcheck", "run", container, check=False)
        assert checked.rc != 0 and "no defined healthcheck" in checked.out + checked.err, checked.describe()
    assert child.wait(process.PATIENCE) == 0
    assert not os.path.exists(os.path.join(boxed.workspace, "by-the-image"))


@pytest.mark.parametrize("volume", ["/run/aileron-enter/trees/0/.git/hooks", "/run/./aileron-enter", "/run"])
def test_a_volume_of_an_image_does_not_stand_where_the_host_is_shown(boxed, volume):
    """The engine makes folders of root's in the workspace for an image's volume, or shows the image's files there."""
    layer = images.busybox().file("run/aileron-enter/trees/0/.git/hooks/pre-commit", "evil", 0o755)
    boxed.engine.load("localhost/tests/volume:1", layer, Cmd=["sh"], Volumes={volume: {}})
    result = boxed.launch("true", flags=[f"--sandbox={boxed.engine.name}", "--image", "localhost/tests/volume:1"])
    assert result.rc == 125 and volume in result.err, result.describe()
    assert os.listdir(boxed.workspace) == [] and not boxed.engine.containers()


def test_what_a_killed_launcher_left_is_removed_by_the_next(boxed):
    """A container that was made and never started stays for ever."""
    def die():
        child.kill()
        child.wait()

    path = os.path.join(boxed.root, "meddler")
    boxed.servers.append(_Meddler(path, boxed.engine.socket, die, b"/start"))
    variable = "DOCKER_HOST" if boxed.engine.name == "docker" else "CONTAINER_HOST"
    # Whose a rootless engine is is seen by its socket, which is the meddler's here.
    child = boxed.launch_start("true", flags=boxed.engine_flags, env={variable: f"unix://{path}"})
    process.eventually(lambda: child.poll() is not None, "the launcher is dead")
    process.eventually(boxed.engine.containers, "the canary: a container is left")
    assert boxed.launch("true", flags=boxed.engine_flags).rc == 0
    process.eventually(lambda: not boxed.engine.containers(), "it is removed")
