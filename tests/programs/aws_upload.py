"""Uploads to an S3 host in signed chunks, as AWS's SDKs for Java and .NET do: HOST MODE SIZE [CHUNK].

MODE: chunks, trailer, unsigned-trailer, hash, broken. Prints the status and the body of the answer.
"""

import http.client
import os
import ssl
import sys
import time

import sigv4


def main() -> None:
    """Signs with the keys of the environment and sends."""
    host, mode, size = sys.argv[1], sys.argv[2], int(sys.argv[3])
    chunk = int(sys.argv[4]) if len(sys.argv) > 4 else 65536
    identity, secret = os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"]
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    scope = f"{stamp[:8]}/us-east-1/s3/aws4_request"
    data = bytes(index * 7 % 251 for index in range(size))
    payload = {"chunks": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "broken": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
               "trailer": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
               "unsigned-trailer": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
               "hash": sigv4.hashlib.sha256(data).hexdigest()}[mode]
    headers = [("Host", host), ("X-Amz-Date", stamp), ("X-Amz-Content-Sha256", payload)]
    if mode != "hash":
        headers += [("Content-Encoding", "aws-chunked"), ("X-Amz-Decoded-Content-Length", str(size))]
    if mode.endswith("trailer"):
        headers.append(("X-Amz-Trailer", "x-amz-checksum-crc32c"))
    names = sorted(name.lower() for name, _ in headers)
    seed = sigv4.signature(secret, scope, stamp, "PUT", "/bucket/a%20key", headers, names, payload)
    body, previous = bytearray(), seed
    for at in [*range(0, size, chunk), size] if mode != "hash" else []:
        piece = data[at:at + chunk]
        previous = sigv4.chunk_signature(secret, scope, stamp, previous, piece)
        extension = b"" if mode == "unsigned-trailer" else b";chunk-signature=" + previous.encode()
        body += b"%x%s\r\n" % (len(piece), extension)
        if piece:
            body += piece + b"\r\n"
    if mode.endswith("trailer"):
        body += b"x-amz-checksum-crc32c:AAAAAA==\r\n"
    if mode == "trailer":
        signed = sigv4.trailer_signature(secret, scope, stamp, previous, "x-amz-checksum-crc32c:AAAAAA==\n")
        body += f"x-amz-trailer-signature:{signed}\r\n".encode()
    body = bytes(body + b"\r\n") if mode != "hash" else data
    if mode == "broken":
        body = body.replace(b";chunk-signature=", b";chunk-signaturE=", 1)
    headers.append(("Authorization", f"{sigv4.ALGORITHM} Credential={identity}/{scope}, "
                                     f"SignedHeaders={';'.join(names)}, Signature={seed}"))
    context = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
    connection = http.client.HTTPSConnection(host, context=context, timeout=60)
    connection.putrequest("PUT", "/bucket/a%20key", skip_host=True, skip_accept_encoding=True)
    for name, value in [*headers, ("Content-Length", str(len(body)))]:
        connection.putheader(name, value)
    connection.endheaders()
    for at in range(0, len(body), 30_000):
        connection.send(body[at:at + 30_000])
    answer = connection.getresponse()
    print(answer.status, answer.read().decode())


main()
