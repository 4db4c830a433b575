"""The proxies that are compared: how each is set up, reached and watched.

All of them verify the site's certificate, serve leaves of an ECDSA authority where they mint any,
keep no cache and write no access log, and work in one process. aileron alone writes an audit record
for each request, in the daemon, whose processor time is counted.
"""

import os
import pwd
import shutil
import subprocess
import sys

from lib import loadgen, processes
from lib.certificates import Authority
from lib.site import HOST, Site, await_port, free_port, start_nginx
from lib.world import World


class Peer:
    """A way to the site. `watched` is the process whose tree does a proxy's work."""

    name = ""
    intercepts = True  # takes CONNECT and mints leaf certificates

    def __init__(self, site: Site, root: str):
        self.site = site
        self.root = root
        self.child = None
        self.port = free_port()
        os.mkdir(root, 0o755)
        self.authority = Authority(root, f"{self.name}-authority") if self.intercepts \
            else site.authority
        self.log = os.path.join(root, "log")

    def start(self, names) -> None:
        """Starts the proxy; `names` are all never-seen names of the run."""

    def spawn(self, *command) -> None:
        """Starts the proxy's process, and waits until it listens."""
        with open(self.log, "ab") as output:
            self.child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output,
                                          stderr=output, cwd=self.root)
        await_port(self.port, self.child, self.log)

    def stop(self) -> None:
        """Ends the proxy."""
        if self.child:
            processes.end(self.child)

    def reach(self) -> list:
        """The load generator's options to go through this peer."""
        return ["--proxy", f"127.0.0.1:{self.port}"]

    def check(self, report) -> None:
        """Stops the run unless the client saw a leaf that this peer minted: a proxy that only
        passed the bytes on would not be a peer."""
        issuer = report["tls"]["issuer"]
        if issuer != self.authority.name:
            sys.exit(f"bench: the certificate seen through {self.name} was issued by "
                     f"\"{issuer}\", not by \"{self.authority.name}\"")

    def load(self, arguments, _names) -> dict:
        """Runs the load generator through this peer; its report."""
        command = [str(loadgen.PROGRAM), "--cafile", self.authority.certificate, *self.reach(),
                   *arguments]
        return loadgen.run(command, self.child.pid if self.child else None)


class Direct(Peer):
    """No proxy at all: what the load generator and the site can do."""

    name = "direct"
    intercepts = False
    _to_events = False

    def load(self, arguments, _names) -> dict:
        self._to_events = any(f":{self.site.events_port}/" in text for text in arguments)
        return super().load(arguments, _names)

    def reach(self) -> list:
        port = self.site.events_port if self._to_events else self.site.port
        return ["--connect-to", f"127.0.0.1:{port}"]


class Nginx(Direct):
    """A reverse proxy that ends TLS and begins it again: the same cryptographic work."""

    name = "nginx"
    _SERVER = """
  upstream site {{ server 127.0.0.1:{site}; keepalive 64; }}
  upstream events {{ server 127.0.0.1:{events}; }}
  map $server_port $behind {{ {port} site; {events_in} events; }}
  server {{
    listen 127.0.0.1:{port} ssl backlog=4096; listen 127.0.0.1:{events_in} ssl;
    client_max_body_size 0;
    location / {{
      proxy_pass https://$behind; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_set_header Host $http_host; proxy_ssl_server_name on; proxy_ssl_name {host};
      proxy_ssl_verify on; proxy_ssl_trusted_certificate {authority};
      proxy_buffering off; proxy_request_buffering off;
    }}
  }}
"""

    def start(self, names) -> None:
        self._events_in = free_port()
        servers = self._SERVER.format(site=self.site.port, events=self.site.events_port,
                                      port=self.port, events_in=self._events_in, host=HOST,
                                      authority=self.site.authority.certificate)
        self.child = start_nginx(self.root, servers, self.site.certificate, self.site.key,
                                 self.port)

    def reach(self) -> list:
        return ["--connect-to",
                f"127.0.0.1:{self._events_in if self._to_events else self.port}"]


class Squid(Peer):
    """Debian's squid-openssl with ssl_bump, one process."""

    name = "squid"
    _CONFIGURATION = """
http_port 127.0.0.1:{port} ssl-bump tls-cert={bundle} generate-host-certificates=on \
dynamic_cert_mem_cache_size=16MB
sslcrtd_program /usr/lib/squid/security_file_certgen -s {root}/db -M 16MB
acl first at_step SslBump1
ssl_bump peek first
ssl_bump bump all
http_access allow all
tls_outgoing_options cafile={upstream}
hosts_file {root}/hosts
cache deny all
access_log none
via off
forwarded_for delete
cache_log {root}/log
cache_effective_user {user}
coredump_dir {root}
pid_filename none
netdb_filename none
pinger_enable off
max_filedescriptors 16384
shutdown_lifetime 0 seconds
visible_hostname bench
"""

    def start(self, names) -> None:
        # Started by root, squid insists on another user for its work.
        user = "proxy" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        with open(os.path.join(self.root, "hosts"), "w", encoding="ascii") as file:
            file.writelines(f"127.0.0.1 {name}\n" for name in (HOST, *names))
        path = os.path.join(self.root, "squid.conf")
        with open(path, "w", encoding="ascii") as file:
            file.write(self._CONFIGURATION.format(
                port=self.port, bundle=self.authority.bundle(self.authority.key + ".pem"),
                root=self.root, upstream=self.site.authority.certificate, user=user))
        database = os.path.join(self.root, "db")
        shutil.rmtree(database, ignore_errors=True)
        subprocess.run(["/usr/lib/squid/security_file_certgen", "-c", "-s", database, "-M", "16MB"],
                       check=True, capture_output=True)
        if os.geteuid() == 0:
            subprocess.run(["chown", "-R", user, self.root], check=True)
        self.spawn("/usr/sbin/squid", "-N", "-f", path)


class Mitmproxy(Peer):
    """mitmdump, told to stream bodies as the others do."""

    name = "mitmproxy"
    _ADDON = """
PORTS = {ports}
def server_connect(data):
    if data.server.address[1] in PORTS:
        data.server.address = ("127.0.0.1", data.server.address[1])
def responseheaders(flow):
    flow.response.stream = True
"""

    def start(self, names) -> None:
        addon = os.path.join(self.root, "addon.py")
        with open(addon, "w", encoding="ascii") as file:
            file.write(self._ADDON.format(ports={self.site.port, self.site.events_port}))
        self.authority.bundle(os.path.join(self.root, "mitmproxy-ca.pem"))
        self.spawn("/usr/bin/mitmdump", "-q", "--set", f"confdir={self.root}", "--listen-host",
                   "127.0.0.1", "--listen-port", str(self.port), "--set",
                   f"ssl_verify_upstream_trusted_ca={self.site.authority.certificate}",
                   "--set", "stream_large_bodies=64k", "-s", addon)


class Aileron(Peer):
    """aileron with the load generator inside the sandbox, as an agent would be.

    Each run is a session of its own, so it has a new worker; what is watched is the daemon's tree.
    """

    name = "aileron"
    intercepts = False  # by CONNECT with an authority of ours: its own is made for each session
    _PROGRAM = "/tmp/loadgen"
    _PROXY = ["--proxy", "127.0.0.1:3128"]

    def start(self, names) -> None:
        self._world = World()
        self._world.__enter__()

    def stop(self) -> None:
        self._world.__exit__()

    def load(self, arguments, names) -> dict:
        hosts = [(HOST, port) for port in (self.site.port, self.site.events_port)]
        hosts += [(name, self.site.port) for name in names]
        flags = [f"--mount={loadgen.PROGRAM}:{self._PROGRAM}:ro",
                 f"--upstream-ca={self.site.authority.certificate}"]
        for host, port in hosts:
            flags += [f"--allow={host}:{port}", f"--connect-to={host}:{port}:127.0.0.1:{port}"]
        command = [self._world.aileron, "launch", "--tty=never", *flags, "--", self._PROGRAM,
                   *self._PROXY, "--cafile", "/run/aileron/ca.pem", *arguments]
        return loadgen.run(command, self._world.daemon, **self._world.user())

    def check(self, report) -> None:
        issuer = report["tls"]["issuer"]
        if not issuer.startswith("aileron session "):
            sys.exit(f"bench: the certificate seen through {self.name} was issued by \"{issuer}\"")


class Captured(Aileron):
    """The same for a client that knows of no proxy: a name from aileron's DNS, TLS by its SNI."""

    name = "captured"
    _PROXY = []


ALL = {peer.name: peer for peer in (Direct, Nginx, Aileron, Captured, Squid, Mitmproxy)}
