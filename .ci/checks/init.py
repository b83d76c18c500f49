"""Four scripted APIs of different shape, and their rows.

    init.py serve FILE         serves them on a free port of 127.0.0.1, which is written to FILE
    init.py describe FILE      writes their description (OpenAPI 3.1) to FILE
    init.py compare PATH       reads tidemark tail's lines from standard input, and says where the last values differ from the rows of
                               the API at PATH; prints how many rows and records there are
"""

import json
import sys
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

ROWS = 130


def customer(i):
    return {"id": i, "name": f"c{i} „é“", "vip": i % 3 == 0, "score": i / 4, "created_at": f"2026-01-02T03:{i % 60:02}:00Z", "tags": ["a", f"b{i % 5}"][: i % 3]}


def invoice(i):
    return {"uuid": f"00000000-0000-4000-8000-{i:012}", "total": None if i % 7 else i * 1.5, "day": f"2026-02-{1 + i % 28:02}",
            "buyer": {"id": i % 9, "mail": None if i % 2 else f"m{i}@x.example"}, "lines": [{"sku": f"s{j}", "n": j} for j in range(i % 4)]}


def event(i):
    return {"id": f"e{i:04}", "type": ["made", "sent", "paid"][i % 3], "at": 1790000000 + i * 60, "payload": {f"k{i % 11}": i, f"l{i % 13}": i}}


def ticket(i):
    return {"id": 10_000_000_000 + i, "title": f"t{i}", "closed": i % 2 == 0, "re-opened": i % 5 == 0, "updated_at": f"2026-03-04T05:{i % 60:02}:07.123456+02:00"}


# The path of each collection: its rows, and the answer to a request.
APIS = {}


def api(path, row):
    def note(answer):
        APIS[path] = ([row(i) for i in range(ROWS)], answer)
        return answer
    return note


def number(query, name, otherwise):
    return int(query.get(name, [otherwise])[0])


@api("/v1/customers", customer)
def numbered(rows, query, _):
    """Pages by number from 1, with a size; the rows are the whole answer, and 404 is behind the last one."""
    page, size = number(query, "page", 1), min(number(query, "per_page", 30), 100)
    part = rows[(page - 1) * size: page * size]
    return (404, {"error": "no such page"}, {}) if page < 1 or not part else (200, part, {})


@api("/invoices", invoice)
def skipping(rows, query, _):
    """Rows to skip, with a total, two levels down."""
    offset, limit = number(query, "offset", 0), min(number(query, "limit", 20), 50)
    return 200, {"status": "ok", "result": {"items": rows[offset: offset + limit], "total": len(rows), "offset": offset}}, {}


@api("/events", event)
def token(rows, query, _):
    """A token in the answer, of which the last page has none."""
    at = number(query, "page_token", 0)
    answer = {"events": rows[at: at + 25]}
    if at + 25 < len(rows):
        answer["next_page_token"] = str(at + 25)
    return 200, answer, {}


@api("/tickets", ticket)
def linked(rows, query, host):
    """The header Link."""
    at = number(query, "after", 0)
    headers = {"Link": f'<http://{host}/tickets?after={at + 40}>; rel="next"'} if at + 40 < len(rows) else {}
    return 200, {"data": rows[at: at + 40]}, headers


def schema(value):
    """The JSON Schema of a value, of which it is one."""
    if isinstance(value, dict):
        return {"type": "object", "properties": {k: schema(v) for k, v in value.items()}}
    if isinstance(value, list):
        return {"type": "array", "items": schema(value[0]) if value else {"type": "string"}}
    if isinstance(value, bool):
        return {"type": "boolean"}
    if isinstance(value, (int, float)):
        return {"type": ["integer" if isinstance(value, int) else "number", "null"]}
    if isinstance(value, str) and len(value) > 10 and value[10:11] == "T":
        return {"type": "string", "format": "date-time"}
    return {"type": ["string", "null"]}


def describe():
    """What the maker of these APIs would say of them."""
    def parameter(name, **schema):
        return {"name": name, "in": "query", "schema": schema}

    def operation(parameters, answer, headers=None):
        return {"get": {"parameters": parameters, "responses": {"200": {"description": "ok", "headers": headers or {}, "content": {"application/json": {"schema": answer}}}}}}

    def listed(name):
        return {"type": "array", "items": {"$ref": f"#/components/schemas/{name}"}}

    def of(**properties):
        return {"type": "object", "properties": properties}

    whole, text = {"type": "integer"}, {"type": "string"}
    schemas = {"customer": schema(customer(2)), "invoice": schema(invoice(7 * 3)), "event": schema(event(1)), "ticket": schema(ticket(1))}
    schemas["invoice"]["properties"]["buyer"]["properties"]["mail"] = text
    schemas["event"]["properties"]["payload"] = {"type": "object", "additionalProperties": whole}
    return {
        "openapi": "3.1.0", "info": {"title": "four shapes", "version": "1"},
        "paths": {
            "/v1/customers": operation([parameter("page", type="integer", minimum=1), parameter("per_page", type="integer", maximum=100, default=30)], listed("customer")),
            "/invoices": operation([parameter("offset", type="integer"), parameter("limit", type="integer", maximum=50)],
                                   of(status=text, result=of(items=listed("invoice"), total=whole, offset=whole))),
            "/events": operation([parameter("page_token", type="string")], of(events=listed("event"), next_page_token=text)),
            "/tickets": operation([], of(data=listed("ticket")), {"Link": {"schema": text}}),
        },
        "components": {"schemas": schemas},
    }


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        url = urlsplit(self.path)
        rows, answer = APIS.get(url.path, (None, None))
        try:
            status, body, headers = answer(rows, parse_qs(url.query), self.headers["Host"]) if answer else (404, {"error": "nothing here"}, {})
        except ValueError:
            status, body, headers = 400, {"error": "a number is expected"}, {}
        text = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(text)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)


def plain(value):
    """A value without what a schema adds: nulls of fields that a row has not, and the way times are written."""
    if isinstance(value, dict):
        return {k.replace("-", "_"): plain(v) for k, v in value.items() if v is not None}
    if isinstance(value, list):
        return [plain(v) for v in value]
    if isinstance(value, str) and len(value) > 10 and value[10] == "T":
        return datetime.fromisoformat(value.replace("Z", "+00:00"))
    return value


def compare(path):
    rows = APIS[path][0]
    key = "uuid" if "uuid" in rows[0] else "id"
    want = {str(row[key]): plain(row) for row in rows}
    have, records = {}, 0
    for line in sys.stdin:
        record = json.loads(line)
        have[record["key"]] = plain(record["value"])
        records += 1
    wrong = sorted(k for k in want.keys() | have.keys() if want.get(k) != have.get(k))
    for k in wrong[:3]:
        print(f"  {k}: the API has {want.get(k)}, the topic {have.get(k)}")
    if wrong:
        sys.exit(f"  {len(wrong)} of {len(want)} rows differ")
    print(f"{len(want)} {records}")


if sys.argv[1] == "serve":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    with open(sys.argv[2], "w") as file:
        file.write(f"http://127.0.0.1:{server.server_address[1]}\n")
    server.serve_forever()
elif sys.argv[1] == "describe":
    with open(sys.argv[2], "w") as file:
        json.dump(describe(), file, indent=1)
else:
    compare(sys.argv[2])
