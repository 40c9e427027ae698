# SPDX-License-Identifier: Apache-2.0
"""Holds every vector file against its schema, and shows that the schemas say no: `python3 check_schemas.py FOLDER`.

Every file of the folder and of its must_fail folder must be valid. Then one thing at a time is changed in copies of its
cases, and every copy must be invalid.
"""

import copy
import json
import pathlib
import re
import sys

# What the validator knows of draft 2020-12. A schema that says anything else is an error here, not a comment.
KEYWORDS = {
    "$schema", "title", "type", "const", "enum", "pattern", "minimum", "maximum", "items", "minItems",
    "maxItems", "properties", "required", "additionalProperties", "oneOf",
}
TYPES = {
    "object": lambda v: isinstance(v, dict), "array": lambda v: isinstance(v, list),
    "string": lambda v: isinstance(v, str), "null": lambda v: v is None,
    "integer": lambda v: isinstance(v, int) and not isinstance(v, bool),
}


def same(a, b):
    """1 and true are equal in Python and two values in JSON."""
    return type(a) is type(b) and a == b


def fault(value, schema, path="$"):
    """Why the value does not fit the schema, or None."""
    unknown = schema.keys() - KEYWORDS
    assert not unknown, f"{path}: the validator does not know {unknown}"
    if "type" in schema and not TYPES[schema["type"]](value):
        return f"{path} is not of type {schema['type']}"
    if "const" in schema and not same(value, schema["const"]):
        return f"{path} is not {schema['const']!r}"
    if "enum" in schema and not any(same(value, entry) for entry in schema["enum"]):
        return f"{path} is none of {schema['enum']}"
    if isinstance(value, str):
        # `$` of the standard is the end of the text; that of Python may come before a last line feed.
        if "pattern" in schema and not re.search(re.sub(r"\$$", r"\\Z", schema["pattern"]), value):
            return f"{path} does not match {schema['pattern']}"
    if isinstance(value, int) and not isinstance(value, bool):
        if not schema.get("minimum", value) <= value <= schema.get("maximum", value):
            return f"{path} is out of range"
    if isinstance(value, list):
        if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
            return f"{path} has {len(value)} entries"
        if "items" in schema:
            for position, entry in enumerate(value):
                reason = fault(entry, schema["items"], f"{path}[{position}]")
                if reason:
                    return reason
    if isinstance(value, dict):
        missing = [key for key in schema.get("required", []) if key not in value]
        if missing:
            return f"{path} lacks {missing}"
        for key, entry in value.items():
            if key in schema.get("properties", {}):
                reason = fault(entry, schema["properties"][key], f"{path}.{key}")
                if reason:
                    return reason
            elif schema.get("additionalProperties") is False:
                return f"{path} has the further key {key!r}"
    if "oneOf" in schema:
        reasons = [fault(value, entry, path) for entry in schema["oneOf"]]
        if reasons.count(None) != 1:
            return f"{path} fits {reasons.count(None)} of {len(reasons)} forms: {'; '.join(r for r in reasons if r)}"
    return None


# Changes


def nodes(value, path=()):
    yield path, value
    for key, entry in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from nodes(entry, (*path, key))


def shape(path, value):
    """What two places have in common that one change would try alike: the way there, and the kind of value."""
    way = tuple("*" if isinstance(step, int) else step for step in path)
    if isinstance(value, dict):
        return way, tuple(sorted(value))
    return way, "number" if isinstance(value, int) else type(value).__name__


def with_value(document, path, change):
    """A copy in which change(holder, key) was made at the path."""
    out = copy.deepcopy(document)
    holder = out
    for step in path[:-1]:
        holder = holder[step]
    change(holder, path[-1])
    return out


def changes(path, value):
    """(what, change) of everything that is tried at one place."""

    def put(new):
        return lambda holder, key: holder.__setitem__(key, new)

    if isinstance(path[-1], str):
        yield "removed", lambda holder, key: holder.__delitem__(key)
    yield "an object of another kind", put({"another": 1})
    yield "true", put(True)
    yield "a fraction", put(0.5)
    if isinstance(value, dict):
        yield "a further key", put({**value, "further": 1})
    if isinstance(value, str):
        yield "a control character more", put(value + "\n")
        yield "a number", put(7)
        if len(value) >= 32 and re.fullmatch("[0-9a-f]+", value):
            yield "a digit less", put(value[:-1])
            yield "a digit more", put(value + "0")
            yield "no digit", put(value[:-1] + "g")
            if re.search("[a-f]", value):
                yield "capitals", put(value.upper())
    if isinstance(value, int):
        yield "text", put(str(value))
        yield "negative", put(-1)
        yield "too large", put(2**64)
    if isinstance(value, list):
        yield "no list", put("")
        yield "a foreign entry", put([*value, {"another": 1}])


def try_changes(document, schema, name):
    """Every change at one place of each shape, in a copy that holds one case only. Returns how many were tried."""
    tried, seen = 0, set()
    lists = [key for key in document if key not in ("schema", "comment", "cases")]
    alone = {key: document[key] if key in ("schema", "comment") else document[key][:1] for key in document}
    places = [("cases", case) for case in document["cases"]] + [(key, entry) for key in lists for entry in document[key]]
    tops = [((key,), value) for key, value in alone.items()]
    jobs = [(alone, path, value) for path, value in tops]
    for key, entry in places:
        form = tuple(sorted(entry)), entry.get("kind"), entry.get("type"), entry.get("scheme"), entry.get("threat")
        for path, value in nodes(entry, (key, 0)):
            mark = form, shape(path, value)
            if mark not in seen:
                seen.add(mark)
                jobs.append(({**alone, key: [entry]}, path, value))
    for holder, path, value in jobs:
        for what, change in changes(path, value):
            changed = with_value(holder, path, change)
            if fault(changed, schema) is None:
                sys.exit(f"schemas: {name}: {'.'.join(map(str, path))}: {what} is not refused")
            tried += 1
    with_more = {**alone, "further": 1}
    assert fault(with_more, schema), name
    return tried + 1


def main(folder):
    folder = pathlib.Path(folder)
    used, tried = set(), 0
    files = sorted(folder.glob("*.json")) + sorted(folder.glob("must_fail/*.json"))
    if not files:
        sys.exit(f"schemas: {folder} has no file")
    for file in files:
        document = json.loads(file.read_text())
        family = document["schema"].removeprefix("fedsum_")
        path = folder / "schemas" / f"{family}.schema.json"
        if not path.is_file():
            sys.exit(f"schemas: {file.name}: there is no {path.name}")
        schema = json.loads(path.read_text())
        reason = fault(document, schema)
        if reason:
            sys.exit(f"schemas: {file.name}: {reason}")
        used.add(path)
        tried += try_changes(document, schema, file.name)
    unused = set((folder / "schemas").glob("*")) - used
    if unused:
        sys.exit(f"schemas: no file has the schema {sorted(path.name for path in unused)}")
    print(f"schemas: {len(files)} files are valid; all of {tried} changes are not")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python3 check_schemas.py FOLDER")
    main(sys.argv[1])
