"""A company's proxy: Debian's squid, which asks for a user and a password.

It tunnels to the ports that a test names as TLS ports and to no others, as its own default has it,
and knows names by a hosts file.
"""

import os
import pwd
import subprocess

from lib import process, sites

USER, PASSWORD = "agent@corp", "pa:ss w%rd"

_CONFIGURATION = """
http_port 127.0.0.1:{port}
auth_param basic program /usr/lib/squid/basic_ncsa_auth {root}/users
auth_param basic realm corp
acl authenticated proxy_auth REQUIRED
acl tunnels port {tunnels}
http_access deny CONNECT !tunnels
http_access deny !authenticated
http_access allow all
hosts_file {root}/hosts
cache deny all
access_log stdio:{root}/access.log
logfile_rotate 0
buffered_logs off
cache_log {root}/log
cache_effective_user {user}
coredump_dir {root}
pid_filename none
netdb_filename none
pinger_enable off
shutdown_lifetime 0 seconds
visible_hostname corp
"""


class Squid:
    """A proxy that runs for one test; `log` says what it was asked."""

    def __init__(self, world, names, tunnels):
        self.root = os.path.join(world.root, "squid")
        os.mkdir(self.root, 0o755)
        user = "proxy" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        listener = sites.listen()
        self.port = listener.getsockname()[1]
        listener.close()
        self._write("hosts", "".join(f"127.0.0.1 {name}\n" for name in names))
        digest = subprocess.run(["openssl", "passwd", "-apr1", "-stdin"], input=PASSWORD.encode(),
                                capture_output=True, check=True).stdout.decode()
        self._write("users", f"{USER}:{digest}")
        self._write("squid.conf", _CONFIGURATION.format(
            port=self.port, root=self.root, user=user, tunnels=" ".join(map(str, tunnels)) or "1"))
        if os.geteuid() == 0:
            subprocess.run(["chown", "-R", user, self.root], check=True)
        self.child = subprocess.Popen(["/usr/sbin/squid", "-N", "-f", os.path.join(self.root, "squid.conf")],
                                      stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                      stderr=subprocess.DEVNULL, start_new_session=True)
        world.servers.append(self)
        process.eventually(self._answers, "squid answers")

    def _write(self, name, text):
        with open(os.path.join(self.root, name), "w", encoding="ascii") as file:
            file.write(text)

    def _answers(self) -> bool:
        try:
            sites.socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        except OSError:
            assert self.child.poll() is None, self.text("log")
            return False

    def text(self, name: str) -> str:
        """A file of its, or nothing."""
        try:
            with open(os.path.join(self.root, name), encoding="utf-8", errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    @property
    def url(self) -> str:
        """Where it is, without a user."""
        return f"http://127.0.0.1:{self.port}"

    def close(self) -> None:
        """Ends it, with its helpers."""
        process.end_group(self.child)
        self.child.wait(10)
