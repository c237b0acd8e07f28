/* The charger's public screen: keeps the live connection and shows what it tells. */
"use strict";
const byId = (id) => document.getElementById(id);
const TABLES = { en: JSON.parse(byId("en").textContent), hi: JSON.parse(byId("hi").textContent) };
const keep = (key, value) => { try { localStorage.setItem(key, value); } catch { /* not allowed */ } };
const kept = (key) => { try { return localStorage.getItem(key); } catch { return null; } };
let language = kept("language") || (navigator.language.startsWith("hi") ? "hi" : "en");
const text = (key) => TABLES[language][key] ?? "";

let state = null;     /* what the charger said last, null: no connection */
let closed = 0;       /* number of the session whose summary was closed */
let seen = 0;         /* number of the session that this page has seen running */
let points = [];      /* of the chart */
let initialSoc = null;

const number = (value, per) => (value < 0 ? null : value / per);

/* The phase, by the connector's state and by what has been seen. */
function phase() {
  if (!state) return "offline";
  if (state.fault) return "faulted";
  const session = state.session;
  if (session && session.open) return "charging";
  const shown = session && session.number !== closed && (state.state === "Finishing" || session.number === seen);
  if (shown && (state.state === "Finishing" || state.state === "Available")) return "complete";
  const plain = { Available: "available", Finishing: "finishing", Reserved: "reserved", Unavailable: "unavailable" };
  return plain[state.state] || (state.vehicle ? "vehicle" : "preparing");
}

function model() {
  const now = { phase: phase() };
  const vehicle = state && state.vehicle, session = state && state.session;
  if (vehicle) now.vehicle = {
    soc: number(vehicle.soc_c100, 100), maxCurrent: vehicle.limit_ma / 1000, voltage: vehicle.mv / 1000,
    temperature: vehicle.temperature_c10 === -32768 ? null : vehicle.temperature_c10 / 10,
  };
  if (session) {
    const soc = number(session.soc_c100, 100);
    const paused = { SuspendedEV: "vehicle", SuspendedEVSE: "charger" }[state.state] || "";
    now.charge = {
      soc, power: session.power_mw / 1000, current: session.ma / 1000, voltage: session.mv / 1000,
      energy: session.energy_mwh / 1000, seconds: session.duration_ms / 1000, paused,
      rising: soc !== null && initialSoc !== null && soc > initialSoc,
    };
    now.summary = { finalSoc: soc, energyDelivered: session.energy_mwh / 1000, durationMinutes: session.duration_ms / 60000 };
  }
  if (state && state.fault) now.fault = {
    name: state.fault.name, since: new Date(Date.now() - 1000 * state.fault.for_s).toLocaleTimeString(language),
  };
  return now;
}

/* The chart lives as long as the session, a reload of the page included. */
function remember() {
  const session = state && state.session;
  if (!session || !session.open) return;
  if (seen !== session.number) {
    seen = session.number;
    points = [];
    initialSoc = null;
    try {
      const old = JSON.parse(sessionStorage.getItem("chart"));
      if (old && old.number === seen && old.id === state.id) [points, initialSoc] = [old.points, old.initialSoc];
    } catch { /* there is none */ }
  }
  const soc = number(session.soc_c100, 100);
  if (initialSoc === null) initialSoc = soc;
  points.push({ t: session.duration_ms / 1000, power: session.power_mw / 1000, soc });
  if (points.length > 600) points = points.filter((_, index) => index % 2 === 0);
  try {
    sessionStorage.setItem("chart", JSON.stringify({ number: seen, id: state.id, points, initialSoc }));
  } catch { /* not allowed */ }
}

const actions = {
  start: () => order("start"), stop: () => order("stop"),
  details: () => open("sessions"),
  close: () => { closed = state.session.number; show(); },
};

function show() {
  const now = model();
  Phases.show(byId("screen"), now, text, actions);
  byId("id").textContent = state ? state.id : "";
  byId("server").hidden = !state || Boolean(state.online);
  const curve = byId("curve");
  curve.hidden = points.length < 2 || !["charging", "complete"].includes(now.phase);
  if (!curve.hidden) Chart.draw(curve.querySelector("svg"), points, text);
}

function words() {
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll("[data-text]")) element.textContent = text(element.dataset.text);
  document.title = text("title");
  show();
}

let socket = null, pause = 1000, heard = 0, opened = 0, asked = 0, heldUntil = 0;

function connect() {
  const mine = socket = new WebSocket(`ws://${location.host}/live`);
  asked = opened = Date.now();
  mine.onmessage = (event) => { if (socket === mine) told(JSON.parse(event.data)); };
  mine.onclose = () => {
    if (socket === mine) socket = null;
    pause = Math.min(2 * pause, 30000);
  };
}

function told(now) {
  state = now;
  heard = Date.now();
  pause = 1000;
  remember();
  show();
}

/* A closing that nobody answers would take a minute: the connection is forgotten at once. */
function hangUp() {
  const old = socket;
  socket = null;
  if (old) old.close();
}

/* The charger has little memory: while it is asked for something else it need not tell its state. */
function hold(forMs) {
  heldUntil = Date.now() + forMs;
  hangUp();
}

/* Nobody looks at a hidden page; a connection that says nothing is none. The charger ends it when
   it needs the memory for a moment: what it said last is shown for so long. */
const GRACE_MS = 15000;
setInterval(() => {
  const now = Date.now();
  if (state && !socket && now - Math.max(heard, heldUntil) > GRACE_MS) {
    state = null;
    show();
  }
  if (socket && (document.hidden || now - Math.max(heard, opened) > 8000)) hangUp();
  if (!socket && !document.hidden && now > heldUntil && now - asked > pause) connect();
}, 500);

byId("language").value = language;
byId("language").onchange = (event) => {
  language = event.target.value;
  keep("language", language);
  words();
  if (tab) open(tab);
};
