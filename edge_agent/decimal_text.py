"""Decimal numbers in text, many at once: a day of weights is 90 million of them.

Eight characters are one 64-bit word, so that a field is worked on whole ("SWAR"): digits become
numbers pairwise in three multiplications (Lemire, "Number parsing at a gigabyte per second",
Software: Practice and Experience 51, 2021, section 3.2). A value is digits / 10^decimals with at
most 15 digits, both exact in a double, hence correctly rounded (Clinger, PLDI 1990).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Words = NDArray[np.uint64]
Places = NDArray[np.intp]
Flags = NDArray[np.bool_]

PAD = 16
"""Bytes that must stand before the first field: whole words are read from each field's end."""

SAMPLE = 256
"""How many fields are looked at to learn how the others are written."""


def _every(byte: int) -> np.uint64:
    return np.uint64(byte * 0x0101010101010101)


_ALL = _every(0xFF)
_ZEROS, _DOTS, _ONES, _HIGH = _every(ord("0")), _every(ord(".")), _every(1), _every(0x80)
_OVER_NINE = _every(0x76)
_EIGHT = np.uint64(8)
_SHIFT = 8 * (8 - np.arange(9, dtype=np.uint64).clip(1))
_KEPT = _ALL << _SHIFT
_FIRST = np.uint64(0xFF) << _SHIFT
_MINUS = np.uint64(ord("-")) << _SHIFT
_MINUS_TO_ZERO = np.uint64(ord("-") ^ ord("0")) << _SHIFT

# The dot's byte is known as a bit 8·byte + 7; as a double, that bit shows in the exponent. Row 0 of
# the exponents stands for "no dot".
_DECIMALS = np.zeros(1023 + 64, dtype=np.intp)
_DECIMALS[1023 + 7 :: 8] = np.arange(7, -1, -1)
_POWERS = 10.0 ** np.arange(16)


class _Digits(NamedTuple):
    number: Words
    has_dot: Flags
    decimals: Places
    is_negative: Flags
    is_fine: Flags


def parse_decimals(characters: NDArray[np.uint8], ends: Places, lengths: Places) -> Floats:
    """Read the fields that end before `ends` and are `lengths` long: `-?digits[.digits]`.

    `characters` starts with PAD bytes of anything. An empty field is NaN, and so is one that is not
    such a number or has over 16 characters: the caller looks at those again. Shapes (n,) to (n,).
    """
    words = np.lib.stride_tricks.as_strided(
        characters[:8].view("<u8"), shape=(len(characters) - 7,), strides=(1,)
    )
    last_words = words[ends - 8]
    decimals = _usual_decimals(last_words[:SAMPLE], lengths[:SAMPLE])
    values, is_left = _regular(last_words, lengths, decimals)
    negative = np.flatnonzero(characters[ends - lengths] == ord("-"))
    is_left[negative] = True
    left = np.flatnonzero(is_left)
    values[left] = _short(last_words[left], lengths[left])
    long = np.flatnonzero((lengths > 8) & (lengths <= 16))
    if len(long):
        values[long] = _long(words, ends[long], lengths[long])
    return values


def _usual_decimals(words: Words, lengths: Places) -> int:
    digits = _digits(words, np.minimum(lengths, 8))
    usual = digits.decimals[digits.has_dot & digits.is_fine]
    return int(np.bincount(usual).argmax()) if len(usual) else 0


def _regular(words: Words, lengths: Places, decimals: int) -> tuple[Floats, Flags]:
    """Read fields of up to 8 characters with a dot before `decimals` digits; tell all others.

    Sensors write every number in one form, and knowing it takes a third of the time.
    """
    place = 7 - decimals
    is_left = words.view(np.uint8)[place::8] != ord(".")
    is_left |= lengths > 8
    is_left |= lengths < decimals + 2
    after = np.uint64((0xFFFFFFFFFFFFFFFF << (8 * (place + 1))) & 0xFFFFFFFFFFFFFFFF)
    nibbles = words << _EIGHT
    nibbles &= ~after
    nibbles |= words & after
    nibbles ^= _ZEROS
    nibbles &= _KEPT[np.minimum(lengths, 8) - 1]
    is_left |= _has_other(nibbles)
    return _joined(nibbles) / _POWERS[decimals], is_left


def _short(words: Words, lengths: Places) -> Floats:
    """Read fields of up to 8 characters; the others are NaN."""
    digits = _digits(words, np.minimum(lengths, 8))
    values = digits.number / _POWERS[digits.decimals]
    np.negative(values, out=values, where=digits.is_negative)
    values[~digits.is_fine | (lengths > 8)] = np.nan
    return values


def _long(words: Words, ends: Places, lengths: Places) -> Floats:
    low = _digits(words[ends - 8], np.full_like(lengths, 8))
    high = _digits(words[ends - 16], lengths - 8)
    # A dot costs the lower word a digit; in the upper word it adds the lower word to the decimals.
    unit = np.where(low.has_dot, np.uint64(10**7), np.uint64(10**8))
    decimals = np.where(high.has_dot, high.decimals + 8, low.decimals)
    values = (high.number * unit + low.number) / _POWERS[decimals]
    is_fine = low.is_fine & high.is_fine & ~low.is_negative & ~(low.has_dot & high.has_dot)
    np.negative(values, out=values, where=high.is_negative)
    values[~is_fine] = np.nan
    return values


def _digits(words: Words, lengths: Places) -> _Digits:
    """Read the last `lengths` (1 to 8) characters of each word; the first is its lowest byte."""
    kept = _KEPT[lengths]
    text = (words & kept) | (_ZEROS & ~kept)
    is_negative = (text & _FIRST[lengths]) == _MINUS[lengths]
    text ^= np.where(is_negative, _MINUS_TO_ZERO[lengths], np.uint64(0))

    # Zero byte of text ^ dots: its lowest 0x80 is exact.
    gap = text ^ _DOTS
    dot = (gap - _ONES) & ~gap & _HIGH
    dot &= ~dot + np.uint64(1)
    has_dot = dot != 0
    before = (dot >> np.uint64(7)) - np.uint64(1)
    after = ~((dot << np.uint64(1)) - np.uint64(1))
    closed = (text & after) | ((text & before) << _EIGHT) | np.uint64(ord("0"))
    text = np.where(has_dot, closed, text)
    decimals = _DECIMALS[dot.astype(np.float64).view(np.int64) >> 52]

    nibbles = text ^ _ZEROS
    is_fine = ~_has_other(nibbles) & (lengths > is_negative.astype(np.intp) + has_dot)
    return _Digits(_joined(nibbles), has_dot, decimals, is_negative, is_fine)


def _has_other(nibbles: Words) -> Flags:
    """Tell the words in which a byte is over 9, so that it was no digit."""
    over = nibbles + _OVER_NINE
    over |= nibbles
    over &= _HIGH
    return over.astype(np.bool_)


def _joined(nibbles: Words) -> Words:
    """Make eight digits, one a byte, a number each."""
    number = nibbles * np.uint64(10)
    number += nibbles >> _EIGHT
    number &= np.uint64(0x00FF00FF00FF00FF)
    high = number >> np.uint64(16)
    number *= np.uint64(100)
    number += high
    number &= np.uint64(0x0000FFFF0000FFFF)
    high = number >> np.uint64(32)
    number *= np.uint64(10_000)
    number += high
    number &= np.uint64(0xFFFFFFFF)
    return number
