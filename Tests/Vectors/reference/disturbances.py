# SPDX-License-Identifier: Apache-2.0
"""Rounds in which somebody sends other bytes than it should: ways to change a message, and how a case is written down."""

import wire
from rings import packed_size

HEADER = 34  # version, type, session


# Ways to change a message: bytes -> bytes


def at(position, change):
    """Changes the byte at a position."""
    return lambda data: data[:position] + bytes([change(data[position])]) + data[position + 1 :]


def flip(position, bit=0):
    return at(position, lambda byte: byte ^ 1 << bit)


BYTES = [
    ("trailing-byte", "trailing-bytes", lambda data: data + b"\0"),
    ("last-byte-missing", "truncated", lambda data: data[:-1]),
    ("nothing-but-the-version", "truncated", lambda data: data[:1]),
    ("version-2", "wrong-version", at(0, lambda _: 2)),
    ("unknown-type", "unknown-type", at(1, lambda byte: byte & 0xF0 | 0xF)),
    ("type-of-another-scheme", "unknown-type", at(1, lambda _: 0x34)),
    ("foreign-session", "wrong-session", flip(2, 7)),
]


def vector_changes(width, dimension, where, prime):
    """Ways in which the vector at a position of the message can be wrong."""
    size = packed_size(width, dimension)
    out = [
        ("bits-too-small", "wrong-bits", at(where, lambda b: b - 1)),
        ("bits-too-large", "wrong-bits", at(where, lambda b: b + 1)),
        ("count-too-large", "wrong-count", at(where + 4, lambda b: b + 1)),
        ("one-element-less", "wrong-count", lambda data: (
            data[: where + 1] + wire.u32(dimension - 1) + data[where + 5 : where + 5 + packed_size(width, dimension - 1)]
            + data[where + 5 + size :]
        )),
    ]
    if width * dimension % 8:
        out.append(("padding-not-zero", "nonzero-padding", at(where + 5 + size - 1, lambda b: b | 0x80)))
    if prime:

        def first_element(value):
            def change(data):
                packed = int.from_bytes(data[where + 5 : where + 5 + size], "little") >> width << width | value
                return data[: where + 5] + packed.to_bytes(size, "little") + data[where + 5 + size :]

            return change

        out.append(("element-is-the-prime", "element-not-below-prime", first_element(prime)))
        out.append(("element-is-all-ones", "element-not-below-prime", first_element(2**width - 1)))
    return out


# Rounds


def refusal_entries(log):
    """Who refused what, and what it did about it."""
    out = [
        {"stage": stage, "by": receiver, "from": sender, "reaction": "drop", "error": reason}
        for stage, receiver, sender, reason in log.refusals
    ]
    for stage, party, sender, reason in log.given_up:
        out.append({"stage": stage, "by": party, "from": sender, "reaction": "abort", "error": reason})
    for stage, party, sender, reason in log.left_out:
        out.append({"stage": stage, "by": party, "from": sender, "reaction": "leave-out", "error": reason})
    for m in log.messages:
        if (m["stage"], m["from"], m["to"]) not in log.faults.replace:
            for u in wire.decode(log.session, m["bytes"])[1].get("contributors", []) if is_complaint(m) else []:
                out.append({"stage": 1, "by": m["from"], "from": u, "reaction": "complain", "error": "box-does-not-open"})
    return out


def is_complaint(message):
    return message["bytes"][1] in (0x23, 0x43)


class Rounds:
    """The rounds as they are when nobody changes a message; a case says in which of them, and what differs."""

    def __init__(self):
        self.listed = []

    def number_of(self, make, name):
        """make() gives the fields of a round and its messages; made once for each name."""
        if not any(listed["id"] == name for listed in self.listed):
            head, messages, end = make()
            self.listed.append({**head, "id": name, "messages": messages, **end})
        return next(listed for listed in self.listed if listed["id"] == name)

    def compared(self, log, honest, with_added=False):
        """The fields of a case: messages, those of the undisturbed round by number, and which are replaced or added."""
        routes = [(m["stage"], m["from"], m["to"]) for m in honest["messages"]]
        messages, replaced, added, seen = [], [], [], set()
        for index, m in enumerate(log.messages):
            route = (m["stage"], m["from"], m["to"])
            if route in seen:
                added.append(index)
                messages.append(m)
                continue
            seen.add(route)
            number = routes.index(route) if route in routes else None
            if route in log.faults.replace:
                replaced.append({"index": index, "original": number})
                assert honest["messages"][number]["bytes"] != m["bytes"], route
            same = number is not None and honest["messages"][number] == m
            messages.append(number if same else m)
        assert len(replaced) == len(log.faults.replace)
        assert len(added) == len(log.faults.added)
        return {"replaced": replaced, **({"added": added} if with_added else {}), "messages": messages}
