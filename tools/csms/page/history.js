/* Past sessions of the chosen charger from the database, one of them with its chart. */
"use strict";
const History = (() => {
  const COLUMNS = ["number", "started", "duration", "energy", "initialSoc", "finalSoc", "reason", "tag", "chartOf"];
  let rows = [];

  const seconds = (row) => row.duration_minutes !== null ? Math.round(row.duration_minutes * 60)
    : row.stop_timestamp ? (new Date(row.stop_timestamp) - new Date(row.start_timestamp)) / 1000 : null;
  const energy = (row) => row.energy_delivered !== null ? row.energy_delivered
    : row.meter_stop !== null ? row.meter_stop - row.meter_start : null;

  function show() {
    const table = document.querySelector("#history table");
    table.tHead.rows[0].replaceChildren();
    for (const key of COLUMNS) make(table.tHead.rows[0], "th", text(key)).scope = "col";
    table.tBodies[0].replaceChildren();
    for (const row of rows) {
      const line = make(table.tBodies[0], "tr");
      make(line, "td", row.transaction_id, "number");
      make(line, "td", when(row.start_timestamp));
      make(line, "td", Phases.duration(seconds(row)), "number");
      make(line, "td", Phases.fixed(energy(row), 2, " Wh"), "number");
      make(line, "td", Phases.fixed(row.first_soc, 2, "%"), "number");
      make(line, "td", Phases.fixed(row.final_soc, 2, "%"), "number");
      make(line, "td", row.stop_timestamp ? row.stop_reason : text("running"));
      make(line, "td", row.id_tag);
      const button = make(make(line, "td"), "button", text("chartOf"));
      button.setAttribute("aria-label", `${text("chart")} ${row.transaction_id}`);
      button.onclick = () => detail(row.transaction_id);
    }
    table.hidden = !rows.length;
    byId("no-history").hidden = Boolean(rows.length);
    byId("csv").href = `sessions.csv?charger=${encodeURIComponent(chosen)}`;
  }

  async function load() {
    const asked = chosen;
    const answer = await Line.ask("sessions", chosen);
    if (asked !== chosen || answer.error) return;
    rows = answer.sessions;
    show();
  }

  async function detail(number) {
    const answer = await Line.ask("points", chosen, [String(number)]);
    const box = byId("detail");
    box.hidden = Boolean(answer.error);
    if (answer.error) return;
    box.querySelector("h3").textContent = `${text("session")} ${number}`;
    Chart.draw(box.querySelector("svg"), answer.points, text);
    box.querySelector("a").href = `samples.csv?transaction=${number}`;
    box.focus();
    box.scrollIntoView({ block: "nearest" });
  }

  function clear() {
    rows = [];
    byId("detail").hidden = true;
    show();
  }

  return { load, show, detail, clear };
})();
