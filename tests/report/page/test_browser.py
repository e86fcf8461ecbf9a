"""The page in a real browser."""

from __future__ import annotations

import functools
import http.server
import itertools
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

HOSTILE = "<script>alert(1)</script>"
GROUPS = {"sine": 0, "table": 1}  # in the order of the folders that the page is over


class Page:
    """The page as its reader has it before them."""

    def __init__(self, driver: Any, path: Path) -> None:
        self.driver = driver
        for kind in ("browser", "performance"):
            driver.get_log(kind)  # what an earlier page left
        driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        driver.get(path.as_uri())

    def __call__(self, script: str, *arguments: Any) -> Any:
        return self.driver.execute_script(script, *arguments)

    def one(self, selector: str) -> Any:
        found = self.driver.find_elements("css selector", selector)
        assert found, selector
        return found[0]

    def wait(self, script: str, *arguments: Any) -> Any:
        """The script's value as soon as it is true."""
        from selenium.webdriver.support.wait import WebDriverWait

        return WebDriverWait(self.driver, 20, 0.05).until(lambda _: self(script, *arguments))

    def plot(self, name: str) -> None:
        """Scroll to a figure and wait until it is drawn: far ones are not, before they are seen."""
        self("document.getElementById(arguments[0]).scrollIntoView({behavior: 'instant'})", name)
        self.wait("return Boolean(document.getElementById(arguments[0])._fullLayout)", name)

    def drawn(self, name: str) -> str:
        """The strokes and pictures of a figure."""
        self.plot(name)
        return str(
            self(
                "return Array.from(document.querySelectorAll('#' + arguments[0] + ' .cartesianlayer path, #' +"
                " arguments[0] + ' .cartesianlayer image')).map((e) => e.getAttribute('d') || e.getAttribute('href'))"
                ".join('|')",
                name,
            )
        )

    def press(self, selector: str, *keys: str) -> None:
        """Type on what has been reached by focus, with no mouse."""
        element = self.one(selector)
        self("arguments[0].focus()", element)
        assert self("return document.activeElement === arguments[0]", element)
        element.send_keys(*keys)


@pytest.fixture
def opened(browser: Any, page: Path) -> Page:
    return Page(browser, page)


@pytest.fixture
def server() -> Iterator[tuple[str, list[str]]]:
    """A server on this machine, and what has been asked of it."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(204)
            self.end_headers()

        do_POST = do_GET  # noqa: N815
        log_message = functools.partialmethod(lambda *_: None)

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}", asked
        running.shutdown()
        thread.join()


def test_every_figure_is_drawn_with_no_word_in_the_console_and_no_request(opened: Page, page: Path) -> None:
    names = opened("return Array.from(document.querySelectorAll('.plot')).map((e) => e.id)")
    assert {
        "comparison-0-values",
        "comparison-0-differences",
        "curves-0",
        "race-0-fit",
        "race-0-loss",
        "race-0-weights",
        "strength-0-0-curve",
        "strength-0-0-fit",
    } <= set(names)
    assert "race-1-fit" in names  # the boundary on the table of two features
    for name in names:
        assert opened.drawn(name), name
    assert opened.driver.get_log("browser") == []
    messages = [json.loads(entry["message"])["message"] for entry in opened.driver.get_log("performance")]
    sent = [one["params"]["request"]["url"] for one in messages if one["method"] == "Network.requestWillBeSent"]
    urls = [url for url in sent if not url.startswith("chrome:")]  # the browser's own first page
    assert page.as_uri() in urls
    assert [url for url in urls if url != page.as_uri() and not url.startswith(("data:", "blob:"))] == []


def test_the_page_could_not_send_anything_if_it_wanted_to(opened: Page, server: tuple[str, list[str]]) -> None:
    url, asked = server
    opened(
        "const url = arguments[0]; new Image().src = url + '/image'; navigator.sendBeacon(url + '/beacon', 'x');"
        "fetch(url + '/fetch').catch(() => { window.refused = true; });"
        "const s = document.createElement('script'); s.src = url + '/script'; document.head.append(s);"
        "const own = document.createElement('script'); own.textContent = 'window.ran = true';"
        "document.head.append(own);"
        "const form = document.createElement('form'); form.action = url + '/form'; document.body.append(form);"
        "form.submit();",
        url,
    )
    opened.wait("return window.refused")
    assert asked == []
    assert opened("return window.ran") is None  # nor would a script that came in with a name


def test_the_epoch_slider_moves_curves_losses_and_weights_together(opened: Page) -> None:
    from selenium.webdriver.common.keys import Keys

    for group in GROUPS.values():
        parts = [f"race-{group}-{part}" for part in ("fit", "loss", "weights")]
        last = {part: opened.drawn(part) for part in parts}
        opened.press(f"#race-{group} .epoch", Keys.HOME)
        first = {part: opened.drawn(part) for part in parts}
        opened.press(f"#race-{group} .epoch", Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
        third = {part: opened.drawn(part) for part in parts}
        for part in parts:
            assert len({last[part], first[part], third[part]}) == 3, part
        assert opened.one(f"#race-{group} .epoch-text").text != "epoch 0"
        opened.press(f"#race-{group} .epoch", Keys.END)
        assert {part: opened.drawn(part) for part in parts} == last


def test_what_the_slider_shows_is_what_was_stored(opened: Page, sine: Path) -> None:
    from selenium.webdriver.common.keys import Keys

    from regx.evidence.predict import predict_snapshots
    from regx.evidence.run import read_run

    opened.press("#race-0 .epoch", Keys.HOME)
    opened.plot("race-0-fit")
    lines = opened(
        "const gd = document.getElementById('race-0-fit');"
        "return gd.data.filter((t) => t.meta.role === 'fit').map((t) => [t.name, t.x, t.y])"
    )
    (folder,) = sine.glob("l2-*")
    x, y = next(line[1:] for line in lines if line[0] == "l2(0.02)")
    at_first = predict_snapshots(read_run(folder), [[one] for one in x])[0][:, 0]
    assert y == pytest.approx(at_first.tolist(), rel=1e-3, abs=1e-4)
    weights = opened("return document.getElementById('race-0-weights').data[0].z")
    opened("document.querySelector('#race-0 .lane').value = '1'")
    opened("document.querySelector('#race-0 .lane').dispatchEvent(new Event('change'))")
    chosen = opened("return document.querySelector('#race-0 .lane').selectedOptions[0].text")
    assert len(weights) == 8
    assert len(weights[0]) == 6
    assert chosen[2:] in opened.one("#race-0 .weights-text").text


def test_play_and_pause_by_keyboard(browser: Any, page: Path) -> None:
    from selenium.webdriver.common.keys import Keys

    # Who asks for little motion gets a frame a second, which leaves time to pause.
    features = [{"name": "prefers-reduced-motion", "value": "reduce"}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    slow = Page(browser, page)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    state = (
        "const value = Number(document.querySelector('#race-0 .epoch').value);"
        "const playing = document.querySelector('#race-0 .play').textContent.includes('Pause');"
    )
    last = slow(f"{state} return value")
    slow.press("#race-0 .play", Keys.ENTER)
    slow.wait(f"{state} return playing && value >= 1")
    # A screen reader would be told of every frame; the slider says its own epoch when it is moved.
    assert slow("return document.querySelectorAll('#race-0 :is(output, [aria-live]):not([aria-live=off])').length") == 0
    slow.press("#race-0 .play", Keys.SPACE)
    value, playing = slow(f"{state} return [value, playing]")
    assert 1 <= value < last
    assert not playing
    quick = Page(browser, page)
    quick.press("#race-0 .play", Keys.SPACE)
    quick.wait(f"{state} return playing && value < {last}")
    quick.wait(f"{state} return !playing && value === {last}")  # it stops by itself


def test_the_strength_slider_moves_the_fit(opened: Page) -> None:
    from selenium.webdriver.common.keys import Keys

    seen = set()
    opened.press("#strength-0-0 .value", Keys.HOME)
    for value in ("0", "0.001", "0.01", "0.1"):
        assert opened.one("#strength-0-0 .value-text").text == value
        assert f"regularizers.l2.lam = {value}: train loss" in opened.one("#strength-0-0 .strength-text").text
        seen.add(opened.drawn("strength-0-0-fit"))
        opened.press("#strength-0-0 .value", Keys.ARROW_RIGHT)
    assert len(seen) == 4


def test_curves_are_switched_per_run_and_split_by_keyboard(opened: Page) -> None:
    from selenium.webdriver.common.keys import Keys

    opened.plot("curves-0")

    def visible() -> set[str]:
        return set(
            opened(
                "return document.getElementById('curves-0').data.filter((t) => t.visible && t.meta.role === 'line')"
                ".map((t) => t.meta.run + ' ' + t.meta.split)"
            )
        )

    before = visible()
    box = opened.one(".curves-controls input[data-run]:checked")
    run = box.get_attribute("data-run")
    opened.press(f".curves-controls input[data-run='{run}']", Keys.SPACE)
    assert visible() == {one for one in before if not one.startswith(f"{run} ")} < before
    opened.press(".curves-controls input[data-split='val']", Keys.SPACE)
    assert {one.split()[1] for one in visible()} == {"train", "val", "test"}


def test_everything_to_press_is_reached_by_tabs_and_shows_where_one_is(opened: Page) -> None:
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    wanted = list(
        opened(
            "return Array.from(document.querySelectorAll('button, select, input, summary, a')).filter((e) =>"
            " e.offsetParent !== null && e.type !== 'radio').map((e, i) => { e.dataset.stop = i; return String(i); })"
        )
    )
    opened(
        "window.reached = {}; document.addEventListener('focusin', (event) => {"
        " const stop = event.target.dataset.stop; if (stop === undefined) return;"
        " window.reached[stop] = getComputedStyle(event.target).outline; });"
    )
    ActionChains(opened.driver, duration=0).send_keys(Keys.TAB * (len(wanted) + 30)).perform()
    reached = opened("return window.reached")
    assert [stop for stop in wanted if stop not in reached] == []
    assert all("solid 3px" in outline for outline in reached.values()), reached


def test_names_from_runs_are_text_everywhere(opened: Page) -> None:
    from selenium.common.exceptions import NoAlertPresentException

    with pytest.raises(NoAlertPresentException):
        _ = opened.driver.switch_to.alert
    assert HOSTILE in opened.one("#group-0-table tbody").text
    assert HOSTILE in opened.one("#group-0-runs").text
    assert HOSTILE in opened.one("#race-0 .lane").text
    assert HOSTILE in opened.one("#race-0 .race-text").text
    assert opened("return document.querySelectorAll('script').length") == 3
    opened.plot("curves-0")
    opened("document.querySelectorAll('input[data-run]').forEach((box) => { if (!box.checked) box.click(); })")
    hovered = opened(
        "const gd = document.getElementById('curves-0');"
        "const curve = gd.data.findIndex((t) => t.visible && (t.name || '').includes('script'));"
        "Plotly.Fx.hover(gd, [{curveNumber: curve, pointNumber: 2}]);"
        "return gd.data[curve].meta.split"
    )
    shown = opened.wait("return document.querySelector('#curves-0 .hoverlayer').textContent")
    assert f"{HOSTILE}, {hovered}" in shown
    opened.plot("race-1-fit")
    titles = opened("return document.querySelector('#race-1-fit .infolayer').textContent")
    assert HOSTILE in titles
    assert "<a href=javascript:alert(2)>x</a>" in titles
    assert "p(no)" in titles or "p(<i>yes</i>)" in titles
    assert opened("return document.querySelectorAll('.plot script, .plot a, .plot i').length") == 0


def test_light_and_dark(opened: Page) -> None:
    from selenium.webdriver.common.keys import Keys

    def colours() -> list[str]:
        opened.plot("curves-0")
        found = opened(
            "return [getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color,"
            " document.getElementById('curves-0')._fullLayout.font.color,"
            " document.getElementById('curves-0').data.find((t) => t.meta.role === 'line').line.color]"
        )
        return list(found)

    light = colours()
    opened.press("#theme", Keys.ENTER)
    dark = colours()
    assert all(one != other for one, other in zip(light, dark, strict=True))
    opened.press("#theme", Keys.SPACE)
    assert colours() == light
    # A reader whose system is dark gets it so, without a button.
    features = [{"name": "prefers-color-scheme", "value": "dark"}]
    opened("delete document.documentElement.dataset.theme")
    opened.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    try:
        opened.wait(
            "return document.getElementById('curves-0')._fullLayout.font.color === arguments[0]",
            dark[2],
        )
        assert colours() == dark
    finally:
        opened.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_on_a_phone_nothing_but_tables_scrolls_sideways(opened: Page) -> None:
    size = {"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": True}
    opened.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    opened.driver.refresh()
    opened("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    for name in ("curves-0", "race-0-weights", "strength-0-0-fit"):
        opened.plot(name)
    opened("document.querySelectorAll('.lane option')[0].text = 'x'.repeat(90)")  # a name may be long
    opened("document.querySelector('#group-0-table tbody th').append('x'.repeat(90))")
    verdict = "return document.querySelector('#group-0-table td.verdict').getBoundingClientRect().right"
    assert opened(verdict) <= 360
    wide = "return [document.documentElement.scrollWidth, window.innerWidth]"
    assert opened(wide) == [360, 360]
    assert opened("return document.getElementById('curves-0')._fullLayout.width") <= 360


def test_on_a_laptop_the_table_stays_inside_the_window_and_the_figure_is_on_the_first_screen(opened: Page) -> None:
    size = {"width": 1280, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    opened.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    opened.driver.refresh()
    widths = opened(
        "return Array.from(document.querySelectorAll('[id$=-table] > .scroll')).map((e) => [e.scrollWidth,"
        " e.clientWidth])"
    )
    assert len(widths) == len(GROUPS)
    assert all(content <= room for content, room in widths), widths
    top = "return document.querySelector(arguments[0]).getBoundingClientRect()[arguments[1]]"
    assert opened(top, "#group-0-title", "top") < 200
    assert opened(top, "#comparison-0-values", "top") < 320
    shown = opened.wait("return document.querySelectorAll('#comparison-0-values .scatterlayer .point').length")
    assert shown >= 7 * 6  # a dot a seed


def test_no_label_of_a_logarithmic_axis_lies_over_another(opened: Page) -> None:
    opened.plot("curves-0")
    for span in (1.2, 8, 15, 60, 1000, 1e6):
        opened(
            "const plot = document.getElementById('curves-0'), box = document.querySelector('.curves-controls .log');"
            f"for (const t of plot.data) t.y.forEach((_, i, y) => {{ y[i] = i % 2 ? {span} : 1; }});"
            "for (const on of [false, true]) {"
            " box.checked = on; box.dispatchEvent(new Event('change', {bubbles: true})); }"
        )
        edges = opened(
            "return Array.from(document.querySelectorAll('#curves-0 .ytick text')).map((one) => {"
            "const box = one.getBoundingClientRect(); return [box.top, box.bottom]; })"
        )
        edges.sort()
        assert len(edges) >= 2, span
        assert all(upper[1] <= lower[0] + 3 for upper, lower in itertools.pairwise(edges)), (span, edges)


def test_who_sees_no_figure_is_told_what_it_shows(opened: Page) -> None:
    alternatives = opened(
        "return Array.from(document.querySelectorAll('.plot')).map((e) => [e.getAttribute('role'),"
        " e.getAttribute('aria-label')])"
    )
    assert all(role == "img" and len(label) > 40 for role, label in alternatives)
    unnamed = opened(
        "return Array.from(document.querySelectorAll('button, input, select')).filter((e) =>"
        " !(e.textContent.trim() || (e.labels && e.labels.length && e.labels[0].textContent.trim()))).length"
    )
    assert unnamed == 0
