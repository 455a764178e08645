"""Verdicts on VAT numbers and IBANs against the examples in the library's own documentation, and others' numbers."""

from __future__ import annotations

import doctest
import pkgutil
import re

import pytest
import stdnum
from driftline.identifiers import INVALID, NO_RULE, VALID, iban_verdict, vat_verdict
from stdnum import iban
from stdnum.util import get_cc_module

_CALL = re.compile(r"validate\(\s*u?'([^']+)'\s*\)")


def examples(module) -> list[tuple[str, bool]]:
    """Give what a module's documentation validates: the number, and whether that is said to go well."""
    found = []
    for example in doctest.DocTestParser().get_examples(module.__doc__ or ""):
        # A sign that stands where it should not is gone when the number is compared: no business of check digits.
        call = _CALL.match(example.source.strip())
        if call and not (example.exc_msg or "").startswith("InvalidFormat"):
            found.append((call.group(1), example.exc_msg is None))
    return found


def compact(number: str) -> str:
    """As ops.compact_identifier does it."""
    return re.sub("[^A-Za-z0-9]", "", number.translate(str.maketrans("٠١٢٣٤٥٦٧٨٩", "0123456789"))).upper()


def countries() -> list[str]:
    names = (module.name for module in pkgutil.iter_modules(stdnum.__path__) if module.ispkg)
    return [name.rstrip("_") for name in names if name != "eu" and get_cc_module(name.rstrip("_"), "vat")]


def test_verdicts_are_those_of_the_librarys_own_examples():
    seen = {True: 0, False: 0}
    wrong = []
    assert len(countries()) > 60
    for country in countries():
        for number, is_good in examples(get_cc_module(country, "vat")):
            seen[is_good] += 1
            if vat_verdict(country.upper(), compact(number)) != (VALID if is_good else INVALID):
                wrong.append((country, number, is_good))
    assert min(seen.values()) > 50
    # A French number of a partner in Monaco: the library's rule for Monaco refuses it, the one for France knows it.
    assert wrong == [("mc", "FR 61 954 506 077", False)]


def test_verdicts_on_ibans_are_those_of_the_librarys_own_examples_and_of_the_registrys():
    vectors = examples(iban)
    assert len(vectors) == 2
    # The examples of the IBAN registry for a country of each length from 15 to 31.
    registered = (
        "NO9386011117947", "BE68539007547034", "DE89370400440532013000", "GR1601101250000000012300695",
        "MT84MALT011000012345MTLCAST001S",
    )  # fmt: skip
    vectors += [(number, True) for number in registered]
    assert [(n, good) for n, good in vectors if (iban_verdict("", compact(n)) == VALID) is not good] == []
    for number, _ in vectors:
        for place in range(2, len(number)):
            if number[place].isdigit():
                # The check digits tell every single wrong digit.
                changed = number[:place] + str((int(number[place]) + 1) % 10) + number[place + 1 :]
                assert iban_verdict("", changed) == INVALID, changed


@pytest.mark.parametrize(
    ("country", "number", "verdict"),
    [
        ("GR", "EL094259216", VALID),
        ("", "EL094259216", VALID),
        ("", "094259216", NO_RULE),
        ("US", "123456789", NO_RULE),
        ("US", "DE136695976", VALID),
        # Registered in Germany, with an address in Austria.
        ("AT", "DE136695976", VALID),
        ("AT", "DE136695977", INVALID),
        # A Mexican number may begin with the letters of a country.
        ("MX", "GODE561231GR8", VALID),
        ("US", "GODE561231GR8", NO_RULE),
    ],
)
def test_the_country_that_knows_the_number_decides(country, number, verdict):
    assert vat_verdict(country, number) == verdict
