# SPDX-License-Identifier: Apache-2.0
"""What files hold: containers, pages, entries that are none."""
import json

from story import Case, simple, unchanged

NEXT = 'https://ehr.example.org/fhir?page=2'


def said(score, rescan, name, files, *codes, status=3):
    """The exit status, and exactly these problems of no patient."""
    got, _, err = rescan.run(files)
    found = [line.split()[2].rstrip(':') for line in err.splitlines()
             if line.startswith('rescan: problem ')]
    score.check((got, found) == (status, list(codes)), f'{name}:',
                (status, list(codes)), (got, found, err[:200]))


def page(entries, **rest):
    return json.dumps({'resourceType': 'Bundle', 'type': 'searchset',
                       'entry': entries, **rest})


def link(relation, url):
    return {'relation': relation, 'url': url}


def parameters(*parts):
    return {'resourceType': 'Parameters', 'parameter': list(parts)}


def resources_in_parameters(score, rescan):
    """An operation's answer: a Bundle, resources, parts with resources."""
    s = simple()
    each = [{'name': 'r', 'resource': r} for r in s.resources.values()]
    for name, outer in (
            ('a Bundle', parameters({'name': 'return',
                                     'resource': s.bundle()})),
            ('resources', parameters(*each)),
            ('parts', parameters({'name': 'all', 'part': each})),
            ('in a Bundle', {'resourceType': 'Bundle', 'type': 'collection',
                             'entry': [{'resource': parameters(*each)}]})):
        unchanged(score, rescan, f'Parameters: {name}', [json.dumps(outer)],
                  s)


def bad_entry_costs_no_other(score, rescan):
    for name, entry in (
            ('no id', {'resource': {'resourceType': 'Observation',
                                    'id': 'not an id'}}),
            ('no type', {'resource': {'id': 'x'}}),
            ('text', {'resource': 'x'}), ('no object', 'x')):
        b = simple().bundle()
        b['entry'].append(entry)
        said(score, rescan, name, [json.dumps(b)], 'resource_invalid')
        c = Case(score, rescan, name, [json.dumps(b)])
        c.overall(1, 'SD')


def nothing_but_bad_entries(score, rescan):
    said(score, rescan, 'only bad entries', [page([{'resource': {}}])],
         status=1)


def next_page(score, rescan):
    entries = simple().bundle()['entry']
    first = page(entries[:4], link=[link('next', NEXT)], total=7)
    second = page(entries[4:], link=[link('self', NEXT)], total=7)
    said(score, rescan, 'next page missing', [first], 'result_incomplete')
    said(score, rescan, 'both pages', [first, second], status=0)
    said(score, rescan, 'other page', [first, page(
        entries[4:], link=[link('self', NEXT + '0')])], 'result_incomplete')


def more_found_than_came(score, rescan):
    entries = simple().bundle()['entry']
    said(score, rescan, 'total', [page(entries, total=8)],
         'result_incomplete')
    said(score, rescan, 'total with included', [page(entries, total=5)],
         status=0)


def server_tells_of_failure(score, rescan):
    def outcome(severity, code):
        return {'resourceType': 'OperationOutcome', 'issue': [
            {'severity': severity, 'code': code}]}

    entries = simple().bundle()['entry']
    for severity, code, codes in (
            ('error', 'processing', ['result_incomplete']),
            ('warning', 'incomplete', ['result_incomplete']),
            ('information', 'suppressed', ['result_incomplete']),
            ('information', 'informational', []),
            ('warning', 'not-supported', [])):
        said(score, rescan, f'{severity} {code}', [page(entries + [
            {'resource': outcome(severity, code)}])], *codes,
             status=3 if codes else 0)
    for status, codes in (('403 Forbidden', ['result_incomplete']),
                          ('500', ['result_incomplete']),
                          ('404', []), ('200 OK', [])):
        said(score, rescan, f'answer {status}', [page(entries + [
            {'response': {'status': status}}])], *codes,
             status=3 if codes else 0)


def nothing_of_ours(score, rescan):
    said(score, rescan, 'types not read', [page([{'resource': {
        'resourceType': 'Encounter', 'id': 'e'}}])], 'nothing_read')
    said(score, rescan, 'an empty answer', [page([], total=0)], status=0)
