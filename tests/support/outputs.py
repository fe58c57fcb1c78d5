# SPDX-License-Identifier: Apache-2.0
"""What stands on a sandbox, and small changes to it: CA COMMAND BASE.

list       reports and Flags, without what differs from run to run
versions   their ids, versions and patients
correct    one measurement is amended; its patient
remove     one measurement is deleted; its patient"""

import json
import ssl
import sys
import urllib.request

ca, command, base = sys.argv[1:4]
context = ssl.create_default_context(cafile=ca)
CORRECTED, REMOVED = "response", "overdue"


def call(method, url, body=None):
    if not url.startswith("https:"):
        url = base + "/" + url
    r = urllib.request.Request(
        url, None if body is None else json.dumps(body).encode(),
        {"Content-Type": "application/fhir+json"}, method=method)
    with urllib.request.urlopen(r, context=context) as got:
        text = got.read()
    return json.loads(text) if text else None


def search(url):
    while url:
        page = call("GET", url)
        for entry in page.get("entry", []):
            yield entry["resource"]
        url = next((k["url"] for k in page["link"]
                    if k["relation"] == "next"), None)


def outputs():
    for t in ("DiagnosticReport", "Flag"):
        yield from search(t + "?_count=100")


def measurement(patient):
    found = [o for o in search("Observation?_count=100&patient=" + patient)
             if o["status"] == "final" and "effectiveDateTime" in o
             and "valueQuantity" in o.get("component", [{}])[0]]
    return max(found, key=lambda o: (o["effectiveDateTime"], o["id"]))


if command == "list":
    for line in sorted(
            json.dumps([r["resourceType"], r["subject"]["reference"],
                        r["status"], r.get("effectiveDateTime"),
                        r["code"]["coding"]], sort_keys=True)
            for r in outputs()):
        print(line)
elif command == "versions":
    for line in sorted(
            "%s/%s %s" % (r["resourceType"], r["id"],
                          r["meta"]["versionId"] + " "
                          + r["subject"]["reference"]) for r in outputs()):
        print(line)
elif command == "correct":
    o = measurement(CORRECTED)
    o["status"] = "amended"
    o["component"][0]["valueQuantity"]["value"] += 0.5
    call("PUT", "Observation/" + o["id"], o)
    print("Patient/" + CORRECTED)
elif command == "remove":
    o = measurement(REMOVED)
    call("DELETE", "Observation/" + o["id"])
    print("Patient/" + REMOVED)
