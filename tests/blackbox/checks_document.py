# SPDX-License-Identifier: Apache-2.0
"""The assessment contract: the ways to get it and what it always holds."""
import json
import random
import re

from fhir_cases import DIALECTS, Builder, day, documents, envelope, load_cases
from fhir_codes import SITES, concept
from judge import flat_because
from story import PATIENT, Case, Story, longest, mm, other, simple, unchanged

DEFINITIONS = {'champiat2017', 'saada_bouzid2017', 'kato2017', 'ferrara2018',
               'kas2020', 'lo_russo2019', 'matos2020', 'kim2019'}


def case(name):
    return next(c for c in load_cases() if c['id'] == name)


def statuses(score, rescan):
    for name, files, want in (
            ('no problem', simple().files(), 0),
            ('a problem', problem_files(), 3),
            ('not JSON', ['{"resourceType": "Bundle", '], 1),
            ('not FHIR', ['{"a": 1}'], 1)):
        status, _, err = rescan.run(files)
        score.check(status == want, f'exit status, {name}:', want,
                    (status, err[:200]))
        if want == 1:
            score.check('in0.json' in err, f'{name} names the file:',
                        'in0.json', err[:200])
    status, _, err = rescan.run(simple().files(), '--criteria', 'recist12')
    score.check(status == 2, 'exit status, wrong usage:', 2, (status, err))
    status, _, err = rescan.run(simple().files() + ['[1, 2'])
    score.check(status == 1, 'exit status, one of two unreadable:', 1,
                (status, err))


def problem_files():
    s = simple()
    s.size('x', 56, None, 12)
    return s.files()


def one_set(score, rescan):
    """Several files are one set; NDJSON and any Bundle type say the same."""
    s = simple()
    rs = list(s.resources.values())
    unchanged(score, rescan, 'single resources',
              [json.dumps(r) for r in rs], s)
    unchanged(score, rescan, 'NDJSON',
              ['\n'.join(json.dumps(r) for r in rs) + '\n'], s)
    unchanged(score, rescan, 'indented', [json.dumps(s.bundle(), indent=4)],
              s)
    for kind in ('searchset', 'batch', 'transaction', 'history'):
        unchanged(score, rescan, kind, s.files(kind), s)
    nested = envelope([{'id': 'inner', **s.bundle()}], 'collection',
                      'relative')
    unchanged(score, rescan, 'Bundle in a Bundle', [json.dumps(nested)], s)
    unchanged(score, rescan, 'everything twice', s.files() + s.files(), s)


def any_order(score, rescan):
    """The same input always gives the same bytes."""
    for name in ('IR-06', 'R11-09', 'IRX-2', 'IR-50'):
        resources = Builder(case(name), DIALECTS['lesions']).build()
        texts = set()
        for seed in range(5):
            _, out, _ = rescan.run(documents(resources, DIALECTS['lesions'],
                                             seed))
            texts.add(out)
        score.check(len(texts) == 1 and '' not in texts,
                    f'{name} in any order:', 'one text', len(texts))


def many_patients(score, rescan):
    """A cohort is judged as its patients one by one."""
    dialect = DIALECTS['mcode']
    resources, single = [], {}
    for c in load_cases():
        built = Builder(c, dialect).build()
        resources += built
        doc = rescan.one([json.dumps(envelope(built, 'collection',
                                              'relative'))])
        single[doc['patient'] if isinstance(doc, dict) else c['id']] = doc
    random.Random(3).shuffle(resources)
    status, out, err = rescan.run(
        ['\n'.join(map(json.dumps, resources)) + '\n'], '--format', 'ndjson')
    if not score.check(status in (0, 3), 'cohort:', '0 or 3', err[:300]):
        return
    docs = [json.loads(line) for line in out.splitlines()]
    score.check(sorted(d['patient'] for d in docs) == sorted(single),
                'cohort: patients', len(single), len(docs))
    wrong = [d['patient'] for d in docs if d != single[d['patient']]]
    score.check(not wrong, 'cohort: as one by one', [], wrong[:5])


def formats(score, rescan):
    s = simple()
    docs = rescan.all(s.files())
    _, out, _ = rescan.run(s.files(), '--format', 'ndjson')
    score.check([json.loads(x) for x in out.splitlines()] == docs,
                'ndjson:', 'the same documents', out[:200])
    _, out, _ = rescan.run(s.files(), '--format', 'json')
    score.check(json.loads(out) == docs, 'json:', 'the default', out[:200])
    _, out, _ = rescan.run(s.files(), '--format', 'table')
    for word in (PATIENT, day(0), day(56), 'recist11', 'iSD'):
        score.check(word in out, 'table:', word, out[:600])
    _, out, _ = rescan.run(s.files(), '--format', 'fhir')
    bundle = json.loads(out)
    kinds = [e['resource']['resourceType'] for e in bundle['entry']
             if 'resource' in e]
    score.check((bundle['resourceType'], bundle['type']) ==
                ('Bundle', 'transaction'), 'fhir:', 'a transaction', out[:99])
    score.check('DiagnosticReport' in kinds, 'fhir:', 'DiagnosticReport',
                kinds)
    score.check(all('method' in e.get('request', {}) for e in
                    bundle['entry']), 'fhir:', 'a request an entry', out[:99])
    reports = [e['resource'] for e in bundle['entry'] if
               e.get('resource', {}).get('resourceType') == 'DiagnosticReport']
    score.check(reports and all(
        r['subject']['reference'].endswith('Patient/p1') and
        r['status'] == 'preliminary' for r in reports),
        'fhir:', 'preliminary, of the patient', reports[:1])


def criteria_list(score, rescan):
    c = Case(score, rescan, '--criteria', simple(),
             options=('--criteria', 'recist11,irecist'))
    for point in c.doc.get('timepoints', []):
        c.is_(['irecist', 'recist11'], sorted(point['criteria']))
    c.is_(['irecist', 'recist11'], sorted(c.doc.get('best_overall', [])))
    c = Case(score, rescan, 'every criterion', simple())
    c.is_(['imrecist', 'irecist', 'irrc', 'irrecist', 'recist11'],
          sorted(c.doc['timepoints'][0]['criteria']))


def standard_input(score, rescan):
    import subprocess
    from rescan import PROGRAM
    text = simple().files()[0]
    done = subprocess.run([PROGRAM, 'assess', '-'], input=text, text=True,
                          capture_output=True, check=False, timeout=60)
    _, out, _ = rescan.run([text])
    score.check(done.stdout == out, 'standard input:', 'the same',
                done.stderr[:200])


def always_there(score, rescan):
    for name, story in (('stable', simple()), ('no lesion', Story(0))):
        c = Case(score, rescan, name, story, as_of=day(60))
        c.is_(DEFINITIONS, {h['definition'] for h in
                            c.doc.get('hyperprogression', [])})
        c.is_(8, len(c.doc.get('hyperprogression', [])))
        for h in c.doc.get('hyperprogression', []):
            c.check(h['met'] is not None or h['because'],
                    'null says what is missing', h)


def first_visit(score, rescan):
    c = Case(score, rescan, 'the baseline itself', simple())
    for criterion in ('recist11', 'irecist', 'irrecist', 'imrecist'):
        c.overall(0, 'NA', criterion)
    r = c.visit(0)
    c.is_((50.0, 'mm', 50.0), (r['burden'], r['unit'], r['nadir']))
    c.is_(0, r['change_from_baseline_pct'])


def percentages(score, rescan):
    """One decimal place when printed, none lost in the comparison."""
    s = Story(0)
    s.lesion('l1', role='C94520')
    for o, d, size in (('b', 0, 30), ('f', 56, 21.1), ('g', 98, 25.3)):
        s.size(o, d, 'l1', size)
    c = Case(score, rescan, 'percentages', s)
    c.overall(1, 'SD')
    c.is_(-29.7, c.visit(1)['change_from_baseline_pct'])
    c.overall(2, 'SD')
    c.is_(19.9, c.visit(2)['change_from_nadir_pct'])
    c.is_(21.1, c.visit(2)['nadir'])
    _, out, _ = rescan.run(s.files())
    printed = re.findall(r'_pct": (-?[0-9.]+)', out)
    score.check(printed and all(re.fullmatch(r'-?[0-9]+\.[0-9]', x)
                                for x in printed),
                'percentages:', 'one decimal place', printed)


def thresholds(score, rescan):
    """Inclusive, and without floating point."""
    for base, value, want in ((14.0, 9.8, 'PR'), (27.0, 32.4, 'PD'),
                              (25.0, 30.0, 'PD'), (25.0, 29.9, 'SD'),
                              (24.9, 29.8, 'SD'), (10.0, 7.0, 'PR'),
                              (10.0, 7.1, 'SD')):
        s = Story(0)
        s.lesion('l1', role='C94520')
        s.size('b', 0, 'l1', base)
        s.size('f', 56, 'l1', value)
        Case(score, rescan, f'{base} to {value}', s).overall(1, want)


def explanations(score, rescan):
    """Each names its rule, and sources that were in the input."""
    known = {f"{r['resourceType']}/{r['id']}"
             for c in load_cases()
             for r in Builder(c, DIALECTS['axes']).build()}
    for c in load_cases():
        resources = Builder(c, DIALECTS['axes']).build()
        known = {f"{r['resourceType']}/{r['id']}" for r in resources}
        doc = rescan.one([json.dumps(envelope(resources, 'collection',
                                              'relative'))])
        wrong = sorted(set(sources(doc)) - known)
        score.check(not wrong, f"{c['id']} sources:", 'of the input',
                    wrong[:5])
        bare = [p['date'] for p in doc['timepoints'][1:]
                for r in p['criteria'].values() if not r['because']]
        score.check(not bare, f"{c['id']} because:", 'something', bare)
        score.check(all(r and ' ' not in r for r in flat_because(doc)),
                    f"{c['id']} rules:", 'rule ids', None)


def sources(part):
    if isinstance(part, dict):
        found = [s for k, v in part.items() if k in ('sources', 'studies')
                 for s in v]
        if isinstance(part.get('source'), str):
            found.append(part['source'])
        return found + [s for v in part.values() for s in sources(v)]
    if isinstance(part, list):
        return [s for v in part for s in sources(v)]
    return []


def progression_sources(score, rescan):
    s = simple()
    s.size('f', 56, 'l1', 70)
    c = Case(score, rescan, 'progression names its measurement', s)
    for criterion in ('recist11', 'irecist', 'irrecist', 'imrecist'):
        got = sources(c.visit(1, criterion).get('because', []))
        c.check('Observation/f' in got, f'{criterion}: Observation/f', got)


def lesion_rows(score, rescan):
    s = Story(0)
    s.lesion('l1', role='C94520')
    s.size('b', 0, 'l1', None, component=[longest(mm(3.1, 'cm')),
                                          other(mm(18))])
    c = Case(score, rescan, 'lesions', s)
    c.is_([{'date': day(0), 'state': 'measured', 'longest_mm': 31.0,
            'short_mm': 18.0, 'suv_max': None, 'source': 'Observation/b'}],
          c.lesion('l1')['measurements'])
    c.is_(('BodyStructure/l1', False, 'target', 'stated'),
          tuple(c.lesion('l1').get(k)
                for k in ('key', 'nodal', 'role', 'role_source')))


def no_perpendicular(score, rescan):
    c = Case(score, rescan, 'irRC from one diameter', simple())
    c.overall(1, 'irNE', 'irrc')
    c.check('NO_PERPENDICULAR' in json.dumps(c.visit(1, 'irrc')),
            'NO_PERPENDICULAR', c.visit(1, 'irrc'))


def no_index_lesion(score, rescan):
    """A burden that cannot be computed is not 0."""
    s = simple()
    s.lesion('l1')
    c = Case(score, rescan, 'irRC without an index lesion', s)
    c.overall(1, 'irNE', 'irrc')
    c.burden(1, None, 'irrc')


def borderline_node(score, rescan):
    """A new node of 10 to 15 mm alone waits for the next visit."""
    s = simple()
    s.lesion('n1', site='node')
    s.size('g', 56, 'n1', None, component=[longest(mm(16)), other(mm(11))])
    c = Case(score, rescan, 'new node of 11 mm', s)
    c.overall(1, 'SD')
    c.check('NODE_BORDERLINE' in c.visit(1).get('flags', []),
            'NODE_BORDERLINE', c.visit(1).get('flags'))


def partial_sum(score, rescan):
    s = Story(0)
    for ident, site in (('l1', 'liver'), ('l2', 'bone')):
        s.lesion(ident, site=site, role='C94520')
    s.size('b1', 0, 'l1', 30)
    s.size('b2', 0, 'l2', 20)
    s.size('f', 56, 'l1', 60)
    c = Case(score, rescan, 'one target alone proves PD', s)
    c.overall(1, 'PD')
    c.check('PARTIAL_SUM_PD' in c.visit(1).get('flags', []),
            'PARTIAL_SUM_PD', c.visit(1).get('flags'))
    s.size('f', 56, 'l1', 55)
    Case(score, rescan, 'one target alone proves nothing', s).overall(1, 'NE')


def untouched_by_others(score, rescan):
    """Resources we have no use for change nothing."""
    s = simple()
    like = s.copy()
    s.add('Encounter', 'e1', status='finished')
    s.add('Observation', 'hb', status='final', subject={'reference': PATIENT},
          code={'text': 'shoe size'}, effectiveDateTime=day(20),
          valueQuantity={'value': 43})
    s.add('Binary', 'b1', contentType='text/plain', data='eA==')
    unchanged(score, rescan, 'foreign resources', s, like)


def confirmed_best(score, rescan):
    s = Story(0)
    s.lesion('l1', site='liver', role='C94520')
    for o, d, size in (('b', 0, 100), ('f', 56, 60), ('g', 84, 60)):
        s.size(o, d, 'l1', size)
    c = Case(score, rescan, 'PR confirmed after 28 days', s)
    c.is_(('PR', 'PR'), tuple(c.doc['best_overall']['recist11'][k]
                              for k in ('unconfirmed', 'confirmed')))
    s.size('g', 83, 'l1', 60)
    c = Case(score, rescan, 'PR not confirmed after 27 days', s)
    c.is_(('PR', 'SD'), tuple(c.doc['best_overall']['recist11'][k]
                              for k in ('unconfirmed', 'confirmed')))


def unread_after_complete(score, rescan):
    """CR, then only the non-target disease unread: PR, and no relapse."""
    s = Story(0)
    s.lesion('l1', role='C94520')
    s.lesion('q', role='C94521', site='liver')
    s.size('b', 0, 'l1', 50)
    s.state('qb', 0, 'q', 'C25626')
    for number in (35, 70, 105):
        s.state(f'f{number}', number, 'l1', 'C48190')
    s.state('q35', 35, 'q', 'C48190')
    c = Case(score, rescan, 'unread after CR', s)
    for n, want in enumerate(('CR', 'PR', 'PR'), 1):
        c.overall(n, want)
    c.is_('PR', c.doc['best_overall']['recist11']['confirmed'])


def sd_minimum(score, rescan):
    for d, want in ((41, 'NE'), (42, 'SD')):
        s = Story(0)
        s.lesion('l1', role='C94520')
        s.size('b', 0, 'l1', 50)
        s.size('f', d, 'l1', 50)
        c = Case(score, rescan, f'SD on day {d}', s)
        c.is_(want, c.doc['best_overall']['recist11']['unconfirmed'])


def no_disease(score, rescan):
    """Non-target disease only."""
    s = Story(0)
    s.lesion('x', site='pleura', role='C94521')
    s.state('b', 0, 'x', 'C25626')
    s.state('f', 56, 'x', 'C25626')
    c = Case(score, rescan, 'non-target disease only', s)
    c.is_('NA', c.visit(1).get('target'))
    c.overall(1, 'NON-CR/NON-PD')
    c.overall(1, 'NON-iCR/NON-iUPD', 'irecist')
    c.overall(1, 'irNN', 'irrecist')
    s.state('f', 56, 'x', 'C48190')
    c = Case(score, rescan, 'non-target disease gone', s)
    c.overall(1, 'CR')


def site_words(score, rescan):
    s = simple()
    s.resources['BodyStructure/l1']['location'] = concept(*SITES['liver'])
    c = Case(score, rescan, 'site', s)
    c.is_('liver', c.lesion('l1').get('site'))
    del s.resources['BodyStructure/l1']['location']
    c = Case(score, rescan, 'site not said', s)
    c.is_(None, c.lesion('l1').get('site'))
