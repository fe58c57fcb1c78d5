#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Is every threshold cited and tested, every rule id in the book?  Prints the
# gaps only; `make trace` prints the whole list.
exec python3 tests/trace.py >/dev/null
