#if Server
import Reporting

/// The style and script of all pages. Every page is complete without the script.
enum Assets {
  static let icon = """
    <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="#0b57a4"/><path d="M3 3l5 4-2 3 6 3" fill="none" stroke="#fff" stroke-width="2"/></svg>

    """

  static let style =
    PageStyle.css + """
      main:focus { outline: none; }
      .skip { position: absolute; left: -100rem; }
      .skip:focus { left: 1rem; top: 1rem; background: var(--back); padding: .5rem 1rem; z-index: 1; }
      header { border-bottom: 1px solid var(--line); background: var(--soft); }
      header nav { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; align-items: center; max-width: 76rem; margin: 0 auto; padding: .6rem 1rem; }
      header ul { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; list-style: none; margin: 0; padding: 0; }
      header a { display: inline-block; padding: .25rem 0; }
      header a[aria-current] { font-weight: 600; color: var(--text); text-decoration-thickness: 3px; }
      .brand { font-weight: 700; }
      input:not([type=checkbox]), textarea, select { font: inherit; color: inherit; background: var(--back); border: 1px solid var(--quiet); border-radius: 4px; padding: .4rem .5rem; width: 100%; max-width: 32rem; }
      button { font: inherit; color: var(--link); background: var(--back); border: 1px solid var(--link); border-radius: 4px; padding: .4rem .9rem; min-height: 2.4rem; cursor: pointer; }
      button.primary { background: var(--link); color: var(--back); }
      button.danger { color: var(--bad); border-color: var(--bad); }
      button.link { border: 0; background: none; padding: 0; min-height: 0; text-decoration: underline; }
      .field { margin: .75rem 0; } .field label { display: block; font-weight: 600; }
      .pair, .grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(20rem, 100%), 1fr)); gap: 0 1.5rem; }
      .drop { border: 2px dashed var(--quiet); } .drop.over { background: var(--fill); border-color: var(--link); }
      .search { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; }
      .search input, .search select { width: auto; flex: 0 1 20rem; min-width: 0; }
      .hits li { margin: 1rem 0; } .hits p { margin: .2rem 0; }
      .actions form { display: inline-block; margin: 0 .75rem .5rem 0; }
      progress { vertical-align: middle; accent-color: var(--link); width: 16rem; max-width: 100%; }
      @media print { header, .actions, .skip, .save { display: none; } }

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
