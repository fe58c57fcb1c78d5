# SPDX-License-Identifier: Apache-2.0
"""Random patients: whatever is concluded, every dialect says the same."""
import random

from fhir_cases import DIALECTS, Builder, day, documents
from story import difference

STATUS = ('CR', 'NON_CR_NON_PD', 'NON_CR_NON_PD', 'PD', 'NE')


def walk(rng, mm):
    """The next size of a lesion: mostly near, now and then far."""
    kind = rng.random()
    if kind < 0.1:
        return 0
    if kind < 0.2:
        return round(mm * rng.choice((0.5, 0.7, 1.2, 1.5)), 1)
    return round(max(mm + rng.uniform(-8, 9), 1), 1)


def random_case(seed):
    """Sums of diameters, or for every third seed products of two."""
    rng = random.Random(seed)
    if seed % 3 == 0:
        return random_products(rng, seed)
    names = rng.sample(['T1', 'T2', 'T3', 'T4', 'N1'], rng.randint(1, 4))
    sizes = {n: round(rng.uniform(15.5, 60), 1) for n in names}
    targets = [{'id': n, 'mm': sizes[n], 'node': n == 'N1'}
               for n in sorted(names)]
    speaks, number, new, visits = rng.random() < 0.5, 0, {}, []
    for i in range(rng.randint(2, 6)):
        number += rng.choice((20, 27, 28, 42, 56, 60))
        visit = {'label': f'TP{i + 1}', 'day': number, 'expect': {},
                 'targets': {n: target(rng, sizes, n) for n in sorted(names)
                             if n == names[0] or rng.random() < 0.93}}
        if speaks:
            visit['nontarget'] = rng.choice(STATUS)
            visit['nt_change'] = rng.choice(('INCLA', 'NCLA'))
        lesions = new_lesions(rng, new)
        if lesions:
            visit['new_lesions'] = lesions
        if rng.random() < 0.1:
            visit['new_symptom'] = True
        visits.append(visit)
    return {'id': f'RND-{seed}', 'kind': 'series', 'timepoints': visits,
            'baseline': {'day': 0, 'targets': targets}}


def pair(rng, low, high):
    return sorted((round(rng.uniform(low, high), 1) for _ in '12'),
                  reverse=True)


def random_products(rng, seed):
    names = ['I1', 'I2'][:rng.randint(1, 2)]
    index = [{'id': n, 'mm': pair(rng, 15, 50)} for n in names]
    number, visits = 0, []
    for i in range(rng.randint(2, 5)):
        number += rng.choice((20, 27, 28, 42, 84))
        visit = {'label': f'TP{i + 1}', 'day': number, 'expect': {},
                 'nonindex': 'absent', 'index': {
                     n: rng.choice(([0, 0], pair(rng, 5, 60),
                                    pair(rng, 15, 50))) for n in names
                     if n == 'I1' or rng.random() < 0.8}}
        if rng.random() < 0.3:
            visit['new_lesions'] = [{'id': 'n1', 'mm': pair(rng, 3, 30)}]
        visits.append(visit)
    return {'id': f'RND-{seed}', 'kind': 'series_spd', 'timepoints': visits,
            'baseline': {'day': 0, 'index': index}}


def target(rng, sizes, name):
    if rng.random() < 0.05:
        return 'TSTM'
    sizes[name] = walk(rng, sizes[name] or 5)
    return sizes[name]


def new_lesions(rng, new):
    for name in ('NL1', 'LIV2', 'BRAIN1'):
        if name not in new and rng.random() < 0.15:
            new[name] = rng.choice((None, round(rng.uniform(10, 25), 1)))
            if new[name] is None:
                first = {'id': name, 'kind': 'NLNT', 'change': 'new'}
            else:
                first = {'id': name, 'kind': 'NLT', 'mm': new[name]}
            new[name] = (new[name], first)
    seen = []
    for name, (mm, first) in new.items():
        if first is not None:
            new[name] = (mm, None)
            seen.append(first)
        elif rng.random() < 0.05:
            continue
        elif mm is None:
            seen.append({'id': name, 'kind': 'NLNT', 'change': rng.choice(
                ('stable', 'increased', 'decreased'))})
        else:
            mm = walk(rng, mm or 5)
            new[name] = (mm, None)
            seen.append({'id': name, 'kind': 'NLT', 'mm': mm})
    return seen


def essence(doc, products):
    """What a document concludes, without what each dialect words apart.

    Without two diameters of each lesion it hangs on the roles stated what
    irRC can say."""
    omit = () if products else ('irrc',)
    keep = ('overall', 'target', 'non_target', 'new_lesion', 'burden',
            'nadir', 'new_lesion_target_mm', 'bar_reset', 'confirmed',
            'confirm_from', 'confirm_to')
    return {'visits': [{'date': p['date'], **{
        c: {**{k: r.get(k) for k in keep},
            'flags': sorted(set(r.get('flags', [])) -
                            {'NO_NEW_LESION_ASSUMED'})}
        for c, r in p['criteria'].items() if c not in omit}}
        for p in doc['timepoints']],
        'best': {c: (b['unconfirmed'], b['confirmed'], b.get('progression'))
                 for c, b in doc['best_overall'].items() if c not in omit},
        'patterns': [(p['kind'], p['status'], p['date'])
                     for p in doc['patterns']]}


def run(score, rescan, seeds):
    for seed in seeds:
        case = random_case(seed)
        last = day(case['timepoints'][-1]['day'])
        first = None
        for dialect in DIALECTS.values():
            doc = rescan.one(documents(Builder(case, dialect).build(),
                                       dialect, seed), as_of=last,
                             config='[assess]\nsd_min_days = 0\n')
            got = doc if isinstance(doc, str) else essence(
                doc, case['kind'] == 'series_spd')
            first = first or got
            score.check(got == first and not isinstance(doc, str),
                        f'random patient {seed}, {dialect.name}:',
                        'as mcode says it', difference(first, got))
