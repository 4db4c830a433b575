"""The rows: what is asked of every proxy, and which of the figures is the row's."""

import dataclasses

from lib.site import HOST, Site

NAMES = 200     # of one run of the row of never-seen names
SESSIONS = 10   # of the row of sessions at once
HELD = 1000     # tunnels of the row of idle tunnels
_MIB = 1024 * 1024


@dataclasses.dataclass(frozen=True)
class Work:
    """One row of the table."""

    key: str
    title: str
    arguments: tuple = ()
    path: str = "/1k"
    figure: str = "per_s"     # of the report; "p50" for the latency's
    door: str = "site"        # which of the site's servers (Site.ports)
    never_seen: bool = False
    sessions: int = 1         # at once, where a peer knows of sessions
    held: int = 0             # tunnels held; the figure is memory

    def command(self, site: Site, seconds: float, first_name: int) -> list:
        """The load generator's options, but for how to reach the proxy."""
        host = "n{n}.bench.test" if self.never_seen else HOST
        url = f"https://{host}:{site.ports[self.door]}{self.path}"
        command = ["--url", url, *self.arguments]
        if self.never_seen:
            return [*command, "--host-start", str(first_name), "--requests", str(NAMES)]
        if self.held:
            return [*command, "--duration", "1", "--timeout", "60"]
        return [*command, "--duration", str(seconds)]


def _keep_alive(connections: int, sessions: int = 1) -> Work:
    plural = "s" if connections > 1 else ""
    key, title = f"keepalive-{connections}", f"{connections} connection{plural}"
    if sessions > 1:
        key, title = f"sessions-{sessions}", f"{sessions} sessions × {title}"
    return Work(key, f"1 KiB keep-alive, {title}, req/s",
                ("--connections", str(connections), "--expect-bytes", "1024"), sessions=sessions)


ALL = {work.key: work for work in (
    _keep_alive(1),
    _keep_alive(16),
    _keep_alive(64),
    Work("newconn", "new connection each, 16 at a time, req/s",
         ("--mode", "newconn", "--connections", "16", "--expect-bytes", "1024")),
    Work("names", f"{NAMES} never-seen names, one at a time, names/s",
         ("--mode", "newconn", "--expect-bytes", "1024"), never_seen=True),
    Work("down", "10 MiB down, 4 connections, MiB/s",
         ("--connections", "4", "--expect-bytes", str(10 * _MIB)), path="/10m",
         figure="mib_per_s"),
    Work("up", "10 MiB up, 4 connections, MiB/s",
         ("--connections", "4", "--upload-bytes", str(10 * _MIB)), path="/upload",
         figure="mib_per_s"),
    Work("down-64k", "64 KiB down, 16 connections, req/s",
         ("--connections", "16", "--expect-bytes", str(64 * 1024)), path="/64k"),
    Work("websocket", "WebSocket ping-pong, 16 connections, msg/s",
         ("--mode", "ws", "--connections", "16"), path="/echo", door="live"),
    Work("h2", "h2, 4 connections × 16 streams, 1 KiB, req/s",
         ("--mode", "h2", "--connections", "4", "--streams", "16", "--expect-bytes", "1024"),
         door="h2"),
    Work("events", "20 event streams, one event each 10 ms: p50 delay, µs",
         ("--mode", "sse", "--connections", "20"), path="/events", figure="p50", door="live"),
    Work("tunnels", f"{HELD:,} idle tunnels, memory of each, KiB",
         ("--mode", "hold", "--ramp", "16"), figure="pss_mib", held=HELD),
    _keep_alive(16, SESSIONS),
)}
