#!/usr/bin/python3
"""How long `aileron launch` takes beside bwrap and unshare, and what an idle aileron weighs.

Whole commands, from before the fork to after the wait, all of them round-robin in one session.
Run as root it measures root and an ordinary user. README.md says what each figure means.
"""

import argparse
import io
import json
import os
import shlex
import subprocess
import sys
import tarfile
import time

from lib import machine, processes, results, samples, table
from lib.layout import Layout
from lib.world import ORDINARY, World, binary

_TARGET_BWRAP = 2.0  # times the whole command of bwrap
_TARGET_IMAGE = 1.5  # the same, of the host's root and of an image
_TARGET_TAIL = 4.0
_SESSIONS = 50
_TARGET_EACH_MIB = 12.0
_TARGET_DAEMON_MIB = 15.0
_TARGET_SESSION_MIB = 8.0
_TARGET_READY_MS = 100.0
_WARM_UP = 5
_SETTLE_S = 2.0


def make_image(world: World) -> str:
    """An image of one static program; the reference."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as tar:
        tar.add("/bin/busybox", arcname="bin/busybox")
        link = tarfile.TarInfo("bin/true")
        link.type, link.linkname = tarfile.SYMTYPE, "busybox"
        tar.addfile(link)
    folder = os.path.join(world.root, "image")
    Layout(folder).add("1", [raw.getvalue()])
    subprocess.run(["chmod", "-R", "a+rX", folder], check=True)
    return f"oci:{folder}:1"


def commands(world: World, image: str) -> dict:
    """What is compared; each ends in /bin/true."""
    return {
        "fork + exec": ["/bin/true"],
        "unshare": ["/usr/bin/unshare", "--user", "--map-root-user", "--mount", "--pid", "--fork",
                    "--net", "--uts", "--ipc", "--cgroup", "--mount-proc", "/bin/true"],
        "bwrap": ["/usr/bin/bwrap", "--unshare-all", "--ro-bind", "/", "/", "--dev", "/dev",
                  "--proc", "/proc", "--tmpfs", "/tmp", "/bin/true"],
        "aileron": [world.aileron, "launch", "--", "/bin/true"],
        "aileron, image": [world.aileron, "launch", "--image", image, "--", "/bin/true"],
    }


def _timed(command, env) -> float:
    """Milliseconds that the whole command took; its streams are /dev/null."""
    null = [(os.POSIX_SPAWN_OPEN, fd, "/dev/null", os.O_RDWR, 0) for fd in range(3)]
    begin = time.perf_counter_ns()
    pid = os.posix_spawn(command[0], command, env, file_actions=null)
    _, status = os.waitpid(pid, 0)
    took = (time.perf_counter_ns() - begin) / 1e6
    if status:
        raise SystemExit(f"bench: {' '.join(command)} ended with status {status}")
    return took


def cold_starts(world: World, rounds: int) -> dict:
    """Milliseconds of commands that find no daemon: the first one ever, which makes the database
    and its keys, and later ones, which find them."""
    start = [world.aileron, "daemon", "start"]
    launch = [world.aileron, "launch", "--", "/bin/true"]
    kinds = {
        "daemon start": (start, False),
        "daemon start, first ever": (start, True),
        "launch -- /bin/true": (launch, False),
    }
    times = {name: [] for name in kinds}
    for _ in range(rounds):
        for name, (command, fresh) in kinds.items():
            world.stop_daemon()
            if fresh:
                world.forget()
            times[name].append(_timed(command, world.env))
            world.find_daemon()
    return times


def _measure_here(world: World, image: str, rounds: int, cold_rounds: int) -> dict:
    os.chdir(world.workspace)
    compared = commands(world, image)
    for command in compared.values():
        done = subprocess.run(command, env=world.env, check=False, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"bench: {' '.join(command)} failed:\n{done.stderr}")
    times = {name: [] for name in compared}
    for turn in range(-_WARM_UP, rounds):
        for name, command in compared.items():
            took = _timed(command, world.env)
            if turn >= 0:
                times[name].append(took)
    return {"times_ms": times, "cold_ms": cold_starts(world, cold_rounds)}


def measure(world: World, image: str, rounds: int, cold_rounds: int) -> dict:
    """Name → milliseconds of each round, warm and cold, in a process that is the world's user."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            if world.uid != os.geteuid():
                os.setgroups([])
                os.setresgid(world.uid, world.uid, world.uid)
                os.setresuid(world.uid, world.uid, world.uid)
            with os.fdopen(writer, "w") as pipe:
                json.dump(_measure_here(world, image, rounds, cold_rounds), pipe)
            status = 0
        except SystemExit as problem:
            print(problem, file=sys.stderr)
        finally:
            os._exit(status)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        text = pipe.read()
    if os.waitpid(child, 0)[1]:
        sys.exit(1)
    return json.loads(text)


def memory(world: World) -> dict:
    """MiB: the daemon without a session, and what a session with an idle agent adds, by process."""
    time.sleep(_SETTLE_S)
    world.find_daemon()
    weigh = lambda pid: {"rss": processes.rss(pid), "pss": processes.pss(pid)}
    idle = weigh(world.daemon)
    session = subprocess.Popen([world.aileron, "launch", "--", "/bin/sleep", "600"], **world.user(),
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        processes.await_true(
            lambda: any(processes.name(pid) == "sleep" for pid in processes.tree(session.pid)),
            "the idle session has not started")
        time.sleep(_SETTLE_S)
        workers = processes.tree(world.daemon)[1:]
        launched = processes.tree(session.pid)
        inner = [pid for pid in launched[1:] if processes.name(pid) != "sleep"]
        parts = {"worker": workers, "launcher": launched[:1], "init": inner}
        if [len(pids) for pids in parts.values()] != [1, 1, 1]:
            raise SystemExit(f"bench: a session should be one worker, launcher and init: {parts}")
        return {
            "daemon": idle, "daemon_with_session": weigh(world.daemon),
            "session": {part: [weigh(pid) for pid in pids] for part, pids in parts.items()},
        }
    finally:
        processes.end(session)


def many(world: World) -> dict:
    """MiB that each of many sessions at once adds, without its agent; the daemon's growth counts."""
    world.find_daemon()
    alone = processes.pss(world.daemon)
    sessions = [subprocess.Popen([world.aileron, "launch", "--", "/bin/sleep", "600"], **world.user(),
                                 stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) for _ in range(_SESSIONS)]
    try:
        runs = lambda: sum(any(processes.name(pid) == "sleep" for pid in processes.tree(one.pid)) for one in sessions)
        processes.await_true(lambda: runs() == _SESSIONS, f"not all of {_SESSIONS} sessions have started", 60)
        time.sleep(_SETTLE_S)
        ours = [pid for one in sessions for pid in processes.tree(one.pid) if processes.name(pid) != "sleep"]
        weight = sum(map(processes.pss, processes.tree(world.daemon) + ours)) - alone
        return {"sessions": _SESSIONS, "each_mib": weight / _SESSIONS}
    finally:
        for one in sessions:
            processes.end(one)


def _total(session: dict, kind: str) -> float:
    return sum(weight[kind] for part in session.values() for weight in part)


def print_times(who: str, times: dict) -> None:
    """The table of one user."""
    middle = {name: samples.median(values) for name, values in times.items()}
    rows = [[name, table.number(min(values), 2), table.number(middle[name], 2),
             table.number(samples.quantile(values, 0.9), 2),
             table.number(samples.ratio(middle[name], middle["bwrap"]), 2)]
            for name, values in times.items()]
    print(f"\n### The whole command, {who}, {len(times['bwrap'])} interleaved rounds, ms\n")
    print(table.render(["command", "least", "median", "p90", "median / bwrap"], rows))
    factor = samples.ratio(middle["aileron"], middle["bwrap"])
    print(f"\nTarget: at most {_TARGET_BWRAP:g} × bwrap: "
          + table.verdict(factor, _TARGET_BWRAP, smaller_is_better=True) + ".")
    for name in ("aileron", "aileron, image"):
        print(f"Target: {name}: at most {_TARGET_IMAGE:g} × bwrap: "
              + table.verdict(samples.ratio(middle[name], middle["bwrap"]), _TARGET_IMAGE,
                              smaller_is_better=True) + ".")
        tail = samples.ratio(samples.quantile(times[name], 0.99), middle[name])
        print(f"Target: {name}: p99 at most {_TARGET_TAIL:g} × its median: "
              + table.verdict(tail, _TARGET_TAIL, smaller_is_better=True) + ".")


def print_cold(who: str, times: dict) -> None:
    """The table of commands that find no daemon."""
    rows = [[f"aileron {name}", *(table.number(samples.quantile(values, q), 2)
                                  for q in (0, 0.5, 1))] for name, values in times.items()]
    print(f"\n### No daemon runs, {who}, {len(times['daemon start'])} rounds, ms\n")
    print(table.render(["command", "least", "median", "most"], rows))
    ready = samples.median(times["daemon start"])
    print(f"\nTarget: ready within {_TARGET_READY_MS:g} ms: "
          + table.verdict(ready, _TARGET_READY_MS, smaller_is_better=True) + ".")


def print_memory(who: str, found: dict) -> None:
    """The table of the daemon's and a session's memory."""
    show = lambda weight: [table.number(weight["rss"], 1), table.number(weight["pss"], 1)]
    rows = [["daemon, no session", *show(found["daemon"])],
            ["daemon, one session", *show(found["daemon_with_session"])]]
    for part, weights in found["session"].items():
        rows += [[f"session: {part}", *show(weight)] for weight in weights]
    total = {kind: _total(found["session"], kind) for kind in ("rss", "pss")}
    rows.append(["session: sum", *show(total)])
    added = total["pss"] + found["daemon_with_session"]["pss"] - found["daemon"]["pss"]
    rows.append(["what the session added to the machine", "–", table.number(added, 1)])
    print(f"\n### Memory when idle, {who}, MiB\n")
    print(table.render(["process", "RSS", "PSS"], rows))
    verdict = lambda value, target: table.verdict(value, target, smaller_is_better=True)
    print(f"\nTarget: daemon at most {_TARGET_DAEMON_MIB:g} MiB RSS: "
          f"{verdict(found['daemon']['rss'], _TARGET_DAEMON_MIB)}.")
    print(f"Target: idle session at most {_TARGET_SESSION_MIB:g} MiB: "
          f"{verdict(total['pss'], _TARGET_SESSION_MIB)} by PSS, "
          f"{verdict(total['rss'], _TARGET_SESSION_MIB)} by the sum of RSS, which counts the pages "
          "of the one binary once for each process.")


def print_many(who: str, found: dict) -> None:
    """What many sessions weigh."""
    print(f"\n### {found['sessions']} sessions at once, {who}\n")
    print(f"All started. Each adds {table.number(found['each_mib'], 1)} MiB (PSS of launcher, init, worker and what the "
          "daemon grew by), without its agent.")
    print(f"\nTarget: at most {_TARGET_EACH_MIB:g} MiB each: "
          + table.verdict(found["each_mib"], _TARGET_EACH_MIB, smaller_is_better=True) + ".")


def print_all(result: dict) -> None:
    """Everything, as Markdown."""
    print("## ./dev bench launch\n")
    print(machine.describe(result["machine"], result["versions"]))
    print("\nThe commands, each to its end with its streams on /dev/null:\n")
    for name, command in result["commands"].items():
        print(f"- {name}: `{shlex.join(command)}`")
    for who, found in result["users"].items():
        print_times(who, found["times_ms"])
    for who, found in result["users"].items():
        print_cold(who, found["cold_ms"])
    for who, found in result["users"].items():
        print_memory(who, found["memory_mib"])
    for who, found in result["users"].items():
        print_many(who, found["many"])


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=100, help="rounds for each user (100)")
    parser.add_argument("--cold-rounds", type=int, default=10,
                        help="rounds without a daemon (10)")
    results.add_flags(parser)
    options = parser.parse_args()
    users = {"ordinary user": os.geteuid()} if os.geteuid() else {"root": 0,
                                                                  "ordinary user": ORDINARY}
    result = {"machine": machine.facts(), "commands": {}, "users": {},
              "versions": machine.versions(aileron=[str(binary()), "version"],
                                           bwrap=["bwrap", "--version"],
                                           unshare=["unshare", "--version"])}
    for who, uid in users.items():
        with World(uid) as world:
            image = make_image(world)
            result["commands"] = commands(world, image)
            result["users"][who] = {**measure(world, image, options.rounds, options.cold_rounds),
                                    "memory_mib": memory(world), "many": many(world)}
    for name in ("aileron", "aileron, image"):
        result["commands"][name][0] = "aileron"
    result["commands"]["aileron, image"][3] = "oci:IMAGE:1"
    results.conclude("launch", options, result, lambda: print_all(result))


if __name__ == "__main__":
    main()
