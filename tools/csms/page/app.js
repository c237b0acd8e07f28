/* Chargers, the chosen one's phase and facts; everything a charger says is put in as text. */
"use strict";
let chargers = new Map();  /* id -> what the server told of it last */
let points = [], pointsOf = null;  /* the chart, and the transaction it is of */
const closed = new Map();  /* id -> the session whose summary was closed */

function phaseModel(charger) {
  const model = structuredClone(charger.model);
  if (model.phase === "complete" && closed.get(charger.id) === charger.session) model.phase = charger.after_close;
  if (model.fault) model.fault.since = when(model.fault.since);
  const since = (performance.now() - charger.heardAt) / 1000;
  if (model.phase === "charging" && model.charge.seconds !== null) model.charge.seconds += Math.min(since, 120);
  return model;
}

/* The guide's short words for what a charger does. */
function headline(charger) {
  const { phase, vehicle, charge, summary } = phaseModel(charger);
  const short = (value, unit) => (value === null ? "–" : String(Math.round(value * 100) / 100)) + unit;
  const parts = {
    vehicle: () => [short(vehicle.soc, "% SOC"), short(vehicle.maxCurrent, "A max")],
    charging: () => [Phases.fixed(charge.soc, 2, "% SOC"), Phases.fixed(charge.power, 0, " W")],
    complete: () => [Phases.fixed(summary.finalSoc, 2, "%"), Phases.fixed(summary.energyDelivered, 2, " Wh"), short(summary.durationMinutes, " min")],
    offline: () => charger.last_seen ? [when(charger.last_seen)] : [],
  }[phase];
  const values = parts ? parts() : [];
  return text("phase." + phase).replace(" ✓", "") + (values.length ? ": " + values.join(", ") : "");
}

const actions = {
  vehicle: { start: () => Orders.order("start") }, preparing: { start: () => Orders.order("start") },
  finishing: { start: () => Orders.order("start") }, charging: { stop: () => Orders.order("stop") },
  complete: {
    details: () => History.detail(chargers.get(chosen).session),
    close: () => { closed.set(chosen, chargers.get(chosen).session); show(); },
  },
};

function showList() {
  const list = document.querySelector("#chargers ul");
  byId("nobody").hidden = chargers.size > 0;
  for (const charger of chargers.values()) {
    let button = [...list.querySelectorAll("button")].find((one) => one.dataset.id === charger.id);
    if (!button) {
      button = make(make(list, "li"), "button");
      button.type = "button";
      button.dataset.id = charger.id;
      button.onclick = () => choose(charger.id);
      for (const tag of ["span", "span", "small"]) make(button, tag);
    }
    const [id, state, line] = button.children;
    put(id, charger.id + " ");
    put(state, text(charger.connected ? "online" : "offline"));
    state.className = charger.connected ? "on" : "off";
    put(line, headline(charger));
    button.setAttribute("aria-current", charger.id === chosen);
  }
}

function showAbout(charger) {
  const facts = [["id", charger.id], ["connection", text(charger.connected ? "online" : "offline")],
    ["lastSeen", when(charger.last_seen)], ...Object.entries(charger.boot)];
  if (charger.transaction) facts.push(["transaction", `${charger.transaction.transaction_id} (${charger.transaction.id_tag})`]);
  const list = document.querySelector("#about dl");
  list.replaceChildren();
  for (const [key, value] of facts) {
    make(list, "dt", text(key) || key);
    make(list, "dd", typeof value === "object" ? JSON.stringify(value) : String(value));
  }
  const body = document.querySelector("#about tbody");
  body.replaceChildren();
  for (const one of charger.connectors) {
    const row = make(body, "tr");
    make(row, "td", one.connector_id, "number");
    make(row, "td", one.status);
    make(row, "td", [one.error_code, one.vendor_error_code, one.info].filter(Boolean).join(", "));
    make(row, "td", when(one.timestamp));
  }
}

function show() {
  const charger = chargers.get(chosen);
  showList();
  byId("desk").hidden = !charger;
  if (!charger) return;
  const model = phaseModel(charger);
  Phases.show(byId("screen"), model, text, actions[model.phase]);
  const curve = byId("curve");
  curve.hidden = points.length < 2 || !["charging", "complete"].includes(model.phase);
  if (!curve.hidden) Chart.draw(curve.querySelector("svg"), points, text);
}

/* Keep the chart's points: all of a session from the database, then each new one. */
async function remember(charger) {
  const number = charger.transaction ? charger.transaction.transaction_id : charger.session;
  if (number === null) return;
  if (number !== pointsOf) {
    [points, pointsOf] = [[], number];
    const answer = await Line.ask("points", charger.id, [String(number)]);
    if (pointsOf !== number || answer.error) return;
    points = answer.points;
    return show();
  }
  const { seconds, power, soc } = charger.model.charge;
  const last = points.length ? points[points.length - 1].t : -1;
  if (!charger.transaction || seconds === null || seconds <= last) return;
  points.push({ t: seconds, power, soc });
  if (points.length > 600) points = points.filter((_, index) => index % 2 === 0);
}

async function choose(id) {
  chosen = id;
  [points, pointsOf] = [[], null];
  Talk.fill([]);
  Orders.clear();
  History.clear();
  keep("charger", id);
  const charger = chargers.get(id);
  showAbout(charger);
  show();
  remember(charger);
  History.load();
  const answer = await Line.ask("watch", id);
  if (chosen === id && !answer.error) Talk.fill(answer.messages);
}

function learn(charger) {
  const before = chargers.get(charger.id);
  const same = before && before.model.charge.seconds === charger.model.charge.seconds;
  chargers.set(charger.id, { ...charger, heardAt: same ? before.heardAt : performance.now() });
  if (charger.id !== chosen) return;
  showAbout(charger);
  remember(charger);
  const number = (one) => one && JSON.stringify([one.transaction, one.session]);
  if (number(before) !== number(charger)) History.load();
}

function told(item) {
  byId("server").hidden = true;
  if (item.kind === "chargers") {
    chargers = new Map();
    item.chargers.forEach(learn);
    document.querySelector("#chargers ul").replaceChildren();
    const wish = [chosen, kept("charger")].find((id) => chargers.has(id)) ?? [...chargers.keys()][0];
    if (wish !== undefined) choose(wish);
  } else if (item.kind === "charger") {
    learn(item.charger);
    if (!chosen) choose(item.charger.id);
  } else if (item.kind === "message" && item.charger === chosen) Talk.add(item);
  else if (item.kind === "missed") Talk.add({ at: new Date().toISOString(), raw: `${item.count} ${text("missed")}` });
  show();
}

function words() {
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll("[data-text]")) put(element, text(element.dataset.text));
  document.title = text("title");
  History.show();
  if (chargers.has(chosen)) showAbout(chargers.get(chosen));
  show();
}

byId("language").value = language;
byId("language").onchange = (event) => {
  language = event.target.value;
  keep("language", language);
  words();
};

fetch("words.json").then((answer) => answer.json()).then((tables) => {
  TABLES = tables;
  words();
  Line.open(told, () => { byId("server").hidden = false; });
  setInterval(() => { if (!document.hidden) show(); }, 1000);
});
