"""Fills a server of .ci/servers/real.sh, changes it, and holds a topic against it.

    real.py fill NAME DIR              writes 300 rows through the server's own API
    real.py change NAME DIR            adds, changes and deletes some; prints how many, which is how
                                       many records the topic has to gain
    real.py drafted NAME DIR           prints the path of the collection, and the header that lets requests in, as tidemark init
                                       is told them: a line each, the header's value behind a third
    real.py compare NAME DIR SCHEMA    reads the server to its end and tidemark tail's lines from
                                       standard input, and says where the last values differ

DIR holds the server's address and password.
"""

import base64
import json
import pathlib
import sqlite3
import sys
import urllib.parse
import urllib.request
from datetime import datetime, timezone

ROWS, ADDED, CHANGED, DELETED = 300, 7, 20, 5
CHANGE = range(40, 40 + 3 * CHANGED, 3)
DELETE = range(150, 150 + 11 * DELETED, 11)


class Server:
    key = "id"
    collection = None  # what tidemark init is asked to draft; None: nothing

    def __init__(self, folder):
        self.folder = folder
        self.address = (folder / "address").read_text().strip()
        self.password = (folder / "password").read_text().strip()
        self.headers = {}

    def call(self, method, path, body=None, **query):
        url = self.address + path + ("?" + urllib.parse.urlencode(query) if query else "")
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data, {"Content-Type": "application/json", **self.headers}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                text = answer.read()
        except urllib.error.HTTPError as err:
            sys.exit(f"{method} {url} answers {err.code}: {err.read()[:500].decode(errors='replace')}")
        return json.loads(text) if text else None

    def ready(self):
        """Makes the collection."""

    def fill(self):
        self.ready()
        for i in range(ROWS):
            self.insert(i)
        if len(self.rows()) != ROWS:
            sys.exit(f"  the server has {len(self.rows())} rows instead of {ROWS}")

    def change(self):
        for i in CHANGE:
            self.update(i)
        for i in DELETE:
            self.delete(i)
        for i in range(ROWS, ROWS + ADDED):
            self.insert(i)


class Kinto(Server):
    collection = "/v1/buckets/shop/collections/tasks/records"
    records = "/v1/buckets/shop/collections/tasks/records"

    def __init__(self, folder):
        super().__init__(folder)
        self.headers = {"Authorization": "Basic " + base64.b64encode(f"reader:{self.password}".encode()).decode()}

    def ready(self):
        self.call("PUT", "/v1/buckets/shop", {})
        self.call("PUT", "/v1/buckets/shop/collections/tasks", {})

    def insert(self, i):
        self.call("PUT", f"{self.records}/t{i:04}", {"data": {
            "title": f"task {i} „é“", "done": i % 2 == 0, "score": i / 4, "tags": ["a", f"b{i % 5}"], "more": {"i": i}}})

    def update(self, i):
        self.call("PATCH", f"{self.records}/t{i:04}", {"data": {"title": "changed", "tags": []}})

    def delete(self, i):
        self.call("DELETE", f"{self.records}/t{i:04}")

    def rows(self):
        return self.call("GET", self.records)["data"]


class Datasette(Server):
    """Its release has no way to write but the file that it serves. Seven rows share a time."""

    collection = "/shop/orders.json?_shape=objects"

    def write(self, statement, rows):
        with sqlite3.connect(self.folder / "shop.db", timeout=30) as db:
            db.executemany(statement, rows)

    @staticmethod
    def stamp(i):
        return f"2026-10-{1 + i // 7 // 24:02} {i // 7 % 24:02}:00:00"

    def insert(self, i):
        self.write("insert into orders values (?, ?, ?, ?, ?)", [(i, f"c{i % 9} „é“", i / 4, None if i % 3 else f"n{i}", self.stamp(i))])

    def update(self, i):
        self.write("update orders set note = 'changed', updated_at = ? where id = ?", [("2026-11-01 00:00:01", i)])

    def delete(self, i):
        self.write("delete from orders where id = ?", [(i,)])

    def rows(self):
        return self.call("GET", "/shop/orders.json", _shape="array", _size="max")


class Directus(Server):
    collection = "/items/articles"

    def __init__(self, folder):
        super().__init__(folder)
        token = self.call("POST", "/auth/login", {"email": "admin@example.com", "password": self.password})["data"]["access_token"]
        self.headers = {"Authorization": f"Bearer {token}"}

    def ready(self):
        stamp = {"type": "timestamp", "meta": {"special": ["date-created", "date-updated"]}, "schema": {}}
        self.call("POST", "/collections", {"collection": "articles", "meta": {}, "schema": {}, "fields": [
            {"field": "id", "type": "integer", "schema": {"is_primary_key": True, "has_auto_increment": True}, "meta": {}},
            {"field": "title", "type": "string", "schema": {}, "meta": {}},
            {"field": "price", "type": "float", "schema": {}, "meta": {}},
            {"field": "day", "type": "date", "schema": {}, "meta": {}},
            {"field": "date_updated", **stamp}]})

    def row(self, i):
        return {"id": i + 1, "title": f"a {i} „é“", "price": i / 4, "day": None if i % 3 else f"2026-10-{1 + i % 28:02}"}

    def insert(self, i):
        self.call("POST", "/items/articles", self.row(i))

    def update(self, i):
        self.call("PATCH", f"/items/articles/{i + 1}", {"title": "changed"})

    def delete(self, i):
        self.call("DELETE", f"/items/articles/{i + 1}")

    def rows(self):
        return self.call("GET", "/items/articles", limit=-1)["data"]


class JSONServer(Server):
    def row(self, i):
        return {"id": f"p{i}", "title": f"t{i} „é“", "meta": {"a": i, "b": None if i % 2 else "x"}, "updated": 1790000000000 + i % 40 * 1000}

    def insert(self, i):
        self.call("POST", "/posts", self.row(i))

    def update(self, i):  # of which its time says nothing
        self.call("PATCH", f"/posts/p{i}", {"title": "changed"})

    def delete(self, i):
        self.call("DELETE", f"/posts/p{i}")

    def rows(self):
        return self.call("GET", "/posts")


class JSONServerLinks(JSONServer):
    """An older release, which pages by the header Link."""

    def update(self, i):
        self.call("PATCH", f"/posts/p{i}", {"title": "changed", "updated": 1790000050000})


class PouchDB(Server):
    def ready(self):
        self.call("PUT", "/shop")

    def insert(self, i):
        self.call("PUT", f"/shop/d{i}", {"title": f"d {i} „é“", "n": i})

    def update(self, i):
        rev = self.call("GET", f"/shop/d{i}")["_rev"]
        self.call("PUT", f"/shop/d{i}", {"_rev": rev, "title": "changed", "n": -i})

    def delete(self, i):
        self.call("DELETE", f"/shop/d{i}", rev=self.call("GET", f"/shop/d{i}")["_rev"])

    def rows(self):
        return [c for c in self.call("GET", "/shop/_changes", include_docs="true")["results"] if not c.get("deleted")]


class Parse(Server):
    """It gives its objects ids of its own, so that they are found by their number n."""

    key = "objectId"

    def __init__(self, folder):
        super().__init__(folder)
        self.headers = {"X-Parse-Application-Id": "shop", "X-Parse-Master-Key": self.password}

    def insert(self, i):
        self.call("POST", "/parse/classes/Game", {"title": f"g {i} „é“", "score": i / 4, "n": i, "place": {"a": f"x{i}"}})

    def path(self, i):
        found = self.call("GET", "/parse/classes/Game", where=json.dumps({"n": i}))["results"]
        return "/parse/classes/Game/" + found[0]["objectId"]

    def update(self, i):
        self.call("PUT", self.path(i), {"title": "changed", "place": {}})

    def delete(self, i):
        self.call("DELETE", self.path(i))

    def rows(self):
        return self.call("GET", "/parse/classes/Game", limit=1000)["results"]


SERVERS = {"kinto": Kinto, "datasette": Datasette, "directus": Directus, "json-server": JSONServer,
           "json-server-0": JSONServerLinks, "pouchdb-server": PouchDB, "parse-server": Parse}


def seen(schema, value):
    """A value as the schema sees it: its fields alone, times as instants."""
    if isinstance(schema, list):
        return None if value is None else seen(next(s for s in schema if s != "null"), value)
    kind = schema if isinstance(schema, str) else schema["type"]
    if kind == "record":
        return {f["name"]: seen(f["type"], value.get(f["name"])) for f in schema["fields"]}
    if kind == "array":
        return [seen(schema["items"], v) for v in value]
    if kind == "map":
        return {k: seen(schema["values"], v) for k, v in value.items()}
    if kind == "long" and isinstance(schema, dict) and schema["logicalType"].startswith("timestamp-"):
        instant = datetime.fromisoformat(value.replace("Z", "+00:00"))
        return instant if instant.tzinfo else instant.replace(tzinfo=timezone.utc)
    if kind == "double":
        return float(value)
    return value


def compare(server, schema):
    want = {str(row[server.key]): seen(schema, row) for row in server.rows()}
    have, records = {}, 0
    for line in sys.stdin:
        record = json.loads(line)
        records += 1
        have[record["key"]] = record["value"]
    have = {key: seen(schema, value) for key, value in have.items() if value is not None}
    wrong = [key for key in want.keys() | have.keys() if want.get(key) != have.get(key)]
    for key in sorted(wrong)[:5]:
        print(f"  {key}: the server has {want.get(key)}, the topic {have.get(key)}")
    if not want:
        sys.exit("  the server has no rows")
    if wrong:
        sys.exit(f"  {len(wrong)} of {len(want)} rows differ")
    print(f"{len(want)} {records}")


def main():
    action, name, folder = sys.argv[1:4]
    server = SERVERS[name](pathlib.Path(folder))
    if action == "fill":
        server.fill()
    elif action == "drafted":
        if server.collection:
            print(server.collection)
            for name, value in server.headers.items():
                print(f"{name}\n{value}")
    elif action == "change":
        server.change()
        print(ADDED + CHANGED + DELETED)
    else:
        compare(server, json.loads(pathlib.Path(sys.argv[4]).read_text()))


main()
