/* What the other scripts share: words, elements, times, and which charger is chosen. */
"use strict";
const byId = (id) => document.getElementById(id);
const keep = (key, value) => { try { localStorage.setItem(key, value); } catch { /* not allowed */ } };
const kept = (key) => { try { return localStorage.getItem(key); } catch { return null; } };
let language = kept("language") || (navigator.language.startsWith("hi") ? "hi" : "en");
let TABLES = { en: {}, hi: {} };  /* words.json: the charger's page's words, and under "csms." our own */
let chosen = "";                  /* the charger that is looked at */

const text = (key) => TABLES[language]["csms." + key] ?? TABLES[language][key] ?? "";

function make(parent, tag, content, name) {
  const made = document.createElement(tag);
  if (content !== undefined && content !== null) made.textContent = content;
  if (name) made.className = name;
  parent.append(made);
  return made;
}

function put(element, content) {
  if (element.textContent !== content) element.textContent = content;
}

/* An OCPP time stamp as local date and time, or as it is when it is none. */
function when(stamp) {
  const at = new Date(stamp);
  return Number.isNaN(at.getTime()) ? stamp || "–" : at.toLocaleString(language);
}

/* The time of day to the millisecond. */
function clock(stamp) {
  const at = new Date(stamp);
  return Number.isNaN(at.getTime()) ? stamp
    : `${at.toLocaleTimeString("en-GB")}.${String(at.getMilliseconds()).padStart(3, "0")}`;
}
