"""A gRPC client in the sandbox: every kind of call to HOST, with and without the proxy."""

import os
import sys
import time

import grpc

HOST = sys.argv[1]
if "captured" in sys.argv:
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            del os.environ[name]
with open(os.environ["SSL_CERT_FILE"], "rb") as file:
    channel = grpc.secure_channel(f"{HOST}:443", grpc.ssl_channel_credentials(file.read()))

unary = channel.unary_unary("/test.Echo/Unary")
answer, call = unary.with_call(b"hello", metadata=(("x-client", "me"),), timeout=30)
assert answer.endswith(b"|hello"), answer
print("unary", answer.decode())
assert dict(call.initial_metadata())["x-initial"] == "me"
trailing = dict(call.trailing_metadata())
assert trailing["x-trailing"] == "t" and trailing["x-raw-bin"] == b"\x00\xff", trailing

large = bytes(3 * 1024 * 1024)
assert unary(large, timeout=60).endswith(large)

try:
    unary(b"fail", timeout=30)
    raise AssertionError("it did not fail")
except grpc.RpcError as error:
    assert error.code() is grpc.StatusCode.FAILED_PRECONDITION, error
    assert error.details() == "as asked: ü", error.details()

left = float(unary(b"deadline", timeout=20))
assert 5 < left < 21, left
began = time.monotonic()
try:
    unary(b"sleep", timeout=1)
    raise AssertionError("the deadline did not hold")
except grpc.RpcError as error:
    assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED, error
assert time.monotonic() - began < 10

got = [message.decode() for message in channel.unary_stream("/test.Echo/Down")(b"20", timeout=30)]
assert got == [str(number) for number in range(20)], got
print("down", len(got))

sent = iter([b"x" * 1000] * 500)
print("up", channel.stream_unary("/test.Echo/Up")(sent, timeout=60).decode())


def asked(answers):
    """Sends the next message when the one before was answered."""
    for number in range(50):
        yield f"{number}".encode()
        while len(answers) <= number:
            time.sleep(0.001)
    yield b"enough"
    time.sleep(60)  # the server ends the call


answers = []
for message in channel.stream_stream("/test.Echo/Both")(asked(answers), timeout=50):
    answers.append(message.decode())
assert answers == [f"re:{number}" for number in range(50)], answers
print("both", len(answers))
