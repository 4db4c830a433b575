"""The machine that a figure comes from: without it a figure says nothing."""

import datetime
import os
import platform
import re
import subprocess


def _first(pattern: str, text: str, otherwise: str) -> str:
    found = re.search(pattern, text, re.MULTILINE)
    return found[1].strip() if found else otherwise


def _version(*command) -> str:
    """The first version number that a program prints about itself."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
    except FileNotFoundError:
        return "not installed"
    return _first(r"(\d+\.\d+(?:\.\d+)?)", done.stdout + done.stderr, "unknown")


def facts() -> dict:
    """Processor, memory, kernel, distribution, date and how busy the machine was."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        processor = _first(r"^model name\s*:(.*)$", file.read(), platform.machine())
    with open("/proc/meminfo", encoding="ascii") as file:
        kib = int(_first(r"^MemTotal:\s*(\d+)", file.read(), "0"))
    with open("/etc/os-release", encoding="utf-8") as file:
        system = _first(r'^PRETTY_NAME="?([^"\n]*)', file.read(), "Linux")
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "processor": processor,
        "cores": os.cpu_count(),
        "memory_gib": round(kib / 1024 / 1024, 1),
        "kernel": platform.release(),
        "system": system,
        "load_before": os.getloadavg()[0],
    }


def finish(known: dict) -> None:
    """Adds what is known at the end of the run."""
    known["load_after"] = os.getloadavg()[0]


def versions(**commands) -> dict:
    """Name → version of the programs compared."""
    return {name: _version(*command) for name, command in commands.items()}


def describe(known: dict, programs: dict) -> str:
    """The same in two lines."""
    return (f"{known['date']}: {known['processor']}, {known['cores']} cores, "
            f"{known['memory_gib']} GiB; {known['system']}, Linux {known['kernel']}; "
            f"load average {known['load_before']:.1f} before the run"
            + (f", {known['load_after']:.1f} after it" if "load_after" in known else "") + ".\n"
            + ", ".join(f"{name} {version}" for name, version in programs.items()) + ".")
