# SPDX-License-Identifier: Apache-2.0
"""Worked examples of other kinds: growth rates, pseudoprogression, targets."""
from fhir_cases import day, load_cases
from fhir_codes import LOINC, concept
from story import Case, Story, longest, mm, other

NAMES = {'kas2020_delta100': 'kas2020'}
# What hangs on the day treatment was stopped for failing, which no resource
# of the input contract says.
NEEDS_STOP = {('HPD-1', 'kato2017'), ('HPD-4', 'kato2017'),
              ('HPD-4', 'lo_russo2019')}
SIZES = {'iSD': 100, 'iUPD': 125, 'iPR': 60, 'iCPD': 140}


def growth_story(given):
    s = Story(*range(given['day_base'], given['day_first'], 21))
    s.lesion('l1', site='liver', role='C94520')
    for key in ('pre', 'base', 'first'):
        if given['sum_' + key] is not None:
            s.size(key, given['day_' + key], 'l1', given['sum_' + key])
    number = max(given.get('new_lesions_total', 0),
                 given.get('new_lesions_same_organ', 0))
    for n in range(number):
        s.lesion(f'n{n}', site='liver')
        s.size(f'n{n}', given['day_first'], f'n{n}', 5)
    if given.get('ecog_2mo') is not None:
        s.observe('ecog', 20, concept(LOINC, '89247-1'),
                  valueInteger=given['ecog_2mo'])
    return s


def hyperprogression(score, rescan):
    for case in load_cases(('hpd',)):
        c = Case(score, rescan, case['id'], growth_story(case['input']))
        got = {h['definition']: h for h in c.doc.get('hyperprogression', [])}
        for key, want in case['expect'].items():
            name = NAMES.get(key, key)
            if name not in got or (case['id'], name) in NEEDS_STOP:
                continue
            met = got[name]['met']
            c.check(met is (want if isinstance(want, bool) else None),
                    f'{name} {want}', got[name])
        rates(c, case['expect'], got)


def rates(c, expect, got):
    """The number each definition compares."""
    if expect.get('tgr_ref') and expect.get('tgr_exp'):
        for name, want in (
                ('champiat2017', expect['tgr_exp'] / expect['tgr_ref']),
                ('ferrara2018', expect['tgr_exp'] - expect['tgr_ref']),
                ('kas2020', expect['tgr_exp'] - expect['tgr_ref'])):
            value = got.get(name, {}).get('value')
            c.check(value is not None and abs(value - want) < 0.05,
                    f'{name} {want:.2f}', value)


def pseudoprogression(score, rescan):
    case = load_cases(('pseudoprogression',))[0]
    for given, want in case['rows']:
        s = Story(*range(0, given['seq'][-1][0], 21))
        s.lesion('l1', role='C94520')
        s.size('b', 0, 'l1', 100)
        for d, category in given['seq']:
            s.size(f'o{d}', d, 'l1', SIZES[category])
        c = Case(score, rescan, f"pseudoprogression {given['seq']}", s)
        for i, (_, category) in enumerate(given['seq']):
            c.overall(i + 1, category, 'irecist')
        found = [p for p in c.doc.get('patterns', [])
                 if p['kind'] == 'pseudoprogression']
        status = {'PENDING': 'suspected', 'NONE': 'refuted'}.get(
            want['kind'], 'confirmed')
        c.check([p['status'] for p in found] == [status], status, found)
        if status == 'confirmed' and found:
            words = found[0].get('variant', '')
            c.check(want['kind'].lower() in words and
                    want['grade'].lower() in words, want, found)


def selection(score, rescan):
    for case in load_cases(('selection',)):
        s = Story(0)
        for x in case['lesions']:
            s.lesion(x['id'], site='node' if x.get('node') else 'left_lung')
            s.size('b' + x['id'], 0, x['id'], None, component=[
                longest(mm(x['mm'] + 8)), other(mm(x['mm']))]
                if x.get('node') else [longest(mm(x['mm']))])
        c = Case(score, rescan, case['id'], s)
        chosen = sorted(x['key'].split('/')[-1] for x in
                        c.doc.get('lesions', []) if x['role'] == 'target')
        c.is_(case['expect']['ids'], chosen)
        c.burden(0, case['expect']['sod'])


def durable_after_stop(score, rescan):
    s = Story(0, 21, 42)
    s.lesion('l1', role='C94520')
    for d, size in ((-5, 100), (56, 50), (140, 50), (230, 50), (400, 45)):
        s.size(f'o{d + 9}', d, 'l1', size)
    c = Case(score, rescan, 'response long after the last dose', s)
    c.check(any(p['kind'] == 'durable_response_after_stop'
                for p in c.doc.get('patterns', [])),
            'durable_response_after_stop', c.doc.get('patterns'))


def dissociated(score, rescan):
    """Some lesions 30 % down, others 20 % and 5 mm up at one visit."""
    s = Story(0)
    for ident, site, a, b in (('l1', 'liver', 40, 25), ('l2', 'bone', 40, 50)):
        s.lesion(ident, site=site, role='C94520')
        s.size('b' + ident, 0, ident, a)
        s.size('f' + ident, 56, ident, b)
    c = Case(score, rescan, 'dissociated response', s)
    c.check([(p['date']) for p in c.doc.get('patterns', [])
             if p['kind'] == 'dissociated_response'] == [day(56)],
            'dissociated_response', c.doc.get('patterns'))
