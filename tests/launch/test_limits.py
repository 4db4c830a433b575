"""--memory, --pids and --cpus hold."""

import time

_EAT = "import sys\nblocks=[]\nfor _ in range(int(sys.argv[1])):\n  blocks.append(bytearray(b'x')*(1<<20))\nprint('ate all')"
_FORK = ("import os,time\nchildren=0\n"
         "try:\n"
         "  while children < 200:\n"
         "    if os.fork() == 0: time.sleep(20); os._exit(0)\n"
         "    children += 1\n"
         "except OSError: pass\n"
         "print(children)\n")
_BURN = ("import time,multiprocessing\n"
         "def burn():\n"
         "  end=time.monotonic()+3\n"
         "  while time.monotonic()<end: pass\n"
         "jobs=[multiprocessing.Process(target=burn) for _ in range(2)]\n"
         "[job.start() for job in jobs]; [job.join() for job in jobs]\n"
         "import resource; used=resource.getrusage(resource.RUSAGE_CHILDREN)\n"
         "print(used.ru_utime+used.ru_stime)\n")


def test_memory_is_limited(any_world):
    """An agent allocates more than --memory gives."""
    flags = ["--memory", "256m"]
    assert any_world.launch("/usr/bin/python3", "-c", _EAT, "64", flags=flags).ok().out == "ate all\n"
    result = any_world.launch("/usr/bin/python3", "-c", _EAT, "900", flags=flags)
    assert result.rc != 0 and "ate all" not in result.out, result.describe()


def test_the_memory_limit_leaves_the_launcher_alive(world):
    """An agent that is killed for memory is not told as killed, or kills the session's network."""
    result = world.launch("/usr/bin/python3", "-c", _EAT, "900", flags=["--memory", "128m"])
    assert result.rc in (137, 1), result.describe()
    assert world.launch("true").rc == 0


def test_the_number_of_processes_is_limited(any_world):
    """An agent starts more processes than --pids gives."""
    result = any_world.launch("/usr/bin/python3", "-c", _FORK, flags=["--pids", "40"]).ok()
    assert 5 <= int(result.out.strip()) <= 40


def test_a_fork_bomb_ends_with_its_sandbox(world):
    """A fork bomb outlives its launch or takes the host down."""
    begin = time.monotonic()
    world.launch("bash", "-c", "bomb() { bomb | bomb & }; bomb; sleep 1; exit 4",
                 flags=["--pids", "64"], timeout=60)
    assert time.monotonic() - begin < 50


def test_processor_time_is_limited_or_doctor_says_why_not(world):
    """--cpus is neither enforced nor refused."""
    result = world.launch("/usr/bin/python3", "-c", _BURN, flags=["--cpus", "0.3"], timeout=90)
    if result.rc == 125:
        assert "cpu" in result.err
        return
    assert float(result.ok().out) < 2.4, "two burners of 3 s used more than 0.3 processors"


def test_limits_show_in_doctor(any_world):
    """doctor does not say how limits are enforced."""
    text = any_world.aileron("doctor").ok().out.lower()
    assert "memory" in text and "pids" in text and ("cgroup" in text or "rlimit" in text)
