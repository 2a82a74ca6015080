# SPDX-License-Identifier: BSD-3-Clause
"""openrpc_examples.py OPENRPC SOCKET: each example of the document, through socat, against the daemon.

What a result must look like is the document's schema, read strictly: a member that the schema does
not name is an error too, since who reads the document would not know of it. An example may be refused
where the daemon is not in the state that it tells of; then the code must be one that the method names.
Prints `ok: NAME` and `not ok: NAME`, and the transcript of what failed. `shutdown` comes last.
"""

import json
import subprocess
import sys

DOCUMENT = json.load(open(sys.argv[1], encoding="utf-8"))
SOCKET = sys.argv[2]
TYPES = {
    "object": dict, "array": list, "string": str, "boolean": bool, "integer": int, "null": type(None),
    "number": (int, float),
}


def resolve(schema):
    while "$ref" in schema:
        at = DOCUMENT
        for part in schema["$ref"].lstrip("#/").split("/"):
            at = at[part]
        schema = at
    return schema


def problems(value, schema, path="result"):
    """What is wrong with a value, as text; nothing if all is well."""
    schema = resolve(schema)
    for choice in ("oneOf", "anyOf"):
        if choice in schema:
            found = [list(problems(value, one, path)) for one in schema[choice]]
            if all(found):
                yield from min(found, key=len)
            return
    wanted = schema.get("type")
    kinds = wanted if isinstance(wanted, list) else [wanted] if wanted else []
    is_kind = any(isinstance(value, TYPES[kind]) and (kind == "boolean") == isinstance(value, bool)
                  for kind in kinds)
    if kinds and not is_kind:
        yield f"{path}: {value!r} is not {wanted}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{path}: {value!r} is not one of {schema['enum']}"
    if isinstance(value, dict):
        named = schema.get("properties")
        for name in schema.get("required", []):
            if name not in value:
                yield f"{path}.{name}: is missing"
        for name, inner in value.items():
            rest = schema.get("additionalProperties")
            if named and name in named:
                yield from problems(inner, named[name], f"{path}.{name}")
            elif isinstance(rest, dict):
                yield from problems(inner, rest, f"{path}.{name}")
            elif named and rest is not True:
                yield f"{path}.{name}: is not in the document"
    if isinstance(value, list) and "items" in schema:
        for number, inner in enumerate(value):
            yield from problems(inner, schema["items"], f"{path}[{number}]")


def ask(method, params):
    line = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
    said = subprocess.run(["socat", "-t", "10", "-", f"UNIX-CONNECT:{SOCKET}"], input=line + "\n",
                          capture_output=True, text=True, check=True).stdout
    answer = [one for one in said.splitlines() if json.loads(one).get("id") == 1]
    return line, said, json.loads(answer[0]) if answer else {}


def judge(method, answer):
    if answer.get("jsonrpc") != "2.0":
        yield "no answer of JSON-RPC 2.0"
    elif "error" in answer:
        codes = [resolve(error)["code"] for error in method.get("errors", [])]
        if answer["error"]["code"] not in codes:
            yield f"error {answer['error']}: the method names {codes}"
    else:
        yield from problems(answer["result"], method["result"]["schema"])


def main():
    methods = sorted(DOCUMENT["methods"], key=lambda one: one["name"] == "shutdown")
    for method in methods:
        for example in method["examples"]:
            name = f"{method['name']}, {example['name']}"
            params = {one["name"]: one["value"] for one in example["params"]}
            line, said, answer = ask(method["name"], params)
            wrong = list(judge(method, answer))
            # The document's own example is held to the same schema.
            wrong += [f"the example itself: {one}" for one in
                      problems(example["result"]["value"], method["result"]["schema"])]
            print(f"not ok: {name}" if wrong else f"ok: {name}")
            if wrong:
                print(f"    > {line}\n    < {said[:1000].strip()}")
                print("".join(f"    {one}\n" for one in wrong), end="")


main()
