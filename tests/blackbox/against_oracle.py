# SPDX-License-Identifier: Apache-2.0
"""Random patients: the program says what oracle.py says."""
import random

import oracle
from fhir_codes import LOINC, NCIT, SCT, concept
from story import Story, mm

UMLS = 'http://www.nlm.nih.gov/research/umls'
WORDS = {'NON-CR/NON-PD': 'NON', 'irNE': 'NE'}
NON_TARGET = {'CR': 'C4870', 'NON': 'C96700', 'PD': 'C35571', 'NE': 'C62222'}
STATES = {'unchanged': 'C71687', 'increased': 'C25533', 'absent': 'C48190',
          'unequivocal': 'C123645', 'decreased': 'C25640',
          'present': 'C25626'}
RECIST = ['CR', 'PR', 'SD', 'NON', 'NED', 'PD', 'NE']
IRECIST = ['iCR', 'iPR', 'iSD', 'NON-iCR/NON-iUPD', 'NA', 'iCPD', 'iUPD',
           'NE']
GAPS = (16, 20, 25, 26, 27, 28, 30, 42, 56, 58, 59, 84, 90)


def evolve(rng, x):
    """About the thresholds: factors of them, then steps of 5 mm or nearly."""
    if x in ('absent', 'tstm', None):
        x = rng.choice((0, 30, 50, 80))
    x = int(x * rng.choice((1, 1, 1, 1.2, .7, .5, 1.1, .8, 1.3, 1.05, .9)))
    x = max(0, x + rng.choice((0, 0, 50, -50, 49, 1, -1, 20, 40)))
    chance = rng.random()
    if chance < .06:
        return None
    if chance < .12 or x == 0:
        return 'absent'
    return 'tstm' if chance < .15 else x


def follow(rng, lesion, visit, all_gone):
    chance = rng.random()
    if all_gone and chance < .7:
        x = 'absent'
    elif chance < .1:
        x = None
    elif lesion['kind'] == 'NLT':
        x = evolve(rng, lesion['x'])
    else:
        x = rng.choice(list(STATES))
    if x is not None:
        lesion['x'] = visit['n'][lesion['id']] = x


def appear(rng, case, k, visit):
    while rng.random() < .2 and len(case['news']) < 4:
        kind = rng.choice(('NLT', 'NLT', 'NLNT'))
        node = kind == 'NLT' and rng.random() < .2
        x = rng.choice((150, 180) if node else (100, 120, 200))
        lesion = {'id': f"n{len(case['news'])}", 'at': k, 'kind': kind,
                  'node': node, 'x': x if kind == 'NLT' else 'present'}
        visit['n'][lesion['id']] = lesion['x']
        case['news'].append(lesion)


def visit_of(rng, case, k, day, before, all_gone):
    visit = {'day': day, 't': {}, 'n': {}, 'nt': 'NA', 'nt_worse': False}
    for t in case['targets']:
        x = 'absent' if all_gone else evolve(rng, t['x'])
        visit['t'][t['id']] = x
        t['x'] = t['x'] if x is None else x
    if before != 'NA':
        visit['nt'] = 'CR' if all_gone else rng.choice(
            (before, before, before, 'NON', 'NON', 'CR', 'PD', 'NE'))
        visit['nt_worse'] = (visit['nt'] in ('PD', 'NON') and
                             rng.random() < .25)
    for lesion in case['news']:
        follow(rng, lesion, visit, all_gone)
    appear(rng, case, k, visit)
    visit['symptom'] = bool(visit['n']) and rng.random() < .15
    return visit


def random_case(seed):
    rng = random.Random(seed)
    case = {'targets': [], 'news': [], 'visits': []}
    for i in range(rng.choice((0, 1, 1, 2, 2, 3))):
        node = rng.random() < .25
        x = rng.choice((150, 200) if node else (100, 150, 200, 250, 500))
        case['targets'].append({'id': f't{i}', 'node': node, 'x': x,
                                'base': x})
    before = 'NON' if rng.random() < .6 or not case['targets'] else 'NA'
    case['nt'] = before
    may_vanish, day = rng.random() < .3, 0
    for k in range(rng.randint(2, 7)):
        day += rng.choice(GAPS if k else (40, 42, 56, 60))
        all_gone = may_vanish and rng.random() < .4
        visit = visit_of(rng, case, k, day, before, all_gone)
        before = visit['nt']
        if not is_blank(visit):
            case['visits'].append(visit)
        else:
            return case
    return case


def is_blank(visit):
    """Nothing read at all: not what is asked here."""
    return (all(x is None for x in visit['t'].values()) and
            visit['nt'] in ('NA', 'NE') and not visit['n'])


def say(story, ident, day, lesion, x):
    focus = [{'reference': 'BodyStructure/' + lesion['id']}]
    if x in STATES:
        story.state(ident, day, lesion['id'], STATES[x])
        return
    small = {'comparator': '<'} if x == 'tstm' else {}
    axes = (50, 50) if small else oracle.axes(lesion, x)
    codes = ((SCT, '103339001'), (SCT, '103340004'))
    story.observe(ident, day, concept(LOINC, '21889-1'), focus=focus,
                  component=[{'code': concept(*code),
                              'valueQuantity': mm(axis / 10, **small)}
                             for code, axis in zip(codes, axes)])


def story_of(case):
    s = Story(1)
    roles = {'NLT': 'C139127', 'NLNT': 'C139126'}
    for t in case['targets']:
        s.lesion(t['id'], site='node' if t['node'] else 'liver',
                 role='C94520')
        say(s, 'b' + t['id'], 0, t, t['base'])
    for n in case['news']:
        s.lesion(n['id'], site='node' if n['node'] else 'left_lung',
                 role=roles[n['kind']])
    if case['nt'] == 'NON':
        s.lesion('q', site='bone', role='C94521')
        s.state('q0', 0, 'q', STATES['present'])
    for k, visit in enumerate(case['visits']):
        tell(s, case, f'v{k}', visit)
    return s


def tell(s, case, k, visit):
    for lesion in case['targets'] + case['news']:
        x = {**visit['t'], **visit['n']}.get(lesion['id'])
        if x is not None:
            say(s, k + lesion['id'], visit['day'], lesion, x)
    if visit['nt'] != 'NA':
        s.says(k + 'nt', visit['day'], 'C94535', NON_TARGET[visit['nt']])
    if visit['nt_worse']:
        s.says(k + 'w', visit['day'], 'C142364', True)
    if visit['symptom']:
        s.observe(k + 's', visit['day'], concept(UMLS, 'C1699701'),
                  valueBoolean=True)


def says_itself(case):
    """Every size makes its own role: never more than two in one organ."""
    organs = [(kind, t['node']) for kind, lesions in (
        ('target', case['targets']),
        ('new', [n for n in case['news'] if n['kind'] == 'NLT']))
              for t in lesions]
    return max(map(organs.count, organs), default=3) <= 2


def unstated(case):
    """The same story without the roles its sizes say already."""
    s = story_of(case)
    for lesion in case['targets'] + case['news']:
        if lesion.get('kind') != 'NLNT':
            del s.resources['BodyStructure/' + lesion['id']]['morphology']
    return s


def wanted(case):
    base = sum(t['base'] for t in case['targets'])
    area = sum(a * b for a, b in (oracle.axes(t, t['base'])
                                  for t in case['targets']))
    want = {'recist11': list(oracle.recist11(case, base)),
            'irecist': list(oracle.Irecist(case, base).judge()),
            'irrecist': list(oracle.burdens(case, base, 'irrecist'))}
    if case['targets']:
        want['imrecist'] = list(oracle.burdens(case, base, 'imrecist'))
    if case['targets'] and not any(
            x == 'tstm' for v in case['visits']
            for x in (*v['t'].values(), *v['n'].values())):
        want['irrc'] = list(oracle.burdens(case, area, 'irrc'))
    return want


def found(criterion, result, targets):
    overall = WORDS.get(result['overall'], result['overall'])
    if criterion == 'recist11':
        return (result['target'], WORDS.get(result['non_target'],
                                            result['non_target']), overall)
    if criterion == 'irecist':
        return overall, result['target']
    scale = 100 if criterion == 'irrc' else 10
    burden = result['burden']
    return (overall, result.get('confirmed'), None if burden is None
            else round(burden * scale)) if targets else (
                overall, result.get('confirmed'))


def check_best(score, where, case, want, doc):
    days = [v['day'] for v in case['visits']]
    for key, order, end in (('recist11', RECIST, 'PD'),
                            ('irecist', IRECIST, 'iCPD')):
        column = 2 if key == 'recist11' else 0
        line = [(d, w[column]) for d, w in zip(days, want[key])]
        for kind in ('unconfirmed', 'confirmed'):
            got = doc['best_overall'][key][kind]
            best = oracle.best(line, order, end, kind == 'confirmed')
            score.check(WORDS.get(got, got) == best,
                        f'{where} best {key} {kind}:', best, got)


def check_story(score, where, case, doc):
    points = [] if isinstance(doc, str) else doc['timepoints'][1:]
    if not score.check(len(points) == len(case['visits']),
                       where + ' visits:', len(case['visits']), doc):
        return
    want = wanted(case)
    for key, rows in want.items():
        got = [found(key, p['criteria'][key], case['targets'])
               for p in points]
        rows = [tuple(r) if case['targets'] or key in (
            'recist11', 'irecist') else tuple(r)[:2] for r in rows]
        score.check(got == rows, f'{where} {key}:', rows, got)
    check_best(score, where, case, want, doc)


def run(score, rescan, seeds):
    for seed in seeds:
        case = random_case(seed)
        where = f'oracle, patient {seed}'
        check_story(score, where, case, rescan.one(story_of(case).files()))
        if says_itself(case):
            check_story(score, where + ', roles unstated', case,
                        rescan.one(unstated(case).files()))
