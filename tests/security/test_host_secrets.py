"""Attackers after the host's secrets: the vault, the control socket, memory, the home."""

import os

import pytest

from lib import process

MARK = "AL-SECRET-MARK-77c1"


def attack(world, name: str, *arguments, flags=()):
    """Runs an attacker in the sandbox; gives what it printed."""
    program = world.program(f"attack_{name}.py")
    return world.launch("/usr/bin/python3", program, *arguments, flags=flags, timeout=90).out


def canary(world, name: str, *arguments):
    """Runs the same attacker outside of any sandbox, where it must succeed."""
    program = world.program(f"attack_{name}.py")
    return world.run("/usr/bin/python3", program, *arguments, timeout=90).out


@pytest.fixture(params=["/tmp", "/var/tmp", "/srv", "/opt"])
def somewhere(worlds, request):
    """A world whose home and state lie in places that are not all private by themselves."""
    if request.param in ("/srv", "/opt") and os.geteuid() != 0:
        pytest.fail("needs root, to make a home in " + request.param)
    made = worlds(base=request.param)
    made.home_used = True
    return made


def test_the_vault_cannot_be_read_wherever_it_lies(somewhere):
    """A file of the state directory can be read in the sandbox."""
    somewhere.unlock()
    somewhere.secret("api/x", MARK)
    folder = os.path.join(somewhere.state, "aileron")
    assert "BREACH" in canary(somewhere, "files", "walk", folder)
    for target in (folder, somewhere.state, somewhere.config):
        assert "BREACH" not in attack(somewhere, "files", "walk", target)


def test_the_control_socket_cannot_be_reached(somewhere):
    """The agent connects to the daemon's control socket."""
    socket = os.path.join(somewhere.runtime, "aileron", "control.sock")
    somewhere.launch("true").ok()
    assert "BREACH" in canary(somewhere, "files", "connect", socket)
    assert "BREACH" not in attack(somewhere, "files", "connect", socket)


@pytest.mark.parametrize("name", [".ssh/id_ed25519", ".aws/credentials", ".config/gh/hosts.yml", ".netrc",
                                  ".docker/config.json", ".gnupg/private-keys-v1.d/k", ".npmrc",
                                  ".kube/config", ".git-credentials"])
def test_the_home_cannot_be_read_wherever_it_lies(somewhere, name):
    """A file of the caller's home can be read in the sandbox."""
    path = somewhere.write(os.path.join(somewhere.home, name), MARK, 0o600)
    assert "BREACH" in canary(somewhere, "files", "read", path, MARK)
    assert "BREACH" not in attack(somewhere, "files", "read", path, MARK)


def test_a_project_in_the_home_shows_nothing_of_the_home(any_world):
    """With the workspace inside of the home, the home's other files show."""
    any_world.home_used = True
    secret = any_world.write(os.path.join(any_world.home, ".ssh", "id"), MARK, 0o600)
    project = os.path.join(any_world.home, "project")
    any_world.write(os.path.join(project, "file"), "x")
    any_world.program("attack_files.py")
    program = any_world.write(os.path.join(project, "attack.py"),
                              any_world.read("attack_files.py"), 0o755)
    for how in (["read", secret, MARK], ["walk", os.path.join(any_world.home, ".ssh")],
                ["read", "../.ssh/id", MARK]):
        out = any_world.run(*any_world.launch_line(["/usr/bin/python3", program, *how]), cwd=project).out
        assert "BREACH" not in out, out
        assert "held" in out


@pytest.mark.parametrize("way", ["/proc/1/root", "/proc/self/root", "/proc/self/cwd/../../../../..",
                                 "/proc/1/cwd", "/proc/thread-self/root"])
def test_no_root_link_of_proc_leads_out(any_world, way):
    """A link of /proc leads to the host's files."""
    path = any_world.write(os.path.join(any_world.root, "outside"), MARK)
    assert "BREACH" in canary(any_world, "files", "read", path, MARK)
    assert "BREACH" not in attack(any_world, "files", "read", way + path, MARK)


def test_every_process_root_is_the_sandboxs(any_world):
    """/proc/*/root, /proc/*/cwd or /proc/*/fd of any process leads out."""
    path = any_world.write(os.path.join(any_world.root, "outside"), MARK)
    assert "BREACH" in canary(any_world, "files", "proc", path, MARK)
    assert "BREACH" not in attack(any_world, "files", "proc", path, MARK)


def test_another_process_memory_cannot_be_read(any_world):
    """The agent reads the memory of init or of a process of the host."""
    victim = any_world.start("/usr/bin/python3", "-c", f"import time; x='{MARK}'*100; time.sleep(1000)")
    outside = canary(any_world, "memory", str(victim.pid), MARK)
    assert "BREACH" in outside, outside
    assert "BREACH" not in attack(any_world, "memory", str(victim.pid), MARK)
    assert "BREACH" not in attack(any_world, "memory", "1", "aileron")


def test_no_process_of_the_product_shows_a_secret(any_world):
    """A secret stands in the environment or command line of a process, inside or outside."""
    site = any_world.site("api.test")
    any_world.unlock()
    any_world.secret("api/x", MARK)
    any_world.bind({"name": "b", "host": "api.test", "scheme": "bearer", "credential": "api/x"})
    child = any_world.launch_start("sh", "-c", "curl -sS https://api.test/; echo; cat /proc/*/environ "
                                   "/proc/*/cmdline 2>/dev/null | tr '\\0' '\\n'; echo the-end; sleep 1000")
    text = b""
    while b"the-end" not in text:
        text += child.stdout.readline()
    assert MARK.encode() not in text and site.seen()[0].header("Authorization") == [f"Bearer {MARK}"]
    for one in process.descendants():
        if one.pid == os.getpid() or "python" in " ".join(one.command[:1]):
            continue
        for name in ("environ", "cmdline"):
            try:
                with open(f"/proc/{one.pid}/{name}", "rb") as file:
                    assert MARK.encode() not in file.read(), str(one)
            except OSError:
                pass
    child.terminate()
    child.wait(process.PATIENCE)


def test_the_secret_holders_cannot_be_dumped(ordinary):
    """The daemon or a worker may write a core file, or be traced by its own user."""
    child = ordinary.launch_start("sh", "-c", "echo up; sleep 1000")
    assert child.stdout.readline() == b"up\n"
    daemon = ordinary.daemon_pid()
    for pid in (daemon, ordinary.worker()):
        with open(f"/proc/{pid}/limits", encoding="ascii") as file:
            core = next(line for line in file if line.startswith("Max core file size"))
        assert core.split()[4:6] == ["0", "0"], core
        outside = ordinary.run("sh", "-c", f"cat /proc/{pid}/environ /proc/{pid}/mem >/dev/null")
        assert outside.rc != 0, "its own user opens its memory"
    child.terminate()
    child.wait(process.PATIENCE)


def test_the_secret_is_nowhere_in_the_sandbox(any_world):
    """A credential that was used stands in a file or in the memory of a process in the sandbox."""
    site = any_world.site("api.test")
    any_world.unlock()
    any_world.secret("api/x", MARK)
    any_world.bind({"name": "b", "host": "api.test", "scheme": "bearer", "credential": "api/x",
                    "sentinel": "API_TOKEN"})
    script = ("curl -sS -H \"Authorization: Bearer $API_TOKEN\" https://api.test/ -D /tmp/head >/tmp/body; "
              + _search(MARK) + "; env")
    any_world.program("attack_memory.py")
    result = any_world.shell(script)
    assert site.seen("/")[0].header("Authorization") == [f"Bearer {MARK}"], "it was not used"
    assert result.out.startswith("held\n"), f"a file or a process holds it: {result.describe()}"
    assert MARK not in result.out


def _search(mark: str) -> str:
    """Shell: looks for `mark` in files and in memory. It stands whole on no command line, and in no
    memory but that of a subshell that is gone before memory is searched."""
    half, other = mark[:9], mark[9:]
    return (f"m={half}; (grep -rlsF -e \"${{m}}{other}\" /tmp /run /dev/shm /home /root .); "
            f"/usr/bin/python3 attack_memory.py all $m {other}")


def test_canary_the_same_search_finds_what_is_planted_in_the_sandbox(any_world):
    """The attacker cannot see success: it does not find a decoy in a file or in another process."""
    decoy = "AL-DECOY-MARK-51d0"
    any_world.program("attack_memory.py")
    plant = f"m={decoy[:9]}; (printf %s \"${{m}}{decoy[9:]}\" > /tmp/decoy); "
    result = any_world.shell(plant + _search(decoy)).ok()
    assert "/tmp/decoy" in result.out and "held" in result.out, result.describe()
    holder = ("/usr/bin/python3 -c 'import sys, time; x = \"\".join(sys.argv[1:]); print(\"up\", flush=True); "
              f"time.sleep(1000)' {decoy[:9]} {decoy[9:]} > /tmp/up & while ! [ -s /tmp/up ]; do sleep 0.02; done; ")
    result = any_world.shell(holder + _search(decoy)).ok()
    assert "BREACH" in result.out, result.describe()


@pytest.mark.parametrize("kind", ["state", "config", "runtime", "home", "/"])
def test_a_mount_flag_cannot_bring_the_secrets_in_unseen(world, kind):
    """--mount brings the control socket, the vault or the home in without a refusal."""
    world.launch("true").ok()
    source = {"/": "/"}.get(kind) or getattr(world, kind)
    result = world.shell(f"find /mnt -name control.sock -o -name '*.db' -o -name daemon.key | head -5",
                         flags=["--mount", f"{source}:/mnt"])
    assert result.out == "", result.describe()
