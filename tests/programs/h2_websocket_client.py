"""WebSocket over HTTP/2 (RFC 8441) to HOST: an echo of small and large messages, by python3-h2."""

import os
import socket
import ssl
import struct
import sys

import h2.config
import h2.connection
import h2.events
import h2.settings

host = sys.argv[1]
context = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
context.set_alpn_protocols(["h2"])
link = context.wrap_socket(socket.create_connection((host, 443), 30), server_hostname=host)
assert link.selected_alpn_protocol() == "h2"
connection = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
connection.initiate_connection()
received, events = b"", []


def pump() -> None:
    """Sends what waits and takes what comes, once."""
    global received
    link.sendall(connection.data_to_send())
    data = link.recv(65536)
    assert data, "the connection ended"
    for event in connection.receive_data(data):
        events.append(event)
        if isinstance(event, h2.events.DataReceived):
            received += event.data
            connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
    link.sendall(connection.data_to_send())


def wait_for(kind):
    """The first event of a kind."""
    while True:
        for event in events:
            if isinstance(event, kind):
                return event
        pump()


wait_for(h2.events.RemoteSettingsChanged)
assert connection.remote_settings.enable_connect_protocol == 1
stream = connection.get_next_available_stream_id()
connection.send_headers(stream, [
    (":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "https"), (":path", "/ws"),
    (":authority", host), ("sec-websocket-version", "13")])
assert dict(wait_for(h2.events.ResponseReceived).headers)[":status"] == "200"
for payload in (b"hello", os.urandom(300), os.urandom(50_000)):
    mask = os.urandom(4)
    size = len(payload)
    head = b"\x82" + (struct.pack("!B", 0x80 | size) if size < 126
                      else struct.pack("!BH", 0x80 | 126, size))
    frame = head + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
    while frame:
        window = min(connection.local_flow_control_window(stream),
                     connection.max_outbound_frame_size, len(frame))
        if window == 0:
            pump()
            continue
        connection.send_data(stream, frame[:window])
        frame = frame[window:]
    expected = (2 if size < 126 else 4) + size
    while len(received) < expected:
        pump()
    assert received[-size:] == payload and received[0] == 0x82
    received = b""
connection.send_data(stream, b"\x88\x82" + bytes(4) + struct.pack("!H", 1000), end_stream=True)
wait_for(h2.events.StreamEnded)
print("echoed")
