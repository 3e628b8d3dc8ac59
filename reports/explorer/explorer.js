"use strict";
(async () => {
  const $ = (id) => document.getElementById(id);
  const data = await inflated("data");
  const runs = new Map();
  let shown = null; // the verdict that is open: {flow, property, run, at}

  // Elements whose text is text: nothing that the data says becomes markup.
  function h(tag, attributes, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (name === "on") for (const [event, f] of Object.entries(value)) element.addEventListener(event, f);
      else if (value === true) element.setAttribute(name, "");
      else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
    }
    element.append(...children.flat().filter((c) => c !== null && c !== undefined && c !== ""));
    return element;
  }
  const word = (value) => String(value);
  const link = (flow, property, at) =>
    `#v/${encodeURIComponent(flow)}/${encodeURIComponent(property)}${at === undefined ? "" : `/${at}`}`;

  async function inflated(id) {
    const packed = Uint8Array.from(atob($(id).textContent), (c) => c.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
    return JSON.parse(await new Response(stream).text());
  }

  async function unpacked(number) {
    if (!runs.has(number)) {
      const run = await inflated(`run-${number}`);
      run.states = [run.initial];
      for (const step of run.steps) {
        const next = { ...run.states[run.states.length - 1] };
        for (const [name, , after] of step.changed) next[name] = after;
        run.states.push(next);
      }
      runs.set(number, run);
    }
    return runs.get(number);
  }

  function picture(text) {
    const parsed = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
    const svg = document.importNode(parsed, true);
    svg.removeAttribute("height");
    const [, , width] = (svg.getAttribute("viewBox") || "0 0 800 0").split(" ");
    svg.setAttribute("width", width);
    return svg;
  }

  // --- The table ---

  const rows = [...document.querySelectorAll("#matrix tr[data-property]")].map((tr) => {
    const p = data.properties[tr.dataset.property];
    return { tr, text: [tr.dataset.property, p.says, p.cite, p.group, p.aspect, p.protects].join(" ").toLowerCase() };
  });

  function filter() {
    const words = $("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    const kinds = new Set([...document.querySelectorAll("[data-kind]")].filter((c) => c.checked).map((c) => c.dataset.kind));
    const flows = new Set([...document.querySelectorAll("input[data-flow]")].filter((c) => c.checked).map((c) => c.dataset.flow));
    const all = kinds.size === 4;
    for (const th of document.querySelectorAll("#matrix thead th[data-flow]")) th.hidden = !flows.has(th.dataset.flow);
    let matching = 0;
    for (const { tr, text } of rows) {
      let some = false;
      for (const td of tr.querySelectorAll("td")) {
        const visible = flows.has(td.dataset.flow);
        const wanted = kinds.has(td.className.split(" ")[0]);
        td.hidden = !visible;
        td.classList.toggle("dimmed", !all && !wanted);
        some = some || (visible && wanted);
      }
      tr.hidden = !some || !words.every((w) => text.includes(w));
      matching += tr.hidden ? 0 : 1;
    }
    for (const body of document.querySelectorAll("#matrix tbody")) {
      body.hidden = ![...body.querySelectorAll("tr[data-property]")].some((tr) => !tr.hidden);
    }
    $("empty").hidden = matching > 0;
  }

  // --- A verdict ---

  function facts(flow, id) {
    const p = data.properties[id];
    const r = data.results[flow][id];
    const meaning = r.kind === "violated" ? p.violated : r.kind === "unknown" ? "" : p.holds;
    const setting = data.settings[flow];
    const rows = [
      ["evidence", r.evidence], ["protects", p.protects], ["binds", p.binds], ["source", p.cite],
      ["assumes", r.fairness.join("; ")], ["notes", r.notes.join("; ")],
    ];
    // Where there is room for it.
    const beside = r.nearest ? nearest(flow, id, r.nearest) : null;
    const others = data.flows.map((f) => f.id).filter((f) => f !== flow && data.results[f][id]);
    return [
      h("h2", {}, h("a", { href: "#", class: "screen" }, "← all verdicts"), ` ${flow}: ${id} `, h("span", { class: `badge ${r.kind}` }, r.cell)),
      h("div", { class: "head" },
        h("div", {}, h("p", { class: "says" }, p.says), meaning ? h("p", {}, meaning) : null, r.why ? why(r.why) : beside),
        h("div", {},
          h("dl", { class: "facts" }, rows.filter(([, v]) => v).flatMap(([k, v]) => [h("dt", {}, k), h("dd", {}, v)])),
          others.length
            ? h("p", { class: "elsewhere" }, "Elsewhere: ", others.map((f) =>
                h("a", { href: link(f, id) }, `${f} ${data.results[f][id].mark}`)))
            : null,
          r.why ? beside : null)),
      r.lemmas.length
        ? h("details", { class: "more" }, h("summary", {}, `the ${r.lemmas.length} lemmas of the proof`),
            h("ul", {}, r.lemmas.map((x) => h("li", {}, h("code", {}, x)))))
        : null,
      h("details", { class: "more" }, h("summary", {}, "formula and setting"),
        h("p", {}, h("code", {}, p.formula)),
        h("p", {}, h("code", {}, [...Object.entries(setting.topology), ...Object.entries(setting.knobs)]
          .map(([k, v]) => `${k}=${v}`).join("  ")))),
    ];
  }

  function why(w) {
    const line = (head, items) => (items.length ? h("p", {}, head, h("span", { class: "mono" }, items.join("; "))) : null);
    return h("div", { class: "box", id: "why" }, h("h3", {}, "What would mend it"), [
      line("any one of these settings: ", w.settings), line("or that any one of these steps were never possible: ", w.steps),
      line("or any one of these together: ", w.together),
      line("only because nothing of the kind could happen: ", w.hollow), line("undecided within the limits: ", w.open),
      [w.settings, w.steps, w.together, w.hollow, w.open].every((x) => !x.length) ? h("p", {}, "no single setting, no single step and no small set of them") : null]);
  }

  function nearest(flow, id, n) {
    const where = n.step === null
      ? "The whole run is possible there too; what differs is what the property asks for."
      : h("span", {}, "They part at ", h("a", { href: link(flow, id, n.step + 1), id: "parting" }, `step ${n.step + 1}`), ". There: ",
          n.instead.length ? `the answer is ${n.instead.join(" or ")}. ` : "it is not possible. ", n.why.length ? `Missing: ${n.why.join("; ")}.` : "");
    return h("div", { class: "box" }, h("h3", {}, "Nearest flow in which it holds"),
      h("p", {}, h("a", { href: link(n.flow, id) }, n.flow), ". ", where),
      h("details", { class: "more", open: n.step !== null }, h("summary", {}, "side by side"), h("table", { class: "beside-run", id: "beside" })),
      n.differs.length
        ? h("details", { class: "more" }, h("summary", {}, `the ${n.differs.length} settings in which the flows differ`),
            h("table", { class: "beside-run" }, row("th", "", "here", "there"), n.differs.map(([k, a, b]) => row("td", k, a, b))))
        : null);
  }

  function row(tag, ...cells) {
    return h("tr", {}, cells.map((c) => h(tag, {}, c)));
  }

  // The run on the left, what becomes of it in the nearest flow on the right; what is the same for long is one line.
  function sideBySide(flow, n, run) {
    const there = (i) => (n.step === null || i < n.step ? "the same" : i > n.step ? "" : n.instead.join(" or ") || "not possible");
    const first = n.step === null ? run.steps.length : Math.max(0, n.step - 3);
    const rows = first > 1 ? [row("td", `1 – ${first}`, "…", "the same")] : [];
    run.steps.forEach((s, i) => {
      if (first > 1 && i < first) return;
      const tr = row("td", String(i + 1), s.event + (s.reply === "ok" ? "" : ` → ${s.reply}`), there(i));
      if (i === n.step) tr.className = "parts";
      rows.push(tr);
    });
    $("beside").replaceChildren(row("th", "", flow, n.flow), ...rows);
  }

  async function open(flow, id, at) {
    const r = (data.results[flow] || {})[id];
    if (!r) return close();
    const fresh = !shown || shown.flow !== flow || shown.id !== id;
    if (fresh) {
      const main = $("verdict");
      main.replaceChildren(...facts(flow, id).filter(Boolean));
      shown = { flow, id, run: null, at: 0 };
      $("overview").hidden = true;
      document.querySelector(".tools").hidden = true;
      main.hidden = false;
      document.title = `${flow}: ${id}`;
      window.scrollTo(0, 0);
      if (r.run !== undefined) {
        const run = await unpacked(r.run);
        if (!shown || shown.flow !== flow || shown.id !== id) return;
        shown.run = run;
        main.append(...stepper(run));
        if (r.nearest) sideBySide(flow, r.nearest, run);
      }
    }
    if (shown.run) show(at === undefined ? (fresh ? 0 : shown.at) : at);
  }

  function close() {
    shown = null;
    $("verdict").hidden = true;
    $("verdict").replaceChildren();
    $("overview").hidden = false;
    document.querySelector(".tools").hidden = false;
    document.title = document.querySelector("h1").textContent;
  }

  function stepper(run) {
    const last = run.steps.length;
    const steps = [h("li", {}, h("button", { type: "button", "data-at": 0, on: { click: () => go(0) } }, "0", h("span", {}, "initially")))];
    run.steps.forEach((s, i) => {
      if (i === run.loop) steps.push(h("li", {}, h("small", {}, `↻ ${run.loop_says}`)));
      const bad = !run.witness && (s.culprit || i + 1 === run.broken_at);
      steps.push(h("li", {}, h("button", { type: "button", "data-at": i + 1, class: bad ? "bad" : null, on: { click: () => go(i + 1) } },
        String(i + 1), h("span", { class: "mono" }, s.event + (s.reply === "ok" ? "" : ` → ${s.reply}`)), h("small", {}, s.actor))));
    });
    const tab = (name, label) => h("button", { type: "button", role: "tab", "data-tab": name, on: { click: () => choose(name) } }, label);
    const chart = picture(run.chart);
    const graph = run.graph ? picture(run.graph) : null;
    return [
      h("div", { class: "stepper", role: "group", "aria-label": "steps of the run" },
        h("button", { type: "button", id: "first", title: "first state (Home)", on: { click: () => go(0) } }, "|◀"),
        h("button", { type: "button", id: "back", title: "one step back (←)", on: { click: () => go(shown.at - 1) } }, "◀ back"),
        h("button", { type: "button", id: "forward", title: "one step on (→)", on: { click: onward } }, "next ▶"),
        h("button", { type: "button", id: "last", title: "last state (End)", on: { click: () => go(last) } }, "▶|"),
        h("output", { id: "position", "aria-live": "polite" }),
        h("input", { type: "range", id: "slider", min: 0, max: last, value: 0, "aria-label": "step", on: { input: (e) => go(Number(e.target.value)) } })),
      h("div", { class: "panes" },
        h("div", {},
          h("div", { class: "pane screen", id: "what" }),
          h("div", { class: "pane screen" }, h("h3", {}, "Steps"), h("ol", { id: "steps" }, steps)),
          h("div", { class: "pane screen" }, h("h3", {}, "State"),
            h("label", {}, h("input", { type: "checkbox", id: "all", on: { change: () => show(shown.at) } }), " all variables"),
            h("table", { id: "state" }, h("tbody", {})))),
        h("div", { class: "beside" },
          h("div", { class: "tabs screen", role: "tablist" }, tab("chart", "sequence chart"), tab("timeline", "timeline"), graph ? tab("graph", "states") : null),
          h("div", { class: "picture", id: "chart" }, chart),
          h("div", { class: "picture", id: "timeline", hidden: true }, picture(run.timeline)),
          graph ? h("div", { class: "picture", id: "graph", hidden: true }, graph) : null)),
    ];
  }

  function choose(name) {
    for (const pane of document.querySelectorAll(".picture")) pane.hidden = pane.id !== name;
    for (const tab of document.querySelectorAll("[data-tab]")) tab.setAttribute("aria-selected", String(tab.dataset.tab === name));
    if (shown && shown.run) mark(shown.run, shown.at);
  }

  function go(at) {
    if (!shown || !shown.run) return;
    const to = Math.max(0, Math.min(shown.run.steps.length, at));
    history.replaceState(null, "", link(shown.flow, shown.id, to));
    show(to);
  }

  function onward() {
    const { run, at } = shown;
    // At the end of a run that goes on for ever, the next step is the first of the loop.
    go(at === run.steps.length && run.loop !== null ? run.loop + 1 : at + 1);
  }

  function show(at) {
    const run = shown.run;
    const last = run.steps.length;
    at = Math.max(0, Math.min(last, at));
    shown.at = at;
    const step = at ? run.steps[at - 1] : null;
    $("position").textContent = at ? `step ${at} of ${last}` : `initially (${last} steps)`;
    $("slider").value = at;
    $("first").disabled = $("back").disabled = at === 0;
    $("last").disabled = at === last;
    $("forward").disabled = at === last && run.loop === null;
    for (const b of document.querySelectorAll("#steps button")) {
      if (Number(b.dataset.at) === at) b.setAttribute("aria-current", "step");
      else b.removeAttribute("aria-current");
    }
    $("what").replaceChildren(...what(run, at, step));
    const changed = new Map(step ? step.changed.map(([name, before]) => [name, before]) : []);
    const names = $("all").checked ? Object.keys(run.initial) : run.relevant;
    $("state").tBodies[0].replaceChildren(...names.map((name) => h("tr", { class: changed.has(name) ? "changed" : null, "data-name": name },
      h("th", { class: "mono" }, name),
      h("td", { class: "mono" }, word(run.states[at][name]), changed.has(name) ? h("small", {}, ` was ${word(changed.get(name))}`) : null))));
    if (!document.querySelector("[data-tab][aria-selected=true]")) choose("chart");
    // Whoever steps wants to see the pictures: they have the window's height, below the stepper.
    const above = document.querySelector(".stepper").getBoundingClientRect().top;
    if (at && above > 4) window.scrollBy(0, above);
    mark(run, at);
  }

  function what(run, at, step) {
    const parts = [];
    if (step) {
      parts.push(h("h3", {}, `Step ${at}: ${step.parties.join(", ")}`));
      parts.push(h("p", { class: "mono" }, `${step.actor}: ${step.event}`, step.reply === "ok" ? "" : ` → ${step.reply}`));
      parts.push(h("ul", { class: "mono" }, step.changed.length
        ? step.changed.map(([name, before, after]) => h("li", {}, `${name}: ${word(before)} → ${word(after)}`))
        : h("li", {}, "changes nothing")));
      parts.push(h("details", { class: "more", open: true }, h("summary", {}, "by these rules"), h("ul", {}, step.rules.map((r) =>
        h("li", {}, h("code", {}, r.name), r.binds ? ` binds ${r.binds}` : "", r.cite ? ` (${r.cite})` : "", r.at ? h("small", {}, ` ${r.at}`) : null)))));
    } else parts.push(h("h3", {}, "Initially"), h("p", {}, `${Object.keys(run.initial).length} variables; shown are those that matter.`));
    if (run.pending !== null && at >= run.pending) parts.push(h("p", {}, at === run.pending ? "From here on it is due." : `Due since state ${run.pending}.`));
    if (run.broken_at !== null && (at >= run.broken_at || (run.loop !== null && at === run.steps.length))) {
      parts.push(h("div", { class: `box ${run.witness ? "reached" : "broken"}`, id: "broken" }, h("b", {}, run.headline),
        run.causes.map((c) => h("p", {}, c)),
        run.blame ? h("p", {}, "Rule to look at: ", h("code", {}, run.blame.name), " ", h("small", {}, run.blame.at)) : null));
    }
    return parts;
  }

  // Chart and graph move along: the current row and node are set off, later rows step back.
  function mark(run, at) {
    for (const old of document.querySelectorAll("svg rect.here")) old.remove();
    const chart = document.querySelector("#chart svg");
    for (const row of chart.querySelectorAll("[data-step]")) {
      const number = Number(row.dataset.step);
      row.classList.toggle("later", number > at);
      if (number !== at || $("chart").hidden) continue;
      const box = row.getBBox();
      if (!box.height) continue;
      const here = document.createElementNS("http://www.w3.org/2000/svg", "rect");
      const values = { class: "here", x: 4, y: box.y - 4, width: Number(chart.viewBox.baseVal.width) - 8, height: box.height + 8, rx: 4 };
      for (const [k, v] of Object.entries(values)) here.setAttribute(k, v);
      chart.append(here);
      follow($("chart"), here);
    }
    const timeline = document.querySelector("#timeline svg");
    const column = timeline.querySelector(`[data-step="${at}"]`);
    if (column && !$("timeline").hidden) {
      const box = column.getBBox();
      const middle = box.x + box.width / 2;
      const [width, bottom] = [timeline.dataset.column, timeline.dataset.bottom].map(Number);
      const here = document.createElementNS("http://www.w3.org/2000/svg", "rect");
      const values = { class: "here", x: middle - width / 2, y: box.y - 3, width, height: bottom - box.y + 3, rx: 4 };
      for (const [k, v] of Object.entries(values)) here.setAttribute(k, v);
      timeline.append(here);
      const pane = $("timeline").getBoundingClientRect();
      const seen = here.getBoundingClientRect();
      if (seen.right > pane.right || seen.left < pane.left) $("timeline").scrollLeft += seen.left - pane.left - pane.width / 2;
    }
    for (const node of document.querySelectorAll("#graph g.node")) {
      const current = node.querySelector("title").textContent === run.nodes[at];
      node.classList.toggle("here-node", current);
      if (current && !$("graph").hidden) follow($("graph"), node);
    }
  }

  function follow(pane, element) {
    const outer = pane.getBoundingClientRect();
    const inner = element.getBoundingClientRect();
    if (inner.top < outer.top || inner.bottom > outer.bottom) pane.scrollTop += inner.top - outer.top - outer.height / 3;
  }

  // --- Moving about ---

  function route() {
    const parts = location.hash.slice(1).split("/").map(decodeURIComponent);
    if (parts[0] === "v" && parts.length >= 3) open(parts[1], parts[2], parts[3] === undefined ? undefined : Number(parts[3]) || 0);
    else close();
  }

  function theme(name) {
    document.documentElement.dataset.theme = name;
    try { localStorage.setItem("theme", name); } catch { /* a page from disk may have no storage */ }
  }

  document.addEventListener("keydown", (e) => {
    const typing = e.target.matches("input:not([type=checkbox]), select, textarea");
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    if (e.key === "Escape") {
      if (typing) e.target.blur();
      else location.hash = "";
    } else if (typing && e.target.id !== "slider") return;
    else if (e.key === "/") { location.hash = ""; close(); $("search").focus(); e.preventDefault(); }
    else if (e.key === "d") theme(document.documentElement.dataset.theme === "dark" ? "light" : "dark");
    else if (shown && shown.run) {
      const to = { ArrowLeft: () => go(shown.at - 1), ArrowRight: onward, Home: () => go(0), End: () => go(shown.run.steps.length) }[e.key];
      if (to) { to(); e.preventDefault(); }
    }
  });
  $("search").addEventListener("input", filter);
  for (const box of document.querySelectorAll(".tools input[type=checkbox]")) box.addEventListener("change", filter);
  $("theme").addEventListener("click", () => theme(document.documentElement.dataset.theme === "dark" ? "light" : "dark"));
  window.addEventListener("hashchange", route);
  let stored = null;
  try { stored = localStorage.getItem("theme"); } catch { /* as above */ }
  document.documentElement.dataset.theme = stored || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  route();
})();
