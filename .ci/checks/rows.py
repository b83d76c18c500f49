"""Serves a file of rows as an API without pages: those changed at or after ?since=.

    rows.py PORT ROWS.json

The file holds a list of users and is read at each request.
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


class Rows(BaseHTTPRequestHandler):
    def do_GET(self):
        since = parse_qs(urlsplit(self.path).query).get("since", [""])[0]
        with open(sys.argv[2], encoding="utf-8") as file:
            rows = [row for row in json.load(file) if row["updatedAt"] >= since]
        body = json.dumps({"data": sorted(rows, key=lambda row: row["updatedAt"])}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Rows).serve_forever()
