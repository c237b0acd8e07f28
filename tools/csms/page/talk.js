/* The conversation with one charger, newest first, what is against the schemas marked. */
const Talk = (() => {
  const MOST = 300;
  const NAMES = { 3: "answer", 4: "refusal" };
  const list = () => document.querySelector("#talk ol");

  function item(message) {
    const made = document.createElement("li");
    const at = make(made, "time", clock(message.at));
    at.dateTime = message.at;
    if (message.direction) {
      const arrow = make(made, "span", message.direction === "in" ? " → " : " ← ");
      arrow.title = text(message.direction);
      arrow.setAttribute("role", "img");
      arrow.setAttribute("aria-label", text(message.direction));
      make(made, "strong", `${message.action || "?"} ${text(NAMES[message.type] || "")}`.trim());
    } else made.append(" ");
    if (message.raw) make(made, message.direction ? "code" : "span", message.raw);
    if (message.problem) {
      made.className = "bad";
      make(made, "div", `✗ ${message.problem}`, "wrong");
    }
    return made;
  }

  function count() {
    const wrong = list().querySelectorAll(".bad").length;
    const said = `${text("wrongCount")}: ${wrong}`;
    if (byId("wrong-count").textContent !== said) byId("wrong-count").textContent = said;
  }

  function fill(messages) {
    list().replaceChildren(...messages.map(item).reverse());
    count();
  }

  function add(message) {
    list().prepend(item(message));
    while (list().children.length > MOST) list().lastChild.remove();
    count();
  }

  byId("wrong-only").onchange = (event) => list().classList.toggle("only-wrong", event.target.checked);
  return { fill, add };
})();
