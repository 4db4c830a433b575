"""A gRPC server for tests: PORT CERTIFICATE KEY; says "ready" when it listens. Messages are bytes."""

import concurrent.futures
import sys
import time

import grpc


def unary(request, context):
    """Echoes, with initial and trailing metadata; b"deadline" gives the time that is left."""
    seen = dict(context.invocation_metadata())
    if request == b"fail":
        context.abort(grpc.StatusCode.FAILED_PRECONDITION, "as asked: ü")
    if request == b"deadline":
        return str(context.time_remaining()).encode()
    if request == b"sleep":
        time.sleep(30)
    context.send_initial_metadata((("x-initial", seen.get("x-client", "")),))
    context.set_trailing_metadata((("x-trailing", "t"), ("x-raw-bin", b"\x00\xff")))
    return seen.get("authorization", "").encode() + b"|" + request


def down(request, context):
    """As many messages as asked for, one each 20 ms."""
    for number in range(int(request)):
        yield f"{number}".encode()
        time.sleep(0.02)


def up(requests, context):
    """How many messages and bytes came."""
    count = size = 0
    for request in requests:
        count += 1
        size += len(request)
    return f"{count} {size}".encode()


def both(requests, context):
    """Answers each message before the next one comes."""
    for request in requests:
        if request == b"enough":
            return
        yield b"re:" + request


class _Handler(grpc.GenericRpcHandler):
    def service(self, details):
        return {
            "/test.Echo/Unary": grpc.unary_unary_rpc_method_handler(unary),
            "/test.Echo/Down": grpc.unary_stream_rpc_method_handler(down),
            "/test.Echo/Up": grpc.stream_unary_rpc_method_handler(up),
            "/test.Echo/Both": grpc.stream_stream_rpc_method_handler(both),
        }.get(details.method)


def main():
    """Serves until it is ended."""
    port, certificate, key = sys.argv[1:]
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(16), handlers=[_Handler()])
    with open(key, "rb") as key_file, open(certificate, "rb") as certificate_file:
        credentials = grpc.ssl_server_credentials([(key_file.read(), certificate_file.read())])
    assert server.add_secure_port(f"127.0.0.1:{port}", credentials) == int(port)
    server.start()
    print("ready", flush=True)
    server.wait_for_termination()


main()
