"""Uses the pages of `faultline serve` as a person would and says what is not as it should be. See Scripts/pages/run."""
import argparse, importlib.resources, json, os, shutil, subprocess, sys, tempfile, time, urllib.request

from browser import Browser

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("program")
parser.add_argument("--shared", default="../shared")
parser.add_argument("--screenshots", metavar="DIR", help="keep pictures of every page here")
options = parser.parse_args()
if options.screenshots:
    os.makedirs(options.screenshots, exist_ok=True)

root = tempfile.mkdtemp()
environment = {"PATH": "/usr/bin:/bin", "HOME": root, "TZ": "UTC"}
failures = []
checked = 0


def check(condition, what):
    global checked
    checked += 1
    if not condition:
        failures.append(what)
    print(("ok      " if condition else "FAILED  ") + what, flush=True)


def lab(case, *arguments):
    """The evidence of a founding case, written by the program."""
    place = os.path.join(root, case)
    subprocess.run([options.program, "lab", "run", case, "--seed", "5", "--out", place, *arguments], check=True,
                   stdout=subprocess.DEVNULL, env=environment)
    return os.path.join(place, "evidence")


server = subprocess.Popen([options.program, "serve", "--folder", os.path.join(root, "cases"), "--port", "0"],
                          stdout=subprocess.PIPE, text=True, env=environment)
line = server.stdout.readline()
if not line.startswith("Listening on "):
    raise SystemExit(f"pages: the server did not start: {line}")
base = line.split()[2].rstrip("/")
browser = Browser()
axe = importlib.resources.files("axe_core_python").joinpath("axe.min.js").read_text()


def audit(name, what):
    """The page in two widths and two colour schemes: nothing beyond its edge, nothing that axe objects to."""
    address = browser.ask("location.href")
    for width in (1280, 390):
        for scheme in ("light", "dark"):
            browser.size(width, scheme == "dark")
            browser.open(address)
            if options.screenshots:
                browser.screenshot(f"{options.screenshots}/{name}-{width}-{scheme}.png")
            browser.ask(axe)
            found = browser.ask(
                "axe.run().then(r => r.violations.map(v => v.id + ' at ' + v.nodes.slice(0, 3).map(n => n.target.join(' ')).join(', ')))",
                wait=True)
            check(not found, f"{what}, {width} {scheme}: no accessibility violation{': ' + '; '.join(found) if found else ''}")
            check(not browser.ask("document.documentElement.scrollWidth > innerWidth"), f"{what}, {width} {scheme}: as wide as the window")
    browser.size(1280)
    browser.open(address)


def answered():
    """Waits until the case under way has its answer, and returns what was said on the way."""
    said = set()

    def is_done():
        step = browser.ask("document.getElementById('step')?.textContent")
        if step:
            said.add(step)
        return browser.ask("location.pathname.startsWith('/cases/') && !!document.querySelector('#verdict, .problem')")

    browser.until(is_done, 120, "the answer")
    browser.loaded()
    return said


try:
    browser.size(1280)
    browser.open(base + "/")
    audit("start", "start page")
    # By keyboard: the first stop leads past the navigation, Enter goes there.
    browser.key("Tab", 9)
    check(browser.ask("document.activeElement.className") == "skip", "the first Tab stops at the link to the content")

    # Symptoms, typed.
    browser.click("details.symptoms summary")
    for field, text in [("#name", "Ward 3"), ("#stop", "0x41"), ("#module", "tdpipe.sys"), ("#tag", "Mdl"), ("#pool", "nonpaged")]:
        browser.type(field, text)
    browser.click("button.primary")
    answered()
    check("Ward 3" in browser.ask("document.querySelector('h1').textContent"), "typed symptoms: the case has its name")
    check("Q315817" in browser.ask("document.body.textContent"), "typed symptoms: their article is named")
    audit("symptoms", "case of typed symptoms")

    # A folder, dropped.
    cases = {}
    for case, article in [("netbios-receive", "KB961799"), ("driver-loads", "KB950162"), ("dfs-queue", "FL-0004")]:
        folder = lab(case)
        browser.open(base + "/")
        browser.type("#name", case)
        browser.drop("#drop", [folder])
        count = sum(len(files) for _, _, files in os.walk(folder))
        browser.until(lambda: browser.ask("document.querySelectorAll('#chosen li').length"), 20, "the dropped names")
        shown = browser.ask("[...document.querySelectorAll('#chosen li')].map(e => e.textContent)")
        check(count > 20 or len(shown) == count, f"{case}: all {count} dropped files are listed")
        browser.click("button.primary")
        answered()
        text = browser.ask("document.body.textContent")
        verdict = browser.ask("document.querySelector('#verdict').textContent")
        check(article in text, f"{case}: {article} is named")
        check("confirmed" in text or "probable" in text, f"{case}: the verdict is said")
        check(browser.ask("!!document.querySelector('nav.contents a[href=\"#timeline\"]')"), f"{case}: the page lists its sections")
        cases[case] = browser.ask("location.pathname")
        audit(case, f"case {case}")
    check(browser.ask("!!document.querySelector('svg')"), "dfs-queue: who waits for whom is drawn")

    # A real dump, chosen.
    dump = os.path.join(options.shared, "evidence/dumps/win10_19041_x64_4A_notmyfault.dmp")
    if os.path.exists(dump):
        browser.open(base + "/")
        browser.choose("#files", [os.path.abspath(dump)])
        browser.click("button.primary")
        answered()
        check("myfault.sys" in browser.ask("document.body.textContent"), "real dump: the culprit is named")
        audit("real-dump", "case of a real dump")
    else:
        print(f"skipped {dump} is not there")

    # The plan's boxes are kept.
    browser.open(base + cases["netbios-receive"])
    browser.click("input[name=step]")
    browser.until(lambda: browser.ask("document.getElementById('steps-status').textContent"), 20, "the step to be kept")
    browser.open(base + cases["netbios-receive"])
    check(browser.ask("document.querySelector('input[name=step]').checked"), "a step that is done stays checked")

    # Printed, it is a document of a few pages that says the same.
    pdf = browser.call("Page.printToPDF", printBackground=True)
    check(len(pdf["data"]) > 20_000, "the case is printed")
    if options.screenshots:
        import base64
        with open(options.screenshots + "/case.pdf", "wb") as file:
            file.write(base64.b64decode(pdf["data"]))

    # Search and read.
    browser.open(base + "/articles")
    browser.type("#q", "netbt.sys receive")
    browser.key("Enter", 13)
    # The Enter key of a form needs its character.
    if browser.ask("location.search") == "":
        browser.click("form.search button")
    browser.until(lambda: "q=" in browser.ask("location.search"), 20, "the search")
    browser.loaded()
    audit("search", "search")
    browser.click("main a[href^='/articles/']")
    browser.until(lambda: browser.ask("location.pathname").startswith("/articles/"), 20, "the article")
    browser.loaded()
    audit("article", "article")

    # Machines: any fix is verified.
    browser.open(base + "/machines")
    audit("machines", "machines")
    browser.open(base + cases["driver-loads"] + "/verify")
    browser.type("#fix", "KB950162")
    browser.click("form.search button")
    browser.until(lambda: browser.ask("!!document.querySelector('#verify-1')"), 60, "the verification")
    check("ntoskrnl.exe" in browser.ask("document.body.textContent").lower(), "verify: the fix's files are listed")
    audit("verify", "verification")
    browser.open(base + "/cases")
    check(browser.ask("document.querySelectorAll('tbody tr').length") >= 4, "all cases are listed")
    audit("cases", "list of cases")

    # Without script everything is there to read.
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    browser.call("Page.navigate", url=base + cases["netbios-receive"])
    time.sleep(1)
    if options.screenshots:
        browser.screenshot(options.screenshots + "/without-script.png")
    page = urllib.request.urlopen(base + cases["netbios-receive"]).read().decode()
    check("KB961799" in page and "type=\"checkbox\"" in page, "without script the answer and its plan are there")
    browser.call("Emulation.setScriptExecutionDisabled", value=False)

    problems = [e["params"] for e in browser.events
                if e.get("method") == "Log.entryAdded" and e["params"]["entry"]["level"] == "error"
                or e.get("method") == "Runtime.exceptionThrown"]
    check(not problems, f"no error in the console{': ' + json.dumps(problems[0])[:300] if problems else ''}")
    elsewhere = sorted({e["params"]["request"]["url"] for e in browser.events if e.get("method") == "Network.requestWillBeSent"
                        and not e["params"]["request"]["url"].startswith((base, "data:", "about:"))})
    check(not elsewhere, f"nothing is asked of another site{': ' + elsewhere[0] if elsewhere else ''}")
finally:
    browser.close()
    server.kill()
    shutil.rmtree(root, ignore_errors=True)
print(f"pages: {checked - len(failures)} checks passed, {len(failures)} failed")
sys.exit(1 if failures else 0)
