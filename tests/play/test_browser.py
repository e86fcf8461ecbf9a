"""The playground as somebody uses it, in a headless browser."""

import time
from collections.abc import Callable, Iterator

import pytest
from selenium import webdriver
from selenium.common.exceptions import ElementClickInterceptedException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.play.test_server import Server


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    found = Server("--port", "0")
    yield found
    found.process.terminate()
    found.process.communicate(timeout=20)


@pytest.fixture
def page(server: Server, browser: webdriver.Chrome) -> Iterator[webdriver.Chrome]:
    browser.get(server.address)
    until(lambda: text(browser, "epoch").startswith("epoch"))
    until(lambda: browser.find_elements(By.CSS_SELECTOR, "#pictures figure"))
    yield browser
    browser.execute_script("sessionStorage.clear()")
    browser.get("about:blank")
    severe = [entry["message"] for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
    assert not [message for message in severe if "WebSocket" not in message], severe


def until(found: Callable[[], object], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.05)


def text(page: webdriver.Chrome, name: str) -> str:
    return str(page.execute_script("return document.getElementById(arguments[0]).textContent", name))


def epoch(page: webdriver.Chrome) -> int:
    return int(text(page, "epoch").split()[1].rstrip(","))


def clicked(page: webdriver.Chrome, css: str) -> bool:
    """Whether what stands in the middle of the window could be clicked: pictures that arrive can still move it."""
    element = page.find_element(By.CSS_SELECTOR, css)
    page.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
    try:
        element.click()
    except ElementClickInterceptedException:
        return False
    return True


def slide(page: webdriver.Chrome, key: str, position: float) -> None:
    slider = page.find_element(By.ID, f"control-{key}-slider")
    page.execute_script("arguments[0].value = arguments[1]; arguments[0].oninput()", slider, position)


def test_it_trains_shows_and_pauses(page: webdriver.Chrome) -> None:
    assert len(page.find_elements(By.CSS_SELECTOR, "#pictures figure")) == 4
    page.find_element(By.ID, "run").click()
    until(lambda: epoch(page) > 20)
    page.find_element(By.ID, "run").click()
    until(lambda: page.find_element(By.ID, "run").get_attribute("aria-pressed") == "false")
    rows = page.find_elements(By.CSS_SELECTOR, "#numbers tbody tr")
    assert [row.text.split()[0] for row in rows] == ["none", "l2", "dropout", "early_stopping"]


def test_a_slider_is_seen_in_settings_and_undone(page: webdriver.Chrome) -> None:
    page.find_element(By.ID, "step").click()
    until(lambda: epoch(page) == 1)
    slide(page, "optimizer.lr", -1)
    until(lambda: "lr: 0.1" in text(page, "yaml"))
    until(lambda: not page.execute_script("return document.getElementById('midway').hidden"))
    page.find_element(By.ID, "undo").click()
    until(lambda: "lr: 0.003" in text(page, "yaml"))


def test_keys_work_without_a_mouse(page: webdriver.Chrome) -> None:
    body = page.find_element(By.TAG_NAME, "body")
    body.send_keys("s")
    until(lambda: epoch(page) == 1)
    body.send_keys(" ")
    until(lambda: epoch(page) > 5)
    body.send_keys(" ")
    until(lambda: page.find_element(By.ID, "run").text == "Run")
    marker = page.find_element(By.ID, "marker")
    marker.send_keys(Keys.HOME)
    until(lambda: "looking at 0" in text(page, "epoch"))


def test_a_reload_finds_its_session_and_another_page_has_its_own(page: webdriver.Chrome, server: Server) -> None:
    page.find_element(By.ID, "step").click()
    until(lambda: epoch(page) == 1)
    page.refresh()
    until(lambda: text(page, "epoch") == "epoch 1")
    page.switch_to.new_window("tab")
    page.get(server.address)
    until(lambda: text(page, "epoch") == "epoch 0" and page.find_elements(By.CSS_SELECTOR, "#pictures figure"))
    page.close()
    page.switch_to.window(page.window_handles[0])


def test_a_lost_connection_comes_back(page: webdriver.Chrome) -> None:
    page.find_element(By.ID, "step").click()
    until(lambda: epoch(page) == 1)
    page.execute_script("socket.close()")
    until(lambda: "lost" in text(page, "told"))
    until(lambda: "back" in text(page, "told"))
    page.find_element(By.ID, "step").click()
    until(lambda: epoch(page) == 2)


def test_what_is_refused_is_said(page: webdriver.Chrome) -> None:
    page.execute_script("set('optimizer.lr', -3)")
    until(lambda: "lr" in text(page, "told"))


def test_a_lane_and_its_members_come_and_go(page: webdriver.Chrome) -> None:
    page.find_element(By.CSS_SELECTOR, "#add-lane input").send_keys("mine", Keys.ENTER)
    until(lambda: len(page.find_elements(By.CSS_SELECTOR, "#stacks fieldset")) == 5)
    select = page.find_element(By.CSS_SELECTOR, "fieldset[data-lane=mine] select")
    select.find_element(By.CSS_SELECTOR, "option[value=max_norm]").click()
    until(lambda: page.find_elements(By.ID, "control-lanes.mine.max_norm.radius") or "max_norm" in text(page, "yaml"))
    until(lambda: clicked(page, "fieldset[data-lane=mine] .member button"))
    until(lambda: "max_norm" not in text(page, "yaml"))


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_runs_out_of_the_window(page: webdriver.Chrome, width: int) -> None:
    page.set_window_size(width, 900)
    inside = page.execute_script("return document.documentElement.scrollWidth <= window.innerWidth + 1")
    assert inside
    unnamed = page.execute_script(
        "return [...document.querySelectorAll('button, input, select')].filter(one => !(one.textContent.trim() || "
        "one.getAttribute('aria-label') || one.labels?.length)).map(one => one.outerHTML)"
    )
    assert unnamed == []
