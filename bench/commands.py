#!/usr/bin/python3
"""What rules about commands cost: each command, a parallel build, a configure, and a script of many small ones.

The same in a sandbox without rules, in one with them, and under strace. README.md says what each
figure means.
"""

import argparse
import json
import os
import subprocess
import sys
import time

from lib import machine, results, samples, table
from lib.world import REPOSITORY, World, binary

_AIM_MEDIAN_US = 60.0
_AIM_P99_US = 150.0
_AIM_MAKE = 1.03
_SOURCE = REPOSITORY / "bench" / "commands" / "spawn.cc"
_BUILT = REPOSITORY / "build" / "bench"
# None of them is met: what is measured is a command that runs.
_RULES = [f"--command-{what}={pattern}" for what, pattern in (
    ("deny", "git push --force"), ("deny", "rm -rf /"), ("ask", "git push"), ("ask", "npm publish"),
    ("record", "curl **"))]
_STRACE = ["strace", "-f", "-o", "/dev/null", "-e", "trace=execve"]
_WAYS = {"plain": ([], []), "rules": (_RULES, []), "strace": ([], _STRACE)}
_FILES = 120  # of the C project
_HEADERS = ("arpa/inet ctype dirent dlfcn errno fcntl float inttypes langinfo limits locale malloc netdb netinet/in poll "
            "pthread pwd sched semaphore signal spawn stddef sys/epoll sys/mman sys/resource sys/socket sys/time syslog "
            "termios wchar").split()
_FUNCTIONS = ("alarm atexit bzero clock_gettime dup2 epoll_create explicit_bzero fdatasync fork fseeko ftruncate getcwd getenv "
              "gethostname getline getpagesize gettimeofday iconv inet_ntoa kqueue lchown localtime_r memchr memfd_create "
              "memmem memmove mkdir mkfifo mkostemp mmap munmap nanosleep nl_langinfo openat pathconf pipe2 poll posix_spawn "
              "preadv putenv pwrite realpath rmdir sched_yield select setenv setlocale sigaction socket stpcpy strcasecmp "
              "strchr strdup strerror_r strlcpy strndup strtoull sysconf tzset uname vfork").split()
_CONFIGURE = f"""AC_INIT([project], [1.0])
AC_PROG_CC
AC_CHECK_HEADERS([{" ".join(f"{name}.h" for name in _HEADERS)}])
AC_CHECK_FUNCS([{" ".join(_FUNCTIONS)}])
AC_CHECK_SIZEOF([long])
AC_C_BIGENDIAN
AC_OUTPUT
"""
_SCRIPT = """i=0
while [ $i -lt 400 ]; do
  expr $i + 1 >/dev/null; echo 'int main(void) { return 0; }' | sed s/0/1/ | grep -q return
  i=$((i+1))
done
"""


def build() -> str:
    """The program that spawns."""
    _BUILT.mkdir(parents=True, exist_ok=True)
    program = str(_BUILT / "spawn")
    subprocess.run(["clang++-19", "-std=c++23", "-O2", "-Wall", "-Wextra", "-Werror", "-o", program,
                    str(_SOURCE)], check=True)
    return program


def project(world: World) -> None:
    """A C project: files of a hundred functions, each with the headers that C files have."""
    functions = "\n".join(
        f"static int f{n}(int a, const char *b) {{ char c[64]; int i, s = a;\n"
        f"  for (i = 0; b[i]; ++i) s = s * {n + 3} + b[i] % (a + 1 ? a + 1 : 1);\n"
        f"  snprintf(c, sizeof c, \"%d-%s\", s, b); return (int)strlen(c) + s; }}" for n in range(100))
    calls = " + ".join(f"f{n}(a, b)" for n in range(100))
    names = [f"part{n}" for n in range(_FILES)]
    for name in names:
        _write(world, f"{name}.c", "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n"
               f"#include <unistd.h>\n{functions}\nint {name}(int a, const char *b) {{ return {calls}; }}\n")
    declared = "".join(f"int {name}(int, const char *);\n" for name in names)
    sums = " + ".join(f"{name}(1, \"a\")" for name in names)
    _write(world, "main.c", f"{declared}int main(void) {{ return ({sums}) == 7; }}\n")
    objects = " ".join(f"{name}.o" for name in [*names, "main"])
    _write(world, "Makefile", f"all: {objects}\n\tcc -o all {objects}\n\n%.o: %.c\n"
           "\tcc -O1 -c -o $@ $<\n\nclean:\n\trm -f *.o all\n")
    _write(world, "many.sh", _SCRIPT)
    _write(world, "configure.ac", _CONFIGURE)
    subprocess.run(["autoconf"], cwd=world.workspace, check=True)


def _write(world: World, name: str, text: str) -> None:
    with open(os.path.join(world.workspace, name), "w", encoding="ascii") as file:
        file.write(text)


def run(world: World, way: str, command) -> subprocess.CompletedProcess:
    """`command` in a sandbox, to its end; a failure ends the run."""
    flags, before = _WAYS[way]
    line = [world.aileron, "launch", "--tty=never", *flags, "--", *before, *command]
    done = subprocess.run(line, **world.user(), check=False, text=True, capture_output=True,
                          stdin=subprocess.DEVNULL, timeout=600)
    if done.returncode:
        sys.exit(f"bench: {' '.join(line)} failed:\n{done.stderr}")
    return done


def timed(world: World, way: str, command) -> float:
    """Seconds."""
    begin = time.perf_counter()
    run(world, way, command)
    return time.perf_counter() - begin


def measure(rounds: int, count: int, builds: int) -> dict:
    """The reports of all rounds."""
    program = build()
    found = {"spawn": {f"{way} {where}": [] for where in ("pinned", "free") for way in _WAYS},
             "make": {way: [] for way in ("plain", "rules")},
             "configure": {way: [] for way in ("plain", "rules")},
             "script": {way: [] for way in _WAYS}}
    with World() as world:
        project(world)
        with open(program, "rb") as source:
            path = os.path.join(world.workspace, "spawn")
            with open(path, "wb") as file:
                file.write(source.read())
            os.chmod(path, 0o755)
        for _ in range(rounds):
            for name, reports in found["spawn"].items():
                way, where = name.split()
                reports.append(json.loads(run(world, way, [path, str(count), where]).stdout))
        for _ in range(builds):
            for way, reports in found["make"].items():
                run(world, "plain", ["make", "-s", "clean"])
                reports.append(timed(world, way, ["make", "-s", f"-j{os.cpu_count()}"]))
            for way, reports in found["configure"].items():
                reports.append(timed(world, way, ["sh", "configure", "-q"]))
            for way, reports in found["script"].items():
                reports.append(timed(world, way, ["sh", "many.sh"]))
    return found


def print_all(result: dict, rounds: int, count: int) -> None:
    """Everything, as Markdown."""
    found = result["found"]
    print("## ./dev bench commands\n")
    print(machine.describe(result["machine"], result["versions"]))
    middle = lambda name, key: samples.median([report[key] for report in found["spawn"][name]])
    print(f"\n### {count:,} times `/bin/true`, {rounds} rounds: µs, and how many more than plain\n")
    rows = []
    for name in found["spawn"]:
        plain = "plain " + name.split()[1]
        rows.append([name, *(cell for key in ("median_us", "p99_us") for cell in (
            table.number(middle(name, key)), table.number(middle(name, key) - middle(plain, key))))])
    print(table.render(["way, processors", "median", "more", "p99", "more"], rows))
    for key, aim in (("median_us", _AIM_MEDIAN_US), ("p99_us", _AIM_P99_US)):
        for where in ("pinned", "free"):
            more = middle(f"rules {where}", key) - middle(f"plain {where}", key)
            print(f"\nAim, {key.split('_', 1)[0]}, {where}: at most {aim:g} µs more: "
                  + table.verdict(more, aim, smaller_is_better=True) + ".")
    print(f"\n### `make -j` of {_FILES} C files, a `configure`, and a script of 1,200 small commands\n")
    rows = []
    for kind in ("make", "configure", "script"):
        base = samples.median(found[kind]["plain"])
        for way, reports in found[kind].items():
            value = samples.median(reports)
            rows.append([f"{kind}, {way}", table.number(value, 2), table.number(value / base, 3)])
    print(table.render(["what, way", "seconds", "times plain"], rows))
    ratio = samples.median(found["make"]["rules"]) / samples.median(found["make"]["plain"])
    print(f"\nAim: make at most {_AIM_MAKE:g} times plain: "
          + table.verdict(ratio, _AIM_MAKE, smaller_is_better=True) + ".")


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="rounds of /bin/true (5)")
    parser.add_argument("--count", type=int, default=2000, help="of them in a round (2000)")
    parser.add_argument("--builds", type=int, default=3, help="builds and scripts of each way (3)")
    results.add_flags(parser)
    options = parser.parse_args()
    result = {"machine": machine.facts(),
              "versions": machine.versions(aileron=[str(binary()), "version"], strace=["strace", "-V"])}
    result["found"] = measure(options.rounds, options.count, options.builds)
    results.conclude("commands", options, result,
                     lambda: print_all(result, options.rounds, options.count))


if __name__ == "__main__":
    main()
