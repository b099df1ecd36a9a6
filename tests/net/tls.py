#!/usr/bin/env python3
"""tls.py: a TLS server whose certificate nobody vouches for; prints its port, ends with its input."""

import os
import socket
import ssl
import subprocess
import sys
import tempfile
import threading


def serve(listener, context):
    while True:
        connection, _ = listener.accept()
        try:
            context.wrap_socket(connection, server_side=True).close()
        except OSError:  # the client has hung up on us
            connection.close()


def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        key, certificate = os.path.join(folder, "key"), os.path.join(folder, "certificate")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                        "-nodes", "-days", "1", "-subj", "/CN=localhost", "-addext",
                        "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", certificate],
                       check=True, stderr=subprocess.DEVNULL)
        context.load_cert_chain(certificate, key)
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=serve, args=(listener, context), daemon=True).start()
    sys.stdout.write("%d\n" % listener.getsockname()[1])  # in one piece
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
