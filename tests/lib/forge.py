"""A git forge: git-http-backend behind fcgiwrap and nginx, with Basic authentication."""

import base64
import hashlib
import os
import shutil
import subprocess
import tempfile

from lib import certificates, process, sites

_NGINX = """
daemon off; worker_processes 1; pid {root}/nginx.pid; error_log {root}/error.log; {user}
events {{ worker_connections 64; }}
http {{
  access_log {root}/access.log; client_max_body_size 0;
  client_body_temp_path {root}/body; proxy_temp_path {root}/proxy; fastcgi_temp_path {root}/fast;
  uwsgi_temp_path {root}/uwsgi; scgi_temp_path {root}/scgi;
  server {{
    listen 127.0.0.1:{port} ssl; server_name {host};
    ssl_certificate {certificate}; ssl_certificate_key {key};
    auth_basic "forge"; auth_basic_user_file {root}/users;
    location / {{
      fastcgi_pass unix:{root}/cgi.sock; fastcgi_request_buffering off; fastcgi_read_timeout 300;
      fastcgi_param SCRIPT_FILENAME {backend};
      fastcgi_param GIT_PROJECT_ROOT {root}/repositories; fastcgi_param GIT_HTTP_EXPORT_ALL "";
      fastcgi_param PATH_INFO $uri; fastcgi_param QUERY_STRING $query_string;
      fastcgi_param REQUEST_METHOD $request_method; fastcgi_param CONTENT_TYPE $content_type;
      fastcgi_param CONTENT_LENGTH $content_length; fastcgi_param REMOTE_USER $remote_user;
      fastcgi_param REMOTE_ADDR $remote_addr; fastcgi_param HTTP_CONTENT_ENCODING $http_content_encoding;
      fastcgi_param HTTP_GIT_PROTOCOL $http_git_protocol;
    }}
  }}
}}
"""
_BACKEND = "/usr/lib/git-core/git-http-backend"


class Forge:
    """One bare repository `project.git`; pushes need `user` and `password`."""

    def __init__(self, host: str, user: str, password: str):
        for program in ("nginx", "fcgiwrap"):
            assert shutil.which(program), f"{program} is missing: run ./dev setup"
        assert os.path.exists(_BACKEND), "git-http-backend is missing: run ./dev setup"
        self.host, self.address = host, "127.0.0.1"
        self.root = tempfile.mkdtemp(prefix="alf-", dir="/tmp")
        self.repository = os.path.join(self.root, "repositories", "project.git")
        env = {"PATH": os.environ["PATH"], "HOME": self.root, "GIT_CONFIG_NOSYSTEM": "1"}
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "env": env}
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", self.repository], check=True,
                       env=env)
        subprocess.run(["git", "-C", self.repository, "config", "http.receivepack", "true"],
                       check=True, env=env)
        digest = base64.b64encode(hashlib.sha1(password.encode()).digest()).decode()
        self._write("users", f"{user}:{{SHA}}{digest}\n")
        certificate, key = certificates.shared().issue(host)
        self.port = sites.free_port()
        self._write("nginx.conf", _NGINX.format(
            root=self.root, port=self.port, host=host, certificate=certificate, key=key,
            backend=_BACKEND, user="user root;" if os.geteuid() == 0 else ""))
        self._processes = [
            subprocess.Popen(["fcgiwrap", "-s", f"unix:{self.root}/cgi.sock", "-c", "2"],
                             stderr=subprocess.DEVNULL, **quiet),
            subprocess.Popen(["nginx", "-p", self.root, "-c", f"{self.root}/nginx.conf",
                              "-e", f"{self.root}/error.log"], stderr=subprocess.DEVNULL, **quiet)]
        process.eventually(lambda: os.path.exists(os.path.join(self.root, "nginx.pid")) and
                           os.path.exists(os.path.join(self.root, "cgi.sock")), "the forge is up")

    def _write(self, name: str, text: str) -> None:
        with open(os.path.join(self.root, name), "w", encoding="utf-8") as file:
            file.write(text)

    def git(self, *words) -> str:
        """git in the bare repository."""
        done = subprocess.run(["git", "-C", self.repository, *words], capture_output=True, check=False,
                              env={"PATH": os.environ["PATH"], "HOME": self.root})
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()

    def log(self) -> str:
        """nginx's access log."""
        with open(os.path.join(self.root, "access.log"), encoding="utf-8") as file:
            return file.read()

    def close(self) -> None:
        """Stops the servers and removes the folder."""
        left = []
        for child in self._processes:
            # fcgiwrap forks its workers and does not take them along.
            left += [one.pid for one in process.descendants(child.pid)]
        for child in reversed(self._processes):
            child.terminate()
        for child in self._processes:
            child.wait(10)
        for pid in left:
            process.end(pid)
        shutil.rmtree(self.root, ignore_errors=True)
