"""Formats: how a number is written for people. Nothing is concluded here."""

from __future__ import annotations

import math
from collections.abc import Iterable

NOTHING = "–"
"""What stands where there is no number."""


def times(ratio: float | None) -> str:
    """Write a ratio: 0.042×, 0.42×, 1.84×, 12.3×."""
    return NOTHING if ratio is None else f"{_ratio(ratio)}×"


def confidence(share: float) -> str:
    """Write a confidence level: 95 %, 99.3 %."""
    return f"{100 * share:.1f}".removesuffix(".0") + " %"


def offered(rates: Iterable[float]) -> str:
    """Write the rates at which scenarios were driven: 300/s, or 80–300/s where they differ."""
    found = sorted(set(rates))
    return "–".join(f"{rate:,g}" for rate in dict.fromkeys([found[0], found[-1]])) + "/s" if found else NOTHING


def milliseconds(value: float | None) -> str:
    """Write milliseconds with three significant digits."""
    return NOTHING if value is None else f"{_digits(value)} ms"


def reach(value: float | None) -> str:
    """Write a percentile of a block or of the calibration: "not reached" where too many requests failed."""
    return "not reached" if value is None else milliseconds(value)


def mebibytes(value: float | None) -> str:
    """Write bytes as MiB."""
    return NOTHING if value is None else f"{value / 2**20:,.0f} MiB"


def percent(share: float | None) -> str:
    """Write a share of the whole: 0 %, < 0.01 %, 0.25 %, 12 %."""
    if share is None:
        return NOTHING
    if 0 < share < 0.0001:
        return "< 0.01 %"
    if 0.9999 < share < 1:
        return "> 99.99 %"
    return f"{100 * share:.2f}".rstrip("0").rstrip(".") + " %"


def number(value: float | None) -> str:
    """Write a number of things: 3,600."""
    return NOTHING if value is None else f"{value:,.0f}"


def hundredths(value: float | None) -> str:
    """Write a ratio that may be far below one: 0.07."""
    return NOTHING if value is None else f"{value:.2f}"


def seconds(value: float | None) -> str:
    """Write a time that is felt: 0.3 s."""
    return NOTHING if value is None else f"{value:.1f} s"


def per_second(rate: float | None) -> str:
    """Write a rate."""
    return NOTHING if rate is None else f"{_digits(rate)}/s"


def rates(low: float | None, high: float | None) -> str:
    """Write the rates between which a capacity lies: 400–420/s, at least 400/s, below 1/s."""
    if low is None:
        return NOTHING if high is None else f"below {high:,g}/s"
    return f"at least {low:,g}/s" if high is None else f"{low:,g}–{high:,g}/s"


def listed(items: list[str]) -> str:
    """Join items as in a sentence: a, b and c."""
    return " and ".join([", ".join(items[:-1]), items[-1]]) if len(items) > 1 else "".join(items)


def count(number: int, noun: str) -> str:
    """Write a number of things: 1 round, 9 rounds."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def bounds(low: float | None, high: float | None) -> str:
    """Write an interval of ratios: 1.70–1.98."""
    return "no interval" if low is None or high is None else f"{_bound(low)}–{_bound(high)}"


def beyond(title: str, value: float, limit: float, unit: str) -> str:
    """Write what went beyond a limit: `dispatch lag p99 6.1 ms, limit 5 ms`."""
    return f"{title} {_above(value, limit)} {unit}, limit {limit:.3g} {unit}"


def difference(value: float, unit: str = "") -> str:
    """Write a difference with its sign and unit: +0.02 points, 0 ms."""
    return f"{signed(value)} {unit}".rstrip()


def signed(value: float) -> str:
    """Write a number with its sign: +0.02, 0."""
    return f"{value:+.3g}" if value else "0"


def _bound(value: float) -> str:
    """Write an end of an interval so that it shows on which side of 1 it lies, which decides the verdict."""
    shown, places = _ratio(value), 2
    while shown == f"{1:.{places}f}" and value != 1 and places < 5:
        places += 1
        shown = f"{value:.{places}f}"
    return shown


def _ratio(value: float) -> str:
    return f"{value:.2f}" if 0.1 <= value < 10 else _digits(value)


def _above(value: float, limit: float) -> str:
    """Write a number with one decimal, or as many as it takes to see that it is above the limit."""
    texts = (f"{value:.{decimals}f}" for decimals in range(1, 9))
    shown = next((text for text in texts if float(text) > float(f"{limit:.3g}")), f"{value!r}")
    return shown.removesuffix(".0")


def _digits(value: float) -> str:
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    places = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{min(places, 3)}f}"


def printable(text: str) -> str:
    """Return one line with escapes for all that is no visible character: whatever strangers may have put into it."""
    return text if text.isprintable() else "".join(each if each.isprintable() else _escape(each) for each in text)


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode()


def shortened(text: str, most: int = 200) -> str:
    """Return a text of at most so many characters, with what stands for the rest: `/page/99… 4,900 more …99`."""
    if len(text) <= most:
        return text
    return f"{text[: most - 40]}… {len(text) - most + 20:,} more …{text[-20:]}"
