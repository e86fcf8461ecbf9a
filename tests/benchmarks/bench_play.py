"""The playground's pictures a second, and how soon a slider's effect is sent and shown, in a headless browser.

    python tests/benchmarks/bench_play.py [CONFIG]

Four lanes of five seeds of the sine network by default. The times include the browser's drawing.
"""

import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

SECONDS, MOVES = 10, 20


def main() -> None:
    command = [sys.executable, "-m", "regx", "play", "--no-browser", "--port", "0", *sys.argv[1:]]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server,
        tempfile.TemporaryDirectory() as profile,
    ):
        assert server.stdout is not None
        address = server.stdout.readline().strip()
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium") or ""
        for argument in (
            "headless=new",
            "no-sandbox",
            "disable-gpu",
            "window-size=1280,1000",
            f"user-data-dir={profile}",
        ):
            options.add_argument(f"--{argument}")
        page = webdriver.Chrome(options, Service(shutil.which("chromedriver")))
        page.get(address)
        time.sleep(2)
        page.execute_script("document.getElementById('run').click()")
        time.sleep(2)
        before, start = page.execute_script("return window.pictures"), time.perf_counter()
        time.sleep(SECONDS)
        shown = page.execute_script("return window.pictures") - before
        epoch = page.execute_script("return document.getElementById('epoch').textContent")
        print(f"{shown / (time.perf_counter() - start):.1f} pictures a second; {epoch}")
        slider = page.find_element("id", "control-optimizer.lr-slider")
        page.execute_script("window.latencies.length = 0")
        for move in range(MOVES):
            page.execute_script("arguments[0].value = arguments[1]; arguments[0].oninput()", slider, -3 + 0.05 * move)
            time.sleep(0.4)
        times = sorted(page.execute_script("return window.latencies"))
        median = statistics.median(times)
        print(f"a slider's effect after {median:.0f} ms (median of {len(times)}), {times[-1]:.0f} ms at most")
        page.quit()
        start = time.perf_counter()
        server.terminate()
        server.wait()
        print(f"ended {time.perf_counter() - start:.2f} s after a signal")


main()
