"""As little as can be: one keep-alive socket, a signature by hand, orjson, a decoder for this one item.

No pool, no threads, no retries, no errors, no checks: what is to be paid for anything at all.
"""

from __future__ import annotations

import hashlib
import hmac
import socket
import time

import orjson

from ..item import KEYS, REGION, TABLE, UPDATE, WIRE, WIRE_KEY

KIND = "application/x-amz-json-1.0"
NAMES = "content-type;host;x-amz-date;x-amz-target"


class Floor:
    def __init__(self, endpoint):
        self.host = endpoint.rpartition("/")[2]
        name, _, port = self.host.partition(":")
        self.socket = socket.create_connection((name, int(port)))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        day = time.strftime("%Y%m%d", time.gmtime())
        self.scope = f"{day}/{REGION}/dynamodb/aws4_request"
        key = f"AWS4{KEYS['aws_secret_access_key']}".encode()
        for part in (day, REGION, "dynamodb", "aws4_request"):
            key = hmac.digest(key, part.encode(), "sha256")
        self.key = key

    def post(self, operation, payload):
        body = orjson.dumps(payload)
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        target = f"DynamoDB_20120810.{operation}"
        canonical = (
            f"POST\n/\n\ncontent-type:{KIND}\nhost:{self.host}\nx-amz-date:{stamp}\nx-amz-target:{target}\n\n"
            f"{NAMES}\n{hashlib.sha256(body).hexdigest()}"
        )
        hashed = hashlib.sha256(canonical.encode()).hexdigest()
        text = f"AWS4-HMAC-SHA256\n{stamp}\n{self.scope}\n{hashed}"
        signature = hmac.digest(self.key, text.encode(), "sha256").hex()
        self.socket.sendall(
            f"POST / HTTP/1.1\r\nHost: {self.host}\r\nContent-Type: {KIND}\r\nX-Amz-Date: {stamp}\r\n"
            f"X-Amz-Target: {target}\r\nContent-Length: {len(body)}\r\nAuthorization: AWS4-HMAC-SHA256 "
            f"Credential={KEYS['aws_access_key_id']}/{self.scope}, SignedHeaders={NAMES}, "
            f"Signature={signature}\r\n\r\n".encode()
            + body
        )
        answer = self.socket.recv(65536)
        head, _, content = answer.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        while len(content) < length:
            content += self.socket.recv(65536)
        return orjson.loads(content)

    def get(self):
        item = self.post("GetItem", {"TableName": TABLE, "Key": WIRE_KEY})["Item"]
        return {
            "isbn": item["isbn"]["S"],
            "title": item["title"]["S"],
            "author": item["author"]["S"],
            "publisher": item["publisher"]["S"],
            "language": item["language"]["S"],
            "summary": item["summary"]["S"],
            "created": item["created"]["S"],
            "year": int(item["year"]["N"]),
            "pages": int(item["pages"]["N"]),
            "stock": int(item["stock"]["N"]),
            "tags": [tag["S"] for tag in item["tags"]["L"]],
            "meta": {name: value["S"] for name, value in item["meta"]["M"].items()},
        }


def prepare(endpoint):
    floor = Floor(endpoint)
    return {
        "get": floor.get,
        "save": lambda: floor.post("PutItem", {"TableName": TABLE, "Item": WIRE}),
        "update": lambda: floor.post("UpdateItem", {"TableName": TABLE, "Key": WIRE_KEY, **UPDATE}),
    }
