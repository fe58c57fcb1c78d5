# SPDX-License-Identifier: Apache-2.0
"""The program as its users start it."""
import json
import os
import subprocess

PROGRAM = os.path.join(os.environ.get('BUILD', 'build'), 'rescan')


class Rescan:
    def __init__(self, folder):
        self.folder = folder

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text)
        return path

    def folder_write(self, folder, name, text):
        os.makedirs(os.path.join(self.folder, folder), exist_ok=True)
        self.write(os.path.join(folder, name), text)

    def run(self, files, *options, config=None):
        """(exit status, standard output, standard error)."""
        command = [PROGRAM, 'assess', *options]
        if config:
            command += ['-c', self.write('rescan.ini', config)]
        command += [self.write(f'in{i}.json', text)
                    for i, text in enumerate(files)]
        done = subprocess.run(command, capture_output=True, text=True,
                              timeout=60, check=False)
        return done.returncode, done.stdout, done.stderr

    def all(self, files, *options, as_of=None, config=None):
        """The assessments, or what went wrong as text."""
        if as_of:
            options += ('--as-of', as_of)
        status, out, err = self.run(files, *options, config=config)
        if status not in (0, 3):
            return f'exit {status}: {err.strip()[:300]}'
        return json.loads(out)

    def one(self, files, *options, **rest):
        """The one assessment expected, or what went wrong as text."""
        documents = self.all(files, *options, **rest)
        if isinstance(documents, str) or len(documents) == 1:
            return documents if isinstance(documents, str) else documents[0]
        return f'{len(documents)} assessments'
