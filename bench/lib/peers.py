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
    has_sessions = False
    cannot = ()        # rows that make no sense for it, or that it does not know how to do

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

    def can(self, work) -> bool:
        """Whether it is measured in this row."""
        return work.key not in self.cannot and (work.sessions == 1 or self.has_sessions)

    def reach(self, _work) -> list:
        """The load generator's options to go through this peer."""
        return ["--proxy", f"127.0.0.1:{self.port}"]

    def check(self, report) -> None:
        """Stops the run unless the client saw a leaf that this peer minted: a proxy that only
        passed the bytes on would not be a peer."""
        issuer = report["tls"]["issuer"]
        if issuer != self.authority.name:
            sys.exit(f"bench: the certificate seen through {self.name} was issued by "
                     f"\"{issuer}\", not by \"{self.authority.name}\"")

    def load(self, work, arguments, _names) -> dict:
        """Runs the load generator through this peer; its report."""
        command = [str(loadgen.PROGRAM), "--cafile", self.authority.certificate,
                   *self.reach(work), *arguments]
        return loadgen.run([command], self.child.pid if self.child else None)


class Direct(Peer):
    """No proxy at all: what the load generator and the site can do."""

    name = "direct"
    intercepts = False
    cannot = ("tunnels",)

    def reach(self, work) -> list:
        return ["--connect-to", f"127.0.0.1:{self.site.ports[work.door]}"]


class _Reverse(Peer):
    """A reverse proxy that ends TLS and begins it again: the same cryptographic work without
    interception, and the site's own certificate. It has a port for each door of the site."""

    intercepts = False
    cannot = ("names",)

    def __init__(self, site: Site, root: str):
        super().__init__(site, root)
        self.ports = {door: free_port() for door in site.ports}
        self.port = self.ports["site"]

    def reach(self, work) -> list:
        return ["--connect-to", f"127.0.0.1:{self.ports[work.door]}"]


class Nginx(_Reverse):
    """One worker process. The buffers are what makes large bodies fastest and delays no event."""

    name = "nginx"
    _SERVER = """
  upstream site {{
    server 127.0.0.1:{site}; keepalive 128; keepalive_requests 100000000; keepalive_timeout 600s;
  }}
  upstream live {{ server 127.0.0.1:{live}; }}
  map $server_port $behind {{ {live_in} live; default site; }}
  map $http_upgrade $connection_out {{ "" ""; default upgrade; }}
  server {{
    listen 127.0.0.1:{site_in} ssl backlog=4096; listen 127.0.0.1:{live_in} ssl;
    listen 127.0.0.1:{h2_in} ssl http2;
    client_max_body_size 0;
    location / {{
      proxy_pass https://$behind; proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_out;
      proxy_set_header Host $http_host; proxy_ssl_server_name on; proxy_ssl_name {host};
      proxy_ssl_verify on; proxy_ssl_trusted_certificate {authority};
      proxy_buffering off; proxy_request_buffering off;
      proxy_buffer_size 64k; proxy_buffers 4 64k;
      proxy_read_timeout 600s;
    }}
  }}
"""

    def start(self, names) -> None:
        servers = self._SERVER.format(
            site=self.site.ports["site"], live=self.site.ports["live"],
            site_in=self.ports["site"], live_in=self.ports["live"], h2_in=self.ports["h2"],
            host=HOST, authority=self.site.authority.certificate)
        self.child = start_nginx(self.root, servers, self.site.certificate, self.site.key,
                                 self.port)


class HAProxy(_Reverse):
    """One thread."""

    name = "haproxy"
    _CONFIGURATION = """
global
  nbthread 1
  maxconn 8192
  ssl-default-bind-options ssl-min-ver TLSv1.2 no-tls-tickets
defaults
  mode http
  timeout connect 10s
  timeout client 600s
  timeout server 600s
  timeout tunnel 600s
  http-reuse always
  default-server ssl verify required verifyhost {host} sni str({host}) ca-file {authority} \
alpn http/1.1
frontend site
  bind 127.0.0.1:{site_in} ssl crt {bundle} alpn http/1.1
  bind 127.0.0.1:{h2_in} ssl crt {bundle} alpn h2,http/1.1
  default_backend site
frontend live
  bind 127.0.0.1:{live_in} ssl crt {bundle} alpn http/1.1
  default_backend live
backend site
  server site 127.0.0.1:{site}
backend live
  server live 127.0.0.1:{live}
"""

    def start(self, names) -> None:
        bundle = os.path.join(self.root, "server.pem")
        with open(bundle, "w", encoding="ascii") as file:
            for part in (self.site.certificate, self.site.key):
                with open(part, encoding="ascii") as source:
                    file.write(source.read())
        path = os.path.join(self.root, "haproxy.cfg")
        with open(path, "w", encoding="ascii") as file:
            file.write(self._CONFIGURATION.format(
                site=self.site.ports["site"], live=self.site.ports["live"],
                site_in=self.ports["site"], live_in=self.ports["live"], h2_in=self.ports["h2"],
                host=HOST, bundle=bundle, authority=self.site.authority.certificate))
        self.spawn("/usr/sbin/haproxy", "-db", "-q", "-f", path)


class Squid(Peer):
    """Debian's squid-openssl with ssl_bump, one process."""

    name = "squid"
    cannot = ("h2",)
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
http_upgrade_request_protocols websocket allow all
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
            file.write(self._ADDON.format(ports=set(self.site.ports.values())))
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
    has_sessions = True
    _PROGRAM = "/tmp/loadgen"

    def start(self, names) -> None:
        self._world = World()
        self._world.__enter__()

    def stop(self) -> None:
        self._world.__exit__()

    def reach(self, _work) -> list:
        return ["--proxy", "127.0.0.1:3128"]

    def load(self, work, arguments, names) -> dict:
        port = self.site.ports[work.door]
        flags = [f"--mount={loadgen.PROGRAM}:{self._PROGRAM}:ro",
                 f"--upstream-ca={self.site.authority.certificate}"]
        for host in (HOST, *names):
            flags += [f"--allow={host}:{port}", f"--connect-to={host}:{port}:127.0.0.1:{port}"]
        command = [self._world.aileron, "launch", "--tty=never", *flags, "--", self._PROGRAM,
                   *self.reach(work), "--cafile", "/run/aileron/ca.pem", *arguments]
        return loadgen.run([command] * work.sessions, self._world.daemon, **self._world.user())

    def check(self, report) -> None:
        issuer = report["tls"]["issuer"]
        if not issuer.startswith("aileron session "):
            sys.exit(f"bench: the certificate seen through {self.name} was issued by \"{issuer}\"")


class Captured(Aileron):
    """The same for a client that knows of no proxy: a name from aileron's DNS, TLS by its SNI."""

    name = "captured"

    def reach(self, _work) -> list:
        return []


ALL = {peer.name: peer
       for peer in (Direct, Nginx, HAProxy, Aileron, Captured, Squid, Mitmproxy)}
