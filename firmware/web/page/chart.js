/* Draws power and SoC over a session into an <svg>, for the charger's page and the bench's.

   Chart.draw(svg, points, text)   points: [{t, power, soc}] with t in s, W and % (null: unknown),
   oldest first. text(key) gives the words for "power", "soc" and "chart". */
"use strict";
const Chart = (() => {
  const W = 320, H = 140, LEFT = 34, RIGHT = 30, TOP = 10, BOTTOM = 20;
  const NS = "http://www.w3.org/2000/svg";

  function add(svg, tag, attributes, content) {
    const made = document.createElementNS(NS, tag);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (content !== undefined) made.textContent = content;
    svg.append(made);
    return made;
  }

  /* The next round number: 1, 2 or 5 with noughts. */
  function round(value) {
    const power = 10 ** Math.floor(Math.log10(Math.max(value, 10)));
    return [1, 2, 5, 10].map((n) => n * power).find((n) => n >= value);
  }

  function line(points, key, x, y) {
    let path = "", open = false;
    for (const point of points) {
      const known = point[key] !== null && point[key] !== undefined;
      if (known) path += `${open ? "L" : "M"}${x(point.t).toFixed(1)} ${y(point[key]).toFixed(1)}`;
      open = known;
    }
    return path;
  }

  function draw(svg, points, text) {
    svg.replaceChildren();
    svg.setAttribute("viewBox", `0 0 ${W} ${H}`);
    svg.setAttribute("role", "img");
    const first = points.length ? points[0].t : 0;
    const last = points.length ? points[points.length - 1].t : 0;
    const span = Math.max(60, last - first);
    const top = round(Math.max(10, ...points.map((point) => point.power || 0)));
    const x = (t) => LEFT + (W - LEFT - RIGHT) * (t - first) / span;
    const scale = (most) => (value) => H - BOTTOM - (H - TOP - BOTTOM) * value / most;
    const newest = points[points.length - 1];
    svg.setAttribute("aria-label", newest
      ? `${text("chart")}: ${text("power")} ${Math.round(newest.power || 0)} W, ${text("soc")} ${newest.soc ?? "–"} %`
      : text("chart"));
    for (const part of [0, 0.5, 1]) {
      const at = scale(1)(part);
      add(svg, "line", { x1: LEFT, x2: W - RIGHT, y1: at, y2: at, class: "grid" });
      add(svg, "text", { x: LEFT - 3, y: at + 3, class: "axis power", "text-anchor": "end" },
        top * part >= 1000 ? `${top * part / 1000}k` : top * part);
      add(svg, "text", { x: W - RIGHT + 3, y: at + 3, class: "axis soc" }, `${100 * part}%`);
    }
    add(svg, "text", { x: LEFT, y: H - 5, class: "axis" }, Phases.duration(first));
    add(svg, "text", { x: W - RIGHT, y: H - 5, class: "axis", "text-anchor": "end" }, Phases.duration(first + span));
    add(svg, "text", { x: W / 2, y: H - 5, class: "axis power", "text-anchor": "end" }, `${text("power")} (W)`);
    add(svg, "text", { x: W / 2 + 10, y: H - 5, class: "axis soc" }, text("soc"));
    add(svg, "path", { d: line(points, "power", x, scale(top)), class: "line power" });
    add(svg, "path", { d: line(points, "soc", x, scale(100)), class: "line soc" });
  }

  return { draw };
})();
