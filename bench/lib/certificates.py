"""Certificate authorities of the benchmark's own (ECDSA P-256), made with the openssl command."""

import os
import subprocess

_NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]


class Authority:
    """A certificate and its key in `folder`."""

    def __init__(self, folder: str, name: str):
        self.name = name  # its common name
        self._stem = os.path.join(folder, name)
        self.certificate, self.key = self._stem + ".pem", self._stem + ".key"
        self._openssl("req", "-x509", *_NEW_KEY, "-keyout", self.key, "-out", self.certificate,
                      "-subj", f"/CN={name}", "-days", "30",
                      "-addext", "basicConstraints=critical,CA:true",
                      "-addext", "keyUsage=critical,keyCertSign,cRLSign")
        os.chmod(self.certificate, 0o644)

    def issue(self, *names: str) -> tuple:
        """(certificate, key) of a server with these names."""
        stem = f"{self._stem}-server"
        with open(stem + ".ext", "w", encoding="ascii") as file:
            file.write("subjectAltName=" + ",".join("DNS:" + name for name in names) + "\n")
        self._openssl("req", *_NEW_KEY, "-keyout", stem + ".key", "-out", stem + ".csr",
                      "-subj", f"/CN={names[0]}")
        self._openssl("x509", "-req", "-in", stem + ".csr", "-CA", self.certificate, "-CAkey",
                      self.key, "-CAcreateserial", "-out", stem + ".pem", "-days", "30",
                      "-extfile", stem + ".ext")
        return stem + ".pem", stem + ".key"

    def bundle(self, path: str) -> str:
        """Writes key and certificate into one file."""
        with open(path, "w", encoding="ascii") as file:
            for part in (self.key, self.certificate):
                with open(part, encoding="ascii") as source:
                    file.write(source.read())
        return path

    @staticmethod
    def _openssl(*arguments) -> None:
        subprocess.run(["openssl", *arguments], check=True, capture_output=True)
