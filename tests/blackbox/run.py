#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Judge build/rescan by the published contracts alone.

Each worked example of the criteria, as FHIR in each dialect, through
`rescan assess`; then the sentences of the contracts one by one (checks_*.py).
BUILD names the build folder.  Run from the repository root.

    run.py [--case ID] [--dialect NAME] [--checks NAME] [-v]
"""
import argparse
import inspect
import sys
import tempfile

import against_oracle
import agreement
import checks_data
import checks_document
import checks_input
import checks_lesion
import checks_pattern
import checks_reference
import checks_state
import checks_time
from fhir_cases import (DIALECTS, Builder, Inexpressible, day, documents,
                        load_cases)
from judge import Score, flat_because, validator
from rescan import Rescan

RANDOM_PATIENTS = 30
ORACLE_PATIENTS = 150
CRITERIA = ('recist11', 'irecist', 'irrecist', 'imrecist', 'irrc')
# The examples count every SD; the program asks for 42 days by default.
PARAMS = {'icpd_ref_target': ('icpd_ref_anchor', lambda v: v == 'ANCHOR')}


def options(case):
    values = {'sd_min_days': 0}
    for name, value in case.get('params', {}).items():
        key, turn = PARAMS.get(name, (name, lambda v: v))
        values[key] = turn(value)
    words = {True: 'yes', False: 'no'}
    return '[assess]\n' + ''.join(
        f'{k} = {words.get(v, v) if isinstance(v, bool) else v}\n'
        for k, v in values.items())


def split(category):
    """An expected category as (overall, confirmed or None)."""
    if category.endswith('_unconfirmed'):
        return category[:-len('_unconfirmed')], False
    if category in ('irPD', 'imPD'):
        return category, True
    return category, None


def expected_values(kind, expect):
    """(criterion, field, value) an example asks of one visit."""
    for key, value in expect.items():
        if key in CRITERIA:
            overall, confirmed = split(value)
            yield key, 'overall', overall
            if confirmed is not None:
                yield key, 'confirmed', confirmed
        elif key == 'sod':
            yield 'recist11', 'burden', value
            yield 'irecist', 'burden', value
        elif key == 'tmtb':
            yield 'irrecist', 'burden', value
            yield 'imrecist', 'burden', value
        elif key == 'burden_mm2':
            yield 'irrc', 'burden', value
            yield 'irrc', 'unit', 'mm2'
        elif key == 'target':
            yield 'recist11', 'target', value
        elif key == 'nlt_sum':
            yield 'irecist', 'new_lesion_target_mm', value


def same(want, got):
    if isinstance(want, (int, float)) and not isinstance(want, bool):
        return isinstance(got, (int, float)) and abs(want - got) < 0.051
    return want == got


def compare_visit(score, where, visit, point):
    for criterion, field, want in expected_values(None, visit['expect']):
        got = point['criteria'].get(criterion, {}).get(field, '(missing)')
        score.check(same(want, got), f"{where} {visit['label']} "
                    f'{criterion}.{field}', want, got)
    for flag in visit['expect'].get('flags', []):
        got = {c: r.get('flags', []) for c, r in point['criteria'].items()}
        score.check(any(flag in got.get(c, []) for c in
                        ('irecist', 'recist11')), f"{where} "
                    f"{visit['label']} flags", flag, got)


def nadir_is_sane(score, where, points):
    """nadir: the smallest earlier burden, baseline included."""
    for criterion in ('recist11', 'irrecist', 'imrecist', 'irrc'):
        seen = []
        # without a baseline burden nothing is compared
        in_doubt = points[0]['criteria'][criterion]['burden'] is None
        for i, point in enumerate(points):
            r = point['criteria'][criterion]
            if i and seen and not in_doubt:
                score.check(same(min(seen), r['nadir']), f'{where} '
                            f"{point['date']} {criterion}.nadir", min(seen),
                            r['nadir'])
            if r['burden'] is not None:
                seen.append(r['burden'])
                if in_doubt:
                    continue
                change(score, f"{where} {point['date']} {criterion}", seen, r)


def change(score, where, seen, result):
    base, got = seen[0], result['change_from_baseline_pct']
    if base:
        want = 100 * (result['burden'] - base) / base
        score.check(got is not None and abs(want - got) < 0.051,
                    where + '.change_from_baseline_pct', round(want, 1), got)


def compare_document(score, where, case, dialect, doc):
    """Everything of one assessment that the example can say."""
    visits = [v for v in case['timepoints'] if not v.get('not_done')]
    dates = [day(0)] + [day(v['day']) for v in visits]
    got = [p['date'] for p in doc['timepoints']]
    if not score.check(got == dates, where + ' dates', dates, got):
        return
    start = doc['therapy']['start']
    score.check(start == day(dialect.first_dose), where + ' therapy.start',
                day(dialect.first_dose), start)
    phases = [p['phase'] for p in doc['timepoints']]
    want = ['baseline'] + ['on_treatment'] * len(visits)
    score.check(phases == want, where + ' phases', want, phases)
    for visit, point in zip(visits, doc['timepoints'][1:]):
        compare_visit(score, where, visit, point)
    for key, criterion in (('bor', 'recist11'), ('ibor', 'irecist')):
        if key in case.get('expect', {}):
            best = doc['best_overall'][criterion][
                'confirmed' if case.get('params', {}).get('confirm_response')
                else 'unconfirmed']
            score.check(best == case['expect'][key], f'{where} best_overall.'
                        f'{criterion}', case['expect'][key], best)
    progressed = case.get('expect', {}).get('i_pd_day')
    if progressed is not None:
        got = doc['best_overall']['irecist'].get('progression')
        score.check(got == day(progressed), where + ' irecist progression',
                    day(progressed), got)
    nadir_is_sane(score, where, doc['timepoints'])
    score.check(len(doc['hyperprogression']) == 8, where +
                ' hyperprogression', 8, len(doc['hyperprogression']))
    assumed = any('no_new_lesion_assumed' in r for r in flat_because(doc))
    quiet = [v for v in visits if not v.get('new_lesions')]
    if quiet and not dialect.no_new_lesion:
        score.check(assumed, where + ' no_new_lesion_assumed', True, assumed)


def run_cases(score, rescan, only_case, only_dialect):
    valid = validator()
    for dialect in DIALECTS.values():
        if only_dialect and dialect.name != only_dialect:
            continue
        batch = []
        for case in load_cases():
            if only_case and case['id'] != only_case:
                continue
            where = f"{case['id']} {dialect.name}:"
            try:
                resources = Builder(case, dialect).build()
            except Inexpressible as why:
                score.skip(where, why)
                continue
            last = max(v['day'] for v in case['timepoints'])
            files = documents(resources, dialect)
            doc = rescan.one(files, as_of=day(last), config=options(case))
            if isinstance(doc, str):
                score.check(False, where, 'one assessment', doc)
                continue
            batch.append(doc)
            compare_document(score, where, case, dialect, doc)
        valid(score, f'{dialect.name}: schema', batch)


def checks_of(module):
    """The functions of a module that take (score, rescan)."""
    return [f for f in vars(module).values() if inspect.isfunction(f) and
            f.__module__ == module.__name__ and
            list(inspect.signature(f).parameters) == ['score', 'rescan']]


def run_checks(score, rescan, only):
    for module in (checks_data, checks_state, checks_reference, checks_time,
                   checks_pattern, checks_document, checks_lesion,
                   checks_input):
        for check in checks_of(module):
            if only is None or only in check.__name__:
                check(score, rescan)
    validator()(score, 'checks: schema', score.documents)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--case')
    parser.add_argument('--dialect', choices=DIALECTS)
    parser.add_argument('--checks', help='only the checks with this in it')
    parser.add_argument('-v', '--verbose', action='store_true')
    args = parser.parse_args()
    score = Score(args.verbose)
    with tempfile.TemporaryDirectory() as folder:
        rescan = Rescan(folder)
        if not args.checks:
            run_cases(score, rescan, args.case, args.dialect)
        if not (args.case or args.dialect):
            run_checks(score, rescan, args.checks)
            agreement.run(score, rescan, range(RANDOM_PATIENTS))
            against_oracle.run(score, rescan, range(ORACLE_PATIENTS))
    return score.end()


if __name__ == '__main__':
    sys.exit(main())
