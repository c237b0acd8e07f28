/* The screens of the integration guide as one component, for the charger's page and the bench's.

   Phases.show(into, model, text, actions) brings the element `into` up to date; call it as often
   as there is something new. It rebuilds the card when the phase changes, else it changes texts.

   model    {phase, vehicle, charge, summary, fault}; only what the phase shows must be there:
     phase    "available" "preparing" "vehicle" "charging" "complete" "finishing" "reserved"
              "unavailable" "faulted" "offline"
     vehicle  {soc, maxCurrent, voltage, temperature}: %, A, V, degC, as in VehicleInfo's data
     charge   {soc, power, current, voltage, energy, seconds, rising, paused}: %, W, A, V, Wh;
              rising: the SoC is above that of the start; paused: "vehicle", "charger" or ""
     summary  {finalSoc, energyDelivered, durationMinutes}, as in SessionSummary's data
     fault    {name, since, what}: vendor error code, text of a time, text where `text` has none
              under "fault." + name
   A number that is not known is null and shown as a dash.
   text(key)  the word for a key of en.json, "" where there is none
   actions  {start, stop, details, close}: functions; a button without one is not there.

   Everything is put into the page as text, never as HTML. */
"use strict";
const Phases = (() => {
  const fixed = (value, places, unit) =>
    value === null || value === undefined || Number.isNaN(Number(value))
      ? "–" : Number(value).toFixed(places) + unit;

  function duration(seconds) {
    if (seconds === null || seconds === undefined) return "–";
    const whole = Math.floor(seconds + 1e-6), two = (n) => String(n).padStart(2, "0");
    const minutes = Math.floor(whole / 60), hours = Math.floor(minutes / 60);
    return hours ? `${hours}:${two(minutes % 60)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
  }

  /* phase -> rows of [key of the text, value of the model]; the numbers look as in the guide. */
  const ROWS = {
    vehicle: [
      ["initialSoc", (m) => fixed(m.vehicle.soc, 1, "%")],
      ["maxCurrent", (m) => fixed(m.vehicle.maxCurrent, 1, " A")],
      ["voltage", (m) => fixed(m.vehicle.voltage, 1, " V")],
      ["temperature", (m) => fixed(m.vehicle.temperature, 1, "°C")],
    ],
    charging: [
      ["soc", (m) => fixed(m.charge.soc, 2, "%") + (m.charge.rising ? " ▲" : "")],
      ["power", (m) => fixed(m.charge.power, 0, " W")],
      ["current", (m) => fixed(m.charge.current, 2, " A")],
      ["voltage", (m) => fixed(m.charge.voltage, 1, " V")],
      ["energy", (m) => fixed(m.charge.energy, 1, " Wh")],
      ["duration", (m) => duration(m.charge.seconds)],
    ],
    complete: [
      ["finalSoc", (m) => fixed(m.summary.finalSoc, 2, "%")],
      ["energy", (m) => fixed(m.summary.energyDelivered, 2, " Wh")],
      ["duration", (m) => m.summary.durationMinutes === null ? "–" : duration(Math.round(m.summary.durationMinutes * 60))],
    ],
    faulted: [
      ["faultName", (m) => m.fault.name],
      ["since", (m) => m.fault.since || "–"],
    ],
  };
  const BUTTONS = {
    vehicle: ["start"], preparing: ["start"], finishing: ["start"],
    charging: ["stop"], complete: ["details", "close"],
  };

  function add(parent, tag, name, text) {
    const made = document.createElement(tag);
    if (name) made.className = name;
    if (text) made.textContent = text;
    parent.append(made);
    return made;
  }

  function put(element, text) {
    if (element.textContent !== text) element.textContent = text;
  }

  function note(model, text) {
    if (model.phase === "faulted")
      return text("fault." + model.fault.name) || model.fault.what || text("callService");
    if (model.phase === "charging" && model.charge.paused) return text("paused." + model.charge.paused);
    return text("note." + model.phase);
  }

  function build(into, model, text, actions) {
    into.replaceChildren();
    into.dataset.phase = model.phase;
    into.classList.add("phase");
    const parts = { values: [] };
    const told = add(into, "div");
    told.setAttribute("role", model.phase === "faulted" ? "alert" : "status");
    parts.title = add(told, "h2", "phase-title");
    parts.note = add(told, "p", "phase-note");
    const rows = ROWS[model.phase] || [];
    if (rows.length) {
      const list = add(into, "dl", "values");
      for (const [key] of rows) {
        const row = add(list, "div");
        add(row, "dt", "", text(key));
        parts.values.push(add(row, "dd", "value-" + key));
      }
    }
    if (model.phase === "charging") {
      parts.bar = add(into, "div", "bar");
      parts.bar.setAttribute("role", "progressbar");
      parts.bar.setAttribute("aria-label", text("soc"));
      parts.bar.setAttribute("aria-valuemin", "0");
      parts.bar.setAttribute("aria-valuemax", "100");
      parts.fill = add(parts.bar, "div", "bar-fill");
      parts.percent = add(parts.bar, "span", "bar-text");
    }
    const buttons = (BUTTONS[model.phase] || []).filter((name) => actions && actions[name]);
    if (buttons.length) {
      const row = add(into, "div", "buttons");
      for (const name of buttons) {
        const button = add(row, "button", "button-" + name, text(name));
        button.type = "button";
        button.addEventListener("click", () => into.phaseActions[name]());
      }
    }
    into.phaseParts = parts;
  }

  function show(into, model, text, actions) {
    into.phaseActions = actions || {};
    const shape = model.phase + text("language") + Object.keys(into.phaseActions).join();
    if (into.phaseShape !== shape) {
      build(into, model, text, actions);
      into.phaseShape = shape;
    }
    const parts = into.phaseParts;
    put(parts.title, text("phase." + model.phase));
    put(parts.note, note(model, text));
    parts.note.hidden = !parts.note.textContent;
    (ROWS[model.phase] || []).forEach(([, value], index) => put(parts.values[index], value(model)));
    if (parts.bar) {
      const known = model.charge.soc !== null && model.charge.soc !== undefined;
      const percent = known ? Math.max(0, Math.min(100, Math.floor(model.charge.soc))) : 0;
      if (known) parts.bar.setAttribute("aria-valuenow", percent);
      else parts.bar.removeAttribute("aria-valuenow");
      parts.fill.style.width = percent + "%";
      put(parts.percent, known ? percent + "%" : "–");
    }
  }

  return { show, duration, fixed };
})();
