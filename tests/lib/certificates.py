"""A certificate authority of the test's own, made with the openssl command."""

import atexit
import os
import shutil
import subprocess
import tempfile

_EC = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]


class Authority:
    """Issues certificates of servers and clients; one authority serves a whole test process."""

    def __init__(self, name: str = "Aileron test authority"):
        self.folder = tempfile.mkdtemp(prefix="alc-", dir="/tmp")
        os.chmod(self.folder, 0o755)
        owner = os.getpid()
        atexit.register(
            lambda: os.getpid() == owner and shutil.rmtree(self.folder, ignore_errors=True))
        self.certificate = os.path.join(self.folder, "ca.pem")
        self._key = os.path.join(self.folder, "ca.key")
        self._issued = {}
        self._openssl(["req", "-x509", *_EC, "-keyout", self._key, "-out", self.certificate,
                       "-subj", f"/CN={name}", "-days", "30",
                       "-addext", "basicConstraints=critical,CA:true",
                       "-addext", "keyUsage=critical,keyCertSign,cRLSign"])
        os.chmod(self.certificate, 0o644)

    def issue(self, *names: str, days: int = 30) -> tuple:
        """(certificate, key) files for `names`; `days` below zero makes an expired one."""
        wanted = (names, days)
        if wanted not in self._issued:
            stem = os.path.join(self.folder, f"leaf-{len(self._issued)}")
            alternative = ",".join(
                ("IP:" if _is_address(name) else "DNS:") + name for name in names)
            request = ["req", *_EC, "-keyout", stem + ".key", "-out", stem + ".csr",
                       "-subj", f"/CN={names[0][:60]}"]
            self._openssl(request)
            with open(stem + ".ext", "w", encoding="ascii") as file:
                file.write(f"subjectAltName={alternative}\nextendedKeyUsage=serverAuth,clientAuth\n"
                           "basicConstraints=CA:false\n")
            sign = ["x509", "-req", "-in", stem + ".csr", "-CA", self.certificate, "-CAkey",
                    self._key, "-CAcreateserial", "-out", stem + ".pem", "-days", str(days),
                    "-extfile", stem + ".ext"]
            self._openssl(sign)
            self._issued[wanted] = (stem + ".pem", stem + ".key")
        return self._issued[wanted]

    @staticmethod
    def _openssl(arguments) -> None:
        done = subprocess.run(["openssl", *arguments], capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()


def _is_address(name: str) -> bool:
    return ":" in name or name.replace(".", "").isdigit()


_shared = {}


def shared(name: str = "Aileron test authority") -> Authority:
    """The authority `name` of this test process."""
    if name not in _shared:
        _shared[name] = Authority(name)
    return _shared[name]
