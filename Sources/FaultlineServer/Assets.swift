#if Server
/// The style and script of all pages. Every page is complete without the script.
enum Assets {
  static let icon = """
    <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="#0b57a4"/><path d="M3 3l5 4-2 3 6 3" fill="none" stroke="#fff" stroke-width="2"/></svg>

    """

  static let style = """
    :root {
      color-scheme: light dark;
      --back: #ffffff; --text: #1c1e21; --quiet: #55595f; --line: #c9ced6; --soft: #f1f4f8; --link: #0b57a4;
      --good: #12652f; --warn: #8a4b00; --bad: #b3261e; --fill: #dce9f8; --stuck: #fbdcd9;
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --back: #14171b; --text: #e6e8eb; --quiet: #a9b0ba; --line: #434a54; --soft: #1e2329; --link: #8ec1ff;
        --good: #7fd79b; --warn: #ffc266; --bad: #ff9c93; --fill: #1f3550; --stuck: #57211d;
      }
    }
    * { box-sizing: border-box; }
    body { margin: 0; background: var(--back); color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
    a { color: var(--link); }
    :focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
    main:focus { outline: none; }
    .skip { position: absolute; left: -100rem; }
    .skip:focus { left: 1rem; top: 1rem; background: var(--back); padding: .5rem 1rem; z-index: 1; }
    header { border-bottom: 1px solid var(--line); background: var(--soft); }
    header nav { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; align-items: center; max-width: 76rem; margin: 0 auto; padding: .6rem 1rem; }
    header ul { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; list-style: none; margin: 0; padding: 0; }
    header a { display: inline-block; padding: .25rem 0; }
    header a[aria-current] { font-weight: 600; color: var(--text); text-decoration-thickness: 3px; }
    .brand { font-weight: 700; }
    main { max-width: 76rem; margin: 0 auto; padding: 1rem 1rem 4rem; }
    h1 { font-size: 1.6rem; line-height: 1.25; overflow-wrap: anywhere; }
    h2 { font-size: 1.25rem; margin-top: 2.25rem; overflow-wrap: anywhere; }
    h3 { font-size: 1.05rem; margin-top: 1.5rem; }
    p, li, dd { max-width: 48rem; overflow-wrap: anywhere; }
    .quiet, .hint { color: var(--quiet); }
    .hint { font-size: .9rem; margin: .2rem 0 0; }
    .verdict { border: 1px solid var(--line); border-left: 6px solid var(--quiet); background: var(--soft); padding: .5rem 1rem; border-radius: 4px; }
    .verdict h2 { margin: .25rem 0; }
    .verdict.confirmed { border-left-color: var(--good); }
    .verdict.probable { border-left-color: var(--warn); }
    .answer { font-size: 1.2rem; font-weight: 600; }
    .badge { display: inline-block; border: 1px solid currentColor; border-radius: 3px; padding: 0 .4rem; font-size: .85rem; white-space: nowrap; }
    .badge.confirmed, .badge.done, .badge.in-place { color: var(--good); }
    .badge.probable, .badge.running, .badge.queued { color: var(--warn); }
    .badge.failed, .badge.missing, .badge.older-files, .problem { color: var(--bad); }
    .problem { border-left: 4px solid var(--bad); padding-left: .75rem; }
    .note { border-left: 4px solid var(--warn); padding-left: .75rem; }
    .reasons li.for b { color: var(--good); }
    .reasons li.against b, li.against > b { color: var(--bad); }
    .cite { font-size: .85rem; text-decoration: none; }
    .scroll { overflow-x: auto; margin: .75rem 0; }
    table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .95rem; }
    caption { text-align: left; color: var(--quiet); padding: .25rem 0; }
    th, td { text-align: left; vertical-align: top; padding: .3rem .9rem .3rem .3rem; border-bottom: 1px solid var(--line); overflow-wrap: break-word; }
    td { max-width: 34rem; }
    th.n, td.n { text-align: right; }
    tr.marked { background: var(--fill); }
    tr.marked td:first-child { box-shadow: inset 4px 0 var(--link); }
    .hash { font-size: .75rem; overflow-wrap: anywhere; }
    dl { display: grid; gap: .25rem; }
    dl > div { display: grid; grid-template-columns: 10rem 1fr; gap: .5rem; }
    dt { color: var(--quiet); } dd { margin: 0; }
    pre { overflow-x: auto; background: var(--soft); border: 1px solid var(--line); padding: .6rem; border-radius: 4px; font-size: .9rem; }
    mark { background: var(--fill); color: inherit; font-weight: 600; }
    fieldset { border: 1px solid var(--line); border-radius: 4px; margin: 1rem 0; padding: .5rem 1rem 1rem; min-width: 0; }
    .plan ol { padding-left: 1.5rem; } .plan li { margin: .6rem 0; }
    input[type=checkbox] { width: 1.15rem; height: 1.15rem; margin: 0 .6rem 0 0; vertical-align: -.2rem; accent-color: var(--link); }
    input:checked + label { text-decoration: line-through; }
    input:not([type=checkbox]), textarea, select { font: inherit; color: inherit; background: var(--back); border: 1px solid var(--quiet); border-radius: 4px; padding: .4rem .5rem; width: 100%; max-width: 32rem; }
    button { font: inherit; color: var(--link); background: var(--back); border: 1px solid var(--link); border-radius: 4px; padding: .4rem .9rem; min-height: 2.4rem; cursor: pointer; }
    button.primary { background: var(--link); color: var(--back); }
    button.danger { color: var(--bad); border-color: var(--bad); }
    button.link { border: 0; background: none; padding: 0; min-height: 0; text-decoration: underline; }
    .field { margin: .75rem 0; } .field label { display: block; font-weight: 600; }
    .pair, .grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(20rem, 100%), 1fr)); gap: 0 1.5rem; }
    .drop { border: 2px dashed var(--quiet); } .drop.over { background: var(--fill); border-color: var(--link); }
    .plain { list-style: none; padding-left: 0; }
    .search { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; }
    .search input, .search select { width: auto; flex: 0 1 20rem; min-width: 0; }
    .hits li { margin: 1rem 0; } .hits p { margin: .2rem 0; }
    .contents ul { display: flex; flex-wrap: wrap; gap: .25rem 1rem; list-style: none; padding: 0; }
    .actions form { display: inline-block; margin: 0 .75rem .5rem 0; }
    summary { cursor: pointer; padding: .25rem 0; }
    progress { vertical-align: middle; accent-color: var(--link); width: 16rem; max-width: 100%; }
    svg { max-width: 100%; height: auto; display: block; margin: .75rem 0; }
    .picture { font: 13px system-ui, sans-serif; max-width: 60rem; width: 100%; }
    .picture text, .capture svg text { fill: var(--text); } .capture svg { font: 12px system-ui, sans-serif; width: 100%; }
    .picture .node { fill: var(--fill); stroke: var(--link); } .picture .stuck { fill: var(--stuck); stroke: var(--bad); stroke-width: 2; }
    .picture .old { stroke-dasharray: 4 3; } .picture .bar { fill: var(--link); } .picture .bar.off { fill: var(--line); }
    .picture .edge { fill: none; stroke: var(--quiet); } .picture .edge.bad { stroke: var(--bad); stroke-width: 1.5; }
    .picture.waiting .edge { stroke-opacity: .6; } .picture .edge.inferred { stroke-dasharray: 5 4; } .picture .end { fill: var(--bad); }
    .capture .bad { fill: var(--bad); } .capture .hurt { fill: var(--warn); } .capture .line { stroke: var(--line); }
    .scroll > svg { min-width: 36rem; }
    @media (max-width: 40rem) { td:last-child { min-width: 14rem; } dl > div { grid-template-columns: 1fr; gap: 0; } td { min-width: 7rem; } }
    @media print {
      :root { --back: #fff; --text: #000; --quiet: #333; --line: #999; --soft: #fff; --link: #000; --fill: #eee; --stuck: #ddd; }
      header, .contents, .actions, .skip, .save { display: none; }
      main { max-width: none; padding: 0; } .scroll { overflow: visible; } pre { white-space: pre-wrap; }
      section { break-inside: auto; } h2, h3 { break-after: avoid; } tr, li, svg { break-inside: avoid; }
    }

    """

  static let script = """
    "use strict";
    (() => {
      for (const time of document.querySelectorAll("time[datetime]")) {
        const moment = new Date(time.dateTime);
        if (!isNaN(moment)) {
          time.title = time.textContent;
          time.textContent = moment.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
        }
      }

      for (const form of document.querySelectorAll("form[data-confirm]")) {
        form.addEventListener("submit", (event) => { if (!confirm(form.dataset.confirm)) event.preventDefault(); });
      }

      const waiting = document.querySelector("[data-case]");
      if (waiting && window.EventSource) {
        const source = new EventSource("/api/cases/" + waiting.dataset.case + "/events");
        source.addEventListener("case", (event) => {
          const record = JSON.parse(event.data);
          if (record.state !== "queued" && record.state !== "running") { source.close(); location.reload(); return; }
          const step = document.getElementById("step"), bar = document.getElementById("bar");
          if (!record.progress) { step.textContent = record.state === "queued" ? "It waits for its turn." : "It begins."; return; }
          step.textContent = record.progress.phase + ": " + record.progress.done + " of " + record.progress.total;
          bar.max = Math.max(1, record.progress.total);
          bar.value = record.progress.done;
        });
      }

      const steps = document.getElementById("steps");
      if (steps) {
        steps.addEventListener("change", async () => {
          const status = document.getElementById("steps-status");
          const answer = await fetch(steps.action, { method: "POST", body: new URLSearchParams(new FormData(steps)) });
          status.textContent = answer.ok ? "Kept." : "Not kept; try again.";
        });
      }

      const form = document.getElementById("new-case");
      if (!form) return;
      const drop = document.getElementById("drop"), chosen = document.getElementById("chosen");
      const dropped = [];
      const show = () => {
        const all = [...form.querySelectorAll("input[type=file]")].flatMap((input) => [...input.files].map((file) => file.webkitRelativePath || file.name))
          .concat(dropped.map((entry) => entry.path));
        chosen.replaceChildren(...all.slice(0, 20).map((name) => {
          const item = document.createElement("li");
          item.textContent = name;
          return item;
        }));
        if (all.length > 20) {
          const item = document.createElement("li");
          item.textContent = "and " + (all.length - 20) + " more";
          chosen.append(item);
        }
      };
      form.addEventListener("change", show);
      const walk = async (entry, path) => {
        if (entry.isFile) {
          const file = await new Promise((done, fail) => entry.file(done, fail));
          dropped.push({ path: path + entry.name, file });
        } else if (entry.isDirectory) {
          const reader = entry.createReader();
          for (;;) {
            const part = await new Promise((done, fail) => reader.readEntries(done, fail));
            if (!part.length) break;
            for (const child of part) await walk(child, path + entry.name + "/");
          }
        }
      };
      for (const name of ["dragenter", "dragover"]) {
        drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.add("over"); });
      }
      for (const name of ["dragleave", "drop"]) drop.addEventListener(name, () => drop.classList.remove("over"));
      drop.addEventListener("drop", async (event) => {
        event.preventDefault();
        const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry && item.webkitGetAsEntry()).filter(Boolean);
        for (const entry of entries) await walk(entry, "");
        show();
      });
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        const data = new FormData();
        for (const [key, value] of new FormData(form)) {
          if (!(value instanceof File)) data.append(key, value);
          else if (value.name) data.append(key, value, value.webkitRelativePath || value.name);
        }
        for (const entry of dropped) data.append("evidence", entry.file, entry.path);
        const sent = document.getElementById("sent"), status = document.getElementById("status");
        const request = new XMLHttpRequest();
        request.open("POST", "/api/cases");
        request.upload.onprogress = (step) => {
          sent.hidden = false;
          if (step.lengthComputable) sent.value = 100 * step.loaded / step.total;
          status.textContent = "Sending: " + Math.floor(step.loaded / 1048576) + " MB";
        };
        request.onload = () => {
          let answer = {};
          try { answer = JSON.parse(request.responseText); } catch { }
          if (request.status === 201) location.href = "/cases/" + answer.id;
          else status.textContent = answer.message || "It could not be sent.";
        };
        request.onerror = () => { status.textContent = "The connection ended; try again."; };
        status.textContent = "Sending";
        request.send(data);
      });
    })();

    """
}
#endif
