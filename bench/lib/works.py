"""The rows: what is asked of every proxy, and which of the figures is the row's."""

import dataclasses

from lib.site import HOST, Site

NAMES = 200  # of one run of the row of never-seen names


@dataclasses.dataclass(frozen=True)
class Work:
    """One row of the table."""

    key: str
    title: str
    arguments: tuple = ()
    path: str = "/1k"
    figure: str = "per_s"     # of the report
    better: str = "more"
    by_default: bool = False
    on_events: bool = False
    never_seen: bool = False
    reverse_too: bool = True  # makes sense for a reverse proxy
    held: int = 0             # tunnels held; the figure is memory

    def command(self, site: Site, duration: float, first_name: int) -> list:
        """The load generator's options, but for how to reach the proxy."""
        host = "n{n}.bench.test" if self.never_seen else HOST
        port = site.events_port if self.on_events else site.port
        command = ["--url", f"https://{host}:{port}{self.path}", *self.arguments]
        if self.never_seen:
            return [*command, "--host-start", str(first_name), "--requests", str(NAMES)]
        if self.held:
            return [*command, "--duration", "1", "--timeout", "60"]
        return [*command, "--duration", str(duration)]


def _keep_alive(connections: int, by_default: bool = True) -> Work:
    plural = "s" if connections > 1 else ""
    return Work(f"keepalive-{connections}",
                f"1 KiB keep-alive, {connections} connection{plural}, req/s",
                ("--connections", str(connections), "--expect-bytes", "1024"),
                by_default=by_default)


ALL = {work.key: work for work in (
    _keep_alive(1),
    _keep_alive(16),
    _keep_alive(64),
    Work("newconn", "new connection each, 16 at a time, req/s",
         ("--mode", "newconn", "--connections", "16")),
    Work("names", f"{NAMES} never-seen names, one at a time, names/s", ("--mode", "newconn"),
         never_seen=True, reverse_too=False),
    Work("down", "10 MiB down, 4 connections, MiB/s",
         ("--connections", "4", "--expect-bytes", str(10 * 1024 * 1024)), path="/10m",
         figure="mib_per_s"),
    Work("up", "10 MiB up, 4 connections, MiB/s",
         ("--connections", "4", "--upload-bytes", str(10 * 1024 * 1024)), path="/upload",
         figure="mib_per_s"),
    Work("down-64k", "64 KiB down, 16 connections, req/s",
         ("--connections", "16", "--expect-bytes", str(64 * 1024)), path="/64k"),
    Work("events", "20 event streams, one event each 10 ms: p50 delay, µs",
         ("--mode", "sse", "--connections", "20"), path="/events", figure="latency_us",
         better="less", on_events=True),
    Work("held", "1,000 idle tunnels, memory of each, KiB",
         ("--mode", "hold", "--ramp", "16"), figure="pss_mib", better="less", held=1000),
)}
