/* What only somebody with the password sees: sessions, log, settings, system; start and stop. */
"use strict";
let tab = "";        /* the one that is open */
let wanted = null;   /* what to do after the log-in */
let timer = 0;
const ORDER_MS = 20000; /* so long the server may take to permit it */

function say(what, tone) {
  const said = byId("said");
  said.textContent = what;
  said.hidden = !what;
  said.dataset.tone = tone || "";
}

/* The answer, null where there was none or it was a refusal, which is shown. */
async function ask(path, body) {
  const options = body === undefined ? {} : {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  };
  let answer = null;
  hold(40000);
  for (let turn = 0; turn < 5 && (!answer || answer.status === 503); turn++) {
    if (turn) await new Promise((done) => setTimeout(done, 1500));
    try { answer = await fetch(path, { ...options, signal: AbortSignal.timeout(20000) }); } catch { answer = null; }
  }
  hold(answer && path === "/status.json" ? 12000 : 3500);
  if (!answer) { say(text("failed")); return null; }
  if (answer.ok) return answer;
  say(await answer.text());
  return answer.status === 401 && path !== "/login" ? logIn(() => ask(path, body)) : null;
}

/* Show the form; the answer of `then` once it has worked, null when it was cancelled. */
function logIn(then) {
  byId("login").hidden = false;
  byId("look").hidden = true;
  byId("desk").hidden = true;
  byId("password").focus();
  return new Promise((done) => { wanted = async () => done(then ? await then() : null); });
}

byId("login").onsubmit = async (event) => {
  event.preventDefault();
  say(text("wait"));
  const answer = await ask("/login", { password: byId("password").value });
  byId("password").value = "";
  if (!answer) return byId("password").focus();
  say("");
  byId("login").hidden = true;
  byId("desk").hidden = false;
  const next = wanted;
  wanted = null;
  if (next) next();
  if (!tab) open("sessions");
};
byId("cancel").onclick = () => {
  byId("login").hidden = true;
  byId("look").hidden = false;
  wanted = null;
  say("");
};
byId("look").onclick = () => open("sessions");
byId("logout").onclick = async () => {
  await ask("/logout", {});
  close();
  say("");
};

function close() {
  clearInterval(timer);
  tab = "";
  byId("desk").hidden = true;
  byId("look").hidden = false;
}

async function order(what) {
  const before = phase();
  if (!await ask("/" + what, {})) return;
  say(text("asked"));
  setTimeout(() => {
    if (byId("said").textContent === text("asked")) say(phase() === before ? text("notNow") : "");
  }, ORDER_MS);
}

function make(parent, tag, content, name) {
  const made = document.createElement(tag);
  if (content !== undefined) made.textContent = content;
  if (name) made.className = name;
  parent.append(made);
  return made;
}

async function open(name) {
  clearInterval(timer);
  const answer = await ask(TABS[name].path);
  if (!answer) return;
  tab = name;
  byId("look").hidden = true;
  byId("desk").hidden = false;
  for (const button of document.querySelectorAll("[data-tab]"))
    button.setAttribute("aria-current", button.dataset.tab === name);
  const into = byId("tab");
  into.replaceChildren();
  make(into, "h2", text(name));
  TABS[name].show(into, await answer.text());
}
for (const button of document.querySelectorAll("[data-tab]")) button.onclick = () => open(button.dataset.tab);

function sessions(into, body) {
  const rows = JSON.parse(body).reverse();
  if (!rows.length) return make(into, "p", text("none"));
  const table = make(make(into, "div", undefined, "scroll"), "table");
  const head = make(make(table, "thead"), "tr");
  for (const key of ["number", "started", "duration", "energy", "finalSoc", "reason", "tag"])
    make(head, "th", text(key)).scope = "col";
  const all = make(table, "tbody");
  for (const [id, start, seconds, mwh, soc, reason, tag] of rows) {
    const row = make(all, "tr");
    make(row, "td", id, "number");
    make(row, "td", start ? new Date(1000 * start).toLocaleString(language) : "–");
    make(row, "td", Phases.duration(seconds), "number");
    make(row, "td", Phases.fixed(mwh / 1000, 2, " Wh"), "number");
    make(row, "td", soc < 0 ? "–" : Phases.fixed(soc / 100, 2, "%"), "number");
    make(row, "td", reason);
    make(row, "td", tag);
  }
  const link = make(make(into, "p"), "a", text("csv"));
  link.href = "/sessions.csv";
}

function log(into, body) {
  const lines = body.split("\n").reverse();
  const label = make(into, "label");
  const only = make(label, "input");
  only.type = "checkbox";
  label.append(" " + text("faultsOnly"));
  const shown = make(make(into, "div", undefined, "scroll"), "pre");
  const show = () => {
    shown.textContent = lines.filter((line) => !only.checked || /^\S+ \w fault:/.test(line)).join("\n").trim();
  };
  only.onchange = show;
  show();
}

function settings(into, body) {
  const form = make(into, "form");
  const label = make(form, "label", text("filter"));
  const filter = make(label, "input");
  filter.type = "search";
  const fields = [];
  for (const [key, kind, value, low, high] of JSON.parse(body)) {
    const field = make(form, "div", undefined, "field");
    const label = make(field, "label", key);
    const input = make(field, kind === "bool" ? "select" : "input");
    input.id = label.htmlFor = "set-" + key;
    if (kind === "bool") {
      for (const word of ["true", "false"]) make(input, "option", word);
      input.value = String(value);
    } else if (kind === "secret") {
      input.type = "password";
      input.autocomplete = "off";
      input.placeholder = text(value ? "secretSet" : "secretNone");
    } else {
      input.value = value;
      if (kind === "int") input.inputMode = "numeric";
    }
    make(field, "small", kind === "int" ? `${low} … ${high}` : "");
    const wrong = make(field, "div", "", "wrong");
    wrong.id = "why-" + key;
    input.setAttribute("aria-describedby", wrong.id);
    fields.push({ key, kind, field, input, wrong, before: input.value });
  }
  filter.oninput = () => {
    for (const one of fields) one.field.hidden = !one.key.includes(filter.value.trim().toLowerCase());
  };
  make(make(form, "div", undefined, "buttons"), "button", text("save"), "button-main");
  const result = make(form, "p");
  result.setAttribute("role", "status");
  form.onsubmit = async (event) => {
    event.preventDefault();
    const values = {};
    for (const { key, kind, input, before } of fields)
      if (input.value !== before) values[key] = kind === "bool" ? input.value === "true" : input.value;
    result.textContent = text("wait");
    const answer = await ask("/settings", values);
    const { errors } = answer ? await answer.json() : { errors: null };
    result.textContent = errors && !Object.keys(errors).length ? text("saved") : text("notSaved");
    for (const one of fields) {
      one.wrong.textContent = (errors && errors[one.key]) || "";
      one.input.setAttribute("aria-invalid", Boolean(one.wrong.textContent));
      if (one.wrong.textContent) one.field.hidden = false;
      if (errors && !Object.keys(errors).length) one.before = one.input.value;
    }
    const first = fields.find((one) => one.wrong.textContent);
    if (first) first.input.focus();
  };
}

function system(into, body) {
  const list = make(into, "dl", undefined, "values");
  const fill = (now) => {
    list.replaceChildren();
    const degrees = (c10) => (c10 === -32768 ? "–" : Phases.fixed(c10 / 10, 1, " °C"));
    const link = (up) => text(up ? "online" : "offline");
    const rows = [
      ["id", now.public.id], ["model", now.model], ["version", now.version],
      ["network", `${now.network.name} ${link(now.network.up)}`.trim()],
      ["server", `${now.server.url} ${link(now.server.online)}`], ["queued", now.server.queued],
      ["register", now.register_wh + " Wh"],
      ["module", `${Phases.fixed(now.module.mv / 1000, 1, " V")}, ${Phases.fixed(now.module.ma / 1000, 2, " A")}, ${degrees(now.module.temperature_c10)}`],
      ["heap", `${now.heap.free} / ${now.heap.used}`], ["loop", now.loop.tick_max_ms + " ms"],
      ["uptime", Phases.duration(now.uptime_s)], ["viewers", now.web.viewers], ["refused", now.web.refused],
    ];
    for (const [key, value] of rows) {
      const row = make(list, "div");
      make(row, "dt", text(key));
      make(row, "dd", value);
    }
  };
  fill(JSON.parse(body));
  told(JSON.parse(body).public);
  const restart = make(make(into, "div", undefined, "buttons"), "button", text("restart"));
  restart.onclick = async () => { if (await ask("/restart", {})) say(text("restarting")); };
  timer = setInterval(async () => {
    if (document.hidden) return;
    const answer = await ask("/status.json");
    if (!answer || tab !== "system") return;
    const now = await answer.json();
    fill(now);
    told(now.public);
  }, 10000);
}

const TABS = {
  sessions: { path: "/sessions", show: sessions },
  log: { path: "/log", show: log },
  settings: { path: "/settings", show: settings },
  system: { path: "/status.json", show: system },
};
words();
