"""An API whose rows change at random, and the same rows as a database has them.

    sink.py serve PORT SEED      serves /items?since=TIME, rows changed at or after it in rising order, those that are deleted
                                 among them; POST /change?n=N makes N random inserts, updates and deletes, one in two of
                                 which a later reading shows nothing of
    sink.py compare URL          reads rows of JSON, one a line, from standard input, and says where they differ from the API's

Exit code 1: they differ.
"""

import json
import random
import sys
import urllib.request
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from urllib.parse import parse_qs, urlsplit

WORDS = ["Straße", "naïve", "日本", "O'Brien", "back\\slash", 'qu"ote', "", "line\nbreak", "🦀"]


class Items:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.rows, self.lock, self.last = {}, Lock(), 0
        self.time = datetime.now(timezone.utc) - timedelta(hours=1)
        self.done = dict.fromkeys(("insert", "update", "delete", "vanish"), 0)

    def stamp(self):
        self.time += timedelta(microseconds=self.random.randrange(1, 2_000_000))
        return self.time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def row(self, number):
        r = self.random
        return {
            "id": number, "name": r.choice(WORDS) + str(r.randrange(1000)), "price": r.randrange(10**6) / 128, "count": r.randrange(-(2**40), 2**40),
            "active": r.random() < 0.5, "note": None if r.random() < 0.3 else r.choice(WORDS), "born": f"{r.randrange(1, 9999):04}-{r.randrange(1, 13):02}-{r.randrange(1, 29):02}",
            "deleted": False, "updated_at": self.stamp(),
        }

    def change(self):
        live = [n for n, row in self.rows.items() if not row["deleted"]]
        what = self.random.choices(["insert", "update", "delete", "vanish"], [40, 40, 15, 5])[0]
        if not live:
            what = "insert"
        self.done[what] += 1
        number = self.random.choice(live) if live else 0
        if what == "insert":
            self.last += 1
            self.rows[self.last] = self.row(self.last)
        elif what == "update":
            self.rows[number] = self.row(number)
        elif what == "delete":
            self.rows[number] = {**self.rows[number], "deleted": True, "updated_at": self.stamp()}
        else:
            del self.rows[number]


def serve(port, seed):
    items = Items(seed)

    class Handler(BaseHTTPRequestHandler):
        def answer(self, body):
            text = json.dumps(body).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def do_GET(self):
            since = parse_qs(urlsplit(self.path).query).get("since", [""])[0]
            with items.lock:
                rows = sorted((r for r in items.rows.values() if r["updated_at"] >= since), key=lambda r: r["updated_at"])
            self.answer({"data": rows, "total": len(rows)})

        def do_POST(self):
            with items.lock:
                for _ in range(int(parse_qs(urlsplit(self.path).query)["n"][0])):
                    items.change()
            self.answer(items.done)

        def log_message(self, *_):
            pass

    ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()


def compare(url):
    with urllib.request.urlopen(url + "/items", timeout=30) as answer:
        want = {r["id"]: {k: v for k, v in r.items() if k != "deleted"} for r in json.load(answer)["data"] if not r["deleted"]}
    found = {}
    for line in sys.stdin:
        row = json.loads(line)
        # The database drops zeros at the end of a time.
        row["updated_at"] = datetime.fromisoformat(row["updated_at"]).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        row.pop("deleted", None)
        if row["id"] in found:
            sys.exit(f"row {row['id']} is there twice")
        found[row["id"]] = row
    wrong = [k for k in want.keys() | found.keys() if want.get(k) != found.get(k)]
    for k in sorted(wrong)[:3]:
        print(f"row {k}:\n  API      {want.get(k)}\n  database {found.get(k)}")
    if wrong or not want:
        sys.exit(f"{len(wrong)} of {len(want)} rows differ")
    print(f"{len(found)} rows are equal to the API's")


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(int(sys.argv[2]), sys.argv[3])
    else:
        compare(sys.argv[2])
