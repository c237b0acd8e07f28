/* Buttons that order something of the charger, and its configuration keys. */
"use strict";
const Orders = (() => {
  const GOOD = ["Accepted", "Unlocked", "RebootRequired"];
  const SECRET = /authorizationkey|password|secret/i;
  let fields = [];

  /* Show the answer in `into`; whether it was a good one. */
  function say(into, what, answer) {
    const status = answer.error || (answer.answer && answer.answer.status) || "";
    const good = !answer.error && (!status || GOOD.includes(status));
    into.textContent = `${what}: ${answer.error ? status : text("status." + status) || status}`;
    into.className = good ? "" : "wrong";
    return good;
  }

  async function give(order, words, name) {
    const said = byId("said");
    said.className = "";
    said.textContent = `${name} ...`;
    say(said, name, await Line.ask(order, chosen, words));
  }

  function order(name, word) {
    const words = name === "start" ? [byId("tag").value.trim()] : word ? [word] : [];
    const label = document.querySelector(`[data-order="${name}"]${word ? `[data-word="${word}"]` : ""}`);
    if (name === "start" && !words[0]) {
      byId("said").className = "wrong";
      byId("said").textContent = text("tagMissing");
      return byId("tag").focus();
    }
    return give(name, words, label.textContent);
  }

  async function change(key, input, said) {
    said.className = "";
    said.textContent = "...";
    const answer = await Line.ask("set", chosen, [key, input.value]);
    const good = say(said, key, answer);
    input.setAttribute("aria-invalid", !good);
    if (SECRET.test(key)) input.value = "";
    if (!good) input.focus();
  }

  function field({ key, readonly, value }) {
    const box = make(byId("fields"), "form", undefined, "field");
    const label = make(box, "label", key);
    const row = make(box, "div", undefined, "row");
    const input = make(row, "input");
    const said = make(box, "div");
    input.id = label.htmlFor = `key-${key}`;
    said.setAttribute("role", "status");
    said.id = `said-${key}`;
    input.setAttribute("aria-describedby", said.id);
    input.autocomplete = "off";
    if (SECRET.test(key)) {
      input.type = "password";
      input.placeholder = text("secret");
    } else input.value = value ?? "";
    if (readonly) input.readOnly = true;
    else make(row, "button", text("save")).setAttribute("aria-label", `${text("save")} ${key}`);
    box.onsubmit = (event) => {
      event.preventDefault();
      if (!readonly) change(key, input, said);
    };
    return { key: String(key).toLowerCase(), box };
  }

  function search() {
    const wanted = byId("filter").value.trim().toLowerCase();
    for (const one of fields) one.box.hidden = !one.key.includes(wanted);
  }

  async function read() {
    const said = byId("keys-said"), asked = chosen;
    said.className = "";
    said.textContent = "...";
    const answer = await Line.ask("get", chosen);
    if (asked !== chosen) return;
    const keys = answer.answer && answer.answer.configurationKey;
    if (answer.error || !Array.isArray(keys)) return say(said, text("readKeys"), { error: answer.error || "?" });
    byId("fields").replaceChildren();
    fields = keys.filter((one) => one && typeof one === "object").map(field);
    said.textContent = `${text("keys")}: ${fields.length}`;
    search();
  }

  /* Another charger: what was said of the last one goes. */
  function clear() {
    byId("fields").replaceChildren();
    fields = [];
    for (const id of ["said", "keys-said", "other-said"]) byId(id).textContent = "";
  }

  for (const button of document.querySelectorAll("[data-order]"))
    button.onclick = () => order(button.dataset.order, button.dataset.word);
  byId("read-keys").onclick = read;
  byId("filter").oninput = search;
  byId("other").onsubmit = (event) => {
    event.preventDefault();
    change(byId("other-key").value.trim(), byId("other-value"), byId("other-said"));
  };
  byId("other-key").oninput = (event) => {
    byId("other-value").type = SECRET.test(event.target.value) ? "password" : "text";
  };
  return { order, clear };
})();
