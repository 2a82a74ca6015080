# SPDX-License-Identifier: BSD-3-Clause
"""browse.py [--profile DIR] [--phone] [--language TAG] [--map HOST=ADDRESS]... STEP...

A person at Chromium, by ChromeDriver, in the network namespace that this is started in. A profile that
is given is kept, with its cookies. Steps, one after the other:

    open=URL             goes there
    await=TEXT           waits until the page has the text, for 20 s at most
    at=PREFIX            waits until the address begins so
    type=FIELD=TEXT      puts text into the field of that name, in place of what is in it
    click=TEXT           on the button or link with this text or label
    gone=TEXT            waits until the page has the text no more
    shot=FILE            a picture of the window, as it is
    wait=SECONDS
    say                  prints the page's address, title, language and text
    label                prints each field, and what a screen reader calls it

It ends with 1 and a line where a step cannot be done. What the browser's console has of errors is printed as
`console: ...` at the end, such as a content security policy that is violated; statuses of answers are none.
"""

import argparse
import sys
import time

from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

PATIENCE_S = 20

parser = argparse.ArgumentParser()
parser.add_argument("--profile")
parser.add_argument("--phone", action="store_true")
parser.add_argument("--language", default="en-GB")
parser.add_argument("--map", action="append", default=[])
parser.add_argument("steps", nargs="+")
asked = parser.parse_args()


def start():
    options = webdriver.ChromeOptions()
    switches = [
        "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
        "--disable-dev-shm-usage", "--hide-scrollbars", f"--accept-lang={asked.language}",
        # An address without a certificate is to be asked for as it is written.
        "--disable-features=HttpsUpgrades,HttpsFirstBalancedModeAutoEnable",
    ]
    if asked.profile:
        switches.append(f"--user-data-dir={asked.profile}")
    if asked.map:
        rules = ",".join("MAP {} {}".format(*one.split("=", 1)) for one in asked.map)
        switches.append(f"--host-resolver-rules={rules}")
    for switch in switches:
        options.add_argument(switch)
    options.add_experimental_option("prefs", {"intl.accept_languages": asked.language})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    if asked.phone:
        options.add_experimental_option(
            "mobileEmulation",
            {"deviceMetrics": {"width": 390, "height": 844, "pixelRatio": 2, "touch": True}})
    driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
    if not asked.phone:
        driver.set_window_size(1280, 800)
    driver.set_page_load_timeout(PATIENCE_S)
    return driver


def text_of(driver):
    return driver.find_element(By.TAG_NAME, "body").text


def until(what, condition):
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        try:
            if condition():
                return
        except WebDriverException:
            pass  # the page is about to be another
        time.sleep(0.1)
    raise TimeoutError(what)


def click(driver, text):
    path = (f"//button[normalize-space()='{text}' or @aria-label='{text}'] | "
            f"//a[contains(normalize-space(), '{text}')]")
    until(f"nothing to click on: {text}", lambda: driver.find_elements(By.XPATH, path))
    driver.find_element(By.XPATH, path).click()


def label(driver):
    for field in driver.find_elements(By.CSS_SELECTOR, "input:not([type=hidden]), button, a"):
        print(f"field: {field.get_attribute('name') or field.tag_name}: {field.accessible_name}")


def say(driver):
    language = driver.find_element(By.TAG_NAME, "html").get_attribute("lang")
    print(f"address: {driver.current_url}\ntitle: {driver.title}\nlanguage: {language}")
    print(text_of(driver))


def do(driver, step):
    name, _, value = step.partition("=")
    if name == "open":
        driver.get(value)
    elif name == "await":
        until(f"the page never had: {value}", lambda: value in text_of(driver))
    elif name == "gone":
        until(f"the page has it still: {value}", lambda: value not in text_of(driver))
    elif name == "at":
        until(f"never at {value}", lambda: driver.current_url.startswith(value))
    elif name == "type":
        field, _, text = value.partition("=")
        place = driver.find_element(By.NAME, field)
        place.clear()
        place.send_keys(text)
    elif name == "click":
        click(driver, value)
    elif name == "shot":
        driver.save_screenshot(value)
    elif name == "wait":
        time.sleep(float(value))
    elif name == "label":
        label(driver)
    elif name == "say":
        say(driver)
    else:
        raise ValueError(f"no such step: {step}")


driver = start()
status = 0
try:
    for one in asked.steps:
        do(driver, one)
except (WebDriverException, TimeoutError, ValueError) as wrong:
    print(f"failed: {one}: {str(wrong).splitlines()[0]}")
    print(f"at {driver.current_url}:\n{text_of(driver)}")
    status = 1
for entry in driver.get_log("browser"):
    if entry["level"] == "SEVERE" and entry["source"] != "network":
        print(f"console: {entry['message']}")
driver.quit()
sys.exit(status)
