"""Attackers against the kernel: what no agent needs is refused; outside the same call gets in."""

import os

import pytest

from lib import process

CALLS = ["keyctl", "add_key", "request_key", "bpf", "userfaultfd", "perf_event_open",
         "open_by_handle_at", "mount", "umount", "pivot_root", "chroot", "fsopen", "open_tree",
         "move_mount", "mount_setattr", "setns", "unshare-user", "unshare-mount", "unshare-net",
         "clone3-user", "swapon", "reboot", "settimeofday", "clock_settime", "sethostname", "acct",
         "syslog", "quotactl", "io_uring", "mknod", "raw", "raw6", "packet", "packet-dgram", "vsock"]


@pytest.mark.parametrize("name", CALLS)
def test_a_forbidden_call_is_refused(any_world, name):
    """The kernel lets a call in that no agent needs."""
    program = any_world.program("attack_syscalls.py")
    result = any_world.launch("/usr/bin/python3", program, name)
    assert "held" in result.out or result.rc == 128 + 31, result.describe()
    assert "BREACH" not in result.out


@pytest.mark.parametrize("name", CALLS)
def test_canary_the_same_call_gets_in_outside(world, name):
    """The attacker cannot see success: the call fails even for root outside of any sandbox."""
    if os.geteuid() != 0:
        pytest.fail("the canaries of these calls need root")
    program = world.program("attack_syscalls.py")
    assert "BREACH" in world.run("/usr/bin/python3", program, name).ok().out


def test_allow_nested_opens_user_namespaces_and_nothing_else(any_world):
    """--allow-nested does not open nested namespaces, or opens other calls too."""
    program = any_world.program("attack_syscalls.py")
    flags = ["--allow-nested"]
    assert "BREACH" in any_world.launch("/usr/bin/python3", program, "unshare-user", flags=flags).out
    for name in ("bpf", "keyctl", "packet", "userfaultfd"):
        assert "BREACH" not in any_world.launch("/usr/bin/python3", program, name, flags=flags).out


def test_programs_of_a_foreign_call_convention_are_filtered_too(any_world):
    """A call by the 32-bit or x32 convention goes round the filter."""
    program = ("import ctypes,os\nlibc=ctypes.CDLL(None,use_errno=True)\n"
               "r=libc.syscall(ctypes.c_long(0x40000000|250),0,-3,0)\n"
               "print('BREACH' if r>=0 or ctypes.get_errno() in (126,22,14) else 'held')\n")
    result = any_world.launch("/usr/bin/python3", "-c", program)
    assert "BREACH" not in result.out, result.describe()


def test_usual_tools_work_under_the_filter(any_world):
    """The filter breaks what agents use: threads, timers, epoll, memfd, debuggers of own children."""
    program = ("import os,threading,select,signal,tempfile,mmap,subprocess,multiprocessing,asyncio\n"
               "t=threading.Thread(target=lambda: None); t.start(); t.join()\n"
               "select.epoll().close(); os.memfd_create('x'); signal.setitimer(signal.ITIMER_REAL,0)\n"
               "mmap.mmap(-1,4096).close(); os.eventfd(0); os.pidfd_open(os.getpid())\n"
               "asyncio.run(asyncio.sleep(0)); subprocess.run(['true'],check=True)\n"
               "with multiprocessing.Pool(2) as pool: assert pool.map(abs,[-1,-2])==[1,2]\n"
               "tempfile.TemporaryFile().write(b'x'); os.getrandom(8); print('works')\n")
    assert any_world.launch("/usr/bin/python3", "-c", program).ok().out == "works\n"
    result = any_world.launch("strace", "-f", "-o", "/tmp/trace", "sh", "-c", "true; echo traced")
    assert result.ok().out == "traced\n"


def test_the_products_own_binary_cannot_be_changed(any_world):
    """The agent writes to the binary, the roots or the session's file under /run/aileron."""
    script = ("cd /run/aileron; for f in bin/aileron ca.pem ca-bundle.pem session.json; do "
              "(echo x >> $f) 2>/dev/null && echo BREACH $f; rm -f $f 2>/dev/null; mv $f /tmp/ 2>/dev/null; "
              "chmod 777 $f 2>/dev/null && echo BREACH chmod $f; [ -e $f ] || echo BREACH gone $f; done; "
              "ln -s /tmp x 2>/dev/null && echo BREACH link; mkdir d 2>/dev/null && echo BREACH dir; "
              "for p in /proc/1/exe /proc/self/exe; do (echo x >> $p) 2>/dev/null && echo BREACH $p; done; "
              "echo done")
    assert any_world.shell(script).ok().out == "done\n"


def test_init_cannot_be_killed_or_stopped_by_the_agent(any_world):
    """The agent ends, stops or traces PID 1."""
    script = ("kill -KILL 1 2>/dev/null; kill -STOP 1 2>/dev/null; kill -TERM 1 2>/dev/null; "
              "sleep 0.3; grep State /proc/1/status; echo alive; exit 21")
    result = any_world.shell(script)
    assert result.rc == 21 and "alive" in result.out and "T (stopped)" not in result.out


def test_init_shows_its_walls(any_world):
    """The session's file does not tell which walls stand, or claims one that the kernel lacks."""
    text = any_world.shell("cat /run/aileron/session.json").ok().out
    assert "native" in text


@pytest.mark.parametrize("wall", ["seccomp", "landlock", "cgroup"])
def test_require_accepts_a_wall_that_stands(world, wall):
    """--require refuses a wall that the machine has, or starts without one."""
    result = world.launch("echo", "up", flags=["--require", wall])
    probes = str(world.json("doctor")).lower()
    assert wall in probes
    assert (result.rc == 0 and result.out == "up\n") or (result.rc == 125 and wall in result.err), \
        result.describe()


# Lowers each limit and tries to take that back, by both calls; with "soft" only what anybody may raise.
_RAISE = """
import ctypes, resource, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
kinds = [resource.RLIMIT_CORE, resource.RLIMIT_NPROC, resource.RLIMIT_NOFILE, resource.RLIMIT_MEMLOCK]
tried = 0
for kind in kinds:
    hard = resource.getrlimit(kind)[1]
    lowered = 100 if hard in (-1, 0) or hard > 100 else hard - 1
    kept = hard if sys.argv[1] == 'soft' else lowered
    if hard != 0:
        resource.setrlimit(kind, (lowered, kept))
    for target in (lowered + 1 if hard else 1, resource.RLIM_INFINITY):
        tried += 1
        try:
            resource.setrlimit(kind, (target, kept if kept != lowered else target))
            print('BREACH setrlimit', kind, target)
        except (OSError, ValueError):
            pass
        wanted = struct.pack('qq', target, kept if kept != lowered else target)
        if libc.prlimit64(0, kind, wanted, None) == 0:
            print('BREACH prlimit', kind, target)
print('tried', tried)
"""


def test_resource_limits_cannot_be_raised(any_world):
    """The agent takes back a limit of its sandbox."""
    result = any_world.launch("/usr/bin/python3", "-c", _RAISE, "hard")
    assert result.ok().out == "tried 8\n", result.describe()


def test_canary_the_same_attempt_raises_what_anybody_may_raise(ordinary):
    """The attacker cannot see success: limits are not raised even where that is allowed."""
    result = ordinary.run("/usr/bin/python3", "-c", _RAISE, "soft").ok()
    for call in ("setrlimit", "prlimit"):
        assert result.out.count(f"BREACH {call}") >= 3, result.describe()


def test_a_cgroup_cannot_be_left(any_world):
    """The agent writes to a cgroup and so leaves its limits."""
    script = ("for f in $(find /sys/fs/cgroup -name cgroup.procs -o -name tasks 2>/dev/null | head -50); do "
              "echo $$ > $f && echo BREACH $f; done 2>/dev/null; "
              "mkdir /sys/fs/cgroup/al-test 2>/dev/null && echo BREACH; echo done")
    assert any_world.shell(script).ok().out == "done\n"
    assert process.run(["find", "/sys/fs/cgroup", "-name", "al-test"]).out == ""
