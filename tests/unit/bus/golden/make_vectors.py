#!/usr/bin/env python3
"""Writes messages.json, the golden frames of the sync-api, from docs/PROTOCOL.md alone.

This is a second, independent encoder: when it and src/bus/codec.cpp disagree, one of them misreads the
specification. Run it by hand after a change of the specification; tests only read messages.json.
Binary fields are {"$hex": "..."} in the JSON form.
"""
import json
import pathlib
import struct


def var_uint(n):
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    out.append(n)
    return bytes(out)


def string(s):
    raw = s.encode()
    return var_uint(len(raw)) + raw


def data(b):
    raw = bytes.fromhex(b["$hex"])
    return var_uint(len(raw)) + raw


def flag(b):
    return b"\1" if b else b"\0"


def any_value(v):
    if v is None:
        return b"\x7e"
    if v is True:
        return b"\x78"
    if v is False:
        return b"\x79"
    if isinstance(v, int):
        sign, n = (0x40, -v) if v < 0 else (0, v)
        first = sign | n & 63 | (0x80 if n > 63 else 0)
        return b"\x7d" + bytes([first]) + (var_uint(n >> 6) if n > 63 else b"")
    if isinstance(v, float):
        exact = struct.unpack(">f", struct.pack(">f", v))[0] == v
        return b"\x7c" + struct.pack(">f", v) if exact else b"\x7b" + struct.pack(">d", v)
    if isinstance(v, str):
        return b"\x77" + string(v)
    if isinstance(v, list):
        return b"\x75" + var_uint(len(v)) + b"".join(map(any_value, v))
    if "$hex" in v:
        return b"\x74" + data(v)
    return b"\x76" + var_uint(len(v)) + b"".join(string(k) + any_value(x) for k, x in v.items())


def byte(n):
    return bytes([n])


def many(item):
    return lambda xs: var_uint(len(xs)) + b"".join(map(item, xs))


def record(**fields):
    return lambda v: b"".join(f(v[k]) for k, f in fields.items())


def optional(item):
    return lambda v: b"\0" if v is None else b"\1" + item(v)


position = record(incarnation=string, seq=var_uint)
part = record(by=string, update=data)
op = record(op=string, pointer=string, value=any_value)
entry = record(url=string, about=any_value)

LAYOUT = {
    "hello": (1, dict(version=var_uint, token=string, identity=string, session=string, features=many(string))),
    "create": (2, dict(url=string, nonce=string, schema=any_value, access=any_value, state=data, invite=many(string), durable=flag)),
    "invite": (3, dict(url=string, identity=string)),
    "subscribe": (4, dict(url=string, since=optional(position), state_vector=data, live=flag)),
    "update": (5, dict(channel=var_uint, sequence=var_uint, relayed=flag, update=data)),
    "presence": (6, dict(channel=var_uint, awareness=data)),
    "event": (7, dict(channel=var_uint, name=string, value=any_value, by=string)),
    "read": (8, dict(url=string, root=string, kind=string, pointer=string)),
    "describe": (9, dict(url=string)),
    "list": (10, dict(glob=string, after=string, limit=var_uint)),
    "edit": (11, dict(url=string, root=string, kind=string, ops=many(op))),
    "unsubscribe": (12, dict(channel=var_uint)),
    "delete": (13, dict(url=string)),
    "ping": (14, dict(nonce=var_uint)),
    "pong": (15, dict(nonce=var_uint)),
    "set_access": (16, dict(url=string, access=any_value, if_epoch=var_uint)),
    "welcome": (32, dict(identity=string, session=string, limits=any_value, features=many(string))),
    "refused": (33, dict(code=var_uint, reason=string, message=string, rule=string)),
    "created": (34, dict(channel=var_uint, epoch=var_uint, access=any_value, owner=string, position=position)),
    "provisional": (35, dict()),
    "subscribed": (36, dict(channel=var_uint, access=any_value, owner=string, epoch=var_uint, position=position, may_write=string,
                            state_vector=data, complete=flag, durable=flag, missing=many(part), schema=any_value)),
    "current": (37, dict(channel=var_uint, seq=var_uint)),
    "ack": (38, dict(channel=var_uint, upto=var_uint, durable=flag, seq=var_uint, epoch=var_uint)),
    "update_refused": (39, dict(channel=var_uint, sequence=var_uint, code=var_uint, reason=string, message=string, rule=string,
                                paths=many(string), correction=byte, deletes=data, epoch=var_uint)),
    "updated": (40, dict(channel=var_uint, first=var_uint, seq=var_uint, epoch=var_uint, parts=many(part))),
    "changed": (41, dict(channel=var_uint, epoch=var_uint, owner=string, access=any_value, may_write=string)),
    "invitation": (42, {"url": string, "from": string, "schema": any_value, "summary": any_value}),
    "value": (43, dict(value=any_value)),
    "entries": (44, dict(entries=many(entry))),
    "done": (45, dict()),
    "unsubscribed": (46, dict(channel=var_uint, code=var_uint, reason=string)),
    "deleted": (47, dict(channel=var_uint, url=string)),
}

ALICE = "hyperty://example.org/alice"
BOARD = "comm://example.org/board"
HI = {"$hex": "01010100040101740268690 0".replace(" ", "")}  # text "hi" in the root "t", by client 1
NONE = {"$hex": ""}
EMPTY = {"$hex": "0000"}

MESSAGES = [
    ("hello", dict(type="hello", request=1, version=1, token="", identity=ALICE, session="", features=["presence"])),
    ("hello with a token", dict(type="hello", request=1, version=1, token="e30.e30.x", identity="", session="s-7", features=[])),
    ("create with nothing", dict(type="create", request=2, url=BOARD, nonce="n1", schema=None, access="owner", state=NONE, invite=[], durable=True)),
    ("create with everything", dict(type="create", request=300, url=BOARD, nonce="n2", schema={"type": "object"},
                                    access={"rules": [{"effect": "allow", "actions": ["read"], "who": ["*"]}]}, state=HI,
                                    invite=[ALICE, "hyperty://example.org/bob"], durable=False)),
    ("invite", dict(type="invite", request=3, url=BOARD, identity=ALICE)),
    ("subscribe for the first time", dict(type="subscribe", request=4, url=BOARD, since=None, state_vector={"$hex": "00"}, live=True)),
    ("subscribe after a position", dict(type="subscribe", request=5, url=BOARD, since={"incarnation": "i9", "seq": 9007199254740991},
                                        state_vector={"$hex": "010102"}, live=False)),
    ("update", dict(type="update", request=0, channel=1, sequence=1, relayed=False, update=HI)),
    ("relayed update", dict(type="update", request=0, channel=200, sequence=129, relayed=True, update=EMPTY)),
    ("presence", dict(type="presence", request=0, channel=1, awareness={"$hex": "01010" + "1027b7d"})),
    ("event", dict(type="event", request=0, channel=1, name="rang", value=[1, -1, 64, 1.5, 0.1, None, True, False, "é", {"$hex": "00ff"}], by="")),
    ("read", dict(type="read", request=6, url=BOARD, root="data", kind="map", pointer="/steps/0")),
    ("describe", dict(type="describe", request=7, url=BOARD)),
    ("list", dict(type="list", request=8, glob="comm://example.org/**", after=BOARD, limit=1000)),
    ("edit", dict(type="edit", request=9, url=BOARD, root="data", kind="map",
                  ops=[dict(op="set", pointer="/title", value="Plan B"), dict(op="delete", pointer="/old", value=None)])),
    ("unsubscribe", dict(type="unsubscribe", request=10, channel=1)),
    ("delete", dict(type="delete", request=11, url=BOARD)),
    ("ping", dict(type="ping", request=0, nonce=77)),
    ("pong", dict(type="pong", request=0, nonce=77)),
    ("set_access", dict(type="set_access", request=12, url=BOARD, access="open", if_epoch=3)),
    ("welcome", dict(type="welcome", request=1, identity=ALICE, session="s-7", limits={"message_bytes": 16777216}, features=[])),
    ("refused", dict(type="refused", request=2, code=409, reason="exists", message="there is an object at comm://example.org/board",
                     rule="")),
    ("created", dict(type="created", request=2, channel=1, epoch=1, access="owner", owner=ALICE, position={"incarnation": "i9", "seq": 1})),
    ("provisional", dict(type="provisional", request=4)),
    ("subscribed with the difference", dict(type="subscribed", request=4, channel=1, access="open", owner=ALICE, epoch=1,
                                            position={"incarnation": "i9", "seq": 12}, may_write="all", state_vector={"$hex": "010102"},
                                            complete=False, durable=True, missing=[dict(by="", update=HI)], schema=None)),
    ("subscribed with the log's tail", dict(type="subscribed", request=5, channel=2, access="private", owner=ALICE, epoch=3,
                                            position={"incarnation": "i9", "seq": 14}, may_write="none", state_vector={"$hex": "00"},
                                            complete=True, durable=False, missing=[dict(by=ALICE, update=HI), dict(by="hyperty://x/y", update=EMPTY)],
                                            schema={"required": ["title"]})),
    ("current", dict(type="current", request=0, channel=1, seq=15)),
    ("ack", dict(type="ack", request=0, channel=1, upto=3, durable=True, seq=16, epoch=1)),
    ("update refused", dict(type="update_refused", request=0, channel=1, sequence=4, code=403, reason="denied",
                            message="only the owner writes", rule="rule 2", paths=["/title"], correction=2, deletes=NONE, epoch=1)),
    ("update refused in part", dict(type="update_refused", request=0, channel=1, sequence=5, code=403, reason="denied", message="", rule="",
                                    paths=[], correction=1, deletes={"$hex": "0101010002"}, epoch=2)),
    ("updated", dict(type="updated", request=0, channel=1, first=17, seq=18, epoch=1, parts=[dict(by=ALICE, update=HI)])),
    ("changed", dict(type="changed", request=0, channel=1, epoch=2, owner=ALICE, access="open", may_write="all")),
    ("invitation", {"type": "invitation", "request": 0, "url": BOARD, "from": ALICE, "schema": None, "summary": {"title": "Plan"}}),
    ("value", dict(type="value", request=6, value={"title": "Plan", "done": 3})),
    ("entries", dict(type="entries", request=8, entries=[dict(url=BOARD, about={"owner": ALICE})])),
    ("done", dict(type="done", request=10)),
    ("unsubscribed", dict(type="unsubscribed", request=0, channel=1, code=503, reason="storage")),
    ("deleted", dict(type="deleted", request=0, channel=1, url=BOARD)),
]


def frame(message):
    number, fields = LAYOUT[message["type"]]
    assert set(fields) | {"type", "request"} == set(message), message
    return var_uint(number) + var_uint(message["request"]) + record(**fields)(message)


assert {m["type"] for _, m in MESSAGES} == set(LAYOUT)
target = pathlib.Path(__file__).with_name("messages.json")
rows = [json.dumps(dict(name=name, hex=frame(message).hex(), message=message), ensure_ascii=False) for name, message in MESSAGES]
target.write_text("[\n" + ",\n".join(rows) + "\n]\n")
