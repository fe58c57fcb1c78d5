#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The main job against a server that nobody here wrote.

usage: driver.py NAME DIR CA_FILE BUILD

DIR/url holds the server's base.  If there, DIR/server.ini holds what its
[server] section needs beyond that, DIR/strange.ini the same with a key the
server does not know, DIR/lost.ini another way of reading it, and
DIR/driver.token a bearer token for this program.  Loads the demonstration's patients through the
server's API with ids of its own choice, runs the gateway, and judges only
by what then stands on the server.  Standard library only.
"""

import http.client
import json
import os
import re
import ssl
import subprocess
import sys
import time
import urllib.parse

SYSTEM = 'https://rescan.example/fhir/identifier'
MRN = 'https://rescan.example/synthetic/mrn'
WRITTEN = ('Device', 'Observation', 'DiagnosticReport', 'Flag', 'Provenance')
# The last report of each patient by iRECIST, from what cohort.txt says of
# him; None: none is written.
LAST = {
    'response': 'iCR', 'stable': 'iSD', 'confirmed': 'iCPD', 'pseudo': 'iPR', 'hyper': 'iUPD', 'newlesion': 'iCPD',
    'nodal': 'iCR', 'pet': 'iSD', 'colitis': 'iSD', 'pneumonitis': 'iSD', 'chemo': None, 'nobaseline': 'NE',
    'inch': 'iSD', 'readers': 'iSD', 'pending': 'iUPD', 'overdue': 'iUPD', 'nontarget': 'iCPD', 'equivocal': 'iSD',
    'missing': 'iPR', 'merged': 'iPR', 'merged-old': None,
}
COUNTS = ('created', 'updated', 'unchanged', 'refused', 'dismissed', 'waiting')


class Failed(Exception):
    pass


def check(what, ok, *seen):
    if not ok:
        raise Failed(what + ''.join(f'\n    {s}' for s in seen))


class Server:
    def __init__(self, base, ca_file, token):
        self.base = base
        self.url = urllib.parse.urlsplit(base)
        self.context = ssl.create_default_context(cafile=ca_file)
        self.headers = {'Accept': 'application/fhir+json', 'Cache-Control': 'no-cache'}
        if token:
            self.headers['Authorization'] = f'Bearer {token}'

    def call(self, method, url, body=None, headers=()):
        """One exchange: (status, headers, JSON)."""
        if not url.startswith('https:'):
            url = f'{self.base}/{url}'.rstrip('/')
        check(f'a link to another server: {url}', url.startswith(f'https://{self.url.netloc}/'))
        send = dict(self.headers, **dict(headers))
        if body is not None:
            body = body if isinstance(body, str) else json.dumps(body)
            send['Content-Type'] = 'application/fhir+json'
        connection = http.client.HTTPSConnection(self.url.netloc, context=self.context, timeout=60)
        connection.request(method, url[len(f'https://{self.url.netloc}'):], body, send)
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        return answer.status, answer.headers, json.loads(data) if data else None

    def get(self, url):
        status, _, body = self.call('GET', url)
        check(f'GET {url} answers {status}', status == 200, json.dumps(body)[:600])
        return body

    def search(self, query):
        url = query
        while url:
            page = self.get(url)
            for entry in page.get('entry', ()):
                if entry.get('search', {}).get('mode', 'match') == 'match':
                    yield entry['resource']
            url = next((k['url'] for k in page.get('link', ()) if k['relation'] == 'next'), None)

    def change(self, ref, edit):
        """Read, edit, write under If-Match: what a client of good manners does."""
        status, headers, resource = self.call('GET', ref)
        check(f'GET {ref} answers {status}', status == 200)
        status, _, body = self.call('PUT', ref, edit(resource), {'If-Match': headers['ETag']})
        check(f'PUT {ref} answers {status}', status in (200, 201), json.dumps(body)[:600])


def ref(resource):
    return f'{resource["resourceType"]}/{resource["id"]}'


def load(server, build):
    """The cohort as one transaction of creates.  Returns old reference -> new."""
    cohort = json.loads(subprocess.run([f'{build}/rescan-sandbox', '--print-cohort'], stdout=subprocess.PIPE,
                                       check=True).stdout)
    urn = {}
    for i, entry in enumerate(cohort['entry']):
        urn[ref(entry['resource'])] = f'urn:uuid:00000000-0000-4000-8000-{i:012x}'

    def relink(value):
        if isinstance(value, dict):
            return {k: urn[v] if k == 'reference' and v in urn else relink(v) for k, v in value.items()}
        return [relink(v) for v in value] if isinstance(value, list) else value

    entries = []
    for entry in cohort['entry']:
        resource = relink(entry['resource'])
        full = urn[ref(resource)]
        del resource['id']
        entries.append({'fullUrl': full, 'resource': resource,
                        'request': {'method': 'POST', 'url': resource['resourceType']}})
    status, _, body = server.call('POST', '', {'resourceType': 'Bundle', 'type': 'transaction', 'entry': entries})
    check(f'the cohort was not taken: {status}', status == 200, json.dumps(body)[:2000])
    new = {}
    for old, answer in zip(urn, body['entry']):
        response = answer['response']
        check(f'{old} was not taken', response['status'].startswith('201'), json.dumps(answer)[:600])
        new[old] = re.search(r'[A-Z][A-Za-z]+/[^/]+(?=/_history|$)', response['location'])[0]
    return new


class Gateway:
    def __init__(self, name, folder, server, ca_file, build):
        self.folder, self.build = folder, build
        self.store = 'store.db'
        self.head = f'[server "{name}"]\nbase_url = {server.base}\nca_file = {ca_file}\n'

    def forget(self):
        """An empty store, and another way of reading where the server has one."""
        self.store = 'lost.db'
        if os.path.exists(f'{self.folder}/lost.ini'):
            with open(f'{self.folder}/lost.ini') as f:
                self.head += f.read()

    def cycle(self, step, extra):
        """One cycle with these lines more for the server: the exit status."""
        ini = f'{self.folder}/rescan.ini'
        with open(ini, 'w') as f:
            f.write(self.head)
            if os.path.exists(f'{self.folder}/{extra}'):
                with open(f'{self.folder}/{extra}') as more:
                    f.write(more.read())
            f.write(f'\n[store]\npath = {self.folder}/{self.store}\n')
        with open(f'{self.folder}/{step}.out', 'w') as out, open(f'{self.folder}/{step}.log', 'w') as log:
            return subprocess.run([f'{self.build}/rescan', 'run', '-c', ini, '--once'], stdout=out,
                                  stderr=log).returncode

    def probe(self, write):
        """What the probe says; with write its profile is used from then on."""
        profile = f'{self.folder}/profile.ini'
        with open(f'{self.folder}/probe.ini', 'w') as f:
            f.write(self.head)
            if os.path.exists(f'{self.folder}/server.ini'):
                with open(f'{self.folder}/server.ini') as more:
                    f.write(more.read())
        more = ['--write', '--out', profile] if write else []
        done = subprocess.run([f'{self.build}/rescan', 'probe', '-c', f'{self.folder}/probe.ini', '--json', *more],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        with open(f'{self.folder}/probe.{"write" if write else "read"}.json', 'w') as f:
            f.write(done.stdout)
        check(f'the probe ends with {done.returncode}', done.returncode == 0, done.stderr, done.stdout[:3000])
        if write:
            self.head += f'profile = {profile}\n'
        return json.loads(done.stdout)

    def strange(self):
        """Somebody whose key the server does not know, where it asks for one."""
        if os.path.exists(f'{self.folder}/strange.ini'):
            status = self.cycle('strange', 'strange.ini')
            check(f'a strange key: rescan ends with {status}', status == 1)

    def run(self, step):
        """One cycle: the counts of its last line."""
        status = self.cycle(step, 'server.ini')
        with open(f'{self.folder}/{step}.out') as f:
            text = f.read()
        check(f'{step}: rescan ends with {status}', status in (0, 3), f'see {self.folder}/{step}.log')
        line = re.search(r'written: (.*)', text)
        check(f'{step}: no summary', line, f'see {self.folder}/{step}.out')
        return {k: int(n) for n, k in re.findall(r'(\d+) (\w+)', line[1])}


def carries(resource):
    marks = resource.get('identifier', [])
    marks = marks if isinstance(marks, list) else [marks]
    return any(m.get('system') == SYSTEM for m in marks + resource.get('meta', {}).get('tag', []))


def snapshot(server):
    """What we wrote, as it stands: reference -> resource."""
    return {ref(r): r for kind in WRITTEN for r in server.search(f'{kind}?_count=100') if carries(r)}


def differences(before, after):
    """References new and references with a new version."""
    check('something we wrote is gone', not before.keys() - after.keys())
    return ({k for k in after if k not in before},
            {k for k in after if k in before and after[k]['meta']['versionId'] != before[k]['meta']['versionId']})


def category(report):
    for code in report.get('conclusionCode', ()):
        if code.get('text', '').startswith('iRECIST: '):
            return code['text'][len('iRECIST: '):]
    return None


def of(resources, kind, subject):
    return [r for r in resources.values() if r['resourceType'] == kind and r['subject']['reference'] == subject]


def report_of(resources, subject, day):
    found = [r for r in of(resources, 'DiagnosticReport', subject) if r['effectiveDateTime'] == day]
    check(f'{len(found)} reports of {day}, not one', len(found) == 1)
    return found[0]


def warnings_of(resources, subject):
    """The Flags about unconfirmed progression."""
    return [f for f in of(resources, 'Flag', subject)
            if any(c.get('code') == 'unconfirmed-progression' for c in f['code']['coding'])]


def nothing_written(step, counts):
    check(f'{step}: something was written', not any(counts[k] for k in COUNTS if k != 'unchanged'), counts)


class Scenario:
    def __init__(self, server, gateway, build):
        self.server, self.gateway, self.build = server, gateway, build
        self.seen = {}

    def patient(self, name):
        return self.new[f'Patient/{name}']

    def load(self):
        self.new = load(self.server, self.build)
        mrn = {r['identifier'][0]['value']: ref(r) for r in self.server.search('Patient?_count=100')}
        check('the patients on the server are others', all(mrn[n] == self.patient(n) for n in LAST), mrn)
        return f'{len(self.new)} resources loaded'

    def probe(self):
        """The probe finds it fit, leaves nothing behind, and its profile is used."""
        before = self.everything()
        said = self.gateway.probe(False)
        check('a probe that only reads wrote', self.everything() == before)
        check('a probe that only reads says what is accepted', not said['profile'].get('accepts'), said['profile'])
        said = self.gateway.probe(True)
        check('not fit', said['fit'], said)
        check('tests left behind', said['left_behind'] == [] and self.everything() == before, said['left_behind'])
        accepts = said['profile']['accepts']
        check('not all is accepted', set(WRITTEN) <= set(accepts), accepts)
        return 'probed'

    def everything(self):
        return sorted(ref(r) for kind in WRITTEN for r in self.server.search(f'{kind}?_count=100'))

    def first(self):
        """All is assessed and written, and is what the patients are there for."""
        self.gateway.strange()
        check('a strange key wrote', not snapshot(self.server))
        counts = self.gateway.run('first')
        self.seen = snapshot(self.server)
        check('created and found differ', counts['created'] == len(self.seen), counts, len(self.seen))
        check('not all was written', not any(counts[k] for k in COUNTS if k != 'created'), counts)
        for name, expected in LAST.items():
            reports = sorted(of(self.seen, 'DiagnosticReport', self.patient(name)),
                             key=lambda r: r['effectiveDateTime'])
            last = category(reports[-1]) if reports else None
            check(f'{name}: {last}, not {expected}', last == expected)
            raised = [f['status'] for f in warnings_of(self.seen, self.patient(name))]
            check(f'{name}: Flags {raised}', raised == (['active'] if expected == 'iUPD' else []))
        for flag in (r for r in self.seen.values() if r['resourceType'] == 'Flag'):
            check('a Flag without its author', flag.get('author', {}).get('reference') in self.seen, flag)
        return f'{counts["created"]} written'

    def idle(self, step):
        """With nothing to do nothing is done."""
        nothing_written(step, self.gateway.run(step))
        check(f'{step}: the server changed', differences(self.seen, snapshot(self.server)) == (set(), set()))
        return 'nothing to do, nothing written'

    def measure(self, old, value):
        """Correct the longest diameter of a measurement on the server."""
        def edit(resource):
            resource['status'] = 'corrected'
            resource['component'][0]['valueQuantity']['value'] = '@'
            return json.dumps(resource).replace('"@"', value)
        self.server.change(self.new[old], edit)

    def again(self, step, name):
        """A cycle after a change to one patient touches that patient alone."""
        counts = self.gateway.run(step)
        check(f'{step}: not all was written', not counts['refused'] and not counts['waiting'], counts)
        now = snapshot(self.server)
        created, updated = differences(self.seen, now)
        self.seen = now
        check(f'{step}: other counts than the server shows',
              (counts['created'], counts['updated']) == (len(created), len(updated)), counts, created, updated)
        subject = self.patient(name)
        for r in (now[k] for k in created | updated):
            about = r['subject']['reference'] if 'subject' in r else None
            if r['resourceType'] == 'Provenance':
                target = '/'.join(r['target'][0]['reference'].split('/')[:2])
                about = now[target]['subject']['reference']
            check(f'{step}: {ref(r)} of somebody else changed', about == subject)
        pick = lambda refs, *kinds: sorted(k for k in refs if k.split('/')[0] in kinds)
        return pick(created, 'DiagnosticReport', 'Flag'), pick(updated, 'DiagnosticReport', 'Flag')

    def withdraw(self):
        """A smaller diameter: no progression at all, and its Flag was an error."""
        self.measure('Observation/overdue-l1-20260622', '28')
        before = warnings_of(self.seen, self.patient('overdue'))[0]
        created, updated = self.again('withdraw', 'overdue')
        report = report_of(self.seen, self.patient('overdue'), '2026-06-22')
        check('withdraw: another report or Flag changed', (created, updated) == ([], [ref(report), ref(before)]),
              created, updated)
        check('withdraw: the report', category(report) == 'iSD', report['conclusion'])
        check('withdraw: the Flag', self.seen[ref(before)]['status'] == 'entered-in-error')
        return 'iUPD corrected to iSD, its Flag withdrawn'

    def progress(self):
        """A larger one, written 5.60: progression, and a new Flag."""
        self.measure('Observation/stable-l1-20260706', '5.60')
        created, updated = self.again('progress', 'stable')
        report = report_of(self.seen, self.patient('stable'), '2026-07-06')
        flags = warnings_of(self.seen, self.patient('stable'))
        check('progress: the report', category(report) == 'iUPD', report['conclusion'])
        check('progress: the sum', 'Sum of target diameters 78.0 mm' in report['conclusion'], report['conclusion'])
        check('progress: the Flag', len(flags) == 1 and flags[0]['status'] == 'active', flags)
        check('progress: another report or Flag changed', (created, updated) == ([ref(flags[0])], [ref(report)]),
              created, updated)
        self.flag = ref(flags[0])
        return 'iSD corrected to iUPD, Flag raised'

    def person(self):
        """A Flag that somebody closed stays closed, whatever comes."""
        self.server.change(self.flag, lambda flag: dict(flag, status='inactive'))
        self.seen = snapshot(self.server)
        self.measure('Observation/stable-l1-20260706', '5.7')
        created, updated = self.again('person', 'stable')
        report = report_of(self.seen, self.patient('stable'), '2026-07-06')
        check('person: another report or Flag changed', (created, updated) == ([], [ref(report)]), created, updated)
        check('person: the Flag was opened again', self.seen[self.flag]['status'] == 'inactive')
        return 'a Flag closed by a person stays closed'

    def lost(self):
        """A gateway that lost its memory finds what it wrote, and writes none of it again."""
        self.gateway.forget()
        counts = self.gateway.run('lost')
        check('lost: something was written', not counts['created'] and not counts['updated'], counts)
        check('lost: the Flag a person closed was not left alone', counts['dismissed'] == 1, counts)
        check('lost: the server changed', differences(self.seen, snapshot(self.server)) == (set(), set()))
        return self.idle('found')


def main():
    name, folder, ca_file, build = sys.argv[1:]
    token = f'{folder}/driver.token'
    with open(f'{folder}/url') as f:
        base = f.read().strip()
    if os.path.exists(token):
        with open(token) as f:
            token = f.read().strip()
    else:
        token = None
    server = Server(base, ca_file, token)
    scenario = Scenario(server, Gateway(name, folder, server, ca_file, build), build)
    software = server.get('metadata').get('software', {})
    steps = (scenario.load, scenario.probe, scenario.first, lambda: scenario.idle('idle'), scenario.withdraw, scenario.progress,
             scenario.person, scenario.lost)
    begin = time.monotonic()
    done = []
    try:
        for step in steps:
            done.append(step())
    except Failed as e:
        print(f'interop: {name}: {e}', file=sys.stderr)
        if done:
            print(f'interop: {name}: before that: {"; ".join(done)}', file=sys.stderr)
        return 1
    product = ' '.join(filter(None, (software.get('name'), software.get('version'))))
    print(f'interop: {name}: ok, {product}, {time.monotonic() - begin:.1f} s, {", ".join(done[:3])}')
    return 0


if __name__ == '__main__':
    sys.exit(main())
