"""The mails as a browser lays them out: on a phone and a desk, by day and night, and when awkward."""

from __future__ import annotations

import json
from collections.abc import Iterator
from email.message import EmailMessage

import pytest

from expectations.report import compose
from tests.browser import MISSING, Browser, open_browser, program
from tests.expectations.awkward import awkward_summary
from tests.expectations.example_mail import ZONE, good_example
from tests.expectations.pictures import DESKTOP, DOCS, PHONE, RECIPIENTS, SENDER, mails, part

EXAMPLES = mails() | {
    "good": compose(good_example(), SENDER, RECIPIENTS, ZONE),
    "awkward": compose(awkward_summary(), SENDER, RECIPIENTS, ZONE),
}
ENOUGH = 4.5
"""Contrast of text to what is behind it [WCAG 2.2, 1.4.3]."""

CONTRASTS = """
(() => {
  const part = c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  const numbers = text => text.match(/[\\d.]+/g).map(Number);
  const behind = element => {
    for (; element; element = element.parentElement) {
      const colour = numbers(getComputedStyle(element).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement, text = walker.currentNode.textContent.trim();
    const style = getComputedStyle(element), box = element.getBoundingClientRect();
    if (!text || style.fontSize === '0px' || style.opacity === '0' || !box.width) continue;
    const [one, other] = [light(numbers(style.color)), light(behind(element))].sort((a, b) => b - a);
    found.push([(one + 0.05) / (other + 0.05), text.slice(0, 40), style.color]);
  }
  return found;
})()
"""
FIRST_SCREEN = """
[...document.querySelectorAll('h1, .banner p')].map(each => {
  const box = each.getBoundingClientRect();
  return box.top >= 0 && box.bottom <= innerHeight && box.left >= 0 && box.right <= innerWidth;
})
"""
SMALLEST_TEXT = """
Math.min(...[...document.querySelectorAll('.column *')]
  .filter(each => [...each.childNodes].some(node => node.nodeType === 3 && node.textContent.trim()))
  .map(each => parseFloat(getComputedStyle(each).fontSize)).filter(size => size > 0))
"""
CHART = """
[...document.querySelectorAll('table[role=img] > tbody > tr > td')].map(each => {
  const parts = [...each.querySelectorAll('.s-good, .s-fair, .s-bad')];
  const height = part => part.getBoundingClientRect().height;
  return [each.getBoundingClientRect().width, parts.reduce((sum, part) => sum + height(part), 0)];
})
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as browser:
        yield browser


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("name", EXAMPLES)
def test_a_mail_can_be_read(browser: Browser, name: str, size: tuple[int, int], scheme: str) -> None:
    browser.show(part(EXAMPLES[name], "html"), *size, scheme)
    assert browser.ask("matchMedia('(prefers-color-scheme: dark)').matches") == (scheme == "dark")
    assert browser.ask("document.documentElement.scrollWidth") <= size[0], "nothing to scroll sideways"
    contrasts = browser.ask(CONTRASTS)
    assert len(contrasts) > 5
    assert [each for each in contrasts if each[0] < ENOUGH] == []
    assert all(browser.ask(FIRST_SCREEN)), "verdict and advice are seen without scrolling"
    assert browser.ask(SMALLEST_TEXT) >= 12


def test_what_is_wrong_is_on_a_phones_first_screen(browser: Browser) -> None:
    browser.show(part(EXAMPLES["report"], "html"), *PHONE)
    tops = browser.ask(
        "[...document.querySelectorAll('.card .name')].map(e => e.getBoundingClientRect().bottom)"
    )
    assert tops[0] < PHONE[1]
    headings = browser.ask("[...document.querySelectorAll('h2')].map(each => each.textContent)")
    assert headings[:3] == ["What is wrong", "What changed", "The last 30 runs"]


def test_the_night_is_dark_and_the_day_is_light(browser: Browser) -> None:
    def brightness(scheme: str) -> int:
        browser.show(part(EXAMPLES["report"], "html"), *DESKTOP, scheme)
        colour = browser.ask("getComputedStyle(document.querySelector('.card')).backgroundColor")
        return sum(json.loads(colour.replace("rgb(", "[").replace(")", "]")))

    assert brightness("light") > 700
    assert brightness("dark") < 120


def test_the_chart_draws_each_run_and_the_worst_ones_highest(browser: Browser) -> None:
    browser.show(part(EXAMPLES["report"], "html"), *PHONE)
    columns = browser.ask(CHART)
    assert len(columns) == 30
    assert all(width >= 8 for width, _ in columns)
    heights = [height for _, height in columns]
    assert max(heights) == heights[-12], "eleven runs ago three rules failed"
    assert min(heights) == 6, "a run that was all right has a foot alone"


def test_a_mail_runs_and_fetches_nothing(browser: Browser) -> None:
    for message in EXAMPLES.values():
        browser.show(part(message, "html"), *PHONE)
        assert browser.ask("performance.getEntriesByType('resource').length") == 0
        assert browser.ask("document.querySelectorAll('script, img, iframe, link, object, form').length") == 0
        assert browser.ask("window.wasRun === undefined")


@pytest.mark.parametrize("name", mails())
def test_the_pictures_in_docs_are_of_these_mails(name: str) -> None:
    message: EmailMessage = EXAMPLES[name]
    for ending, kind in (("html", "html"), ("txt", "plain")):
        kept = (DOCS / f"{name}.{ending}").read_text(encoding="utf-8")
        assert kept == part(message, kind), "make them anew: python -m tests.expectations.pictures"


def test_a_machine_without_a_browser_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv("CHROMIUM", raising=False)
    with pytest.raises(RuntimeError, match="apt-get install chromium"):
        program()
    assert ".ci/run" in MISSING
