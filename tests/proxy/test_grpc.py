"""gRPC through the data plane: a real server and a real client (python3-grpcio)."""

import os
import subprocess
import types

import pytest
from lib import certificates, sites

HOST = "grpc.test"
_SERVER = os.path.join(os.path.dirname(os.path.dirname(__file__)), "programs", "grpc_server.py")


@pytest.fixture
def server(world):
    """A gRPC server that launches of `world` may reach."""
    port = sites.free_port()
    child = subprocess.Popen(
        ["/usr/bin/python3", _SERVER, str(port), *certificates.shared().issue(HOST)],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, start_new_session=True)
    assert child.stdout.readline() == b"ready\n"

    def close():
        child.kill()
        child.wait(10)
        child.stdout.close()

    world.attach(types.SimpleNamespace(address="127.0.0.1", port=port, close=close), (HOST,), 443)


@pytest.mark.parametrize("how", ["proxy", "captured"])
def test_every_kind_of_call(world, server, how):
    """A unary or streaming call, metadata, trailers, an error or a deadline does not pass."""
    world.unlock()
    world.secret("token/grpc", "t0ken-for-grpc")
    world.bind({"name": "grpc", "host": HOST, "scheme": "bearer", "credential": "token/grpc"})
    result = world.launch("/usr/bin/python3", world.program("grpc_client.py"), HOST, how,
                          timeout=180).ok()
    assert result.out == ("unary Bearer t0ken-for-grpc|hello\ndown 20\nup 500 500000\nboth 50\n")
    codes = {one.get("code") for one in world.audited(kind="request", path="/test.Echo/Unary")}
    # A deadline ends at both sides at once: whoever is first says how the call ended.
    assert None in codes and codes <= {None, "client_gone"}, codes
